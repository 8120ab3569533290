"""Lines in many scripts, next to the same text set by Pillow with RAQM, for visual comparison.

    python -m benchmarks.specimens -o specimens.png

Every row shows the script, the font, and the common ink over all ink. Pillow hints and rounds advances to whole pixels:
0.7 to 0.95 is the same line; another form, mark or order gives less. What RAQM does not support (tracking, jitter and
curved lines) is shown next to the plain line. `make fonts` installs the fonts; missing fonts are skipped.
"""

import unicodedata
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from synthtext.baselines import Arc
from synthtext.core import Size, Warp
from synthtext.fonts import RASTER_SIZES, Face, FaceCache, bundled_fonts, read_font_file, system_fonts
from synthtext.lines.placement import CurvedLine
from synthtext.typesetting.canvas import rasterize_line
from synthtext.typesetting.shaping import ShapedLine, ShapingOptions, shape_line

SIZE = next(size for size in RASTER_SIZES if size >= 42)
PADDING = 2 * SIZE  # around the origin

Ink: TypeAlias = NDArray[np.uint8]

SCRIPTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Arabic": (
        ("NotoNaskhArabic-Regular", "Amiri-Regular", "DejaVuSans"),
        ("يولد جميع الناس أحرارًا", "السَّلامُ عَلَيْكُـــمْ", "الصبر مفتاح الفرج، ١٢٣"),
    ),
    "Persian, ZWNJ": (
        ("NotoNaskhArabic-Regular", "Scheherazade-Regular", "nazli"),
        ("تمام افراد بشر آزاد به دنیا می\u200cآیند", "کتاب\u200cهای خوب را می\u200cخوانم", "خانه\u200cام کجاست؟ ۱۴۰۳"),
    ),
    "Urdu": (("NotoNastaliqUrdu-Regular",), ("تمام انسان آزاد", "اردو زبان", "صبر کا پھل میٹھا")),
    "Hebrew": (
        ("NotoSansHebrew-Regular", "FrankRuehlCLM-Medium", "TaameyFrankCLM-Medium"),
        ("כל בני האדם נולדו בני חורין", "שלום עליכם, מה שלומך?", "בְּרֵאשִׁית בָּרָא אֱלֹהִים"),
    ),
    "Hebrew, Latin": (
        ("DejaVuSans", "DavidCLM-Medium", "MiriamCLM-Book"),
        ("קנו iPhone 15 ב-3,999 ש״ח", "כתובת: info@site.co.il (חדש)", "Hello שלום, 24/7 פתוח"),
    ),
    "Devanagari": (
        ("NotoSansDevanagari-Regular", "NotoSerifDevanagari-Regular", "Lohit-Devanagari"),
        ("सभी मनुष्यों को गौरव", "अतिथि देवो भव। श्री", "क्षत्रिय विद्यार्थी र्क द्ध ड़"),
    ),
    "Bengali": (
        ("NotoSansBengali-Regular", "NotoSerifBengali-Regular", "Lohit-Bengali"),
        ("সমস্ত মানুষ স্বাধীনভাবে", "আমার সোনার বাংলা, শ্রী", "ধৈর্য ধরো বন্ধু ক্ষমা কৌ য়"),
    ),
    "Tamil": (
        ("NotoSansTamil-Regular", "NotoSerifTamil-Regular", "Lohit-Tamil"),
        ("மனிதப் பிறவியினர் சகலரும்", "வணக்கம் நன்றி கொள் கௌ", "யாதும் ஊரே யாவரும் கேளிர்"),
    ),
    "Thai": (
        ("NotoSansThai-Regular", "NotoSerifThai-Regular", "Garuda"),
        ("มนุษย์ทั้งหลายเกิดมามีอิสระ", "สวัสดีครับ ที่นี่ น้ำใจ", "ปู่ย่าป้าอยู่ที่ฐานกตัญญู"),
    ),
    "Khmer": (
        ("NotoSansKhmer-Regular", "NotoSerifKhmer-Regular", "KhmerOS"),
        ("មនុស្សទាំងអស់កើតមក", "សួស្តី អរគុណ ខ្ញុំ", "ព្រះរាជាណាចក្រកម្ពុជា"),
    ),
    "Cyrillic": (
        ("DejaVuSans", "LiberationSerif-Regular", "NotoSans-Regular"),
        ("Все люди рождаются свободными", "Доброе утро, ёлка! Подъезд", "Їжак і ґава: Ђорђе Љубица Ќ"),
    ),
    "Greek": (
        ("DejaVuSans", "GFSDidot", "GFSNeohellenic"),
        ("Όλοι οι άνθρωποι γεννιούνται", "Ἐν ἀρχῇ ἦν ὁ λόγος", "Καλημέρα σας, ΰ Ϊ ᾧ"),
    ),
    "Chinese, simplified": (
        ("NotoSansCJK-Regular", "wqy-zenhei", "gkai00mp"),
        ("人人生而自由，在尊严上一律平等", "你好！今天100元", "千里之行，始于足下。"),
    ),
    "Chinese, traditional": (
        ("NotoSansCJK-Regular", "uming", "ukai"),
        ("人人生而自由，在尊嚴上一律平等", "早安「歡迎光臨」", "學而時習之，不亦說乎"),
    ),
    "Japanese": (
        ("NotoSansCJK-Regular", "ipaexg", "ipaexm"),
        ("すべての人間は、生まれながら", "こんにちは、カタカナ「バー」", "猿も木から落ちる。ヴがぎぷ"),
    ),
    "Korean": (
        ("NotoSansCJK-Regular", "NanumGothic", "UnBatang"),
        ("모든 인간은 태어날 때부터", "안녕하세요, 반갑습니다!", "가는 말이 고와야 뷁 쓿"),
    ),
    "Chinese, downwards": (
        ("NotoSansCJK-Regular", "NotoSerifCJK-Regular", "uming"),
        ("人人生而自由，平等。", "「歡迎光臨」早安！", "千里之行，始于足下"),
    ),
    "Japanese, downwards": (
        ("NotoSansCJK-Regular", "ipaexm", "ipaexg"),
        ("すべての人間は、自由", "「コーヒー」メニュー。", "ちょっと待って、はっ"),
    ),
}
TREATED = ("Arabic", "Persian, ZWNJ", "Urdu", "Devanagari", "Bengali", "Hebrew")


