"""Training from the weights of another run, with the same charset or another one."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import torch_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.run import RecognizerSettings, create_run, open_run
from pipelines.training.initial_weights import CharsetChange, load_initial_weights
from pipelines.training.job import train
from pipelines.training.resolve import FINE_TUNING_LR, resolve_config
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.train

NETWORK = RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=8)
OLD = Charset(tuple("abcde "))


def make_run(folder, charset=OLD):
    torch.manual_seed(3)
    config = {"kind": "recognizer", "network": NETWORK.model_dump()}
    run = create_run(folder, config, RecognizerPreprocessing(min_width=320, channels="rgb"), charset)
    model = NETWORK.build(charset, 32)
    torch.nn.init.normal_(model.head.fc2.weight, std=3)
    torch.nn.init.normal_(model.head.fc2.bias, std=3)
    run.save_weights(model)
    return run


def test_classes_are_matched_by_their_characters(tmp_path):
    run = make_run(tmp_path)
    new = Charset(tuple("ecxéB"))  # kept: e, c; é is similar to e; B and x to no kept character
    model = NETWORK.build(new, 32)
    assert load_initial_weights(model, new, run) == CharsetChange(kept=2, new=3, similar=1, dropped=4)
    before, rows = run.load_model().head.fc2, model.head.fc2
    for old, now in ((before.weight, rows.weight), (before.bias, rows.bias)):
        e, c, mean = old[5], old[3], (old[5] + old[3]) / 2
        for row, expected in enumerate((old[0], e, c, mean, (e + mean) / 2, mean)):
            assert torch.allclose(now[row], expected)
    for name, tensor in run.load_model().state_dict().items():
        if not name.startswith("head.fc2"):
            assert torch.equal(model.state_dict()[name], tensor)


@pytest.fixture(scope="module")
def old_run(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    return run, run.load_model()


@settings(max_examples=25)
@given(st.lists(st.sampled_from("abcdeABCDEáçxyz019"), min_size=1, unique=True), st.integers(0, 2**32 - 1))
def test_new_characters_are_not_predicted_before_training(old_run, characters, seed):
    (run, old), charset = old_run, Charset(("a", *(c for c in characters if c != "a")))
    model = NETWORK.build(charset, 32).eval()
    load_initial_weights(model, charset, run)
    images = torch.randn(2, 3, 32, 64, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        logits, before = model(images).logits, old(images).logits
    shared = [0] + [k + 1 for k, c in enumerate(charset) if c in OLD]
    assert torch.isin(logits.argmax(2), torch.tensor(shared)).all()
    old_classes = [0] + [OLD.index[c] + 1 for c in charset if c in OLD]
    assert torch.allclose(logits[..., shared], before[..., old_classes], atol=1e-5)


def test_the_same_charset_gives_the_same_network(tmp_path):
    run = make_run(tmp_path)
    model = NETWORK.build(OLD, 32)
    assert str(load_initial_weights(model, OLD, run)) == "6 characters kept, 0 new, 0 dropped"
    assert all(torch.equal(model.state_dict()[k], v) for k, v in run.load_model().state_dict().items())


def test_weights_that_do_not_fit_are_rejected(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(
        InputError, match=r"init: .* has another network \(.* is .* in the run and .* in this training\)"
    ):
        load_initial_weights(
            RecognizerSettings(backbone_scale=0.125, neck_hidden=16, head_dim=8).build(OLD, 32), OLD, run
        )
    other = Charset(tuple("xyz"))
    with pytest.raises(InputError, match="shares no character"):
        load_initial_weights(NETWORK.build(other, 32), other, run)


def test_init_implies_settings(tmp_path):
    run = make_run(tmp_path)
    config = resolve_config("rec-lcnet", overrides=[f"init={tmp_path}"])
    assert config.network == NETWORK
    assert config.charset == config.init == str(run.folder)
    assert (config.input.min_width, config.input.channels) == (None, "rgb")  # the width follows from the data
    assert (config.spacing_samples, config.optim.lr) == (0, FINE_TUNING_LR)
    assert config.optim.warmup_steps == 200  # the preset's
    config = resolve_config("rec-lcnet", overrides=[f"init={tmp_path}", "charset=ascii", "optim.lr=0.1"])
    assert (config.charset, config.optim.lr) == ("ascii", 0.1)
    (tmp_path / "own.yaml").write_text(f"init: {tmp_path}\ncharset: digits\nspacing_samples: 7\n")
    config = resolve_config(str(tmp_path / "own.yaml"))
    assert (config.charset, config.spacing_samples, config.network) == ("digits", 7, NETWORK)
    config = resolve_config(str(tmp_path / "own.yaml"), overrides=["init=null"])
    assert (config.init, config.network) == (None, RecognizerSettings())
    with pytest.raises(InputError, match="nowhere"):
        resolve_config("rec-lcnet", overrides=["init=nowhere"])


def words(folder, texts):
    folder.mkdir()
    for index, text in enumerate(texts):
        image = np.full((40, 16 + 24 * len(text), 3), 255, np.uint8)
        cv2.putText(image, text, (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{index}.png"), image)
    (folder / "labels.tsv").write_text("".join(f"{k}.png\t{text}\n" for k, text in enumerate(texts)))
    return str(folder / "labels.tsv")


def test_a_smaller_charset_keeps_its_characters(tmp_path, published):
    labels = words(tmp_path / "words", ["Harbour", "STREET", "2047", "market", "Open", "Exit 9"])
    run, charset = open_run(published / "recognizer"), Charset.named("ascii")
    model = run.settings.build(charset, 32)
    change = str(load_initial_weights(model, charset, run))
    assert change == "95 characters kept, 0 new, 6,529 dropped"
    source = open_line_source(labels)
    before = evaluate_recognizer(run.predictor(), source).predictions
    after = evaluate_recognizer(TextRecognizer(torch_recognizer(model), charset, run.preprocessing), source).predictions
    kept = [(b.prediction, a.prediction) for b, a in zip(before, after, strict=True) if charset.covers(b.prediction)]
    assert len(kept) >= 5
    assert all(b == a for b, a in kept)
    lines: list[str] = []
    overrides = [f"init={run.folder}", "charset=ascii", "samples=4", "batch_size=4", "threads=1", "data_workers=0"]
    trained = train("rec-lcnet", tmp_path / "run", [labels], [labels], overrides, lines.append)
    assert any(line.startswith("student: ") and line.endswith(f"weights of {run.folder}: {change}") for line in lines)
    assert any(line.startswith("before the first step: accuracy ") for line in lines)
    assert trained.charset == charset
    assert evaluate_recognizer(trained.predictor(), source).scores.accuracy >= 0.5


def test_invalid_initial_weights_leave_no_folder(tmp_path, published):
    labels = words(tmp_path / "words", ["one", "two"])
    with pytest.raises(InputError, match="has another network"):
        train(
            "rec-lcnet",
            tmp_path / "new",
            [labels],
            [labels],
            [f"init={published / 'recognizer'}", "network.backbone_scale=0.25"],
        )
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match=r"was imported, not trained: .* init="):
        train("rec-lcnet", published / "recognizer", [labels], [labels])
