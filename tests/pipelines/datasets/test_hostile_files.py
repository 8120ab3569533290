"""Damaged files, by accident or on purpose, raise an InputError and never another exception."""

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.image import check_image, decode_image, image_size
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.scene_labels import parse_scene_label
from pipelines.inference.onnx_import import import_onnx
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardSpec
from pipelines.io.scene_row import SceneRow
from pipelines.jobs.check_rows import read_row_groups
from pipelines.jobs.importing import ImportSource, decode_complete_image
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Clusters, InputError, TextInstance, as_polygon
from synthtext.fonts.discovery import bundled_fonts
from synthtext.fonts.file import MAX_FONT_BYTES, read_font_file

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return bytes with a few positions changed, removed or added."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 4, 30]))
        data[place : place + length] = draw(st.sampled_from([b"", b"\xff", b"\x00", b"\xff" * 4, b"\x7f", b"[" * 9]))
    return bytes(data)


def pictures() -> dict[str, bytes]:
    image = np.random.default_rng(0).integers(0, 256, (12, 17, 4), np.uint8)
    found = {end: cv2.imencode(end, image[..., :3])[1].tobytes() for end in (".png", ".jpg", ".webp", ".bmp")}
    exif = Image.Exif()
    exif[0x0112] = 6
    for form, channels in (("PNG", 4), ("JPEG", 3), ("GIF", 3)):
        file = io.BytesIO()
        Image.fromarray(image[..., :channels]).save(file, form, exif=exif.tobytes())
        found[form] = file.getvalue()
    return found


PICTURES = pictures()


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of broken EXIF data
@QUICK
@given(st.sampled_from(sorted(PICTURES)).flatmap(lambda name: damaged(PICTURES[name])) | st.binary(max_size=60))
def test_pictures(data: bytes) -> None:
    for look in (decode_image, image_size, check_image, decode_complete_image):
        with suppress(InputError):
            look(data, "x")


