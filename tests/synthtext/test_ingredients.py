"""Ingredients of hard lines: each changes only the lines that use it, and labels stay exact."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from augment import Turn
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Sample, Size, SkippedSample
from synthtext.core.ctc import required_steps, time_steps
from synthtext.occluders import Band, Edge, Patch, Twigs, Wires
from synthtext.occluders.occluder import Occluder, hidden_shares, occlude

DrawnBy: TypeAlias = Callable[[Sequence[str], int], list[Any]]

PLAIN = ["fonts.system=false", "background={plain: 1}", "ink.styles={plain: 1}", "coverage.share=0", "effects=[]"]
SHORT = ["corpus=[{use: words, case: {title: 1}}]", "baselines={straight: 1}", "layout.neighbours.probability=0"]


def draw(settings: Sequence[str], count: int = 40, name: str = "lines") -> list[Sample | SkippedSample]:
    return _drawn(tuple(settings), count, name)


@cache
def _drawn(settings: Sequence[str], count: int, name: str) -> list[Sample | SkippedSample]:
    return list(resolve_recipe(name, ["fonts.system=false", *settings]).generator(3).generate_many(range(count)))


@pytest.mark.parametrize(
    ("setting", "parameter"),
    [
        ("glyph_layouts={uniform: 4, ransom_note: 1, bouncing: 1, shrinking: 1}", "glyph_layout"),
        ("layout.stretch.probability=0.3", "stretch"),
        ("layout.overlap.probability=0.3", "overlap"),
        ("occluders={nothing: 3, band: 1, patch: 1, edge: 1, twigs: 1, wires: 1}", "occluder"),
    ],
)
def test_lines_without_an_ingredient_keep_their_pixels(setting: str, parameter: str) -> None:
    before, after = draw([]), draw([setting])
    used = [isinstance(sample, Sample) and parameter in sample.meta.parameters for sample in after]
    assert 3 < sum(used) < 30
    changed = []
    for one, other, uses in zip(before, after, used, strict=True):
        if not isinstance(one, Sample) or not isinstance(other, Sample) or other.meta.rejected:
            continue
        if uses:
            changed.append(not np.array_equal(one.image, other.image))
        else:
            assert one.text == other.text
            assert np.array_equal(one.image, other.image)
            assert np.array_equal(one.clusters.quads, other.clusters.quads)
    assert sum(changed) > 0.8 * len(changed)  # a text without descenders may overlap a line without touching it


def test_overlapping_text_reaches_into_the_line_and_not_into_the_label(drawn_by: DrawnBy) -> None:
    overlap = "layout.overlap={probability: 1, depth_range: [0.1, 0.2]}"
    lines, plain = drawn_by([*SHORT, overlap], 30), drawn_by(SHORT, 30)
    assert [line.sample.text for line in lines] == [line.sample.text for line in plain]
    touched = 0
    for line in lines:
        quads = line.sample.clusters.quads
        inner = line.inked[int(quads[:, :, 1].min()) + 2 : int(quads[:, :, 1].max()) - 1]
        letters = line.letters[int(quads[:, :, 1].min()) + 2 : int(quads[:, :, 1].max()) - 1]
        touched += int((inner.astype(int) - letters).max() > 60)
    assert touched > 15


OCCLUDERS: list[Occluder] = [Band(), Patch(), Edge(), Twigs(), Wires()]


@pytest.mark.parametrize("occluder", OCCLUDERS, ids=lambda occluder: type(occluder).__name__)
def test_an_object_hides_at_most_its_share_of_every_cluster(occluder: Occluder) -> None:
    coverage, image = np.zeros((48, 160), np.uint8), np.full((48, 160, 3), 128, np.uint8)
    quads = np.array([[[x, 8], [x + 18, 8], [x + 18, 40], [x, 40]] for x in range(10, 140, 20)], np.float32)
    for quad in quads.astype(int):
        coverage[quad[0, 1] : quad[2, 1], quad[0, 0] + 3 : quad[1, 0] - 3] = 255
    drawn = 0
    for seed in range(20):
        occluded, parameters = occlude(np.random.default_rng(seed), occluder, image, coverage, quads, 40)
        if not parameters:
            continue
        drawn += 1
        mask = occluder.mask(Size(160, 48), 40, parameters)
        shares = [(mask[q[0, 1] : q[2, 1], q[0, 0] + 3 : q[1, 0] - 3] / 255).mean() for q in quads.astype(int)]
        np.testing.assert_allclose(hidden_shares(coverage, mask, quads), shares, atol=0.02)
        assert max(shares) <= occluder.max_hidden + 0.02
        assert parameters["hidden"] > 0
        assert (occluded[mask == 0] == 128).all()
        assert np.abs(occluded[mask == 255] - np.array(parameters["colour"])).max(initial=0) <= 1
    assert drawn > 5
    assert (image == 128).all()


@pytest.mark.parametrize(("kind", "along"), [("quarter", (0, 1)), ("half", (-1, 0)), ("three_quarters", (0, -1))])
def test_turned_lines_run_where_they_are_turned(kind: str, along: tuple[int, int]) -> None:
    turned = f"effects=[{{use: turn, probability: 1, weights: {{{kind}: 1}}}}]"
    samples = [one for one in draw([*PLAIN, *SHORT, turned], 24) if isinstance(one, Sample)]
    assert len(samples) == 24
    for sample in samples:
        height, width = sample.image.shape[:2]
        assert (width if kind == "half" else height) >= (height if kind == "half" else width) or len(sample.text) < 4
        assert min(height, width) == 48
        quads = sample.clusters.quads
        right = quads[:, 1] - quads[:, 0]
        directions = right / np.linalg.norm(right, axis=1, keepdims=True)
        np.testing.assert_allclose(directions, np.broadcast_to(along, directions.shape), atol=1e-3)
        assert quads.min() >= 0
        assert (quads <= (width, height)).all()


def test_tall_images_are_turned_as_readers_turn_them() -> None:
    for kind, along in (("quarter", 1), ("three_quarters", -1)):
        turned = f"effects=[{{use: turn, probability: 1, weights: {{{kind}: 1}}}}]"
        stored, upright = (draw([*PLAIN, *SHORT, turned, f"output.turn_tall={flag}"], 16) for flag in ("false", "true"))
        changed = 0
        for one, other in zip(stored, upright, strict=True):
            assert isinstance(one, Sample)
            assert isinstance(other, Sample)
            if one.image.shape[0] < 1.5 * one.image.shape[1]:
                assert np.array_equal(one.image, other.image)
                continue
            changed += 1
            assert other.image.shape[:2] == one.image.shape[1::-1]
            assert np.abs(np.rot90(one.image).astype(int) - other.image).mean() < 8
            right = other.clusters.quads[:, 1] - other.clusters.quads[:, 0]
            assert (np.sign(right[:, 0]) == along).all()
            size = Size(other.image.shape[1], other.image.shape[0])
            assert required_steps(other.text) <= time_steps(size)
        assert changed > 8


def test_turns_are_drawn_by_weight() -> None:
    rng = np.random.default_rng(0)
    drawn = [Turn({"half": 3, "any": 1, "quarter": 0}).draw(rng, Size(10, 10))["degrees"] for _ in range(400)]
    assert 250 < drawn.count(180.0) < 350
    assert 90.0 not in drawn
    assert np.ptp([degrees for degrees in drawn if degrees != 180.0]) > 300
    with pytest.raises(InputError, match="at least one above 0"):
        Turn({"half": 0})


def test_the_preset_uses_every_ingredient_and_contains_its_labels() -> None:
    samples = [one for one in draw([], 100, "lines-hard") if isinstance(one, Sample)]
    assert len(samples) >= 99
    found = {name for sample in samples for name in sample.meta.parameters} | {
        effect.name for sample in samples for effect in sample.meta.effects
    }
    assert {"glyph_layout", "stretch", "overlap", "occluder", "turn", "neighbour"} <= found
    assert {"fragment", "running_text", "characters"} <= {sample.meta.corpus for sample in samples}
    for sample in samples:
        assert sample.clusters.quads.min() >= 0
        assert (sample.clusters.quads <= sample.image.shape[1::-1]).all()
        outline = sample.clusters.outline(sample.text)
        hull = cv2.convexHull(outline)
        centres = sample.clusters.quads.mean(axis=1)
        assert all(cv2.pointPolygonTest(hull, centre.tolist(), True) > -1 for centre in centres)
