"""Options of the layout: validation, use, and recording."""

import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext import LayoutOptions
from synthtext.core import InputError, Sample, SkippedSample
from synthtext.fonts import Face, bundled_fonts, read_font_file
from synthtext.lines.design import NeighbourOptions
from synthtext.typesetting.shaping import ShapingOptions, shape_line

PLAIN = ("fonts.system=false", "background={plain: 1}", "effects=[]", "ink={styles: {plain: 1}, contrast_floor: 60}")


def draw(*settings: str, count: int = 40) -> list[Sample]:
    generator = resolve_recipe("digits", (*PLAIN, *settings)).generator(5)
    return [item for item in generator.generate_many(range(count)) if not isinstance(item, SkippedSample)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": {"smcp": 0.5}}, "displays other characters"),
        ({"features": {"ligature": 0.5}}, "not an OpenType feature"),
        ({"features": {"onum": 2.0}}, "probability"),
        ({"jitter_range": (0.2, 0.1)}, "jitter_range"),
        ({"jitter_range": (0, 3)}, "jitter_range"),
        ({"margin_range": (-1, 0)}, "margin_range"),
        ({"tracking_range": (0, 9)}, "tracking_range"),
        ({"length_range": (0, 5)}, "length_range"),
    ],
)
def test_invalid_options_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LayoutOptions(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"probability": 1.5}, {"depth_range": (0.5, 2.0)}, {"depth_range": (0.9, 0.1)}])
def test_invalid_neighbour_options_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match="neighbours"):
        NeighbourOptions(**settings)  # type: ignore[arg-type]


def test_features_choose_other_glyphs() -> None:
    path = next(path for path in bundled_fonts() if path.stem == "SourceSansPro-Regular")
    face = Face(read_font_file(path)[0])
    assert shape_line("100", face, ShapingOptions(features={"zero": 1})).glyphs != shape_line("100", face).glyphs


def test_features_are_drawn_by_probability_and_recorded() -> None:
    drawn = [sample.meta.parameters["features"] for sample in draw("layout.features={onum: 0.5, zero: 1}", count=60)]
    assert all("zero" in features for features in drawn)
    assert 15 < sum("onum" in features for features in drawn) < 45


def test_jitter_shifts_letters_from_the_baseline() -> None:
    still, moved = (draw("layout.margin_range=[0,0]", f"layout.jitter_range={r}") for r in ("[0,0]", "[0.3,0.3]"))
    high, higher = (
        np.mean([np.ptp(s.clusters.quads[:, :, 1]) / s.meta.parameters["em_size"] for s in samples])
        for samples in (still, moved)
    )
    assert higher > high + 0.1
    assert all(sample.meta.parameters["jitter"] == 0.3 for sample in moved)


def test_baselines_are_drawn_by_weight_and_recorded() -> None:
    samples = draw("baselines={straight: 1, wave: 1, vertical: 1}", "output.height=free", count=120)
    message = [sample.meta.parameters.get("baseline", "straight") for sample in samples]
    assert min(message.count(name) for name in ("straight", "wave", "vertical")) > 20
    assert all(
        {"amplitude", "length", "phase"} <= s.meta.parameters.keys()
        for s in samples
        if "amplitude" in s.meta.parameters
    )
    tall = [
        s.image.shape[0] > s.image.shape[1]
        for s in samples
        if len(s.text) > 3 and "vertical" in s.meta.parameters.values()
    ]
    assert tall
    assert all(tall)


def test_an_unknown_baseline_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(InputError, match="arc"):
        resolve_recipe("digits", ("baselines={ark: 1}",))
    with pytest.raises(InputError, match="every weight is 0"):
        resolve_recipe("digits", ("baselines={straight: 0}",))
