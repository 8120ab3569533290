"""Characters that are not drawn."""

_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors, vowel separator
    (0x200B, 0x200F),  # zero width space, non-joiner and joiner, direction marks
    (0x202A, 0x202E),  # embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # zero width no-break space
    (0xFFF0, 0xFFF8),
    (0x1D173, 0x1D17A),  # musical beams and slurs
    (0xE0000, 0xE0FFF),  # tags and variation selectors
)

DEFAULT_IGNORABLE = frozenset(code for first, last in _RANGES for code in range(first, last + 1))
"""Unicode's Default_Ignorable_Code_Point as HarfBuzz takes it: no Hangul fillers, no shorthand controls, which have
a width or a shape. HarfBuzz draws nothing for these, whether or not a font has them."""
