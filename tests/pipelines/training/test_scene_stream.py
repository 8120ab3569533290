"""Batches of pictures for a detector."""

import pickle
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from augment import Colour, SceneStep
from augment.copy_paste import CropRules, NaturalPaste
from models.batch import standardise
from models.db.head import DBMaps
from models.db.targets import TargetSettings
from models.losses.db import DBLossSettings, db_loss, distillation_loss
from pipelines.datasets.loader import make_loader
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.datasets.scene_source import EncodedScene, iterate_scenes
from pipelines.jobs.copypaste_inputs import build_crop_bank
from pipelines.jobs.crop_bank import save_bank
from pipelines.jobs.importing import import_data
from pipelines.training.configs import ViewSettings
from pipelines.training.scene_stream import OnlineCopyPaste, SceneStream
from synthtext.core import Box, InputError, TextInstance

pytestmark = pytest.mark.slow

SEEN = ViewSettings(size=(96, 64), scale_range=(0.8, 1.5))
AS_IT_IS = ViewSettings(size=(96, 96), flip=0, degrees_range=(0, 0), scale_range=(1, 1), min_side_share=1)


@pytest.fixture(scope="module")
def sources(tmp_path_factory, draw_scenes):
    folder = tmp_path_factory.mktemp("scenes")
    specs = [
        draw_scenes(folder / "small", 5, 1),
        draw_scenes(folder / "large", 17, 2, (120, 70)),
        draw_scenes(folder / "bare", 6, 3, texts=0),
        draw_scenes(folder / "narrow", 4, 4, (48, 96)),
    ]
    return dict(zip(("small", "large", "bare", "narrow"), map(open_scene_source, specs), strict=True))


@pytest.fixture(scope="module")
def bank(tmp_path_factory, sources):
    path = tmp_path_factory.mktemp("bank") / "crops.arrow"
    crops, left_out = build_crop_bank([("small", sources["small"])], CropRules())
    save_bank(path, crops, "digest", left_out)
    return path


def make_stream(sources, weights=(1, 3), view=SEEN, effects=(), **changes):
    settings = {"level": "word", "targets": TargetSettings(), "channels": "bgr", "batch_size": 4, "seed": 3} | changes
    return SceneStream(sources, weights, chain=view.chain(tuple(effects)), **settings)


def tensors(batch):
    return [batch.images, *batch.targets]


def same(first, second):
    equal = (torch.equal(a, b) for a, b in zip(tensors(first), tensors(second), strict=True))
    return first.keys == second.keys and all(equal)


def test_a_batch_has_the_size_of_the_view_and_types_that_are_cheap_to_hand_over(sources):
    batch = make_stream([sources["small"], sources["large"]])[2]
    assert batch.images.shape == (4, 3, 64, 96)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert [part.shape for part in batch.targets] == [(4, 64, 96)] * 4
    assert [part.dtype for part in tensors(batch)] == [torch.uint8] * 3 + [torch.float16, torch.uint8]
    assert set(batch.targets.shrink_map.unique().tolist()) == {0, 1}