ENTRIES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**20), 10**20) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["transcription", "points", "imgs", "anns", "images", "annotations", "id", "image_id", "bbox"]
            )
            | st.sampled_from(["mask", "segmentation", "file_name", "utf8_string", "legibility", "set"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@QUICK
@given(ENTRIES)
def test_labels_of_scenes(tree: object) -> None:
    with suppress(InputError):
        parse_scene_label(json.dumps(tree), "x")
    with suppress(InputError):
        parse_scene_label(json.dumps([{"transcription": tree, "points": tree}]), "x")


COCO = {
    "imgs": {"1": {"id": 1, "file_name": "1.png", "set": "train"}},
    "anns": {"5": {"image_id": 1, "mask": [1, 1, 9, 1, 9, 9], "utf8_string": "a", "legibility": "legible"}},
}


def import_all(path: Path) -> None:
    with suppress(InputError):
        source = ImportSource.from_path(path)
        list(source.rows(ShardSpec(0, 0, len(source.images))))


@QUICK
@given(data=st.data())
def test_label_files(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "1.png").write_bytes(PICTURES[".png"])
    label = json.dumps([{"transcription": "a", "points": [[1, 1], [9, 1], [9, 9]]}])
    (tmp_path / "scenes.tsv").write_bytes(data.draw(damaged(f"1.png\t{label}\n1.png\t{label}\n".encode())))
    (tmp_path / "lines.tsv").write_bytes(data.draw(damaged("1.png\tab é\n1.png\tc\n".encode())))
    (tmp_path / "icdar").mkdir(exist_ok=True)
    (tmp_path / "icdar" / "1.png").write_bytes(PICTURES[".png"])
    (tmp_path / "icdar" / "gt_1.txt").write_bytes(data.draw(damaged(b"1,1,9,1,9,9,1,9,ab\n1,1,9,1,9,9,1,9,###\n")))
    coco = {**COCO, **data.draw(st.fixed_dictionaries({}, optional={"imgs": ENTRIES, "anns": ENTRIES}))}
    if data.draw(st.booleans()):
        coco["anns"] = {
            "5": {**COCO["anns"]["5"], **data.draw(st.dictionaries(st.sampled_from(["mask", "bbox"]), ENTRIES))}
        }
    written = json.dumps(coco).encode()
    (tmp_path / "coco.json").write_bytes(data.draw(st.just(written) | damaged(written)))
    for name in ("scenes.tsv", "lines.tsv", "icdar", "coco.json"):
        import_all(tmp_path / name)


RECIPE = {
    "kind": "lines",
    "charset": "digits",
    "corpus": [{"use": "pattern", "pattern": "[0-9]{1,6}", "weight": 1}],
    "fonts": {"system": False, "bundled": True, "size_range": [20, 30]},
    "layout": {"tracking_range": [0, 0.1], "margin_range": [0.0, 0.15]},
    "ink": {"contrast_floor": 40, "styles": {"plain": 3, "outline": 1}},
    "background": {"plain": 1, "gradient": {"weight": 2}},
    "effects": [{"use": "perspective", "probability": 0.5, "strength_range": [0.0, 0.2]}],
    "output": {"height": 24, "width": "free"},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**20), 10**20) | st.text("[](){}*+0a-\\|", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["use", "weight", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def entries_of(tree: Any) -> list[tuple[Any, Any]]:
    """Return every container in settings with each of its keys or indices."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, value in entries for place in ((tree, key), *entries_of(value))]


@QUICK
@given(data=st.data())
def test_recipes(tmp_path: Path, data: st.DataObject) -> None:
    tree = json.loads(json.dumps(RECIPE))
    for _ in range(data.draw(st.integers(1, 2))):
        found = entries_of(tree)
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = data.draw(VALUES)
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree))
    with suppress(InputError):
        resolve_recipe(str(path))
    path.write_bytes(data.draw(damaged(yaml.safe_dump(RECIPE).encode()) | st.binary(max_size=50)))
    with suppress(InputError):
        resolve_recipe(str(path))


def test_a_recipe_whose_aliases_expand_without_end_is_rejected(tmp_path: Path) -> None:
    layers = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    bomb = f"a0: &a0 [x]\n{layers}corpus: *a11\n"
    for number, text in enumerate((bomb, "corpus: &a [*a]\n", "corpus: &a {use: pattern, pattern: *a}\n")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        with pytest.raises(InputError, match=r"aliases"):
            resolve_recipe(str(path))
    path.write_text("charset: &a digits\ncorpus: [{use: pattern, pattern: '[0-9]'}]\nfonts: {system: false}\n")
    assert resolve_recipe(str(path)).settings["charset"] == "digits"  # a harmless alias is accepted


@QUICK
@given(data=st.data())
def test_fonts(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.ttf"
    whole = min(bundled_fonts(), key=lambda file: file.stat().st_size).read_bytes()
    path.write_bytes(data.draw(damaged(whole)))
    with suppress(InputError):
        read_font_file(path)


def test_a_giant_font_is_rejected_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.ttf"
    with path.open("wb") as file:
        file.truncate(MAX_FONT_BYTES + 1)  # sparse
    with pytest.raises(InputError, match=r"a\.ttf' is too large: 268 MB"):
        read_font_file(path)


@settings(QUICK, max_examples=20)
@given(data=st.data())
def test_models(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = helper.make_tensor("w", kind, [4, 3, 3, 3], np.ones(108, np.float32))
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3]), helper.make_node("Relu", ["y"], ["z"])]
    shapes = {"x": [1, 3, 8, 8], "z": [1, 4, 6, 6]}
    ends = [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]
    whole = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])).SerializeToString()
    folder = tmp_path_factory.mktemp("models")
    (folder / "a.onnx").write_bytes(data.draw(damaged(whole)))
    with pytest.raises(InputError):
        import_onnx(folder / "a.onnx", data.draw(st.sampled_from(["recognizer", "detector"])), folder / "run", log=str)
    assert not (folder / "run").exists()


def row(number: int) -> LineRow:
    image = PICTURES[".png"]
    return LineRow(f"k{number}", image, "k.png", f"é{number}", 17, 12, Clusters.empty(), font="f", effects=("a", "b"))


def scene(number: int) -> SceneRow:
    instance = TextInstance("ab", as_polygon([[1, 1], [9, 1], [9, 9]]))
    return SceneRow(f"k{number}", PICTURES[".png"], "k.png", 17, 12, (instance, instance))


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
@pytest.mark.parametrize("kind", [LineRow, SceneRow])
@QUICK
@given(data=st.data())
def test_shards(tmp_path_factory: pytest.TempPathFactory, dataset, form: str, kind: type, data: st.DataObject) -> None:  # type: ignore[no-untyped-def]
    folder = SHARDS.get((form, kind))
    if folder is None:
        make = row if kind is LineRow else scene
        folder = dataset(tmp_path_factory.mktemp("data") / "data", [make(n) for n in range(12)], format=form, size=12)
        SHARDS[form, kind] = folder
        WHOLE[folder] = data_of(folder).read_bytes()
    data_of(folder).write_bytes(data.draw(damaged(WHOLE[folder])))
    with suppress(InputError):
        source: Any = open_line_source(folder) if kind is LineRow else open_scene_source(folder)
        count = min(len(source), 12)
        for rows in (np.arange(count), np.arange(count)[:1]):
            with suppress(InputError):
                source.read(rows)
        if kind is LineRow:
            for look in (lambda: list(source.texts()), source.sizes, lambda: source.columns(["font", "effects"])):
                with suppress(InputError):
                    look()
    shard = data_of(folder).parent if form == "lmdb" else data_of(folder)
    with suppress(InputError):
        list(read_row_groups(shard, kind, form))


SHARDS: dict[tuple[str, type], Path] = {}
WHOLE: dict[Path, bytes] = {}


def data_of(folder: Path) -> Path:
    path = folder / "shards" / "part-000000.parquet"
    return path if path.exists() else folder / "shards" / "part-000000.lmdb" / "data.mdb"
