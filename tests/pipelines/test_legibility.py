"""The published recognizer reads what is generated: pictures and labels belong together."""

import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Box, Image, Points, Sample, Size, Warp
from synthtext.fonts import bundled_fonts, system_fonts

CLEAN = ("background={plain: 1}", "effects=[]", "ink={contrast_floor: 120}", "fonts.system=false")


@pytest.mark.parametrize(
    ("overrides", "least", "most"),
    [(CLEAN, 0.90, 1.0), (("fonts.system=false",), 0.50, 0.95)],
    ids=["clean", "lines"],
)
def test_generated_lines_are_legible(tmp_path, overrides, least, most):
    generate("lines", tmp_path / "data", 100, overrides=overrides, workers=0)
    scores = evaluate_recognizer(open_recognizer(), open_line_source(tmp_path / "data")).scores
    assert scores.samples == 100
    assert least <= scores.alphanumeric_accuracy <= most


# Words and whole numbers: the recognizer takes commas, points and middle dots for each other in straight lines too.
TEXTS = {
    "latin": (
        "charset=ascii",
        "corpus=[{use: words, language: en, exponent: 0.5, count_range: [1, 2], case: {lower: 3, title: 3, upper: 4},"
        r" weight: 6}, {use: pattern, pattern: '[1-9]\d{1,5}', weight: 1}]",
    ),
    "chinese": (
        "charset=published",
        "corpus=[{use: words, language: zh, exponent: 0.5, count_range: [1, 4]}]",
    ),
}
PLAIN = (
    "fonts={system: false, embedded: false, size_range: [32, 44], pool: 16}",
    "layout={margin_range: [0.05, 0.3]}",
    "ink={contrast_floor: 60, styles: {plain: 1}}",
    "background={plain: 1}",
    "effects=[]",
    "output={height: free, width: free, format: png}",
)
CHINESE_FONTS = ("NotoSansCJK-Regular", "wqy-zenhei", "wqy-microhei")
# The recognizer does not know the hands Amatic SC and Intuitive. Leaning letters reach into their neighbours' quads,
# and what quads share is seen twice when they stand side by side ("form" is read as "fiorm"). Lato Thin fades.
UNFIT = ("AmaticSC", "Intuitive", "Italic", "It", "Thin")
# Letters far apart have no neighbours to tell c from C or l from 1: capitals, as signs have them.
CAPITALS = "corpus.0.case={upper: 1}"


def fonts_of(script: str) -> list[Path]:
    if script == "latin":
        return [path for path in bundled_fonts() if not path.stem.startswith(UNFIT) and not path.stem.endswith(UNFIT)]
    found = {path.stem: path for path in system_fonts()}
    chinese = [found[stem] for stem in CHINESE_FONTS if stem in found]
    if not chinese:
        pytest.skip("no Chinese font is here: `make fonts` installs some")
    return chinese


def rectify_clusters(image: Image, quads: Points, height: int = 48) -> Image:
    """What clusters' quads (K, 4, 2) hold, each set upright and this high, side by side.

    Pictures and labels make it together: a quad beside its letter, or in another place of the order, cannot be read.
    """
    cells = []
    for quad in quads:
        top, right, bottom, left = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        size = Size(max(round(float(height * (top + bottom) / (left + right))), 1), height)
        upright = Warp.between_quads(quad, Box(0, 0, *size).polygon())
        cells.append(upright.image(image, size, interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE))
    return np.concatenate(cells, axis=1)


def same(sample: Sample, reading: str) -> bool:
    """Whether a reading is the label, spaces aside; letters that stand apart may be read as full-width ones."""
    return unicodedata.normalize("NFKC", reading).replace(" ", "") == sample.text.replace(" ", "")


@pytest.fixture(scope="module")
def recognizer() -> TextRecognizer:
    return open_recognizer(threads=1)


@pytest.mark.parametrize("baseline", ["straight", "arc", "wave", "circle", "vertical"])
@pytest.mark.parametrize("script", TEXTS)
def test_every_layout_is_legible_through_its_quads(tmp_path, recognizer, script, baseline):
    for path in fonts_of(script):
        (tmp_path / path.name).symlink_to(path)
    overrides = [*PLAIN, *TEXTS[script], f"fonts.folders=[{tmp_path}]", f"baselines={{{baseline}: 1}}"]
    if (script, baseline) == ("latin", "vertical"):
        overrides.append(CAPITALS)
    samples = list(resolve_recipe("lines", overrides).generator(0).generate_many(range(100)))
    assert all(isinstance(sample, Sample) for sample in samples)
    readings = recognizer.read([rectify_clusters(sample.image, sample.clusters.quads) for sample in samples])
    read = sum(same(sample, reading.text) for sample, reading in zip(samples, readings, strict=True))
    print(f"{script}, {baseline}: {read} of 100 read")
    assert read >= 90