class Row(NamedTuple):
    """Two images of the same size, white on black: of both libraries, or of a variation and the plain line."""

    name: str
    font: str
    ours: Ink
    other: Ink
    treated: bool = False

    @property
    def title(self) -> str:
        same, ink = np.minimum(self.ours, self.other).sum(), np.maximum(self.ours, self.other).sum()
        return f"{'    ' if self.treated else f'{same / max(ink, 1):.2f}'}  {self.name} | {self.font}"


def drawn_here(line: ShapedLine, face: Face, size: Size, warp: Warp | None = None) -> Ink:
    """Rasterize a line with its origin at (PADDING, PADDING)."""
    placed = (warp or Warp()).then(Warp.scale_translate(SIZE, PADDING, PADDING))
    return rasterize_line(line, face, FaceCache(), SIZE).warped(placed, size)


def drawn_by_pillow(text: str, face: Face, size: Size, *, vertical: bool) -> Ink:
    font = ImageFont.truetype(face.file.path, SIZE, face.file.face_index, layout_engine=ImageFont.Layout.RAQM)
    page = Image.new("L", (int(size.width), int(size.height)))
    anchor, direction = ("lt", "ttb") if vertical else ("ls", None)
    ImageDraw.Draw(page).text((PADDING, PADDING), text, 255, font, anchor, direction=direction)
    return np.asarray(page)


