"""The public `collate`: lines of any size become one batch."""

from functools import partial

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from models.batch import normalise
from models.ctc import CTCCodec
from pipelines import LinesDataset, collate, iterate_samples
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from synthtext.core import Charset


def test_a_data_loader_collates_lines(draw_lines, tmp_path):
    dataset = LinesDataset(draw_lines(tmp_path / "lines", ["one", "twenty", "a", "hundreds"]))
    batches = list(DataLoader(dataset, batch_size=3, collate_fn=collate))
    assert [batch.texts for batch in batches] == [("one", "twenty", "a"), ("hundreds",)]
    images, widths, _ = batches[0]
    assert (images.dtype, tuple(images.shape[:3])) == (torch.uint8, (3, 3, 32))
    for image, width, (pixels, _) in zip(images, widths.tolist(), dataset, strict=False):
        assert width == pixels.shape[1]  # 32 pixels high, as the batch is
        np.testing.assert_array_equal(image[:, :, :width].permute(1, 2, 0), pixels[..., ::-1])
        assert (image[:, :, width:] == 0).all()


def test_samples_of_a_generator_are_collated_for_training():
    samples = list(iterate_samples("digits", count=4, seed=1))
    images, widths, texts = collate(samples)
    assert texts == tuple(sample.text for sample in samples)
    targets, lengths = CTCCodec(Charset(tuple("0123456789"))).encode(texts)
    assert lengths.tolist() == [len(text) for text in texts]
    assert targets.shape[0] == normalise(images, widths).shape[0] == 4


@pytest.mark.parametrize("channels", ["bgr", "rgb"])
def test_other_preprocessing_is_given_with_partial(channels):
    image = np.zeros((20, 60, 3), np.uint8)
    image[..., 0] = 255
    own = partial(collate, preprocessing=RecognizerPreprocessing(height=48, width_step=1, channels=channels))
    images, widths, texts = own([(image, "x")])
    assert tuple(images.shape) == (1, 3, 48, 144)
    assert (widths.tolist(), texts) == ([144], ("x",))
    red = 0 if channels == "rgb" else 2
    assert (images[0, red] == 255).all()
    assert cv2.countNonZero(images[0, 1].numpy()) == 0
