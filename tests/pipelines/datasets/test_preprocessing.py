import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.batch import normalise
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from synthtext.core import InputError

SIDES = st.integers(1, 400)
SETTINGS = st.builds(
    RecognizerPreprocessing,
    height=st.sampled_from([32, 48]),
    min_width=st.sampled_from([32, 320]),
    max_width=st.sampled_from([None, 320]),
    width_step=st.sampled_from([1, 16, 32]),
    channels=st.sampled_from(["bgr", "rgb"]),
)


@given(SETTINGS)
def test_settings_survive_json(settings):
    assert RecognizerPreprocessing.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"height": "32"}', '{"high": 32}', '{"height": 0}', '{"channels": "grey"}', "{}x"]
)
def test_invalid_json_is_rejected(text):
    with pytest.raises(InputError, match="preprocessing"):
        RecognizerPreprocessing.from_json(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"preprocessing\.json"):
        RecognizerPreprocessing.read(tmp_path / "preprocessing.json")


@given(SETTINGS, SIDES, SIDES)
def test_widths(settings, width, height):
    resized = settings.resized_width(width, height)
    exact = settings.height * width / height
    assert settings.max_width is not None or exact <= resized < exact + 1 + 1e-9
    batch = settings.batch_width(resized)
    assert batch % settings.width_step == 0
    assert max(resized, settings.min_width) <= batch < max(resized, settings.min_width) + settings.width_step
    assert settings.resize(np.zeros((height, width, 3), np.uint8)).shape == (settings.height, resized, 3)
    both = settings.resized_width(np.array([width, width]), np.array([height, 2 * height]))
    assert both[0] == resized >= both[1]
    assert settings.batch_width(both)[0] == batch


def test_a_line_of_the_right_height_keeps_its_pixels():
    image = np.random.default_rng(0).integers(0, 256, (32, 70, 3), np.uint8)
    assert (RecognizerPreprocessing(channels="rgb").resize(image) == image).all()
    assert (RecognizerPreprocessing(channels="bgr").resize(image) == image[..., ::-1]).all()


def test_resize_is_bilinear():
    image = np.random.default_rng(0).integers(0, 256, (50, 123, 3), np.uint8)
    expected = cv2.resize(image, (79, 32), interpolation=cv2.INTER_LINEAR)
    assert (RecognizerPreprocessing(channels="rgb").resize(image) == expected).all()


def test_padding_is_zero_after_normalisation():
    settings = RecognizerPreprocessing(min_width=64)
    pixels, widths = settings.pad([np.full((32, 20, 3), 255, np.uint8), np.zeros((32, 50, 3), np.uint8)])
    assert pixels.shape == (2, 32, 64, 3)
    assert widths.tolist() == [20, 50]
    network = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(widths))
    assert (network[0, :, :, :20] == 1).all()
    assert (network[0, :, :, 20:] == 0).all()
    assert (network[1, :, :, :50] == -1).all()
    assert (network[1, :, :, 50:] == 0).all()


def test_invalid_sizes_are_rejected():
    with pytest.raises(InputError, match="max_width 100 is below min_width 320"):
        RecognizerPreprocessing(min_width=320, max_width=100)
    for name in ("height", "min_width", "width_step"):
        with pytest.raises(InputError, match=f"preprocessing: {name}: input should be greater than or equal to 1"):
            RecognizerPreprocessing.from_json(f'{{"{name}": 0}}')
    for setting in ('"limit_side_len": 31', '"max_area": 1023', '"max_enlargement": 0.9', '"std": [0.1, 0.1, 0]'):
        with pytest.raises(InputError, match=f"preprocessing: {setting[1:4]}.*greater than"):
            DetectorPreprocessing.from_json(f"{{{setting}}}")
