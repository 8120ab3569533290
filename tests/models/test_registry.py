"""Registries, and a loss term that a test registers."""

import pytest
import torch

from models.backbones.base import DETECTOR_BACKBONES, RECOGNIZER_BACKBONES
from models.losses.base import RECOGNIZER_LOSSES, LossTerm
from models.necks.base import DETECTOR_NECKS, RECOGNIZER_NECKS
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.training.networks import TrainedNetworks
from pipelines.training.resolve import resolve_config
from synthtext.core import InputError


def test_all_parts_register_themselves():
    assert RECOGNIZER_BACKBONES.names() == ("lcnet", "mobilenet_v3")
    assert DETECTOR_BACKBONES.names() == ("mobilenet_v3", "resnet18")
    assert (RECOGNIZER_NECKS.names(), DETECTOR_NECKS.names()) == (("lstm", "svtr"), ("db_fpn",))


def test_an_unknown_name_suggests_the_most_similar_one():
    with pytest.raises(InputError, match="there is no backbone of recognizers 'lcnett'; did you mean 'lcnet'"):
        RECOGNIZER_BACKBONES["lcnett"]
    with pytest.raises(ValueError, match="registered twice"):
        RECOGNIZER_BACKBONES.register("lcnet")(object)


@pytest.mark.parametrize("name", RECOGNIZER_BACKBONES.names())
@pytest.mark.parametrize("width", [32, 33, 100, 321])
def test_backbones_of_recognizers_report_their_time_steps(name, width):
    backbone = RECOGNIZER_BACKBONES[name](0.125).eval()
    with torch.no_grad():
        assert backbone(torch.zeros(1, 3, 32, width)).shape[2:] == (1, backbone.time_steps(width))


def test_a_registered_term_can_be_used_in_settings(monkeypatch):
    RECOGNIZER_LOSSES.names()  # loads all modules that register terms
    monkeypatch.setattr(RECOGNIZER_LOSSES, "_entries", {**RECOGNIZER_LOSSES._entries})

    @RECOGNIZER_LOSSES.register("logit_norm")
    class LogitNormTerm(LossTerm):
        def forward(self, outputs, labels, progress):
            return {"logit_norm": outputs.student.logits.square().mean()}

    edge = "{student: student, target: labels, weight: 2, terms: {ctc: 1, logit_norm: 0.5}}"
    config = resolve_config("rec-lcnet", overrides=[f"network_group.losses=[{edge}]"])
    student = Recognizer(RecognizerConfig(11, backbone_scale=0.125, neck_hidden=8, head_dim=8))
    model = TrainedNetworks(config, {"student": student}, {})
    assert list(model.terms["student/labels"]) == ["ctc", "logit_norm"]
    assert config.term_weights(config.network_group.losses[0]) == {"ctc": 2, "logit_norm": 1}
