"""Lines of a page: texts on one baseline are one line, columns of text stay apart."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.inference.reader import Page, Reader, TextLine
from pipelines.inference.reading_order import group_lines
from synthtext.core import Box, InputError

pytestmark = pytest.mark.slow


def reading_order(boxes):
    """Indices of the texts, line by line."""
    return [text.number for line in group_lines(boxes) for text in line]


def receipt(rows, rng, price_width=50):
    """Names of any length on the left, prices on the right, on one baseline each."""
    boxes = []
    for row in range(rows):
        boxes.append(Box(0, 24 * row, float(rng.uniform(40, 200)), 24 * row + 14).polygon())
        boxes.append(Box(300 - price_width, 24 * row + 1, 300, 24 * row + 15).polygon())
    return boxes


@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([30, 80, 120]), st.sampled_from([-6, 0, 6]))
def test_names_and_prices_are_one_line(rows, seed, price_width, degrees):
    rng = np.random.default_rng(seed)
    boxes = receipt(rows, rng, price_width)
    rotation = cv2.getRotationMatrix2D((100, 100), degrees, 1.0)
    boxes = [(np.c_[box, np.ones(4)] @ rotation.T).astype(np.float32) for box in boxes]
    if degrees and rows < 2:
        return
    shuffled = rng.permutation(len(boxes))
    found = [[int(shuffled[text.number]) for text in line] for line in group_lines([boxes[i] for i in shuffled])]
    if len(found) == rows:
        assert found == [[2 * row, 2 * row + 1] for row in range(rows)]
    else:  # a page of short texts does not show its tilt
        assert degrees


def test_columns_of_text_are_not_joined():
    rng = np.random.default_rng(0)
    boxes = [
        Box(320 * column, 24 * row, 320 * column + rng.uniform(250, 280), 24 * row + 14).polygon()
        for column in range(2)
        for row in range(10)
    ]
    assert [len(line) for line in group_lines(boxes)] == [1] * 20
    assert reading_order(boxes) == list(range(20))


def test_columns_of_labels_that_are_not_on_common_lines_are_not_joined():
    heights = {0: 24, 1: 37}
    boxes = [
        Box(320 * column, step * row, 320 * column + (90 if row % 2 else 250), step * row + 14).polygon()
        for column, step in heights.items()
        for row in range(8)
    ]
    assert reading_order(boxes) == list(range(16))


def test_gaps_are_in_heights_of_the_line():
    boxes = [Box(0, 0, 50, 20).polygon(), Box(60, 0, 90, 20).polygon(), Box(190, 0, 220, 20).polygon()]
    (line,) = group_lines(boxes)
    assert [text.gap for text in line] == pytest.approx([0, 0.5, 5])
    assert group_lines([]) == []


def page(*rows):
    """A page of rows of (text, gap)."""
    polygon = Box(0, 0, 9, 9).polygon()
    lines = (TextLine(text, 1.0, polygon, 1.0, n, gap) for n, row in enumerate(rows) for text, gap in row)
    return Page("page", 100, 100, tuple(lines))


def test_texts_of_a_line_are_joined_by_spaces_and_wide_gaps_by_tabs():
    read = page([("MILK", 0.0), ("2%", 0.4), ("2.99", 8.0)], [("TOTAL", 0.0), ("2.99", 12.0)])
    assert read.text == "MILK 2%\t2.99\nTOTAL\t2.99"
    assert [line["row"] for line in read.to_dict()["lines"]] == [0, 0, 0, 1, 1]
    assert page().text == ""


def test_reader_joins_the_columns_of_a_receipt(tmp_path):
    image = np.full((260, 620, 3), 235, np.uint8)
    for row, (name, price) in enumerate((("COFFEE", "3.50"), ("APPLE PIE", "12.00"), ("TOTAL", "15.50"))):
        for text, x in ((name, 30), (price, 470)):
            cv2.putText(image, text, (x, 65 + 80 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "receipt.png"), image)
    reader = Reader.open()
    read = reader.read(tmp_path / "receipt.png")
    assert read.name == str(tmp_path / "receipt.png")
    assert [line.replace(" ", "") for line in read.text.splitlines()] == [
        "COFFEE\t3.50",
        "APPLEPIE\t12.00",
        "TOTAL\t15.50",
    ]
    assert reader.read(str(tmp_path / "receipt.png"), "mine").name == "mine"
    with pytest.raises(InputError, match=r"missing\.png cannot be read"):
        reader.read(tmp_path / "missing.png")


def test_thresholds_of_the_reader_change_its_boxes():
    image = np.full((110, 420, 3), 235, np.uint8)
    cv2.putText(image, "STATION", (30, 65), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2, cv2.LINE_AA)

    def boxes(**settings):
        return Reader.open(**settings).detector.detect(image).polygons

    def height(polygon):
        return np.ptp(polygon[:, 1])

    (plain,), (wide,) = boxes(), boxes(unclip_ratio=2.5)
    assert height(wide) > height(plain) + 3
    assert boxes(box_threshold=1.0) == []
    assert height(boxes(threshold=0.1)[0]) >= height(plain)
    with pytest.raises(InputError, match="unclip_ratio"):
        Reader.open(unclip_ratio=20)


def test_command_takes_the_thresholds(tmp_path):
    image = np.full((110, 420, 3), 235, np.uint8)
    cv2.putText(image, "STATION", (30, 65), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "sign.png"), image)
    command = ["read", str(tmp_path / "sign.png")]
    assert "STATION" in CliRunner().invoke(app, [*command, "--threshold", "0.2", "--unclip", "1.8"]).output
    assert "STATION" not in CliRunner().invoke(app, [*command, "--box-threshold", "1"]).output