def test_a_batch_shows_what_the_pictures_show(sources):
    batch = make_stream([sources["small"]], (1,), AS_IT_IS, batch_size=1)[0]
    picture = next(found for found in iterate_scenes(sources["small"]) if found.key == batch.keys[0])
    kernels = batch.targets.shrink_map[0].numpy() > 0
    for instance in picture.instances:
        left, top, right, bottom = *instance.polygon[0].astype(int), *instance.polygon[2].astype(int)
        assert (batch.images[0, :, top:bottom, left:right] == torch.tensor([60, 20, 20])[:, None, None]).all()
        assert kernels[(top + bottom) // 2, (left + right) // 2]
        kernels[top:bottom, left:right] = False
    assert not kernels.any()
    rgb = make_stream([sources["small"]], (1,), AS_IT_IS, batch_size=1, channels="rgb")[0]
    assert torch.equal(rgb.images, batch.images.flip(1))


def test_a_window_shows_texts_at_their_own_scale(sources):
    window = ViewSettings(size=(64, 64), flip=0, degrees_range=(0, 0), scale_range=(1, 1), cut="window")
    stream = make_stream([sources["large"]], (1,), window, batch_size=17)
    dark = (stream[0].images == torch.tensor([60, 20, 20])[:, None, None]).all(1).numpy().astype(np.uint8)
    boxes = np.concatenate([cv2.connectedComponentsWithStats(picture)[2][1:, :4] for picture in dark])
    whole = boxes[(boxes[:, 1] > 0) & (boxes[:, 1] + boxes[:, 3] < 64)]
    assert (whole[:, 3] == 20).all()
    assert len(whole) >= 17


def test_a_step_is_the_same_whatever_was_asked_before(sources):
    both = [sources["small"], sources["large"]]
    stream = make_stream(both, effects=[SceneStep("colour", Colour())])
    whole = [stream[step] for step in range(6)]
    for step in (5, 0, 3):
        assert same(make_stream(both, effects=[SceneStep("colour", Colour())])[step], whole[step])
    assert same(pickle.loads(pickle.dumps(stream))[4], whole[4])
    assert not same(make_stream(both, effects=[SceneStep("colour", Colour())], seed=4)[0], whole[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_data_workers_change_nothing(sources, bank, workers):
    paste = OnlineCopyPaste(bank, NaturalPaste())
    stream = make_stream([sources["small"], sources["large"]], effects=[SceneStep("c", Colour(), 0.5)], paste=paste)
    here = list(make_loader(stream, range(1, 4)))
    there = list(make_loader(stream, range(1, 4), workers))
    assert len(here) == len(there) == 3
    assert all(map(same, here, there))


def test_sources_come_by_weight_and_every_picture_once_an_epoch(sources):
    stream = make_stream([sources["narrow"], sources["bare"]], (1, 3), AS_IT_IS)
    batches = [stream[step] for step in range(24)]
    bare = sum(int(batch.targets.shrink_map.flatten(1).sum(1).eq(0).sum()) for batch in batches)
    assert abs(bare - 72) <= 1
    alone = make_stream([sources["large"]], (1,), AS_IT_IS, batch_size=17)
    for epoch in range(3):
        assert set(Counter(alone[epoch].keys).values()) == {1}
    assert alone[0].keys != alone[1].keys


def test_another_epoch_shows_a_picture_in_another_way(sources):
    stream = make_stream([sources["small"]], (1,), batch_size=5)
    first, second = stream[0], stream[1]
    for place, key in enumerate(first.keys):
        assert not torch.equal(first.images[place], second.images[second.keys.index(key)])


def test_padding_has_no_part_in_the_loss(sources):
    batch = make_stream([sources["narrow"]], (1,), AS_IT_IS, batch_size=2)[0]
    assert (batch.images[..., 48:] == 0).all()
    torch.manual_seed(0)
    maps = DBMaps(*(torch.rand(2, 96, 96, requires_grad=True) for _ in range(3)))
    for loss in ("dice", "bce"):
        settings = DBLossSettings(probability_loss=loss)
        seen = (torch.rand(2, 96, 96) > 0.5).float()
        taught = distillation_loss(maps, seen, batch.targets.shrink_mask, settings)
        parts = [*db_loss(maps, batch.targets, settings).values(), *taught.values()]
        gradients = torch.autograd.grad(torch.stack(parts).sum(), maps)
        assert all((gradient[..., 48:] == 0).all() for gradient in gradients)
        assert all((gradient[..., :48] != 0).any() for gradient in gradients)


def test_what_is_pasted_is_in_the_picture_and_in_the_targets(sources, bank):
    mode = NaturalPaste(count_range=(1, 3), height_range=(0.2, 0.3), match_range=(0, 0))  # the crops have no strokes
    bare, paste = sources["bare"], OnlineCopyPaste(bank, mode)
    plain = make_stream([bare], (1,), AS_IT_IS, batch_size=6)[0]
    pasted = make_stream([bare], (1,), AS_IT_IS, batch_size=6, paste=paste)[0]
    assert plain.keys == pasted.keys
    assert not plain.targets.shrink_map.any()
    changed = (plain.images != pasted.images).any(1)
    found = pasted.targets.shrink_map > 0
    assert found.flatten(1).any(1).sum() >= 5
    assert (changed & found).sum() > 0.95 * found.sum()
    never = make_stream([bare], (1,), AS_IT_IS, batch_size=6, paste=OnlineCopyPaste(bank, paste.mode, 0.0))[0]
    assert torch.equal(never.images, plain.images)


@dataclass(frozen=True)
class Held:
    """One scene, in memory."""

    scene: EncodedScene
    name: str = "held"

    def __len__(self):
        return 1

    @property
    def group_offsets(self):
        return np.array([0, 1])

    def read(self, rows):
        return [self.scene for _ in rows]


@pytest.mark.parametrize(("level", "kernels"), [("word", 3), ("line", 2), ("block", 1)])
def test_one_level_is_learnt(level, kernels):
    boxes = [("block", -1, (5, 5, 90, 90)), ("line", 0, (10, 10, 85, 35)), ("line", 0, (10, 50, 85, 75))]
    boxes += [("word", 1, (10, 10, 40, 35)), ("word", 1, (50, 10, 85, 35)), ("word", 2, (10, 50, 85, 75))]
    texts = tuple(
        TextInstance("a", Box(*box).polygon(), level=of_level, parent=parent) for of_level, parent, box in boxes
    )
    picture = cv2.imencode(".png", np.full((96, 96, 3), 200, np.uint8))[1].tobytes()
    stream = make_stream([Held(EncodedScene("one", picture, texts))], (1,), AS_IT_IS, batch_size=1, level=level)
    count, _ = cv2.connectedComponents(stream[0].targets.shrink_map[0].numpy())
    assert count - 1 == kernels


def test_shards_are_read_like_label_files(sources, tmp_path):
    import_data(Path(sources["small"].name), tmp_path / "data", workers=0)
    shards = open_scene_source(tmp_path / "data")
    first = make_stream([sources["small"]], (1,), AS_IT_IS, batch_size=5)[0]
    second = make_stream([shards], (1,), AS_IT_IS, batch_size=5)[0]
    ordered = [batch.targets.shrink_map.flatten(1).numpy() for batch in (first, second)]
    assert np.array_equal(*(np.unique(rows, axis=0) for rows in ordered))


def test_pixels_are_scaled_as_deployment_scales_them(sources):
    batch = make_stream([sources["small"]], (1,), AS_IT_IS, batch_size=1)[0]
    preprocessing = DetectorPreprocessing(limit_side_len=96)
    image = batch.images[0].permute(1, 2, 0).numpy()[..., ::-1]
    ours = standardise(batch.images, preprocessing.mean, preprocessing.std).numpy()
    assert np.allclose(ours, preprocessing.prepare(np.ascontiguousarray(image)), atol=1e-5)


def test_a_broken_picture_is_named(sources, tmp_path, draw_scenes):
    labels = draw_scenes(tmp_path / "broken", 1)
    (tmp_path / "broken" / "0.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"0\.png: this is not a readable image"):
        make_stream([open_scene_source(labels)], (1,))[0]


@pytest.mark.parametrize(
    ("names", "changes", "told"),
    [
        ((), {}, "at least one source"),
        (("small",), {"weights": (0,)}, "must be above 0, not 0"),
        (("small",), {"weights": (1,), "batch_size": 0}, "must be above 0, not 0"),
    ],
)
def test_what_cannot_be_a_stream_is_refused(sources, names, changes, told):
    with pytest.raises(InputError, match=told):
        make_stream([sources[name] for name in names], **changes)
