"""Reading of images with the published networks."""

import json
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures

from models.db.boxes import PostprocessSettings
from pipelines.cli.main import main
from pipelines.datasets.image import image_size
from pipelines.inference.draw import draw_page
from pipelines.inference.reader import OrientationClassifier, Page, Reader, TextLine, find_images, load_image
from pipelines.reports.picture import encode_jpeg
from synthtext.core import Box, InputError

pytestmark = pytest.mark.slow


def write(image, text, position, size=1.2):
    cv2.putText(image, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, (20, 20, 20), 2, cv2.LINE_AA)


def sign(*texts, width=420):
    image = np.full((40 + 70 * len(texts), width, 3), 235, np.uint8)
    for row, text in enumerate(texts):
        write(image, text, (30, 65 + 70 * row))
    return image


@pytest.fixture(scope="module")
def reader():
    return Reader.open()


def test_reader_reads_a_sign(reader):
    page = reader.read(sign("STATION", "PLATFORM"), "sign")
    assert [line.text.replace(" ", "") for line in page.lines] == ["STATION", "PLATFORM"]
    assert (page.name, page.width, page.height) == ("sign", 420, 180)
    assert all(0.5 <= line.confidence <= 1 and 0.6 <= line.score <= 1 for line in page.lines)
    for upper, lower in pairwise(page.lines):
        assert upper.polygon[:, 1].mean() < lower.polygon[:, 1].mean()
    assert json.loads(json.dumps(page.to_dict()))["lines"][0]["text"] == page.lines[0].text


def test_run_directories_onnx_files_and_runtimes_agree(exported, reader):
    image = sign("STATION", "PLATFORM 4")
    expected = reader.read(image)
    for det, rec, runtime in (
        (exported / "detector", exported / "recognizer", "torch"),
        (exported / "detector", exported / "recognizer", "onnxruntime"),
        (exported / "detector.onnx", exported / "recognizer.onnx", "auto"),
    ):
        page = Reader.open(det, rec, runtime=runtime).read(image)
        assert page.text == expected.text
        for line, other in zip(page.lines, expected.lines, strict=True):
            assert np.abs(line.polygon - other.polygon).max() <= 1


