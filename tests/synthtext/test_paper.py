from pathlib import Path

import cv2
import numpy as np
import pytest

from synthtext.background import Background, Gradient, Photos, Plain, Texture
from synthtext.core import InputError, Size
from synthtext.core.cache import ByteCache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i, (height, width) in enumerate([(90, 160), (300, 200), (20, 30)]):
        cv2.imwrite(str(tmp_path / f"{i}.jpg"), rng.integers(0, 256, (height, width, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize("background", [Plain(), Gradient(), Texture()], ids=repr)
@pytest.mark.parametrize("size", [Size(1, 1), Size(300, 48), Size(9, 200)])
def test_procedural_backgrounds_have_any_size_and_are_reproducible(background: Background, size: Size) -> None:
    first, second = (background.paint(np.random.default_rng(4), size) for _ in range(2))
    assert first.shape == (size.height, size.width, 3)
    assert first.dtype == np.uint8
    assert (first == second).all()


def test_lightness_is_kept() -> None:
    background = Plain(lightness_range=(200, 220), tint=10)
    for seed in range(20):
        image = background.paint(np.random.default_rng(seed), Size(3, 3))
        assert 190 <= image.mean() <= 230


def test_crops_of_photographs_have_any_size(folder: Path) -> None:
    photos = Photos(folder)
    photos.check()
    block = photos.for_block(np.random.default_rng(0))
    for size in (Size(48, 48), Size(700, 48), Size(40, 500)):
        assert block.paint(np.random.default_rng(1), size).shape == (size.height, size.width, 3)


def test_a_crop_is_part_of_its_photograph(folder: Path) -> None:
    (folder / "0.jpg").unlink()
    (folder / "2.jpg").unlink()
    photo = cv2.imread(str(folder / "1.jpg"))
    assert photo is not None
    crop = (
        Photos(folder, scale_range=(1, 1))
        .for_block(np.random.default_rng(0))
        .paint(np.random.default_rng(2), Size(60, 20))
    )
    matches = [
        cv2.matchTemplate(photo[..., ::-1].astype(np.uint8), np.ascontiguousarray(side), cv2.TM_SQDIFF).min()
        for side in (crop, crop[:, ::-1])
    ]
    assert min(matches) / crop.size < 30  # two decoders round differently
    assert max(matches) / crop.size > 300


def test_a_truncated_photograph_is_named(folder: Path) -> None:
    whole = (folder / "1.jpg").read_bytes()
    (folder / "1.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"1\.jpg"):
        Photos(folder).check()


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_folders_without_images_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        Photos(tmp_path / name).check()


def test_a_byte_cache_evicts_the_least_recently_used() -> None:
    cache: ByteCache[str, bytes] = ByteCache(limit=1000, size=len)
    made: list[str] = []

    def value(key: str) -> bytes:
        made.append(key)
        return bytes(100)

    for key in ("a", "b", "c", "a", "d"):  # each takes 300 with its overhead, so that three fit
        cache.get(key, lambda key=key: value(key))  # type: ignore[misc]
    assert made == ["a", "b", "c", "d"]
    cache.get("a", lambda: value("a"))
    cache.get("b", lambda: value("b"))
    assert made == ["a", "b", "c", "d", "b"]
    assert cache.bytes <= 1000


def test_replaced_photographs_are_read_again(folder: Path) -> None:
    for name in ("0.jpg", "2.jpg"):
        (folder / name).unlink()
    crops = []
    for grey in (10, 200):
        cv2.imwrite(str(folder / "1.jpg"), np.full((100, 100 + grey, 3), grey, np.uint8))
        crops.append(
            Photos(folder, (1, 1)).for_block(np.random.default_rng(0)).paint(np.random.default_rng(0), Size(9, 9))
        )
    assert [round(float(crop.mean())) for crop in crops] == [10, 200]
