"""Which characters fonts have, and that a changed font file is noticed."""

import shutil
from pathlib import Path

import numpy as np

from synthtext.fonts import FontOptions, find_fonts
from synthtext.fonts.cache import FaceCache
from synthtext.fonts.characters import covered_texts
from synthtext.fonts.file import read_font_file

TEXTS = ["Word", "Straße 7", "Жук", "x\u00ady", "語", "a\u200bb", "é ½", " "]


def test_coverage_of_many_texts_is_that_of_each_face() -> None:
    fonts = find_fonts(FontOptions(system=False)).fonts
    cache = FaceCache()
    expected = [[cache.face(font).covers(text) for text in TEXTS] for font in fonts]
    covered = covered_texts(fonts, TEXTS)
    assert covered.tolist() == expected
    assert np.any(covered)
    assert not np.all(covered)


def test_a_replaced_font_file_is_read_again(tmp_path: Path) -> None:
    first, second = (font.path for font in find_fonts(FontOptions(system=False)).fonts[:2])
    path = tmp_path / "font.ttf"
    shutil.copyfile(first, path)
    before = read_font_file(path)
    assert read_font_file(path) == before
    shutil.copyfile(second, path)
    assert read_font_file(path)[0].digest != before[0].digest
