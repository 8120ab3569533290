import json
from codecs import BOM_UTF8

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.data import import_command
from pipelines.datasets.icdar import parse_icdar_line
from pipelines.datasets.open import dataset_kind, open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.jobs.importing import ImportSource, import_data, instances_inside
from synthtext.core import InputError, TextInstance

SQUARE = [[10, 10], [60, 12], [60, 30], [10, 28]]
CURVED = [[5, 20], [20, 5], [40, 20], [40, 40], [20, 25], [5, 40]]


def encoded(number, suffix=".png"):
    image = np.random.default_rng(number).integers(0, 256, (50, 80 + number, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


def entry(text, points=SQUARE):
    return {"transcription": text, "points": points}


def paddle(folder, labels):
    """A label file, whose pictures are PNG and JPEG in turn."""
    folder.mkdir()
    lines = []
    for number, label in enumerate(labels):
        suffix = (".png", ".jpg")[number % 2]
        (folder / f"{number}{suffix}").write_bytes(encoded(number, suffix))
        lines.append(f"{number}{suffix}\t{json.dumps(label, ensure_ascii=False)}\n")
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")
    return folder / "labels.txt"


def scenes_of(path, out, form=None):
    statistics = import_data(path, out, source_format=form, workers=0).statistics
    return statistics, list(iterate_scenes(open_scene_source(out)))


def command(*arguments):
    app = typer.Typer()
    app.command()(import_command)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_scenes_are_imported_byte_for_byte(tmp_path):
    labels = [[], [entry("one"), entry("###")], [entry("e\u0301", CURVED)], [entry("日本", SQUARE[::-1])]]
    path = paddle(tmp_path / "photos", labels)
    assert dataset_kind(path) == "scenes"
    statistics, scenes = scenes_of(path, tmp_path / "data")
    assert (statistics.rows, statistics.skipped_count) == (4, 0)
    assert dict(statistics.problems) == {"counterclockwise polygon": 1}
    assert [scene.image for scene in scenes] == [encoded(n, (".png", ".jpg")[n % 2]) for n in range(4)]
    assert [[(i.text, i.ignore) for i in scene.instances] for scene in scenes] == [
        [],
        [("one", False), ("###", True)],
        [("é", False)],
        [("日本", False)],
    ]
    np.testing.assert_array_equal(scenes[2].instances[0].polygon, CURVED)
    description = json.loads((tmp_path / "data" / "dataset.json").read_text())
    assert (description["kind"], description["complete"], description["rows"]) == ("scenes", True, 4)
    assert set(description["charset"]) == set("oneé日本")
    assert dataset_kind(tmp_path / "data") == "scenes"


def test_skipped_scenes_are_counted_and_keep_their_index(tmp_path):
    path = paddle(tmp_path / "photos", [[entry("a")]] * 6)
    (tmp_path / "photos" / "1.jpg").unlink()
    (tmp_path / "photos" / "2.png").write_text("no picture")
    (tmp_path / "photos" / "3.jpg").write_bytes(encoded(3, ".jpg")[:-400])
    path.write_text(path.read_text() + "4.png\t[{\n5.jpg\n")
    statistics, scenes = scenes_of(path, tmp_path / "data")
    assert dict(statistics.skipped) == {"image missing": 1, "image broken": 2, "label unreadable": 2}
    assert [int(scene.key[8:]) for scene in scenes] == [0, 4, 5]


def test_an_interrupted_import_of_scenes_is_resumed(tmp_path, interrupt_after):
    path = paddle(tmp_path / "photos", [[entry(f"text {n}", SQUARE[::-1])] for n in range(7)])

    def run(name):
        return import_data(path, tmp_path / name, workers=0, shard_size=3).statistics

    run("whole")
    interrupt_after(1, lambda: run("part"))
    assert len(open_scene_source(tmp_path / "part")) == 3
    statistics = run("part")
    assert statistics.problems.total() == 7  # those of the shard that was there already too
    for shard in sorted((tmp_path / "whole" / "shards").glob("*.parquet")):
        assert (tmp_path / "part" / "shards" / shard.name).read_bytes() == shard.read_bytes()


def test_polygons_outside_are_left_out_and_those_across_the_edge_are_kept():
    def at(x, y, parent=-1):
        return TextInstance("a", np.add([[0, 0], [20, 0], [20, 10], [0, 10]], (x, y), dtype=np.float32), parent=parent)

    texts = [at(-30, 5), at(5, 5), at(-10, 5, 1), at(95, 45), at(100, 5), at(80.5, 40, 3), at(5, -10), at(7, 7, 0)]
    kept, problems = instances_inside(texts, 100, 50)
    assert [i.polygon[0].tolist() for i in kept] == [[5, 5], [-10, 5], [95, 45], [80.5, 40], [7, 7]]
    assert [i.parent for i in kept] == [-1, 0, -1, 2, -1]
    assert sorted(problems) == ["polygon outside of the image"] * 3 + ["polygon partly outside of the image"] * 2


ICDAR = [
    "10,10,60,12,60,30,10,28,word",
    "10,10,60,12,60,30,10,28,a, b,, c",
    "10,10,60,12,60,30,10,28,1,000",
    "10,10,60,12,60,30,10,28,12",
    "10,10,60,12,60,30,10,28,1,000,000",
    "10,10,60,12,60,30,10,28,###",
    "10,10,60,12,60,30,10,28,",
    "10.5,10,60,12,60,30,10,28, 日本 ",
]


def icdar(folder, files, *, start=BOM_UTF8, end="\r\n", pictures="", labels=""):
    (folder / pictures).mkdir(parents=True, exist_ok=True)
    (folder / labels).mkdir(parents=True, exist_ok=True)
    for number, lines in enumerate(files):
        (folder / pictures / f"img_{number}.png").write_bytes(encoded(number))
        (folder / labels / f"gt_img_{number}.txt").write_bytes(start + "".join(f"{x}{end}" for x in lines).encode())
    return folder


@pytest.mark.parametrize("layout", [{}, {"pictures": "images", "labels": "gt", "start": b"", "end": "\n"}])
def test_icdar_folders_are_read(tmp_path, layout):
    folder = icdar(tmp_path / "ch4", [ICDAR, [], *([["10,10,60,12,60,30,10,28,x"]] * 9)], **layout)
    statistics, scenes = scenes_of(folder, tmp_path / "data")
    assert not statistics.problems
    assert [scene.image for scene in scenes] == [encoded(n) for n in range(11)]  # img_2 before img_10
    found = scenes[0].instances
    assert [i.text for i in found] == ["word", "a, b,, c", "1,000", "12", "1,000,000", "###", "", " 日本 "]
    assert [i.ignore for i in found] == [False] * 5 + [True, False, False]
    for i in found[:7]:
        np.testing.assert_array_equal(i.polygon, SQUARE)
    assert found[7].polygon[0].tolist() == [10.5, 10]
    assert scenes[1].instances == ()


def test_icdar_polygons_keep_their_points(tmp_path):
    flat = ",".join(str(x) for point in CURVED for x in point)
    folder = icdar(tmp_path / "total", [[f"{flat},curved, text", f"{flat},2024", "10,10,60,12,60,30,10,28,four"]])
    _, (scene,) = scenes_of(folder, tmp_path / "data", "icdar")
    assert [i.text for i in scene.instances] == ["curved, text", "2024", "four"]
    np.testing.assert_array_equal(scene.instances[0].polygon, CURVED)
    np.testing.assert_array_equal(scene.instances[1].polygon, CURVED)
    np.testing.assert_array_equal(scene.instances[2].polygon, SQUARE)


@pytest.mark.parametrize(
    "line", ["", "text", "1,2,3,4,5,6,7,text", "1,2,3,4,5,6,7,8", "x1,2,3,4,5,6,7,8,9", "1,2,nan,4"]
)
@pytest.mark.parametrize("any_points", [False, True])
def test_an_invalid_icdar_line_is_none(line, any_points):
    if any_points and line.count(",") >= 6 and line[0] == "1":
        text, points = parse_icdar_line(line, any_point_count=True)
        assert len(points) == 3
        assert line.endswith(text)
    else:
        assert parse_icdar_line(line, any_point_count=any_points) is None


def test_problems_of_icdar_files_are_counted(tmp_path):
    lines = [
        "10,10,60,12,60,30,10,28,good",
        "nonsense",
        "1,2",
        "10,10,NaN,12,60,30,10,28,a",
        "10,inf,60,12,60,30,10,-inf,b",
    ]
    folder = icdar(tmp_path / "odd", [lines, [], [], []])
    (folder / "img_1.png").unlink()
    (folder / "gt_img_2.txt").unlink()
    (folder / "gt_img_3.txt").write_bytes("10,10,60,12,60,30,10,28,café".encode("latin-1"))
    result = command(folder, "-o", tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert "skipped: " in result.output
    for reason in ("image missing (1)", "label missing (1)", "label unreadable (1)"):
        assert reason in result.output
    told = "labels left out: line without corners and a text (2), polygon with a coordinate that is not finite (2)"
    assert told in result.output


def coco(folder, tree, count=3, place=""):
    (folder / place).mkdir(parents=True)
    for number in range(count):
        (folder / place / f"{number}.png").write_bytes(encoded(number))
    (folder / "texts.json").write_text(json.dumps(tree), encoding="utf-8")
    return folder / "texts.json"


def flat(points):
    return [x for point in points for x in point]


@pytest.mark.parametrize(("mask", "place"), [("mask", "images"), ("polygon", "")])
def test_coco_text_is_read(tmp_path, mask, place):
    images = {str(7 + n): {"id": 7 + n, "file_name": f"{n}.png", "width": 80 + n, "height": 50} for n in range(3)}
    kinds = [
        {"utf8_string": "word", "legibility": "legible", mask: flat(CURVED)},
        {"utf8_string": "", "legibility": "illegible", mask: flat(SQUARE)},
        {"legibility": "legible", "bbox": [5, 6, 20, 10]},
    ]
    images["10"] = {"id": 10, "file_name": "0.png", "set": "test"}  # its labels are kept back
    annotations = {str(n): {"id": n, "image_id": 7, **kind} for n, kind in enumerate(kinds)}
    path = coco(tmp_path / "coco", {"imgs": images, "anns": annotations, "cats": {}}, place=place)
    statistics, scenes = scenes_of(path, tmp_path / "data", "coco-text")
    assert not statistics.problems
    assert dict(statistics.skipped) == {"label missing": 1}
    assert [scene.image for scene in scenes] == [encoded(n) for n in range(3)]
    word, illegible, boxed = scenes[0].instances
    assert (word.text, word.ignore, illegible.ignore) == ("word", False, True)
    np.testing.assert_array_equal(word.polygon, CURVED)
    assert (boxed.text, boxed.ignore) == ("", False)
    assert boxed.polygon.tolist() == [[5, 6], [25, 6], [25, 16], [5, 16]]


def test_plain_coco_is_read_and_problems_are_counted(tmp_path):
    images = [{"id": n, "file_name": f"{n}.png"} for n in (0, 1, 9)]
    kinds = [
        {"segmentation": [flat(SQUARE)], "text": "a"},
        {"segmentation": [flat(SQUARE), flat(CURVED)], "text": "two pieces"},
        {"segmentation": {"counts": "abc", "size": [50, 80]}, "bbox": [5, 6, 20, 10], "iscrowd": 1},
        {"segmentation": [[1, 2, 3]], "text": "odd"},
        {"text": "nowhere"},
    ]
    annotations = [{"image_id": 0, **kind} for kind in kinds]
    path = coco(tmp_path / "coco", {"images": images, "annotations": annotations}, count=2)
    statistics, scenes = scenes_of(path, tmp_path / "data")
    assert dict(statistics.skipped) == {"image missing": 1}
    assert [(i.text, i.ignore) for i in scenes[0].instances] == [("a", False), ("###", True), ("###", True)]
    assert scenes[1].instances == ()
    assert statistics.problems["polygon in several parts"] == 1
    assert statistics.problems["mask without a polygon, replaced by its box"] == 1
    assert statistics.problems["label without polygon or box"] == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not a file of COCO-Text"),
        ("[]", "is not a file of COCO-Text"),
        ('{"imgs": {}}', "is not a file of COCO-Text"),
        ('{"imgs": {}, "anns": {}}', "names no image"),
        ('{"images": [{"id": 1}], "annotations": []}', "is not a file of COCO-Text"),
    ],
)
def test_other_json_is_refused(tmp_path, content, says):
    (tmp_path / "texts.json").write_text(content)
    with pytest.raises(InputError, match=says):
        ImportSource.from_path(tmp_path / "texts.json")


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="has no label file gt_"):
        ImportSource.from_path(tmp_path)
    with pytest.raises(InputError, match="no such label file or folder"):
        ImportSource.from_path(tmp_path / "nowhere")
    paths = icdar(tmp_path / "a", [[]]), icdar(tmp_path / "a", [[]], pictures="again", labels="again")
    with pytest.raises(InputError, match="have the same name"):
        ImportSource.from_path(paths[0])


def test_the_command_reports_problems_of_labels(tmp_path):
    label = [
        entry("turned", SQUARE[::-1]),
        entry("tied", [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]),
        entry("tangled", [CURVED[0], CURVED[3], CURVED[1], CURVED[4], CURVED[2], CURVED[5]]),
        entry("two", SQUARE[:2]),
        entry("nan", [[float("nan"), 1], [2, 3], [4, 5], [1, 8]]),
        entry("out", [[x + 500, y] for x, y in SQUARE]),
        entry("over", [[x - 40, y] for x, y in SQUARE]),
        entry("###"),
    ]
    path = paddle(tmp_path / "photos", [label, [entry("###")]])
    path.write_bytes(BOM_UTF8 + path.read_bytes())
    result = command(path, "-o", tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert "\ntexts: 6, of these ignored: 3\n" in result.output
    problems = (
        "labels repaired: counterclockwise polygon (1), self-intersecting quadrilateral (1); "
        "kept: polygon partly outside of the image (1); "
        "ignored: self-intersecting polygon (1); "
        "left out: polygon of 2 points (1), polygon outside of the image (1), "
        "polygon with a coordinate that is not finite (1)"
    )
    assert problems in result.output