def beside(ours: Ink, theirs: Ink) -> Ink:
    """Align the other image to ours by correlation: the anchor of vertical lines differs."""
    alike = np.fft.ifft2(np.fft.fft2(ours) * np.conj(np.fft.fft2(theirs))).real
    return np.roll(theirs, np.unravel_index(alike.argmax(), alike.shape), (0, 1))


def rows(faces: dict[str, Face]) -> Iterator[Row]:
    for name, (stems, texts) in SCRIPTS.items():
        vertical = name.endswith("downwards")
        for i, plain in enumerate(texts):
            text = unicodedata.normalize("NFC", plain)
            covering = [stem for stem in (*stems[i:], *stems[:i]) if stem in faces and faces[stem].covers(text)]
            if not covering:
                print(f"{name}: none of {', '.join(stems)} is installed and covers {text}")
                continue
            stem, face = covering[0], faces[covering[0]]
            line = shape_line(text, face, ShapingOptions(vertical=vertical))
            size = Size(
                int(line.ink_box.width * SIZE * 1.5) + 2 * PADDING, int(line.ink_box.height * SIZE) + 2 * PADDING
            )
            ours, theirs = drawn_here(line, face, size), drawn_by_pillow(text, face, size, vertical=vertical)
            yield Row(name, stem, ours, beside(ours, theirs) if vertical else theirs)
            if name in TREATED:
                yield from treated(line, face, Row(name, stem, ours, ours, treated=True))


def treated(line: ShapedLine, face: Face, plain: Row) -> Iterator[Row]:
    """The line with tracking, jitter and curvature: connected letters must stay connected."""
    size = Size(plain.ours.shape[1], plain.ours.shape[0])
    shifts = np.random.default_rng(0).uniform(-0.15, 0.15, len(line.text))
    for how, setting in (
        ("spread", ShapingOptions(tracking=0.15)),
        ("jittered", ShapingOptions(baseline_shifts=shifts)),
    ):
        ours = drawn_here(shape_line(line.text, face, setting), face, size)
        yield plain._replace(name=f"{plain.name}, {how}", ours=ours)
    arc = Arc((60, 60), downward_probability=0)
    bend = arc.warp(line.ink_box, arc.draw(np.random.default_rng(0), line.ink_box))
    tall = size._replace(height=size.height + SIZE * CurvedLine.of(line, bend).box.height)
    other = np.pad(plain.other, ((0, int(tall.height) - int(size.height)), (0, 0)))
    yield plain._replace(name=f"{plain.name}, arc", ours=drawn_here(line, face, tall, bend), other=other)


def page(found: list[Row]) -> Image.Image:
    label, parts = ImageFont.load_default(14), []
    for row in found:
        both = np.maximum(row.ours, row.other)
        up, left = np.argwhere(both.any(axis=1))[[0, -1], 0], np.argwhere(both.any(axis=0))[[0, -1], 0]
        shown = [one[up[0] : up[1] + 1, left[0] : left[1] + 1] for one in (row.ours, row.other)]
        width = shown[0].shape[1]
        part = Image.new("L", (max(2 * width + 60, 420), len(shown[0]) + 34), 255)
        ImageDraw.Draw(part).text((8, 4), row.title, 0, label)
        for x, one in zip((8, width + 48), shown, strict=True):
            part.paste(Image.fromarray(255 - one), (x, 26))
        parts.append(part)
    whole = Image.new("L", (max(part.width for part in parts), sum(part.height for part in parts)), 255)
    for i, part in enumerate(parts):
        whole.paste(part, (0, sum(above.height for above in parts[:i])))
    return whole


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m benchmarks.specimens")
    parser.add_argument("-o", "--output", type=Path, default=Path("specimens.png"))
    output = parser.parse_args().output
    wanted = {stem for stems, _ in SCRIPTS.values() for stem in stems}
    paths = {path.stem: path for path in (*system_fonts(), *bundled_fonts()) if path.stem in wanted}
    specimens = list(rows({stem: Face(read_font_file(path)[0]) for stem, path in paths.items()}))
    print("\n".join(specimen.title for specimen in specimens))
    page(specimens).save(output)
