"""Adaptations from photographs to a network, with a reader of colours in place of a trained recognizer."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from models.ctc import RecognitionResult
from pipelines.adaptation import recognizer_round, recognizer_scores
from pipelines.adaptation.adapt import adapt
from pipelines.adaptation.calibration import Calibration
from pipelines.adaptation.photo_sources import open_photos
from pipelines.adaptation.photos import SCORED, WITHOUT_TEXT, adapt_source, collect_lines, held_out_source
from pipelines.adaptation.round import AdaptResult
from pipelines.adaptation.settings import AdaptSettings
from pipelines.adaptation.steps import run_step
from pipelines.cli.main import app
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerSettings, create_run, open_run
from synthtext.core import Charset, Image, InputError

DIGITS = Charset(tuple("0123456789"))
LEVELS = 25  # colours, each a text


class ColourReader:
    """Reads the brightness of a line as a number. It is the more confident, the clearer the colour."""

    charset, preprocessing = DIGITS, RecognizerPreprocessing(height=32)

    def __init__(self, confidence: float) -> None:
        self._confidence = confidence

    def read(self, lines: Sequence[Image], batch_size: int = 0) -> list[RecognitionResult]:
        return [RecognitionResult(str(round(line.mean() / 10)), self._confidence) for line in lines]


def write_photos(folder: Path, count: int, seed: int = 0) -> Path:
    """Write lines of one colour each, with noise, so that no two are near duplicates."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for number in range(count):
        image = np.full((32, 96, 3), 10 * (number % LEVELS + 1), np.float64) + rng.normal(0, 3, (32, 96, 1))
        cv2.imwrite(str(folder / f"{number:03d}.png"), np.clip(image, 0, 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory of a small recognizer with random weights."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    sizes = RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=8)
    settings = {"kind": "recognizer", "network": sizes.model_dump()}
    run = create_run(folder, settings, RecognizerPreprocessing(height=32), DIGITS)
    run.save_weights(sizes.build(DIGITS, 32))
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 60)


SETTINGS = AdaptSettings(
    base="digits",
    rounds=2,
    samples=8,
    generated=20,
    fit_rounds=0,
    train=("batch_size=4", "data_workers=0", "threads=1", "validate_every=100"),
)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of rounds are read more confidently than the first one, and round 2 no more than round 1."""

    def open_recognizer(path: Path) -> Any:
        return ColourReader(0.97 if path.parent.name.startswith("round") else 0.9)

    monkeypatch.setattr(recognizer_round, "open_recognizer", open_recognizer)
    # The reader cannot read generated digits, which the calibration would otherwise be fitted to.
    monkeypatch.setattr(recognizer_scores, "fit_calibration", lambda readings, is_right: Calibration((0, 0, 1)))


@pytest.fixture(scope="module")
def finished(model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AdaptResult]:
    with pytest.MonkeyPatch.context() as patch:
        readers.__wrapped__(patch)  # type: ignore[attr-defined]
        out = tmp_path_factory.mktemp("adapted") / "out"
        return out, adapt(model, [str(photos)], out, SETTINGS)


@pytest.mark.train
def test_rounds_end_with_the_first_one_without_gain(finished: tuple[Path, AdaptResult]) -> None:
    out, result = finished
    first, second = result.rounds
    assert result.best == 1
    assert (first.decision.accepted, second.decision.accepted) == (True, False)
    assert first.kept == first.candidates == 48
    assert first.corpus == LEVELS
    assert first.after.statistics["confidence"] == pytest.approx(0.97)
    assert second.before == first.after
    assert open_run(out / "model").load_model()
    lines = (out / "round-1" / "corpus.txt").read_text().splitlines()
    assert {lines.count(text) for text in lines} == {3}


@pytest.mark.train
def test_the_held_out_photographs_are_not_trained_on(finished: tuple[Path, AdaptResult]) -> None:
    out, _ = finished
    sources = [adapt_source(out / "photos"), held_out_source(out / "photos")]
    kept, held_out = ({line.image for line in source.read(np.arange(len(source)))} for source in sources)
    assert (len(kept), len(held_out)) == (48, 12)
    pseudo = open_line_source(out / "round-1" / "pseudo" / "labels.tsv")
    trained = {line.image for line in pseudo.read(np.arange(len(pseudo)))}
    assert len(pseudo) == 3 * 48
    assert kept <= trained
    assert not held_out & trained


REPEATED = {  # of round 1 and of the result
    *("readings.json", "recipe.json", "training.json", "held_out.json", "scores.json", "round.json"),
    *("pseudo", "run", "generated", "recipe.yaml", "corpus.txt", "model", "result.json"),
}


@pytest.mark.train
def test_a_killed_adaptation_resumes_with_the_same_result(
    model: Path,
    photos: Path,
    finished: tuple[Path, AdaptResult],
    readers: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, whole = finished

    def dying(path: Path, kind: type[Any], make: Callable[[], Any]) -> Any:
        if not path.exists():
            run_step(path, kind, make)
            raise KeyboardInterrupt
        return run_step(path, kind, make)

    folder = tmp_path / "out"
    shutil.copytree(out, folder, ignore=lambda path, names: [] if path.endswith("-2") else REPEATED & set(names))
    with monkeypatch.context() as patch:
        patch.setattr(recognizer_round, "run_step", dying)
        patch.setattr("pipelines.adaptation.round.run_step", dying)
        stops = 0
        while True:
            try:
                resumed = adapt(model, [str(photos)], folder, SETTINGS)
                break
            except KeyboardInterrupt:
                stops += 1
    assert stops == 7  # six steps of the round, and the readings of the first recognizer
    assert resumed.rounds == whole.rounds
    weights = [(each / "round-1" / "run" / "weights.safetensors").read_bytes() for each in (out, folder)]
    assert weights[0] == weights[1]


@pytest.mark.train
def test_another_adaptation_does_not_resume(model: Path, photos: Path, finished: tuple[Path, AdaptResult]) -> None:
    out, _ = finished
    with pytest.raises(InputError, match="adaptation with samples=8, not 16"):
        adapt(model, [str(photos)], out, SETTINGS.model_copy(update={"samples": 16}))
    with pytest.raises(InputError, match="other photos"):
        adapt(model, [str(photos), str(photos)], out, SETTINGS)


@pytest.mark.train
def test_the_command_writes_a_page(
    model: Path, photos: Path, finished: tuple[Path, AdaptResult], tmp_path: Path, readers: None
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    settings = [part for entry in SETTINGS.train for part in ("--train", entry)]
    options = ["--base", "digits", "--rounds", "2", "--samples", "8", "--select", "3"]
    done = CliRunner().invoke(app, ["adapt", str(model), str(photos), "-o", str(out), *options, *settings])
    assert isinstance(done.exception, InputError)  # another number of generated lines: the option has no command line
    assert "generated=20" in str(done.exception)
    job = json.loads((out / "adapt.json").read_text())
    job["settings"] |= {"generated": 400, "fit_rounds": 4}
    (out / "adapt.json").write_text(json.dumps(job))
    done = CliRunner().invoke(app, ["adapt", str(model), str(photos), "-o", str(out), *options, *settings])
    assert done.exit_code == 0, done.output
    page = (out / "report.html").read_text()
    assert "The model is that of round 1" in page
    assert page.count("<h2>Round") == 2
    assert (out / "to_label" / "to_label.html").is_file()


def test_photographs_without_text_end_with_a_sentence(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer_round, "open_recognizer", lambda path: ColourReader(0.4))
    with pytest.raises(InputError, match=r"only 0 of 48 lines .*below the band.* give photographs with text"):
        adapt(model, [str(photos)], tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out" / "model").exists()


def test_labelled_images_and_their_near_duplicates_are_left_out(photos: Path, tmp_path: Path) -> None:
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    for name in ("003.png", "004.png"):
        shutil.copy(photos / name, labelled / name)
    (labelled / "labels.tsv").write_text("003.png\t4\n004.png\t5\n")
    sources = open_photos([str(photos)], "crops")
    found = collect_lines(sources, tmp_path / "out", None, [open_line_source(labelled / "labels.tsv")], 0.2, 0)
    assert found.left_out == {SCORED: 2}
    assert found.lines + found.held_out == 58


def test_pictures_are_cut_into_lines(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(25):
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, (200, 300, 3), np.uint8))

    def detect(image: Image) -> Any:
        quads = [np.array([[10, y], [110, y], [110, y + 20], [10, y + 20]], np.float32) for y in (10, 60)]
        return SimpleNamespace(polygons=quads if image[0, 0, 0] < 200 else [])

    detector: Any = SimpleNamespace(detect=detect, postprocessing=SimpleNamespace(paddle_compat=False))
    sources = open_photos([str(folder)], "auto")
    assert [source.are_lines for source in sources] == [False]
    found = collect_lines(sources, tmp_path / "out", detector, [], 0.3, 0)
    with_text = found.pictures
    assert found.left_out == {WITHOUT_TEXT: 25 - with_text}
    assert found.lines + found.held_out == 2 * with_text
    groups = [
        {found.keys[line.key].split(",")[0] for line in source.read(np.arange(len(source)))}
        for source in (adapt_source(tmp_path / "out"), held_out_source(tmp_path / "out"))
    ]
    assert not groups[0] & groups[1]


def test_too_few_photographs(tmp_path: Path) -> None:
    sources = open_photos([str(write_photos(tmp_path / "few", 5))], "auto")
    with pytest.raises(InputError, match="5 lines of text were found"):
        collect_lines(sources, tmp_path / "out", None, [], 0.2, 0)


def test_the_recipe_must_be_one_of_lines(model: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="generates scenes, not lines"):
        adapt(model, [str(photos)], tmp_path, SETTINGS.model_copy(update={"base": "scenes"}))


def test_a_detector_of_lines_is_refused(model: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--det finds the lines of whole pictures"):
        adapt(model, [str(photos)], tmp_path / "out", SETTINGS.model_copy(update={"det": "published"}))
