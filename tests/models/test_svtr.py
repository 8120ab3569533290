"""The neck of self-attention, and the attention decoder that guides a training with CTC."""

import math

import pytest
import torch

from models.losses.attention import AttentionDecoder, AttentionTerm, sinusoids
from models.losses.base import EdgeOutputs, Progress, RecognitionLabels, TermConfig
from models.losses.settings import CTCLossSettings
from models.necks.svtr import SVTRNeck
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.onnx_export import EXPORT_TOLERANCE, to_onnx
from pipelines.inference.run import create_run
from synthtext.core import Charset, InputError

SMALL = RecognizerConfig(11, backbone_scale=0.125, height=48, neck="svtr", neck_hidden=16, head_dim=8)
LABELS = RecognitionLabels(
    torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1]), torch.tensor([1.0, 0.5]), torch.tensor([12, 6])
)


@pytest.mark.parametrize("steps", [1, 2, 25])
def test_the_neck_keeps_the_time_steps(steps):
    assert SVTRNeck(64, 16).eval()(torch.randn(2, 64, 1, steps)).shape == (2, steps, 64)


def test_every_time_step_depends_on_all_others():
    neck, x = SVTRNeck(64, 16).eval(), torch.randn(1, 64, 1, 40).requires_grad_()
    neck(x)[0, -1].square().sum().backward()
    assert (x.grad.abs().sum((0, 1, 2)) > 0).all()


def test_every_parameter_has_a_gradient():
    model = Recognizer(SMALL)
    model(torch.randn(2, 3, 48, 64)).logits.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(InputError, match="neck_hidden must be a multiple of 8 for the neck svtr, not 20"):
        SVTRNeck(64, 20)


def test_an_exported_network_gives_the_same_probabilities(tmp_path):
    network = {"backbone_scale": 0.125, "neck": "svtr", "neck_hidden": 16, "head_dim": 8}
    preprocessing = RecognizerPreprocessing(height=48)
    run = create_run(tmp_path, {"kind": "recognizer", "network": network}, preprocessing, Charset("0123456789"))
    run.save_weights(Recognizer(SMALL))
    _, difference = to_onnx(run)
    assert difference < EXPORT_TOLERANCE


@pytest.fixture
def decoder():
    return AttentionDecoder(8, 11, width=16).eval()


def test_the_decoder_sees_only_the_characters_before(decoder):
    features, steps = torch.randn(2, 8, 1, 12), LABELS.valid_steps
    logits = decoder(features, steps, LABELS.targets)
    assert logits.shape == (2, 4, 11)
    changed = LABELS.targets.clone()
    changed[0, 1] = 9
    difference = (decoder(features, steps, changed) - logits).abs().amax(2)
    assert difference[0, :2].max() < 1e-6
    assert difference[0, 2:].min() > 1e-4
    assert difference[1].max() < 1e-6


def test_the_decoder_ignores_the_padding_of_a_line(decoder):
    features = torch.randn(2, 8, 1, 12)
    logits = decoder(features, LABELS.valid_steps, LABELS.targets)
    features[1, :, :, 6:] += 5
    torch.testing.assert_close(decoder(features, LABELS.valid_steps, LABELS.targets), logits)


def test_encodings_of_positions_differ():
    encodings = sinusoids(400, 16)
    assert encodings.shape == (400, 16)
    assert torch.pdist(encodings).min() > 0.1
    torch.testing.assert_close(encodings.square().sum(1), torch.full((400,), 8.0))


def test_the_loss_is_that_of_the_characters_and_the_end():
    """Equal logits give the logarithm of the number of classes for each character, and for the end of the text."""
    student = Recognizer(SMALL)
    term = AttentionTerm(TermConfig(CTCLossSettings(attention_weight=0.5), student))
    outputs = EdgeOutputs(student(torch.randn(2, 3, 48, 48)))
    for parameter in term.decoder.classify.parameters():
        torch.nn.init.zeros_(parameter)
    loss = term(outputs, LABELS, Progress(0, 2, 100))["attention"]
    assert float(loss.detach()) == pytest.approx(0.5 * math.log(11) * (4 + 2) / 2)


def test_the_loss_trains_the_backbone_but_not_the_neck():
    student = Recognizer(SMALL)
    term = AttentionTerm(TermConfig(CTCLossSettings(attention_weight=1.0), student))
    term(EdgeOutputs(student(torch.randn(2, 3, 48, 48))), LABELS, Progress(0, 2, 100))["attention"].backward()
    assert student.backbone.conv1.conv.weight.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in student.neck.parameters())
    assert not [name for name in student.state_dict() if "decoder" in name]
