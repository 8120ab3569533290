"""Comparison of a line of each script with Pillow and RAQM, an independent shaper."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from synthtext.fonts import RASTER_SIZES, Face, FaceCache, bundled_fonts, read_font_file, system_fonts
from synthtext.typesetting.canvas import LineRaster, rasterize_line
from synthtext.typesetting.shaping import ShapingOptions, shape_line

SIZE = next(size for size in RASTER_SIZES if size >= 60)
DEJAVU, LATO = "DejaVuSans", "Lato-Regular"

LINES = {
    "latin": (DEJAVU, "Waffle office, Æther ñandú"),
    "latin kerned": (LATO, "AVATAR To, Yes; Wave"),
    "marks": (DEJAVU, "q\u0308x\u0323\u0301 n\u0303o"),
    "cyrillic": (DEJAVU, "Съешь ещё этих мягких булок"),
    "greek": (DEJAVU, "Ξεσκεπάζω τὴν ψυχοφθόρα"),
    "arabic": (DEJAVU, "السلام عليكم ورحمة الله"),
    "arabic with marks": ("NotoNaskhArabic-Regular", "بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ"),
    "persian with ZWNJ": (DEJAVU, "می\u200cخواهم کتاب\u200cها"),
    "hebrew": (DEJAVU, "שלום עולם טוב"),
    "arabic with digits": (DEJAVU, "السعر ١٢٣ في 2024"),
    "hebrew with latin": (DEJAVU, "קנו iPhone 15 עכשיו"),
    "latin with hebrew": (DEJAVU, "the word שלום means (peace) שלום!"),
    "brackets right to left": (DEJAVU, "שלום (עולם) [42]"),
    "devanagari": ("NotoSansDevanagari-Regular", "क्षत्रिय विद्यार्थी हिन्दी में"),
    "bengali": ("NotoSansBengali-Regular", "আমার সোনার বাংলা শ্রী"),
    "tamil": ("NotoSansTamil-Regular", "தமிழ் மொழி கொள்"),
    "thai": ("NotoSansThai-Regular", "ที่นี่ประเทศไทย น้ำ"),
    "khmer": ("NotoSansKhmer-Regular", "ភាសាខ្មែរ កម្ពុជា"),
    "chinese simplified": ("NotoSansCJK-Regular", "中华人民共和国，你好"),
    "chinese traditional": ("NotoSansCJK-Regular", "繁體中文「測試」"),
    "japanese": ("NotoSansCJK-Regular", "日本語のテスト、カタカナ"),
    "korean": ("NotoSansCJK-Regular", "한국어 시험 문장"),
    "chinese with latin": ("NotoSansCJK-Regular", "使用WiFi上网100元"),
}


def opened(stem: str) -> Face:
    paths = [path for path in (*bundled_fonts(), *system_fonts()) if path.stem == stem]
    if not paths:
        pytest.skip(f"{stem} is not here: `make fonts` installs it")
    return Face(read_font_file(paths[0])[0])


def drawn_by_pillow(face: Face, text: str, direction: str | None = None) -> np.ndarray:
    """Coverage (400, 2400) with the origin at (200, 200)."""
    font = ImageFont.truetype(face.file.path, SIZE, face.file.face_index, layout_engine=ImageFont.Layout.RAQM)
    page = Image.new("L", (2400, 400) if direction is None else (400, 2400))
    anchor, place = ("ls", (200, 200)) if direction is None else ("lt", (100, 200))
    ImageDraw.Draw(page).text(place, text, 255, font, anchor, direction=direction)
    return np.asarray(page, np.float64)


def ours(canvas: LineRaster, shape: tuple[int, int], place: tuple[int, int] = (200, 200)) -> np.ndarray:
    page = np.zeros(shape)
    x, y = place[0] - canvas.origin[0], place[1] - canvas.origin[1]
    rows, columns = canvas.coverage.shape
    page[y : y + rows, x : x + columns] = canvas.coverage
    return page


def centroid(page: np.ndarray) -> np.ndarray:
    rows, columns = page.sum(axis=1), page.sum(axis=0)
    return np.array([columns @ np.arange(len(columns)), rows @ np.arange(len(rows))]) / page.sum()


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Common ink over all ink."""
    return float(np.minimum(first, second).sum() / np.maximum(first, second).sum())


@pytest.fixture(autouse=True)
def raqm() -> None:
    if not features.check("raqm") or not features.check("fribidi"):
        pytest.skip("Pillow cannot shape here: libfribidi0 is missing")


@pytest.mark.parametrize("name", LINES)
def test_advances_and_ink_equal_those_of_raqm(name: str) -> None:
    stem, text = LINES[name]
    face = opened(stem)
    line = shape_line(text, face)
    font = ImageFont.truetype(face.file.path, SIZE, face.file.face_index, layout_engine=ImageFont.Layout.RAQM)
    theirs = drawn_by_pillow(face, text)
    mine = ours(rasterize_line(line, face, FaceCache(), SIZE), theirs.shape)
    assert likeness(mine, theirs) > 0.85, name  # about 0.5 with another glyph, form or word order
    for cluster, quad in zip(line.clusters.texts(text), line.clusters.quads, strict=True):
        left, right = (200 + quad[:2, 0] * SIZE).astype(int)
        if cluster.strip():
            apart = centroid(mine[:, left:right]) - centroid(theirs[:, left:right])
            assert np.abs(apart).max() < 1.1, (name, cluster)  # both round positions to pixels; Pillow hints
    right = max(quad[1, 0] for quad in line.clusters.quads) * SIZE
    assert font.getlength(text) <= right + 0.6  # the last advance ends there, unless ink extends beyond it


@pytest.mark.parametrize("text", ["縦書き「テスト」、一行。", "中文（直排），標點。"])
def test_vertical_lines_equal_those_of_raqm(text: str) -> None:
    face = opened("NotoSansCJK-Regular")
    theirs = drawn_by_pillow(face, text, "ttb")
    mine = ours(
        rasterize_line(shape_line(text, face, ShapingOptions(vertical=True)), face, FaceCache(), SIZE), theirs.shape
    )
    shift = np.round(centroid(theirs) - centroid(mine)).astype(int)  # Pillow's anchor differs
    assert likeness(np.roll(mine, shift[::-1], (0, 1)), theirs) > 0.75
    across, along = np.flatnonzero(mine.any(axis=0)), np.flatnonzero(mine.any(axis=1))
    assert np.ptp(along) > 5 * np.ptp(across)
