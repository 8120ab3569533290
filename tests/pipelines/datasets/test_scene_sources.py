import json
import pickle
from codecs import BOM_UTF8

import cv2
import lmdb
import numpy as np
import pytest

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from synthtext.core import InputError

SQUARE = [[10, 10], [60, 12], [60, 30], [10, 28]]
CURVED = [[0, 20], [20, 5], [40, 20], [40, 40], [20, 25], [0, 40]]


def picture(number=0):
    return cv2.imencode(".png", np.full((50, 80 + number, 3), 9 * number, np.uint8))[1].tobytes()


def entry(text, points=SQUARE):
    return {"transcription": text, "points": points}


def label_file(folder, labels, *, end="\n", start=b"", blank="", encoding="utf-8"):
    (folder / "images").mkdir()
    lines = []
    for number, label in enumerate(labels):
        (folder / "images" / f"{number}.png").write_bytes(picture(number))
        lines.append(f"images/{number}.png\t{json.dumps(label, ensure_ascii=False)}{end}{blank}")
    path = folder / "labels.tsv"
    path.write_bytes(start + "".join(lines).encode(encoding))
    return path


def test_a_label_file_is_read(tmp_path):
    labels = [[entry("one"), entry("###"), entry("e\u0301", CURVED)], [], [entry("*")]]
    source = open_scene_source(label_file(tmp_path, labels))
    assert len(source) == 3
    first, second, third = iterate_scenes(pickle.loads(pickle.dumps(source)))
    assert (first.key, first.image) == ("images/0.png", picture(0))
    assert [i.text for i in first.instances] == ["one", "###", "é"]
    assert [i.ignore for i in first.instances] == [False, True, False]
    np.testing.assert_array_equal(first.instances[2].polygon, CURVED)
    assert first.problems == second.problems == ()
    assert second.instances == ()
    assert third.instances[0].ignore
    assert [scene.key for scene in source.read(np.array([2, 0]))] == ["images/2.png", "images/0.png"]


@pytest.mark.parametrize("start", [b"", BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["", "\n", "  \r\n"])
def test_byte_order_marks_line_ends_and_blank_lines_are_accepted(tmp_path, start, end, blank):
    labels = [[entry("日本")], [entry("a")], []]
    scenes = list(iterate_scenes(open_scene_source(label_file(tmp_path, labels, end=end, start=start, blank=blank))))
    assert [[i.text for i in scene.instances] for scene in scenes] == [["日本"], ["a"], []]
    assert [scene.key for scene in scenes] == ["images/0.png", "images/1.png", "images/2.png"]


def test_a_line_in_another_encoding_is_named(tmp_path):
    path = label_file(tmp_path, [[entry("good")], [entry("good")]])
    line = f"images/1.png\t{json.dumps([entry('café')], ensure_ascii=False)}\n".encode("latin-1")
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(InputError, match="line 3 is not UTF-8 text; convert it"):
        open_scene_source(path)


def test_a_missing_image_is_named(tmp_path):
    source = open_scene_source(label_file(tmp_path, [[entry("a")], [entry("b")]]))
    (tmp_path / "images" / "1.png").unlink()
    assert len(source.read(np.array([0]))) == 1
    with pytest.raises(InputError, match=r"images/1\.png is missing"):
        source.read(np.array([1]))


@pytest.mark.parametrize("label", ['[{"text": 1}]', "[1]", "[{", '[{"transcription": "a"}]', "nothing", "[" * 100_000])
def test_a_label_that_is_not_a_list_of_texts_is_named(tmp_path, label):
    path = label_file(tmp_path, [[entry("a")]])
    path.write_text(path.read_text() + f"images/0.png\t{label}\n")
    with pytest.raises(InputError, match=r"images/0\.png: not a list of texts"):
        open_scene_source(path).read(np.array([1]))


def test_label_files_of_lines_are_rejected(tmp_path):
    (tmp_path / "lines.txt").write_text("a.png\tabc\n")
    with pytest.raises(InputError, match="labels lines, not scenes"):
        open_scene_source(tmp_path / "lines.txt")
    with pytest.raises(InputError, match="no such dataset"):
        open_scene_source(tmp_path / "nowhere")
    with pytest.raises(InputError, match="did you mean"):
        open_scene_source(tmp_path)


def test_labels_are_repaired_ignored_or_left_out_and_counted(tmp_path):
    label = [
        entry("turned", SQUARE[::-1]),
        entry("tied", [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]),
        entry("crossed", [CURVED[0], CURVED[3], CURVED[1], CURVED[4], CURVED[2], CURVED[5]]),
        entry("two", SQUARE[:2]),
        entry("nan", [[float("nan"), 1], [2, 3], [4, 5], [1, 8]]),
        entry("flat", [[0, 0], [9, 9], [3, 3]]),
        entry("fine"),
    ]
    (scene,) = iterate_scenes(open_scene_source(label_file(tmp_path, [label])))
    assert [(i.text, i.ignore) for i in scene.instances] == [
        ("turned", False),
        ("tied", False),
        ("crossed", True),
        ("fine", False),
    ]
    assert scene.problems == (
        "counterclockwise polygon",
        "self-intersecting quadrilateral",
        "self-intersecting polygon",
        "polygon of 2 points",
        "polygon with a coordinate that is not finite",
        "polygon without area",
    )


def test_null_texts_and_lone_surrogates_are_accepted(tmp_path):
    label = json.dumps([entry(None), entry("half \ud83d"), entry("whole \U0001f600")])  # escapes, as JSON may have them
    path = label_file(tmp_path, [[]])
    path.write_text(path.read_text() + f"images/0.png\t{label}\n")
    (scene,) = open_scene_source(path).read(np.array([1]))
    assert [(i.text, i.ignore) for i in scene.instances] == [("", False), ("half ?", True), ("whole 😀", False)]
    assert scene.problems == ("text with a lone surrogate",)


def foreign_lmdb(folder, labels):
    with lmdb.open(str(folder), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(len(labels)).encode())
        for number, label in enumerate(labels, 1):
            transaction.put(f"image-{number:09d}".encode(), picture(number))
            transaction.put(f"label-{number:09d}".encode(), label)
    return folder


def test_an_lmdb_with_only_paddleocr_labels_is_read(tmp_path):
    labels = [json.dumps(label).encode() for label in ([entry("a"), entry("b", SQUARE[::-1])], [])]
    first, second = iterate_scenes(open_scene_source(foreign_lmdb(tmp_path / "scenes", labels)))
    assert (first.image, second.image) == (picture(1), picture(2))
    assert [i.text for i in first.instances] == ["a", "b"]
    assert first.problems == ("counterclockwise polygon",)
    assert second.instances == ()


@pytest.mark.parametrize("label", [b"word", "[é".encode("latin-1"), b"{}x"])
def test_an_lmdb_with_a_broken_label_is_reported_in_one_sentence(tmp_path, label):
    source = open_scene_source(foreign_lmdb(tmp_path / "scenes", [label]))
    with pytest.raises(InputError, match=r"000000001: (not a list|its label cannot be read)"):
        source.read(np.array([0]))


def test_an_lmdb_with_a_missing_value_is_reported_in_one_sentence(tmp_path):
    folder = foreign_lmdb(tmp_path / "scenes", [b"[]"])
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", b"2")
    with pytest.raises(InputError, match="promises 'image-000000002', which is missing"):
        open_scene_source(folder).read(np.array([1]))
