import pytest
import torch

from models.backbones.lcnet import PPLCNet
from models.backbones.mobilenet_v3 import MobileNetV3Small
from pipelines.datasets.open import LineDataset, SceneDataset
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.resolve import OnnxModel, resolve
from pipelines.inference.run import (
    CHARSET_FILE,
    CONFIG_FILE,
    WEIGHTS_FILE,
    DetectorRun,
    RecognizerRun,
    RecognizerSettings,
    create_run,
    open_run,
)
from synthtext.core import Charset, InputError

CHARACTERS = Charset((*"ab9", " ", "é"))
NETWORK = RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=8)


def make_run(folder, network=NETWORK):
    config = {"kind": "recognizer", "network": network.model_dump()}
    return create_run(folder, config, RecognizerPreprocessing(height=48, channels="rgb"), CHARACTERS)


def test_open_run_reads_the_files_of_create_run(tmp_path):
    torch.manual_seed(0)
    made = make_run(tmp_path / "new" / "run")
    model = NETWORK.build(CHARACTERS, 48).to(memory_format=torch.channels_last)
    made.save_weights(model)
    run = open_run(tmp_path / "new" / "run")
    assert run.charset == CHARACTERS
    assert run.preprocessing == RecognizerPreprocessing(height=48, channels="rgb")
    loaded = run.load_model()
    assert not loaded.training
    assert loaded.config.num_classes == len(CHARACTERS) + 1
    images = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        assert torch.equal(loaded(images).logits, model.eval()(images).logits)


def test_backbone_setting_defaults_to_pp_lcnet(tmp_path):
    other = RecognizerSettings(backbone="mobilenet_v3", backbone_scale=0.25, neck_hidden=8, head_dim=8)
    for network, kind in ((NETWORK, PPLCNet), (other, MobileNetV3Small)):
        run = make_run(tmp_path / kind.__name__, network)
        run.save_weights(network.build(CHARACTERS, 48))
        assert isinstance(run.load_model().backbone, kind)
    path = tmp_path / "PPLCNet" / CONFIG_FILE
    path.write_text(path.read_text().replace("  backbone: lcnet\n", ""))
    assert "backbone" not in open_run(path.parent).config["network"]
    assert isinstance(open_run(path.parent).load_model().backbone, PPLCNet)


def test_no_file_contains_pickled_objects(tmp_path):
    make_run(tmp_path).save_weights(NETWORK.build(CHARACTERS, 48))
    assert {path.suffix for path in tmp_path.iterdir()} == {".yaml", ".json", ".txt", ".safetensors"}
    assert not any(b"pickle" in path.read_bytes() or path.read_bytes()[:2] == b"PK" for path in tmp_path.iterdir())


def test_missing_run_directory_is_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere is not a run directory: there is no such folder"):
        open_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has no config\.yaml"):
        open_run(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used as a run directory"):
        make_run(tmp_path / "file")


def test_missing_damaged_or_mismatched_weights_are_refused(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(InputError, match="no validation has run"):
        run.load_model()
    run.save_weights(RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=16).build(CHARACTERS, 48))
    with pytest.raises(InputError, match=r"does not fit the network .*size mismatch for head"):
        run.load_model()
    run.save_weights(NETWORK.build(CHARACTERS, 48))
    whole = (tmp_path / WEIGHTS_FILE).read_bytes()
    for part in (whole[:1000], whole[:-7], b""):
        (tmp_path / WEIGHTS_FILE).write_bytes(part)
        with pytest.raises(InputError, match="is damaged"):
            run.load_model()


def test_invalid_settings_and_charset_are_refused(tmp_path):
    make_run(tmp_path)
    (tmp_path / CONFIG_FILE).write_text("network: {backbone_scala: 0.5}\n")
    with pytest.raises(InputError, match=r"unknown key 'backbone_scala'.*'backbone_scale'"):
        open_run(tmp_path).load_model()
    (tmp_path / CHARSET_FILE).write_text("ab\n")
    with pytest.raises(InputError, match=r"charset\.txt"):
        _ = open_run(tmp_path).charset


def test_run_of_the_other_kind_is_refused(tmp_path):
    make_run(tmp_path / "recognizer")
    create_run(tmp_path / "detector", {"kind": "detector"}, DetectorPreprocessing())
    assert isinstance(open_run(tmp_path / "detector"), DetectorRun)
    with pytest.raises(InputError, match="recognizer is a recognizer, not a detector"):
        DetectorRun.open(tmp_path / "recognizer")
    with pytest.raises(InputError, match="detector is a detector, not a recognizer"):
        RecognizerRun.open(tmp_path / "detector")


def test_resolve_finds_models_and_datasets(tmp_path, draw_scenes):
    make_run(tmp_path / "run")
    scenes = draw_scenes(tmp_path / "scenes", 1)
    (tmp_path / "lines.tsv").write_text("scenes/0.png\ttext\n")
    assert isinstance(resolve(tmp_path / "run"), RecognizerRun)
    assert isinstance(resolve(tmp_path / "model.onnx"), OnnxModel)
    assert isinstance(resolve(scenes), SceneDataset)
    assert isinstance(resolve(tmp_path / "lines.tsv"), LineDataset)
    with pytest.raises(InputError, match="there is no such"):
        resolve(tmp_path / "nowhere")
