"""Checks and errors of the data and settings of a detector's training."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
import yaml

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.run import create_run
from pipelines.training.configs import DetectorTrainConfig
from pipelines.training.data_checks import describe_scenes, scan_scenes
from pipelines.training.job import prepare, resolve_device, train
from pipelines.training.resolve import resolve_config, training_preset_names
from synthtext.core import InputError

pytestmark = pytest.mark.train

TINY = (
    "network={backbone_scale: 0.25, neck_channels: 4}",
    "view.size=[64, 64]",
    "batch_size=2",
    "samples=2",
    "threads=1",
)


@pytest.fixture(scope="module")
def places(tmp_path_factory, draw_scenes):
    """Return sources and runs by name."""
    folder = tmp_path_factory.mktemp("places")
    found = {
        "scenes": draw_scenes(folder / "scenes", 4),
        "ignored": draw_scenes(folder / "ignored", 2, 9, word="###"),
        "bare": draw_scenes(folder / "bare", 2, texts=0),
        "gone": draw_scenes(folder / "gone", 3),
        "spoilt": draw_scenes(folder / "spoilt", 1),
    }
    (folder / "gone" / "1.png").unlink()
    (folder / "spoilt" / "0.png").write_bytes(b"no picture")
    (folder / "lines.tsv").write_text("0.png\tone line\n")
    found["lines"] = str(folder / "lines.tsv")
    for name, preprocessing in (("rgb", DetectorPreprocessing(channels="rgb")), ("untrained", DetectorPreprocessing())):
        run = create_run(folder / name, {"kind": "detector", "network": {"neck_channels": 4}}, preprocessing)
        if name == "rgb":
            run.save_weights(run.settings.build())
        found[name] = str(folder / name)
    return found


@pytest.mark.parametrize(
    ("data", "val", "settings", "message"),
    [
        ("lines", "scenes", [], r"lines\.tsv holds lines, but a detector needs scenes"),
        ("scenes", "nowhere", [], "there is no such dataset"),
        (
            "ignored",
            "scenes",
            [],
            r"there is no text to train on in .*: 4 texts are ignored, and 0 are smaller",
        ),
        ("scenes", "scenes", ["targets.min_size=60"], r"0 texts are ignored, and 8 are smaller .*\(60 pixels\)"),
        ("scenes", "ignored", [], r"cannot be used for validation: its 2 images have no text that counts"),
        ("scenes", "bare", [], r"cannot be used for validation"),
        ("gone", "scenes", [], r"1 of 3 images are missing, the first: .*1\.png"),
        ("scenes", "spoilt", [], r"0\.png: this is not a readable image"),
        ("scenes", "scenes", ["copy_paste={from: [nowhere]}"], "nowhere"),
        ("scenes", "scenes", ["copy_paste={crops: {min_height: 90}}"], "not one text can be cut out"),
        ("scenes", "scenes", ["init=nowhere"], "nowhere"),
        ("scenes", "scenes", ["init={untrained}"], "no validation has run"),
        ("scenes", "scenes", ["init={rgb}", "network.neck_channels=8"], r"has another network \(backbone.* differs\)"),
    ],
)
def test_an_invalid_training_is_reported_and_leaves_no_folder(tmp_path, places, data, val, settings, message):
    sources = [[places.get(name, str(tmp_path / name))] for name in (data, val)]
    filled = [
        setting.replace("{rgb}", places["rgb"]).replace("{untrained}", places["untrained"]) for setting in settings
    ]
    with pytest.raises(InputError, match=message) as raised:
        train("det-db", tmp_path / "run", *sources, [*TINY, *filled], lambda message: None)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()


def test_a_worker_process_makes_the_same_batches_without_a_scan(tmp_path, places):
    def settings(name):
        return resolve_device(
            resolve_config("det-db", [places[name]], [places[name]], [*TINY, "copy_paste={}", "data_workers=0"])
        )

    first = prepare(settings("scenes"), tmp_path / "run")
    first.on_start(create_run(tmp_path / "run", first.settings, first.preprocessing))
    joining = prepare(settings("scenes"), tmp_path / "run", skip_inspection=True)
    assert (joining.settings, joining.source_sizes, joining.messages) == (first.settings, first.source_sizes, [])
    one, other = (next(iter(prepared.task.batches(range(1)))) for prepared in (first, joining))
    assert one.keys == other.keys
    assert all(map(torch.equal, (one.images, *one.targets), (other.images, *other.targets)))
    with pytest.raises(InputError, match="1 of 3 images are missing"):
        prepare(settings("gone"), tmp_path / "run")
    assert prepare(settings("gone"), tmp_path / "run", skip_inspection=True).source_sizes == [3]


def test_a_recognizer_rejects_scenes(tmp_path, places):
    with pytest.raises(InputError, match=r"holds scenes, but a recognizer needs lines"):
        train("rec-tiny", tmp_path / "run", [places["scenes"]], [places["scenes"]], [], lambda message: None)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], r"network teacher is frozen and has no weights: name its run directory with teacher=DIR"),
        (["teacher=nowhere"], "nowhere"),
        (["teacher={untrained}"], "no validation has run"),
        (["teacher={rgb}"], r"cannot be the teacher: its input is rgb with mean .*, that of this training bgr"),
        (["teacher={lines}"], "lines.tsv"),
    ],
)
def test_a_teacher_that_does_not_fit_is_rejected(tmp_path, places, settings, message):
    filled = [setting.format(**places) for setting in settings]
    with pytest.raises(InputError, match=message):
        train(
            "det-cml", tmp_path / "run", [places["scenes"]], [places["scenes"]], [*TINY, *filled], lambda message: None
        )
    assert not (tmp_path / "run").exists()


def test_another_training_in_the_folder_is_rejected(tmp_path, places):
    shutil.copytree(Path(places["scenes"]).parent, tmp_path / "scenes")
    scenes, out = [str(tmp_path / "scenes" / "labels.tsv")], tmp_path / "run"
    (tmp_path / "scenes" / "lines.tsv").write_text("0.png\tone\n")
    lines = [str(tmp_path / "scenes" / "lines.tsv")]
    settings = [*TINY, "copy_paste={probability: 0.5}"]
    train("det-db", out, scenes, scenes, settings, lambda message: None)
    with pytest.raises(InputError, match=r"loss\.threshold_weight was 10\.0, is 5\.0"):
        train("det-db", out, scenes, scenes, [*settings, "loss.threshold_weight=5"], lambda message: None)
    message = r"networks\.student is only in the saved settings; network_group\.networks\.student1 is only in the given"
    with pytest.raises(InputError, match=message):
        train("det-dml", out, scenes, scenes, settings, lambda message: None)
    with pytest.raises(InputError, match=r"kind was detector, is recognizer"):
        train("rec-tiny", out, lines, lines, ["charset=ascii"], lambda message: None)
    picture = tmp_path / "scenes" / "0.png"
    cv2.imwrite(str(picture), 255 - cv2.imread(str(picture)))
    with pytest.raises(InputError, match=r"crops\.arrow holds crops of other images"):
        train("det-db", out, scenes, scenes, settings, lambda message: None)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("charset=ascii", "unknown key 'charset'"),
        ("view.sizes=[64, 64]", r"unknown key 'view\.sizes'; did you mean 'size'"),
        ("view.size=[100, 64]", r"view\.size\.0: .*multiple of 32.*not 100"),
        ("view.scale_range=[3, 1]", r"view: factor_range"),
        ("view={cut: window, min_side_share: 0.2}", r"view: min_side_share is only for cut=between_texts"),
        ("view.text_share=0.2", r"view: text_share is only for cut=window"),
        ("freeze_batch_norm=true", r"freeze_batch_norm needs initial weights"),
        ("view.flip=2", r"view\.flip"),
        ("view.keep_visibility=0.05", r"view: drop_visibility 0\.1 must be between 0 and keep_visibility 0\.05"),
        ("targets.shrink=1", r"unknown key 'targets\.shrink'"),
        ("targets.shrink_ratio=2", r"targets: shrink_ratio must be between"),
        ("loss.probability_loss=focal", r"loss\.probability_loss"),
        ("postprocessing.treshold=0.2", r"unknown key 'postprocessing\.treshold'; did you mean 'threshold'"),
        ("preprocessing.rule=middle", r"preprocessing\.rule"),
        ("network.backbone=resnet", "no backbone of detectors 'resnet'; did you mean 'resnet18'"),
        ("batch_size=1", "batch_size"),
        ("effects=[{use: blurr}]", r"effects\.0: there is no effect 'blurr'; did you mean 'blur'"),
        ("effects=blur", "effects must be a list of settings with 'use'"),
        ("copy_paste={share: 99}", r"copy_paste, mode natural: share 99\.0 must be from 0 to 10"),
        ("copy_paste={shares: 1}", r"copy_paste, mode natural: unknown key 'shares'; did you mean 'share'"),
        ("copy_paste={mode: wild}", "there is no mode 'wild'"),
        ("copy_paste={probability: 3}", r"copy_paste: probability must be from 0 to 1, not 3"),
        ("copy_paste={output: {format: png}}", "unknown key 'output'"),
        ("copy_paste=yes", "copy_paste must be settings by name"),
        ("copy_paste={from: data}", "from must be a list of sources"),
        ("teacher=runs/x", "teacher sets the weights of the one frozen network, but there are 0"),
        ("network_group.networks={labels: {}}", "'labels' cannot be the name of a network"),
        ("network_group.networks={student: {frozen: true}}", "every network is frozen"),
        (
            "network_group.networks={student: {}, other: {}}",
            "other learns neither from labels nor from a frozen network",
        ),
        ("network_group.networks={student: {}, other: {frozen: true}}", "no network learns from other"),
        ("network_group.losses=[{student: pupil}]", r"losses\.0: 'pupil' is not a trained network"),
        ("network_group.losses=[{student: student, target: student}]", r"'student' cannot be a target of student"),
        ("network_group.losses=[{student: student}, {student: student}]", "student and labels already have a loss"),
        (
            "network_group.networks={student: {sha256: abc}}",
            r"networks\.student: sha256 is only for frozen networks",
        ),
        ("network_group.networks={keys: {}}", "'keys' cannot be the name of a network"),
        ("network_group.networks={best: {}}", "'best' cannot be the name of a network"),
    ],
)
def test_an_invalid_setting_is_reported(setting, message):
    with pytest.raises(InputError, match=message):
        resolve_config("det-db", overrides=[setting])


def test_the_kind_of_a_training(tmp_path):
    for name in training_preset_names():
        assert isinstance(resolve_config(name), DetectorTrainConfig) == name.startswith("det-")
    (tmp_path / "mine.yaml").write_text("kind: detektor\n")
    with pytest.raises(InputError, match="kind must be recognizer or detector, not 'detektor'"):
        resolve_config(str(tmp_path / "mine.yaml"))
    with pytest.raises(InputError, match="did you mean 'det-cml'"):
        resolve_config("det-clm")


def test_presets_have_the_published_sizes():
    student, teacher = (resolve_config(name).network for name in ("det-db", "det-db-teacher"))
    assert (student.backbone, student.backbone_scale, student.neck_channels) == ("mobilenet_v3", 0.5, 96)
    assert (teacher.backbone, teacher.neck_channels) == ("resnet18", 256)


def test_settings_can_be_read_from_a_file_with_a_custom_effect(tmp_path):
    (tmp_path / "fading_out.py").write_text(
        "from dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass Fade:\n    by: int = 3\n\n"
        "    def draw(self, rng, size):\n        return {}\n\n"
        "    def apply(self, image, parameters):\n        return image // self.by\n"
    )
    settings = {"kind": "detector", "effects": [{"use": "fading_out.Fade", "by": 2}], "optim": {"lr": 0.5}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    config = resolve_config(str(tmp_path / "mine.yaml"))
    assert config.effects == ({"use": "fading_out.Fade", "probability": 1.0, "by": 2},)
    assert config.chain().steps[-1].effect.by == 2


def test_settings_can_be_saved_and_loaded():
    for name in ("det-db", "det-cml"):
        overrides = ["copy_paste={share: 0.3, from: [a]}", "effects=[{use: blur}]"]
        config = resolve_config(name, ["x=2"], ["y"], overrides)
        again = DetectorTrainConfig(**json.loads(json.dumps(config.model_dump(mode="json"))))
        assert again == config
        assert again.online_copy_paste.sources == (str(Path("a").absolute()),)


def test_the_data_are_described_before_the_first_step(places, tmp_path, draw_scenes):
    mixed = Path(draw_scenes(tmp_path / "mixed", 2, 7))
    rows = mixed.read_text().splitlines()
    small = [{"transcription": "small", "points": [[1, 1], [30, 1], [30, 5], [1, 5]]}]
    turned = [{"transcription": "turned", "points": [[1, 20], [1, 40], [30, 40], [30, 20]]}]
    rows += [f"0.png\t{json.dumps(small)}", f"1.png\t{json.dumps(turned)}", "1.png\t[]"]
    mixed.write_text("\n".join(rows) + "\n")
    shutil.copytree(Path(places["scenes"]).parent, tmp_path / "val")
    shutil.copy(mixed.parent / "1.png", tmp_path / "val" / "3.png")
    sources = [
        open_scene_source(mixed),
        open_scene_source(places["ignored"]),
        open_scene_source(tmp_path / "val" / "labels.tsv"),
    ]
    stats = scan_scenes(sources, "word", 8.0)
    message = list(describe_scenes(stats[:2], stats[2:]))
    assert message == [
        f"train {mixed}: 5 images, 6 texts, 0 ignored texts",
        "  images without text: 1; with ignored texts only: 0 (negative examples)",
        "  labels repaired: counterclockwise polygon (1)",
        "  texts below the minimum size, unless the view enlarges them: 1",
        f"train {places['ignored']}: 2 images, 0 texts, 4 ignored texts",
        "  images without text: 0; with ignored texts only: 2 (negative examples)",
        f"validate {tmp_path / 'val' / 'labels.tsv'}: 4 images, 8 texts, 0 ignored texts",
        "  images that also occur in the training data: 1",
    ]
