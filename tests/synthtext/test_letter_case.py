"""The letter case of fonts that have only capitals or only small letters, and of the labels drawn with them."""

from collections.abc import Callable
from pathlib import Path

from synthtext.fonts import Face, read_font_file
from synthtext.lines.choice import displayed_text
from tests.synthtext.test_fonts import embedded, face


def test_fonts_with_only_capitals_are_detected() -> None:
    assert face("AmaticSC-Regular").case == "upper"
    assert face().case == face("Caladea-Regular").case == "both"


def with_letters_of(path: Path, drawn: Callable[[str], str]) -> Face:
    """DejaVu Sans with replaced letters."""
    from fontTools.ttLib import TTFont

    font = TTFont(embedded("DejaVuSans"))
    for table in font["cmap"].tables:
        taken = dict(table.cmap)
        for code in filter(str.isalpha, map(chr, range(0x41, 0x7B))):
            table.cmap[ord(code)] = taken[ord(drawn(code))]
    font.save(path)
    return Face(read_font_file(path)[0])


def test_fonts_with_only_small_letters_are_detected(tmp_path: Path) -> None:
    assert with_letters_of(tmp_path / "small.ttf", str.lower).case == "lower"
    assert with_letters_of(tmp_path / "large.ttf", str.upper).case == "upper"
    assert with_letters_of(tmp_path / "as_it_is.ttf", str).case == "both"


def test_capitals_with_descenders_are_detected_by_shape(tmp_path: Path) -> None:
    """As in handwritten capitals."""
    from fontTools.ttLib import TTFont

    with_letters_of(tmp_path / "large.ttf", str.upper)
    font = TTFont(tmp_path / "large.ttf")
    for table in font["cmap"].tables:
        table.cmap[ord("p")] = "p"  # the only letter with a descender
    font.save(tmp_path / "hand.ttf")
    assert Face(read_font_file(tmp_path / "hand.ttf")[0]).case == "upper"


def test_labels_have_the_case_of_the_font(tmp_path: Path) -> None:
    """A font with only small letters displays capitals as small letters."""
    assert displayed_text("KINETIC Straße", with_letters_of(tmp_path / "small.ttf", str.lower)) == "kinetic straße"
    assert displayed_text("Sale", with_letters_of(tmp_path / "large.ttf", str.upper)) == "SALE"
    assert displayed_text("Sale", face()) == "Sale"


def test_letters_above_the_baseline_are_not_capitals(tmp_path: Path) -> None:
    """As in monospaced CJK fonts."""
    from fontTools.ttLib import TTFont

    font = TTFont(embedded("DejaVuSans"))
    for letter in "HPgpy":
        font["glyf"][letter].coordinates.translate((0, 420))
        font["glyf"][letter].recalcBounds(font["glyf"])
    font.save(tmp_path / "raised.ttf")
    assert Face(read_font_file(tmp_path / "raised.ttf")[0]).case == "both"
