"""Unusual texts: each gives a sample whose label is what is visible, or is rejected with a reason."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import regex

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Generator, InputError, Sample, SkippedSample
from synthtext.fonts import bundled_fonts, system_fonts

pytestmark = pytest.mark.slow

PLAIN = "abc"  # in every corpus, so that none is empty
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ISOLATED, OVERRIDDEN = "\u2068ab\u2069", "\u202eab\u202c"

SEEN = {  # text, and its visible label
    "tab": ("a\tb", "a b"),
    "carriage return": ("a\rb\r", "a b"),
    "other ends of lines": ("a\u0085b\u2028c\u2029d\x0be\x0cf", "a b c d e f"),
    "separators of records": ("a\x1cb\x1dc\x1ed\x1fe", "a b c d e"),
    "no-break space": ("a\u00a0b", "a b"),
    "many kinds of spaces": ("\u2003a\u2009\u202f\u3000b\u1680", "a b"),
    "zero-width space": ("a\u200bb", "ab"),
    "soft hyphen": ("a\u00adb", "ab"),
    "byte order marks": ("\ufeffa\ufeffb", "ab"),
    "word joiner": ("a\u2060b", "ab"),
    "invisible operators": ("a\u2061b\u2064c\u206ad\u206f", "abcd"),
    "controls": ("a\x01\x07\x1b\x7f\x9bb", "ab"),
    "decomposed": ("e\u0301a\u0308o", "éäo"),
    "unseen amid a letter": ("e\u200b\u0301u\u00ad\u0308o\x01\u0302", "éüô"),
    "singleton": ("\u212b\u2126", "ÅΩ"),
    "marks in another order": ("q\u0307\u0323", "q\u0323\u0307"),
    "stacked marks": ("a\u0301\u0300\u0302\u0303b", "á\u0300\u0302\u0303b"),
    "ready-made Arabic": ("\ufefb\ufedf", "لال"),
    "ready-made Hebrew": ("\ufb2a\u05dc", "ש\u05c1ל"),
    "joiner": ("a\u200db", "a\u200db"),
    "non-joiner": ("می\u200cخواهم", "می\u200cخواهم"),
    "non-joiners in a row": ("م\u200c\u200cم", "م\u200c\u200cم"),
    "joiner at the end": ("ه\u200d", "ه\u200d"),
    "variation selector": ("☺\ufe0eb", "☺\ufe0eb"),
    "emoji": ("ok \U0001f600", "ok \U0001f600"),
    "astral letters": ("\U0001d538\U0001d552", "\U0001d538\U0001d552"),
    "both directions": ("abc שלום (12) سلام", "abc שלום (12) سلام"),
}
EITHER = {  # whether they are drawn depends on the font
    "mark without base": "\u0301abc",
    "only a mark": "\u0301",
    "fifty marks": "o" + "\u0301" * 50 + "k",
    "mark behind a space": "a \u0301b",
    "mark behind a digit": "1\u0338\u20e3",
    "enclosing mark": "a\u20dd",
    "joiner between spaces": "a \u200d b",
    "grapheme joiner": "a\u034f\u0301b",
    "emoji with a modifier": "\U0001f44d\U0001f3fd",
    "flag": "\U0001f1e9\U0001f1ea",
    "half a flag": "\U0001f1e9",
    "family": FAMILY,
    "keycap": "1\ufe0f\u20e3",
    "emoji of tags": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "only a selector": "\ufe0f",
    "selector of an ideograph": "葛\U000e0100",
    "private use": "a\ue000\uf8ff\U000f0000",
    "unassigned": "a\u0378\u05ff",
    "noncharacters": "a\ufffe\uffff\U0010ffff",
    "replacement": "a\ufffd",
    "annotations": "a\ufff9b\ufffac\ufffb",
    "ideograph beyond the plane": "\U00020000",
    "Hangul in letters": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "old Hangul": "\u1112\u119e\u11ab",
    "lonely jamo": "\u11ab\u1161",
    "Hangul fillers": "\u115f\u1160\u3164",
    "virama": "क्\u200dष\u094d",
    "Arabic number sign": "\u0600\u0661",
    "tatweel": "سـلام",
    "musical": "\U0001d15e\U0001d173",
}
REFUSED = {
    "override": (OVERRIDDEN, "control of direction"),
    "isolate": (ISOLATED, "control of direction"),
    "left-to-right mark": ("a\u200eb", "control of direction"),
    "Arabic letter mark": ("ا\u061cب", "control of direction"),
    "embedding in Hebrew": ("\u202bשלום\u202c", "control of direction"),
    "joiner at the start": ("\u200dab", "blank glyph"),
    "only joiners": ("\u200d\u200c", "nothing to draw"),
    "blank braille": ("\u2800", "nothing to draw"),
    "blank braille amid letters": ("a\u2800b", "blank glyph"),
    "only spaces": ("\u00a0\u2003\u200b", "text too short"),
    "only a byte order mark": ("\u2060\ufeff", "text too short"),
    "ten thousand characters": ("word " * 2000, "text too long"),
}
REASONS = {
    "blank glyph",
    "cannot be set from top to bottom",
    "missing glyph",
    "no font of the block covers the text",
    "nothing to draw",
    "too narrow for CTC",
    "too small to read",
}
STEMS = {"DejaVuSans", "NotoSansCJK-Regular", "NotoSansDevanagari-Regular", "NotoSansSymbols2-Regular"}
VIRAMA = regex.compile(r"\p{ccc=9}\p{M}*\u200d?(?=\p{L})")
MIXED = (
    "layout.tracking_range=[0, 0.2]",
    "layout.jitter_range=[0, 0.2]",
    "baselines={straight: 1, vertical: 1, arc: 1}",
    "output={height: free}",
)


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A single font with many scripts."""
    folder = tmp_path_factory.mktemp("fonts")
    path = next(path for path in (*bundled_fonts(), *system_fonts()) if path.stem == "DejaVuSans")
    (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def many_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed fonts of Han, Hangul, Devanagari and symbols."""
    folder = tmp_path_factory.mktemp("many")
    paths = [path for path in system_fonts() if path.stem in STEMS]
    if not paths:
        pytest.skip("none of these fonts is installed; run `make fonts`")
    for path in paths:
        (folder / path.name).symlink_to(path)
    return folder


def opened(text: str, fonts: Path, folder: Path, *settings: str) -> Generator[Sample]:
    """Lines of a file with this text three times and a plain one, in a charset of all their characters."""
    (folder / "texts.txt").write_bytes(f"{text}\n{text}\n{text}\n{PLAIN}\n".encode())
    shown = unicodedata.normalize("NFC", text) + unicodedata.normalize("NFKC", text) + PLAIN
    shown += unicodedata.normalize("NFC", shown.upper())
    characters = sorted({*text, *shown, *map(chr, range(32, 384))} - {"\n", "\r"})
    (folder / "charset.txt").write_bytes("".join(f"{character}\n" for character in characters).encode())
    corpus = f"corpus=[{{use: text_file, path: {folder}/texts.txt}}]"
    chosen = f"fonts={{folders: [{fonts}], system: false, bundled: false, size_range: [28, 40]}}"
    return resolve_recipe("digits", (corpus, f"charset={folder}/charset.txt", chosen, *settings)).generator(0)


def outcomes(generator: Generator[Sample], count: int = 8) -> tuple[set[str], set[str]]:
    """Labels except for the plain one, and reasons of rejection."""
    labels: set[str] = set()
    reasons: set[str] = set()
    for sample in generator.generate_many(range(count)):
        if isinstance(sample, SkippedSample):
            reasons.update(sample.reasons)
            continue
        reasons.update(sample.meta.rejected)
        labels.add(sample.text)
        check(sample)
    return labels - {PLAIN}, reasons


def check(sample: Sample) -> None:
    text, offsets, quads = sample.text, sample.clusters.offsets.tolist(), sample.clusters.quads
    ends = np.cumsum([len(part) for part in regex.findall(r"\X", text)]).tolist()
    ends += [match.end() for match in VIRAMA.finditer(text)]  # half forms are separate
    assert offsets[0] == 0
    assert offsets[-1] == len(text)
    assert offsets == sorted(set(offsets))
    assert {0, *ends} >= set(offsets), ascii(text)
    assert np.isfinite(quads).all()
    assert quads.min() >= -1, ascii(text)
    assert (quads <= np.array(sample.image.shape[1::-1]) + 1).all(), ascii(text)


@pytest.mark.parametrize("name", SEEN)
def test_a_label_is_the_visible_text(name: str, fonts: Path, tmp_path: Path) -> None:
    written, seen = SEEN[name]
    assert outcomes(opened(written, fonts, tmp_path)) == ({seen}, set())


@pytest.mark.parametrize("name", REFUSED)
def test_unlabellable_texts_are_rejected_with_a_reason(name: str, fonts: Path, tmp_path: Path) -> None:
    written, reason = REFUSED[name]
    assert outcomes(opened(written, fonts, tmp_path)) == (set(), {reason})


@pytest.mark.parametrize("name", EITHER)
def test_texts_are_drawn_or_rejected(name: str, fonts: Path, tmp_path: Path) -> None:
    check_handled(unicodedata.normalize("NFC", EITHER[name]), *outcomes(opened(EITHER[name], fonts, tmp_path)))


@pytest.mark.parametrize("name", [*SEEN, *EITHER])
def test_texts_of_any_layout_are_drawn_or_rejected(name: str, fonts: Path, tmp_path: Path) -> None:
    """Spread, from top to bottom, or along an arc."""
    written, seen = SEEN[name] if name in SEEN else (EITHER[name], unicodedata.normalize("NFC", EITHER[name]))
    check_handled(seen, *outcomes(opened(written, fonts, tmp_path, *MIXED), 12))


@pytest.mark.parametrize("name", EITHER)
def test_texts_are_drawn_or_rejected_in_other_fonts(name: str, many_fonts: Path, tmp_path: Path) -> None:
    check_handled(unicodedata.normalize("NFC", EITHER[name]), *outcomes(opened(EITHER[name], many_fonts, tmp_path)))


def check_handled(seen: str, labels: set[str], reasons: set[str]) -> None:
    assert labels <= {seen}
    assert reasons <= REASONS
    assert labels or reasons


def test_capitals_of_a_font_without_small_letters_are_composed(fonts: Path, tmp_path: Path) -> None:
    generator = opened("ΐά", fonts, tmp_path)
    for face in generator.resources.at(0).faces:  # type: ignore[attr-defined]
        face.case = "upper"
    with_iota = {s.text for s in map(generator.generate, range(16)) if isinstance(s, Sample)} - {PLAIN.upper()}
    assert with_iota == {"Ϊ́Ά"}


def test_texts_of_ten_thousand_characters_are_rejected(fonts: Path, tmp_path: Path) -> None:
    long = opened("word " * 2000, fonts, tmp_path, "layout.length_range=[1, 20000]", "effects=[]")
    assert outcomes(long) == (set(), {"too long"})


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n", "\u00a0\n\u200b\n", "\ufeff\n"])
def test_a_corpus_without_texts_is_refused(content: str, fonts: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text(content)
    settings = (f"corpus=[{{use: text_file, path: {tmp_path}/texts.txt}}]", f"fonts.folders=[{fonts}]")
    with pytest.raises(InputError, match=r"is empty|has no line with a text") as caught:
        resolve_recipe("digits", settings).generator(0)
    assert "\n" not in str(caught.value)
