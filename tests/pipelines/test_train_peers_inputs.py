"""What the training of recognizers that learn from each other refuses, each in a sentence."""

import json

import pytest

from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerSettings, create_run
from pipelines.training.job import train
from pipelines.training.resolve import resolve_config, training_preset_names
from synthtext.core import Charset, InputError


def start(preset, folder, source, *overrides):
    settings = (
        "charset=digits",
        "network={backbone_scale: 0.125, lstm_hidden: 8, head_dim: 8}",
        "samples=8",
        "batch_size=2",
        "threads=1",
    )
    return train(preset, folder, [source], [source], [*settings, *overrides], lambda line: None)


def test_frozen_norms_want_something_to_keep():
    with pytest.raises(InputError, match="freeze_batch_norm keeps what networks start with"):
        resolve_config("rec-lcnet", overrides=["freeze_batch_norm=true"])


def test_a_start_and_a_teacher_that_do_not_fit_are_refused(tmp_path, draw_lines):
    few, network = draw_lines(tmp_path / "few", ["12", "47"]), RecognizerSettings(scale=0.125, hidden=8, mid=8)
    for name, charset, height in (
        ("letters", "letters_lower", 32),
        ("high", "digits", 48),
        ("bare", "digits", 32),
        ("whole", "digits", 32),
    ):
        charset = Charset(tuple("abc")) if name == "letters" else Charset.named(charset)
        run = create_run(
            tmp_path / name, {"network": network.model_dump()}, RecognizerPreprocessing(height=height), charset
        )
        if name != "bare":
            run.save_weights(network.build(charset, height))
    for teacher, told in (
        ("letters", r"letters cannot teach: it knows other characters \(3 of them, 10 are wanted here\)"),
        ("high", r"high cannot teach: it wants lines 48 high in bgr, but this training has 32 and bgr"),
        ("bare", "it was never validated"),
        ("nowhere", "nowhere is no RUN"),
    ):
        with pytest.raises(InputError, match=told):
            start("rec-distill", tmp_path / "run", few, f"teacher={tmp_path / teacher}")
    with pytest.raises(
        InputError, match=r"teacher is frozen and has no weights: name a recognizer's RUN with teacher="
    ):
        start("rec-distill", tmp_path / "run", few)
    smaller = "network_group.networks.peer.network={backbone_scale: 0.06, lstm_hidden: 4, head_dim: 4}"
    with pytest.raises(InputError, match=r"init: .* has another network"):
        start("rec-udml", tmp_path / "run", few, smaller, f"init={tmp_path / 'whole'}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("loss.ctc=focused", r"loss\.ctc: .*'plain' or 'focal'.*not 'focused'"),
        ("loss.center=1", r"unknown key 'loss\.center'; did you mean 'center_weight'"),
        ("loss.ace_weight=-1", r"loss\.ace_weight"),
        ("loss.mutual_weight=.nan", r"loss\.mutual_weight"),
        ("loss.mutual_clip=0", r"loss\.mutual_clip"),
        ("loss.center_samples_range=[5, 9]", "but center_weight is 0"),
        (
            "loss={center_weight: 1, center_samples_range: [9, 5]}",
            r"loss: center_samples_range must rise, not \[9, 5\]",
        ),
        (
            "loss={center_weight: 1, center_samples_range: [9, 400000]}",
            r"would begin after 400,000 samples, of 400,000",
        ),
        ("teacher=runs/x", "frozen, but there are 0: take the preset rec-distill"),
        ("network_group.networks={student: {}, peer: {network: {backbone_scale: 9}}}", r"network\.scale.*not 9"),
        ("network_group.networks={student: {}, peer: {network: {neck_channels: 9}}}", r"unknown key .*channels"),
        ("network_group.networks={student: {}, peer: {}}", "peer learns neither from labels nor from a frozen network"),
        ("network.backbone=resnet", r"network\.backbone: .*'lcnet' or 'mobilenet_v3'"),
    ],
)
def test_a_wrong_setting_is_named(setting, told):
    with pytest.raises(InputError, match=told) as refused:
        resolve_config("rec-lcnet", overrides=[setting])
    assert "\n" not in str(refused.value)


def test_everything_that_is_written_can_be_read_again():
    for preset in (name for name in training_preset_names() if name.startswith("rec-")):
        config = resolve_config(preset, ["x=2"], ["y"])
        assert type(config)(**json.loads(json.dumps(config.model_dump(mode="json")))) == config
