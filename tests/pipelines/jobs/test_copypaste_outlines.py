"""Crops of generated lines: cut along what is known of their clusters."""

import cv2
import numpy as np
import pytest

from augment.copy_paste import CropRules
from pipelines.jobs.copypaste_inputs import build_crop_bank, open_crop_source
from pipelines.jobs.generation import generate
from pipelines.jobs.stored_lines import line_clusters


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_crops_of_generated_lines_are_outlined_by_their_clusters(tmp_path, form):
    settings = ["layout.margin_range=[0.4, 0.5]", "output.height=60", "fonts.system=false"]
    generate("digits", tmp_path / "lines", 20, workers=0, format=form, overrides=settings)
    source = open_crop_source(tmp_path / "lines")
    bank, left_out = build_crop_bank([("lines", source)], CropRules())
    assert len(bank) == 20
    assert not left_out
    for row, line in enumerate(source.read(np.arange(20))):
        clusters = line_clusters(source, row)
        crop = bank[row]
        assert crop.text == line.text
        height, width = cv2.imdecode(np.frombuffer(line.image, np.uint8), 1).shape[:2]
        low, high = clusters.quads.min(axis=(0, 1)), clusters.quads.max(axis=(0, 1))
        assert crop.patch.shape[0] < 0.85 * height
        assert np.abs(crop.polygon.max(axis=0) - crop.polygon.min(axis=0) - (high - low)).max() < 3
        assert crop.patch.shape[1] <= width
