import pytest
import torch

from models.backbones.lcnet import PPLCNet
from models.backbones.mobilenet_v3 import MobileNetV3Small
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import CHARSET_FILE, CONFIG_FILE, WEIGHTS_FILE, RecognizerSettings, Run
from synthtext.core import Charset, InputError

CHARACTERS = Charset((*"ab9", " ", "é"))
NETWORK = RecognizerSettings(scale=0.125, hidden=8, mid=8)


def make_run(folder, network=NETWORK):
    config = {"kind": "recognizer", "network": network.model_dump()}
    return Run.create(folder, config, RecognizerPreprocessing(height=48, channels="rgb"), CHARACTERS)


def test_a_run_reads_what_was_written(tmp_path):
    torch.manual_seed(0)
    made = make_run(tmp_path / "new" / "run")
    model = NETWORK.build(CHARACTERS, 48).to(memory_format=torch.channels_last)
    made.save_weights(model)
    run = Run.open(tmp_path / "new" / "run")
    assert run.charset == CHARACTERS
    assert run.preprocessing == RecognizerPreprocessing(height=48, channels="rgb")
    loaded = run.load_recognizer()
    assert not loaded.training
    assert loaded.config.num_classes == len(CHARACTERS) + 1
    images = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        assert torch.equal(loaded(images).logits, model.eval()(images).logits)


def test_the_backbone_is_what_the_settings_say_and_pp_lcnet_where_they_are_older(tmp_path):
    other = RecognizerSettings(backbone="mobilenet_v3", scale=0.25, hidden=8, mid=8)
    for network, kind in ((NETWORK, PPLCNet), (other, MobileNetV3Small)):
        run = make_run(tmp_path / kind.__name__, network)
        run.save_weights(network.build(CHARACTERS, 48))
        assert isinstance(run.load_recognizer().backbone, kind)
    path = tmp_path / "PPLCNet" / CONFIG_FILE
    path.write_text(path.read_text().replace("  backbone: lcnet\n", ""))
    assert "backbone" not in Run.open(path.parent).config["network"]
    assert isinstance(Run.open(path.parent).load_recognizer().backbone, PPLCNet)


def test_no_python_object_is_stored(tmp_path):
    make_run(tmp_path).save_weights(NETWORK.build(CHARACTERS, 48))
    assert {path.suffix for path in tmp_path.iterdir()} == {".yaml", ".json", ".txt", ".safetensors"}
    assert not any(b"pickle" in path.read_bytes() or path.read_bytes()[:2] == b"PK" for path in tmp_path.iterdir())


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(InputError, match=r"nowhere is no RUN: it is no folder"):
        Run.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has no config\.yaml"):
        Run.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used as a RUN"):
        make_run(tmp_path / "file")


def test_weights_that_are_missing_damaged_or_of_another_network(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(InputError, match="never validated"):
        run.load_recognizer()
    run.save_weights(RecognizerSettings(scale=0.125, hidden=8, mid=16).build(CHARACTERS, 48))
    with pytest.raises(InputError, match=r"does not belong to the network .*size mismatch for head"):
        run.load_recognizer()
    run.save_weights(NETWORK.build(CHARACTERS, 48))
    whole = (tmp_path / WEIGHTS_FILE).read_bytes()
    for part in (whole[:1000], whole[:-7], b""):
        (tmp_path / WEIGHTS_FILE).write_bytes(part)
        with pytest.raises(InputError, match="is damaged"):
            run.load_recognizer()


def test_a_broken_description_is_named(tmp_path):
    make_run(tmp_path)
    (tmp_path / CONFIG_FILE).write_text("network: {scala: 0.5}\n")
    with pytest.raises(InputError, match=r"unknown key 'scala'.*'scale'"):
        Run.open(tmp_path).load_recognizer()
    (tmp_path / CHARSET_FILE).write_text("ab\n")
    with pytest.raises(InputError, match=r"charset\.txt"):
        _ = Run.open(tmp_path).charset
