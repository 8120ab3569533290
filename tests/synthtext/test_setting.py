"""Shaping: positions of glyphs and clusters."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from synthtext.core.errors import Rejection
from synthtext.fonts import Face, FontFile, bundled_fonts, read_font_file, system_fonts
from synthtext.typesetting.itemize import TextRun
from synthtext.typesetting.shaping import ShapedLine, ShapingOptions, shape_line

ARABIC, HEBREW = "سلام عليكم", "שלום עולם"


def opened(stem: str = "DejaVuSans") -> Face:
    paths = [path for path in (*bundled_fonts(), *system_fonts()) if path.stem == stem]
    if not paths:
        pytest.skip(f"{stem} is not here: `make fonts` installs it")
    return Face(read_font_file(paths[0])[0])


DEJAVU = opened()


def width(line: ShapedLine) -> float:
    return line.ink_box.right - line.ink_box.left


def test_ligatures_are_one_cluster_without_tracking() -> None:
    whole, spread = shape_line("office", DEJAVU), shape_line("office", DEJAVU, ShapingOptions(tracking=0.1))
    assert list(whole.clusters.texts("office")) == ["o", "ffi", "c", "e"]
    assert list(spread.clusters.texts("office")) == list("office")


def test_features_are_switched() -> None:
    assert len(shape_line("office", DEJAVU, ShapingOptions(features={"liga": 0})).clusters) == len("office")


def test_tracking_adds_the_same_space_between_all_clusters() -> None:
    text = "q\u0308uo x\u0323a"
    plain, spread = shape_line(text, DEJAVU), shape_line(text, DEJAVU, ShapingOptions(tracking=0.2))
    assert width(spread) - width(plain) == pytest.approx(0.2 * (len(plain.clusters) - 1))
    moved = spread.clusters.quads[:, 0, 0] - plain.clusters.quads[:, 0, 0]
    assert moved == pytest.approx(0.2 * np.arange(len(plain.clusters)), abs=1e-5)
    assert spread.x[1] - spread.x[0] == pytest.approx(plain.x[1] - plain.x[0])  # the accent moves with its letter


@pytest.mark.parametrize(
    ("stem", "text"),
    [
        ("DejaVuSans", ARABIC),
        ("DejaVuSans", "كـتـاب ســلام"),
        ("NotoSansDevanagari-Regular", "हिन्दी भाषा"),
        ("NotoSansBengali-Regular", "বাংলা ভাষা"),
    ],
)
def test_tracking_does_not_separate_connected_letters(stem: str, text: str) -> None:
    face = opened(stem)
    plain, spread = shape_line(text, face), shape_line(text, face, ShapingOptions(tracking=0.3))
    assert spread.glyphs == plain.glyphs
    gaps = np.diff(np.subtract(spread.x, plain.x)) / face.units_per_em
    assert np.flatnonzero(gaps > 0.01).size == 2  # before and after the space
    assert width(spread) - width(plain) == pytest.approx(0.6)


def test_tracking_spreads_hebrew_and_latin() -> None:
    for text in (HEBREW, "Wave"):
        assert width(shape_line(text, DEJAVU, ShapingOptions(tracking=0.1))) > width(shape_line(text, DEJAVU)) + 0.1 * (
            len(text) - 2
        )


def test_shifts_move_clusters_and_connected_words() -> None:
    shifts = np.linspace(-0.2, 0.2, 9)
    latin = shape_line("abcdefghi", DEJAVU, ShapingOptions(baseline_shifts=shifts))
    assert np.divide(latin.y, DEJAVU.units_per_em) == pytest.approx(shifts)
    arabic = shape_line("سلام علم", DEJAVU, ShapingOptions(baseline_shifts=shifts[:8]))
    assert set(np.round(np.divide(arabic.y, DEJAVU.units_per_em), 4)) == set(np.round(shifts[[0, 4, 5]], 4))
    assert latin.ink_box.top <= shape_line("abcdefghi", DEJAVU).ink_box.top - 0.19


def test_right_to_left_clusters_are_in_logical_order() -> None:
    line = shape_line(HEBREW, DEJAVU)
    assert list(line.clusters.texts(HEBREW)) == list(HEBREW)
    assert (np.diff(line.clusters.quads[:, 0, 0]) < 0).all()
    assert line.script == "Hebr"


def test_vertical_lines_run_downwards() -> None:
    line = shape_line("ABg", DEJAVU, ShapingOptions(vertical=True))
    tops, bottoms = line.clusters.quads[:, 0, 1], line.clusters.quads[:, 2, 1]
    assert (np.diff(tops) > 0.5).all()
    assert (bottoms > tops).all()
    assert line.ink_box.height > 2 * line.ink_box.width
    middle = (line.ink_box.left + line.ink_box.right) / 2
    assert abs(middle) < 0.2  # letters are centred on the line


@pytest.mark.parametrize(("stem", "text"), [("DejaVuSans", "ABCDEH"), ("NotoSansCJK-Regular", "有一天、「木」。")])
def test_quads_of_vertical_lines_contain_only_their_characters(stem: str, text: str) -> None:
    face = opened(stem)
    line = shape_line(text, face, ShapingOptions(vertical=True))
    boxes = [box for glyph in line.glyphs if (box := face.boxes[glyph])]
    inked = [
        ((y + box[1]) / face.units_per_em, (y + box[3]) / face.units_per_em)
        for y, box in zip(line.y, boxes, strict=True)
    ]
    for (top, bottom), (first, last) in zip(line.clusters.quads[:, [0, 2], 1], inked, strict=True):
        assert top <= first + 1e-4
        assert bottom >= last - 1e-4
        assert not any(top < (start + end) / 2 < bottom for start, end in inked if (start, end) != (first, last))
    assert line.ink_box.bottom - inked[-1][1] < 0.8  # the rest of the advance


@pytest.mark.parametrize(
    ("advance", "bearing"), [(0, 0), (1000, 900), (2500, 900)], ids=["no room", "another place", "apart"]
)
def test_vertical_lines_in_fonts_with_invalid_vertical_metrics(
    bars: FontFile, tmp_path: Path, advance: int, bearing: int
) -> None:
    builder = FontBuilder(font=TTFont(bars.path))
    builder.setupVerticalMetrics(dict.fromkeys(builder.font.getGlyphOrder(), (advance, bearing)))
    builder.setupVerticalHeader(ascent=500, descent=-500)
    builder.save(tmp_path / "broken.ttf")
    line = shape_line("AHI", Face(read_font_file(tmp_path / "broken.ttf")[0]), ShapingOptions(vertical=True))
    assert line.clusters.quads[:, 0, 1] == pytest.approx([0, 1, 2])
    assert line.clusters.quads[:, 2, 1] == pytest.approx([1, 2, 3])
    assert np.divide(line.y, line.units_per_em) == pytest.approx([0.88, 1.88, 2.88])


@pytest.mark.parametrize("text", [ARABIC, "हिन्दी", "ไทย", "a(b)", "a-b"])
def test_texts_that_cannot_be_vertical_are_rejected(text: str) -> None:
    with pytest.raises(Rejection, match="top to bottom"):
        shape_line(text, DEJAVU, ShapingOptions(vertical=True))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\u202eabc", "control of direction"),
        ("a\u2066b\u2069é", "control of direction"),
        ("漢", "missing glyph"),
        (" ", "nothing"),
    ],
)
def test_unshapeable_texts_are_rejected_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(Rejection, match=reason):
        shape_line(text, DEJAVU)


ALPHABET = "aQfi ,(1" + "éжΩ" + HEBREW + ARABIC + "٣" + "\u0301\u0323\u200c\u200d\u064e\u05b8"


@settings(max_examples=400)
@given(
    st.text(ALPHABET, min_size=1, max_size=24),
    st.sampled_from([0.0, 0.15]),
    st.sampled_from([0.0, 0.1]),
)
def test_quads_contain_the_ink_of_their_glyphs(text: str, tracking: float, jitter: float) -> None:
    text = unicodedata.normalize("NFC", text)
    shifts = np.random.default_rng(0).uniform(-jitter, jitter, len(text)) if jitter else None
    try:
        line = shape_line(text, DEJAVU, ShapingOptions(tracking=tracking, baseline_shifts=shifts))
    except Rejection as rejection:
        reason = rejection.reason
    else:
        check_clusters(text, line)
        return
    assert reason in {"blank glyph", "nothing to draw"}


def check_clusters(text: str, line: ShapedLine) -> None:
    offsets, quads = line.clusters.offsets, line.clusters.quads.astype(np.float64)
    assert offsets[0] == 0
    assert offsets[-1] == len(text)
    assert (np.diff(offsets) > 0).all()
    inside = np.zeros(len(line.glyphs), bool)
    for i, (glyph, x, y) in enumerate(zip(line.glyphs, line.x, line.y, strict=True)):
        box = DEJAVU.boxes[glyph]
        if box is None:
            inside[i] = True
            continue
        left, top, right, bottom = (side / DEJAVU.units_per_em for side in box)
        x, y = x / DEJAVU.units_per_em, y / DEJAVU.units_per_em
        fits = (quads[:, 0, 0] <= x + left + 1e-4) & (quads[:, 1, 0] >= x + right - 1e-4) & line.visible
        inside[i] = fits.any()
        assert line.ink_box.top <= y + top + 1e-4
        assert line.ink_box.bottom >= y + bottom - 1e-4
    assert inside.all()
    for part, inked in zip(line.clusters.texts(text), line.visible, strict=True):
        assert inked or not part.strip(" \u200c\u200d")
        assert not unicodedata.combining(part[0]) or part == text[: len(part)]


SIGNS = {">": "greater", "-": "hyphen", "(": "left", ")": "right", "\u2122": "trademark", "\u0152": "OE"}
JOINED = ["fi", "circled", "arrow_start", "arrow_end"]


def joining_face(folder: Path, rules: str) -> tuple[Face, list[str]]:
    """A font with substitutions, and its glyph names."""
    builder = FontBuilder(1000, isTTF=True)
    characters = {**{letter: letter for letter in "OEfiTMc"}, **SIGNS}
    names = [".notdef", *characters.values(), *JOINED]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): name for character, name in characters.items()})
    pen = TTGlyphPen(None)
    for move, point in ((pen.moveTo, (50, 0)), (pen.lineTo, (50, 700)), (pen.lineTo, (450, 0))):
        move(point)
    pen.closePath()
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.setupNameTable({"familyName": "Joiner", "styleName": "Regular"})
    builder.addOpenTypeFeatures(rules)
    builder.save(folder / "joiner.ttf")
    return Face(read_font_file(folder / "joiner.ttf")[0]), names


def glyphs_of(text: str, face: Face, names: list[str], script: str = "Latn") -> list[str]:
    return [names[glyph] for glyph in face.shape(text, TextRun(0, len(text), "ltr", script)).glyphs]


@pytest.mark.parametrize("feature", ["liga", "rlig", "calt"])
def test_ligatures_that_display_other_characters_are_disabled(tmp_path: Path, feature: str) -> None:
    rules = f"feature {feature} {{ sub O E by OE; sub f i by fi; sub T M by trademark; }} {feature};"
    font = joining_face(tmp_path, rules)
    assert glyphs_of("fi", *font) == ["fi"]
    assert glyphs_of("OE", *font) == ["O", "E"]
    assert glyphs_of("TM", *font) == ["T", "M"]
    assert glyphs_of("\u0152fi", *font) == ["OE", "fi"]
    assert glyphs_of("OEfi", *font)[:2] == ["O", "E"]


def test_signs_have_no_ligatures(tmp_path: Path) -> None:
    font = joining_face(
        tmp_path,
        """
        lookup START { sub hyphen by arrow_start; } START;
        lookup END { sub greater by arrow_end; } END;
        feature calt { sub hyphen' lookup START greater'; sub arrow_start greater' lookup END; } calt;
        feature liga { sub f i by fi; sub left c right by circled; } liga;
        """,
    )
    assert glyphs_of("fi->fi", *font) == ["fi", "hyphen", "greater", "fi"]
    assert glyphs_of("->", *font, script="Cyrl") == glyphs_of("->", *font, script="Zyyy") == ["hyphen", "greater"]
    assert glyphs_of("(c)", *font) == ["left", "c", "right"]
    assert glyphs_of("fi>", *font) == ["fi", "greater"]
