"""Output paths of `ocrmill read`: checked before the first image is read, and never those of an image."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.reading import drawing_names, read_command
from pipelines.inference.reader import Reader
from pipelines.reports.picture import encode_jpeg
from synthtext.core import InputError


@pytest.fixture
def forbid_reading(monkeypatch):
    """Make reading an error."""

    def fail(*_, **__):
        raise AssertionError("the reader was opened")

    monkeypatch.setattr(Reader, "open", fail)


def write_images(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(encode_jpeg(np.full((40, 90, 3), 235, np.uint8)))
    return {path: path.read_bytes() for path in folder.iterdir()}


def test_outputs_never_replace_an_image(tmp_path, forbid_reading):
    before = write_images(tmp_path / "c", "a.jpg", "b.jpeg")
    (tmp_path / "link").symlink_to(tmp_path / "c")
    for inputs, drawings in (("c", "c"), ("link", "c"), ("c/a.jpg", "link")):
        with pytest.raises(InputError, match=r"--draw: .*a\.jpg would replace the image .*a\.jpg"):
            read_command([str(tmp_path / inputs)], draw=tmp_path / drawings)
    with pytest.raises(InputError, match=r"--json: .*b\.jpeg would replace the image"):
        read_command([str(tmp_path / "c")], json=tmp_path / "c" / "b.jpeg")
    assert {path: path.read_bytes() for path in (tmp_path / "c").iterdir()} == before


def test_outputs_that_cannot_be_written_are_refused_before_reading(tmp_path, forbid_reading):
    write_images(tmp_path / "c", "a.jpg")
    (tmp_path / "drawings" / "a.jpg").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for refused in (
        {"json": tmp_path / "drawings"},
        {"json": tmp_path / "missing" / "x.json"},
        {"draw": tmp_path / "drawings"},
        {"draw": tmp_path / "c" / "a.jpg"},
        {"draw": tmp_path / "empty", "json": tmp_path / "c" / ".." / "empty" / "a.jpg"},
        {"draw": tmp_path / "new", "json": tmp_path / "new"},
    ):
        with pytest.raises(InputError, match=r"cannot be|is also the path of a drawing"):
            read_command([str(tmp_path / "c")], **refused)
    assert not (tmp_path / "new").exists()


@given(st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "b"]), min_size=1, max_size=6), st.data())
def test_drawing_names_are_unique(stems, data):
    suffixes = data.draw(st.lists(st.sampled_from([".jpg", ".jpeg", ".png"]), min_size=len(stems), max_size=len(stems)))
    paths = list(dict.fromkeys(Path(stem + suffix) for stem, suffix in zip(stems, suffixes, strict=True)))
    names = drawing_names(paths)
    assert list(names) == paths
    assert len({name.casefold() for name in names.values()}) == len(paths)


def test_drawing_names_are_the_stems_of_the_images():
    paths = [Path(name) for name in ("a.jpeg", "a.jpg", "a-2.jpg", "b.png")]
    assert list(drawing_names(paths).values()) == ["a.jpg", "a-3.jpg", "a-2.jpg", "b.jpg"]
