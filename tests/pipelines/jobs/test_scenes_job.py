"""Jobs of scenes: resume, both formats, stored content, invalid recipes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.errors import JobError
from pipelines.jobs.generation import generate, iterate_samples
from pipelines.jobs.preview import draw_preview
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Scene, SkippedSample

pytestmark = pytest.mark.slow

COUNT, SIZE = 8, 3
SMALL = (
    "fonts={system: false, bundled: true, size_range: [9, 40]}",
    "output={width_range: [280, 360], height_range: [240, 300]}",
)


def run(folder: Path, count: int = COUNT, **options: object) -> Path:
    generate("scenes", folder, count, **{"workers": 0, "shard_size": SIZE, "overrides": SMALL, **options})  # type: ignore[arg-type]
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("scenes") / "data")


@pytest.fixture(scope="module")
def drawn() -> list[Scene | SkippedSample]:
    return list(iterate_samples(resolve_recipe("scenes", SMALL), COUNT))


def test_an_interrupted_and_extended_job_has_the_same_bytes(reference: Path, tmp_path: Path) -> None:
    folder = run(tmp_path / "data", count=2 * SIZE)
    kept = {path.name: path.stat().st_mtime_ns for path in (folder / "shards").glob("*.parquet")}
    (folder / "manifests" / "part-000001.json").unlink()  # as if killed before its mark
    run(folder)
    assert contents(folder) == contents(reference)
    assert len(contents(reference)) == 3
    assert (folder / "shards" / "part-000000.parquet").stat().st_mtime_ns == kept["part-000000.parquet"]


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_stored_scenes_equal_the_generated_ones(
    reference: Path, drawn: list[Scene | SkippedSample], tmp_path: Path, form: str
) -> None:
    folder = reference if form == "parquet" else run(tmp_path / "data", format="lmdb")
    read = list(iterate_scenes(open_scene_source(folder)))
    assert len(read) == len(drawn) == COUNT
    for there, scene in zip(read, drawn, strict=True):
        assert isinstance(scene, Scene)
        assert there.key == scene.key
        assert not there.problems
        picture = cv2.imdecode(np.frombuffer(there.image, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == scene.image.shape
        assert len(there.instances) == len(scene.instances)
        for a, b in zip(there.instances, scene.instances, strict=True):
            assert (a.text, a.ignore, a.level, a.parent, a.origin) == (b.text, b.ignore, b.level, b.parent, b.origin)
            np.testing.assert_allclose(a.polygon, b.polygon, atol=1e-3)
            np.testing.assert_allclose(a.clusters.quads, b.clusters.quads, atol=1e-3)
            assert (a.clusters.offsets == b.clusters.offsets).all()


def test_a_resolved_recipe_can_be_read(tmp_path: Path) -> None:
    first = resolve_recipe("scenes-receipt", SMALL)
    (tmp_path / "again.yaml").write_text(first.to_yaml())
    again = resolve_recipe(str(tmp_path / "again.yaml"))
    assert (again.settings, again.digest, again.kind) == (first.settings, first.digest, "scenes")
    assert resolve_recipe("scenes-receipt", (*SMALL, "clutter.distractors_range=[0, 1]")).digest != first.digest


@pytest.mark.parametrize("name", ["scenes", "scenes-document", "scenes-receipt"])
def test_presets_need_no_photographs_or_system_fonts(name: str) -> None:
    drawn = list(iterate_samples(resolve_recipe(name, ["fonts.system=false"]), 2))
    assert len(drawn) == 2
    assert all(len(scene.instances) > 2 and max(scene.image.shape) == 1024 for scene in drawn)


def test_a_page_shows_scenes_with_their_polygons() -> None:
    recipe = resolve_recipe("scenes", (*SMALL, "layouts={document: {flat_probability: 1}}", "effects=[]"))
    page = draw_preview(recipe, 9)
    assert page.samples + sum(page.skipped.values()) == 9
    assert page.image.shape[1] < 8 * 400
    green = (page.image[..., 1].astype(int) - page.image[..., 0] > 60).mean()
    assert green > 0.002
    assert (draw_preview(recipe, 9).image == page.image).all()


OWN = """
from dataclasses import dataclass

from synthtext.core import Warp
from synthtext.scenes.composition import Composition, LayoutItem, PlacedItem, PositionedLine, TextBlock


@dataclass(frozen=True)
class Corner:
    inset: float = 9

    def compose(self, typesetter, size):
        line = typesetter.typeset(typesetter.choose(20))
        return Composition((LayoutItem(TextBlock.around([PositionedLine(line, 0, 0)])),), size.width, size.height)

    def place(self, rng, composition, backdrop):
        return [PlacedItem(composition.items[0], Warp.translation(self.inset, self.inset))]
"""


def test_a_layout_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "corner_layout.py").write_text(OWN)
    (tmp_path / "own.yaml").write_text(
        "{kind: scenes, corpus: [{use: price}], layouts: {corner_layout.Corner: {weight: 1, inset: 12}}}"
    )
    recipe = resolve_recipe(str(tmp_path / "own.yaml"))
    assert "module of corner_layout.Corner" in recipe.fingerprint
    scene = next(iter(iterate_samples(recipe, 1)))
    np.testing.assert_allclose(scene.instances[0].polygon.min(axis=0), 12, atol=0.1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("layouts={foto: 1}", "there is no layout 'foto'; did you mean 'photo'"),
        ("layouts={photo: {count_range: [9, 2]}}", "count_range [9, 2] must be two numbers from 1 to 200, in order"),
        ("layouts={photo: 0}", "layouts: every weight is 0"),
        ("clutter.occlusion_probabilty=1", "did you mean 'occlusion_probability'"),
        ("legibility.max_occlusion=2", "max_occlusion 2.0 must be from 0 to 1"),
        ("output.width_range=[10, 20]", "width_range [10, 20] must be pixels from 64"),
        ("typesetting.tracking_range=[2, 1]", "tracking_range [2.0, 1.0] must be ems"),
        ("background={photos: {folder: nowhere}}", "does not exist"),
        ("background={neon: 1}", "there is no background 'neon'"),
        ("kind=pages", "kind 'pages' is unknown; known are lines, scenes"),
        ("layout={margin_range: [0, 1]}", "unknown key 'layout'; did you mean 'layouts'"),
    ],
)
def test_invalid_recipes_are_refused(setting: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_recipe("scenes", [setting])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_texts_larger_than_the_image_are_skipped_and_counted(tmp_path: Path) -> None:
    long = (
        *SMALL,
        "corpus=[{use: pattern, pattern: '[a-z]{90}'}]",
        "typesetting.length_range=[1, 99]",
        "fonts.size_range=[40, 44]",
        "baselines={straight: 1}",
    )
    with pytest.raises(JobError, match="no free area for any text"):
        generate("scenes", tmp_path / "data", 4, overrides=(*long, "layouts={photo: 1}"), workers=0)
    assert not list(tmp_path.glob("data/manifests/*.json"))


def test_characters_without_a_font_are_refused(tmp_path: Path) -> None:
    cuneiform = (*SMALL, "fonts.system=false", "charset=words:zh", "corpus=[{use: words, language: zh}]")
    with pytest.raises(InputError, match="covered by none"):
        generate("scenes", tmp_path / "data", 4, overrides=cuneiform, workers=0)
    assert not (tmp_path / "data").exists()
