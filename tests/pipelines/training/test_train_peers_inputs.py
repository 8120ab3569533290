"""Errors of the training of recognizers that learn from each other."""

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
        "network={backbone_scale: 0.125, neck_hidden: 8, head_dim: 8}",
        "samples=8",
        "batch_size=2",
        "threads=1",
    )
    return train(preset, folder, [source], [source], [*settings, *overrides], lambda message: None)


def test_frozen_batch_norm_needs_initial_weights():
    with pytest.raises(InputError, match="freeze_batch_norm needs initial weights for every trained network"):
        resolve_config("rec-lcnet", overrides=["freeze_batch_norm=true"])


def test_initial_weights_and_teachers_that_do_not_fit_are_rejected(tmp_path, draw_lines):
    few, network = (
        draw_lines(tmp_path / "few", ["12", "47"]),
        RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=8),
    )
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
    for teacher, message in (
        ("letters", r"letters cannot be the teacher: its charset has 3 characters, that of this training 10"),
        ("high", r"high cannot be the teacher: its input is 48 pixels high in bgr, that of this training 32 in bgr"),
        ("bare", "no validation has run"),
        ("nowhere", "nowhere"),
    ):
        with pytest.raises(InputError, match=message):
            start("rec-distill", tmp_path / "run", few, f"teacher={tmp_path / teacher}")
    with pytest.raises(
        InputError, match=r"network teacher is frozen and has no weights: name its run directory with teacher="
    ):
        start("rec-distill", tmp_path / "run", few)
    smaller = "network_group.networks.peer.network={backbone_scale: 0.06, neck_hidden: 4, head_dim: 4}"
    with pytest.raises(InputError, match=r"init: .* has another network"):
        start("rec-udml", tmp_path / "run", few, smaller, f"init={tmp_path / 'whole'}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("loss.ctc=focused", r"loss\.ctc: .*'plain' or 'focal'.*not 'focused'"),
        ("loss.center=1", r"unknown key 'loss\.center'; did you mean 'center_weight'"),
        ("loss.ace_weight=-1", r"loss: ace_weight must be from 0"),
        ("loss.mutual_weight=.nan", r"loss: mutual_weight"),
        ("loss.mutual_clip=0", r"loss: mutual_clip"),
        (
            "loss.mutual_samples_range=[5, 2]",
            r"mutual_samples_range must be \[start, end\] with 0 <= start <= end, not \[5, 2\]",
        ),
        ("disjoint_labels=true", r"disjoint_labels needs two or more trained networks, .*not 1 and 64"),
        ("loss.center_samples_range=[5, 9]", "while center_weight is 0"),
        (
            "loss={center_weight: 1, center_samples_range: [9, 5]}",
            r"loss: center_samples_range must increase from 0 or more, not \[9, 5\]",
        ),
        (
            "loss={center_weight: 1, center_samples_range: [9, 400000]}",
            r"would begin after 400,000 samples, but the training has 400,000",
        ),
        ("teacher=runs/x", "frozen network, but there are 0: use preset rec-distill"),
        (
            "network_group.networks={student: {}, peer: {network: {backbone_scale: 9}}}",
            r"network\.backbone_scale.*not 9",
        ),
        ("network_group.networks={student: {}, peer: {network: {neck_channels: 9}}}", r"unknown key .*channels"),
        ("network_group.networks={student: {}, peer: {}}", "peer learns neither from labels nor from a frozen network"),
        (
            "network.backbone=resnet",
            r"network\.backbone: there is no backbone of recognizers 'resnet'; known are lcnet, mobilenet_v3",
        ),
        ("network.neck=ltsm", r"network\.neck: there is no neck of recognizers 'ltsm'; did you mean 'lstm'"),
        (
            "network_group.losses=[{student: student, terms: {ctx: 1}}]",
            "no loss term of recognizers 'ctx'; did you mean 'ctc'",
        ),
        ("network_group.losses=[{student: student, terms: {mutual: 1}}]", "mutual needs a network as its target"),
    ],
)
def test_an_invalid_setting_is_reported(setting, message):
    with pytest.raises(InputError, match=message) as raised:
        resolve_config("rec-lcnet", overrides=[setting])
    assert "\n" not in str(raised.value)


def test_settings_can_be_saved_and_loaded():
    for preset in (name for name in training_preset_names() if name.startswith("rec-")):
        config = resolve_config(preset, ["x=2"], ["y"])
        assert type(config)(**json.loads(json.dumps(config.model_dump(mode="json")))) == config