def test_polygons_are_read_like_boxes(reader):
    image = sign("STATION", "PLATFORM")
    rotation = cv2.getRotationMatrix2D((210, 90), 6, 1.0)
    image = cv2.warpAffine(image, rotation, (420, 200), borderValue=(235, 235, 235))
    outlines = replace(reader.detector, postprocessing=PostprocessSettings(box_type="polygon"))
    page = Reader(outlines, reader.recognizer).read(image)
    assert any(len(line.polygon) > 4 for line in page.lines)
    assert [line.text for line in page.lines] == [line.text for line in reader.read(image).lines]
    drawing = draw_page(image, page)
    assert (drawing[:, drawing.shape[1] // 2 :] != 255).any()


def test_long_lines_keep_their_aspect_ratio(reader):
    text = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AND RUNS"
    image = np.full((60, 1400, 3), 240, np.uint8)
    write(image, text, (20, 42), 1.0)
    (reading,) = reader.recognizer.read([image])
    assert reading.text.replace(" ", "") == text.replace(" ", "")
    strip = np.full((40, 20_000, 3), 240, np.uint8)
    for x in range(100, 20_000, 2_000):
        write(strip, "WORD", (x, 30), 1.0)
    page = reader.read(strip)
    assert "WORD" in page.text


def test_upside_down_lines_are_rotated(reader):
    image = sign("MORNING")[::-1, ::-1].copy()
    rotating = Reader(reader.detector, reader.recognizer, OrientationClassifier())
    assert "MORNING" not in reader.read(image).text
    assert "MORNING" in rotating.read(image).text
    assert "MORNING" in rotating.read(sign("MORNING")).text
    assert OrientationClassifier().is_rotated([]).shape == (0,)


def test_image_without_text_is_an_empty_page(reader):
    page = reader.read(np.full((200, 300, 3), 90, np.uint8))
    assert page.lines == ()
    assert page.text == ""
    assert reader.read(np.zeros((1, 1, 3), np.uint8)).lines == ()


def orientations():
    """Inverses of Pillow's transpositions for the EXIF orientations 1 to 8."""
    t = Pictures.Transpose
    return [
        None,
        t.FLIP_LEFT_RIGHT,
        t.ROTATE_180,
        t.FLIP_TOP_BOTTOM,
        t.TRANSPOSE,
        t.ROTATE_90,
        t.TRANSVERSE,
        t.ROTATE_270,
    ]


def test_load_image_returns_upright_rgb(tmp_path):
    image = cv2.GaussianBlur(sign("Colour"), (5, 5), 0)
    image[:, :100, 1] //= 3
    image[:40, :, 2] //= 2
    picture = Pictures.fromarray(image)
    for number, stored in enumerate(orientations(), 1):
        exif = Pictures.Exif()
        exif[0x0112] = number
        path = tmp_path / f"exif{number}.jpg"
        (picture if stored is None else picture.transpose(stored)).save(path, quality=97, exif=exif)
        loaded = load_image(path)
        assert loaded.shape == image.shape, number
        assert np.abs(loaded.astype(int) - image).mean() < 3, number
        path = tmp_path / f"exif{number}.png"
        transparent = picture.convert("RGBA")
        transparent.putpixel((0, 0), (0, 0, 0, 0))
        (transparent if stored is None else transparent.transpose(stored)).save(path, exif=exif)
        loaded = load_image(path)
        assert image_size(path.read_bytes(), path.name) == picture.size
        assert loaded[0, 0].tolist() == [255, 255, 255], number
        assert np.array_equal(loaded[1:], image[1:]), number
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=97)
    cv2.imwrite(str(tmp_path / "deep.png"), image[..., ::-1].astype(np.uint16) * 257)
    picture.save(tmp_path / "x.webp", lossless=True)
    picture.save(tmp_path / "pages.tiff", save_all=True, append_images=[Pictures.new("RGB", picture.size)])
    for name in ("cmyk.jpg", "deep.png", "x.webp", "pages.tiff"):
        assert np.abs(load_image(tmp_path / name).astype(int) - image).mean() < 4, name
    grey = (image[..., 0].astype(np.uint16) * 257).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    assert np.abs(load_image(tmp_path / "grey.png").astype(int) - image[..., :1]).max() <= 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_invalid_exif_orientation_is_ignored(tmp_path, suffix):
    picture = Pictures.fromarray(sign("Colour")).convert("RGBA" if suffix == "png" else "RGB")
    unknown = Pictures.Exif()
    unknown[0x0112] = 99
    for exif in (b"Exif\0\0", b"Exif\0\0nonsense", unknown.tobytes()[:-7], unknown.tobytes()):
        path = tmp_path / f"picture.{suffix}"
        picture.save(path, exif=exif)
        assert np.abs(load_image(path).astype(int) - sign("Colour")).mean() < 3
        assert image_size(path.read_bytes(), path.name) == picture.size


def test_files_that_are_not_images_are_refused(tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.png").touch()
    for name in ("text.jpg", "empty.png"):
        with pytest.raises(InputError, match=f"{name}: this is not a readable image"):
            load_image(tmp_path / name)
    with pytest.raises(InputError, match=r"missing\.png cannot be read"):
        load_image(tmp_path / "missing.png")


def test_find_images_expands_folders_and_globs(tmp_path):
    for name in ("b.png", "a.JPG", "notes.txt", "deeper/c.webp", "deeper/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [p.name for p in find_images([str(tmp_path)])] == ["a.JPG", "b.png"]
    assert [p.name for p in find_images([str(tmp_path / "**" / "*.png"), str(tmp_path / "b.png")])] == [
        "b.png",
        "d.png",
    ]
    for nothing in ("missing.png", "*.gif"):
        with pytest.raises(InputError, match="there is no such image"):
            find_images([str(tmp_path / nothing)])
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="no image in this folder"):
        find_images([str(tmp_path / "bare")])


def test_drawing_shows_the_texts_in_their_positions():
    image = sign("LEFT")
    lines = (
        TextLine("LEFT", 0.95, Box(30, 30, 150, 80).polygon(), 0.9),
        TextLine("unsure", 0.55, Box(200, 30, 300, 80).polygon(), 0.9),
    )
    drawing = draw_page(image, Page("sign", 420, 110, lines))
    height, width = drawing.shape[:2]
    assert width / height == pytest.approx(2 * 420 / 110, rel=0.02)
    scale = width / 840
    right = drawing[:, width // 2 :]
    for line, colour in zip(lines, ((0, 114, 178), (213, 94, 0)), strict=True):
        (left, top), (end, bottom) = (line.polygon[k] * scale for k in (0, 2))
        box = right[int(top) : int(bottom), int(left) : int(end)].astype(int)
        assert (np.abs(box - colour).max(-1) < 30).any()
        assert not (np.abs(right[: int(top) - 2].astype(int) - colour).max(-1) < 30).any()


@pytest.mark.parametrize("background", [(0, 114, 178), (20, 60, 140), (213, 94, 0), (255, 255, 255), (0, 0, 0)])
def test_outlines_stand_out_from_any_background(background):
    image = np.full((110, 420, 3), background, np.uint8)
    lines = tuple(
        TextLine("x", confidence, Box(left, 30, left + 120, 80).polygon(), 0.9)
        for left, confidence in ((30, 0.95), (230, 0.55))
    )
    drawing = draw_page(image, Page("sign", 420, 110, lines))
    left = drawing[:, : drawing.shape[1] // 2].astype(int)
    scale = left.shape[1] / 420
    for line in lines:
        x, y = np.rint(line.polygon[0] * scale).astype(int)
        across = left[y + round(20 * scale), x - 8 : x + 8]
        assert np.abs(across - background).max() > 100


def test_command_reads_the_other_images_after_an_error(tmp_path, monkeypatch, capsys, restore_loggers):
    (tmp_path / "in").mkdir()
    for name, text in (("a", "ALPHA"), ("c", "GAMMA")):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(encode_jpeg(sign(text)))
    (tmp_path / "in" / "b.jpg").write_text("not an image")
    out, drawing = tmp_path / "texts.json", tmp_path / "drawings"
    command = ["ocrmill", "read", str(tmp_path / "in"), "--json", str(out), "--draw", str(drawing)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    done = capsys.readouterr()
    assert ended.value.code == 1
    assert "ALPHA" in done.out
    assert "GAMMA" in done.out
    assert "b.jpg: this is not a readable image" in done.err
    assert "1 of 3 images could not be read" in done.err
    pages = json.loads(out.read_text(encoding="utf-8"))
    assert [Path(name).name for name in pages] == ["a.jpg", "c.jpg"]
    assert sorted(path.name for path in drawing.iterdir()) == ["a.jpg", "c.jpg"]
