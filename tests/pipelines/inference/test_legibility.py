"""The published recognizer reads generated lines, so images and labels agree."""

import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Box, Image, Points, Sample, Size, Warp
from synthtext.fonts import bundled_fonts, system_fonts

pytestmark = pytest.mark.slow

COUNT = 20
CLEAN = ("background={plain: 1}", "effects=[]", "ink={contrast_floor: 120}", "fonts.system=false")


@pytest.fixture(scope="module")
def recognizer() -> TextRecognizer:
    return open_recognizer(threads=1)


@pytest.mark.parametrize(
    ("overrides", "lower", "upper"),
    [(CLEAN, 0.90, 1.0), (("fonts.system=false",), 0.40, 0.95)],
    ids=["clean", "lines"],
)
def test_generated_lines_are_legible(tmp_path, recognizer, overrides, lower, upper):
    generate("lines", tmp_path / "data", 40, overrides=overrides, workers=0)
    scores = evaluate_recognizer(recognizer, open_line_source(tmp_path / "data")).scores
    assert scores.samples == 40
    assert lower <= scores.alphanumeric_accuracy <= upper


# Words and integers: the recognizer confuses commas, points and middle dots in straight lines too.
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
    "fonts={system: false, bundled: false, size_range: [32, 44], pool: 16}",
    "layout={margin_range: [0.05, 0.3]}",
    "ink={contrast_floor: 60, styles: {plain: 1}}",
    "background={plain: 1}",
    "effects=[]",
    "output={height: free, width: free, format: png}",
)
CHINESE_FONTS = ("NotoSansCJK-Regular", "wqy-zenhei", "wqy-microhei")
# The recognizer cannot read the handwriting of Amatic SC and Intuitive, and Lato Thin fades. Italic letters overlap the
# quads of their neighbours, and the shared pixels appear twice when quads are side by side ("form" is read as "fiorm").
EXCLUDED_FONTS = ("AmaticSC", "Intuitive", "Italic", "It", "Thin")
# Without neighbours c and C, or l and 1, look the same: use capitals only.
CAPITALS = "corpus.0.case={upper: 1}"


def fonts_of(script: str) -> list[Path]:
    if script == "latin":
        return [
            path
            for path in bundled_fonts()
            if not path.stem.startswith(EXCLUDED_FONTS) and not path.stem.endswith(EXCLUDED_FONTS)
        ]
    found = {path.stem: path for path in system_fonts()}
    chinese = [found[stem] for stem in CHINESE_FONTS if stem in found]
    if not chinese:
        pytest.skip("no Chinese font is installed: run `make fonts`")
    return chinese


def rectify_clusters(image: Image, quads: Points, height: int = 48) -> Image:
    """Return the content of the clusters' quads (K, 4, 2), each upright and of the same height, side by side.

    The result is legible only if each quad is at its letter and the quads are in the order of the text.
    """
    cells = []
    for quad in quads:
        top, right, bottom, left = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        size = Size(max(round(float(height * (top + bottom) / (left + right))), 1), height)
        upright = Warp.between_quads(quad, Box(0, 0, *size).polygon())
        cells.append(upright.image(image, size, interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE))
    return np.concatenate(cells, axis=1)


def is_correct(sample: Sample, prediction: str) -> bool:
    """Whether a prediction is the label, apart from spaces and full-width forms, as separated letters may be read."""
    return unicodedata.normalize("NFKC", prediction).replace(" ", "") == sample.text.replace(" ", "")


@pytest.mark.parametrize("baseline", ["straight", "arc", "wave", "circle", "vertical"])
@pytest.mark.parametrize("script", TEXTS)
def test_every_layout_is_legible_through_its_quads(tmp_path, recognizer, script, baseline):
    for path in fonts_of(script):
        (tmp_path / path.name).symlink_to(path)
    overrides = [*PLAIN, *TEXTS[script], f"fonts.folders=[{tmp_path}]", f"baselines={{{baseline}: 1}}"]
    if (script, baseline) == ("latin", "vertical"):
        overrides.append(CAPITALS)
    samples = list(resolve_recipe("lines", overrides).generator(0).generate_many(range(COUNT)))
    assert all(isinstance(sample, Sample) for sample in samples)
    results = recognizer.read([rectify_clusters(sample.image, sample.clusters.quads) for sample in samples])
    read = sum(is_correct(sample, result.text) for sample, result in zip(samples, results, strict=True))
    print(f"{script}, {baseline}: {read} of {COUNT} read")
    assert read >= 0.9 * COUNT
