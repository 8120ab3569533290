"""The published models in RUNs and files, made once."""

from pathlib import Path

import pytest

from pipelines.exchange.export import export
from pipelines.exchange.importing import import_model
from pipelines.published import DETECTOR, RECOGNIZER, model_file


def silent(_line: str) -> None:
    pass


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the RUNs `recognizer` and `detector`."""
    folder = tmp_path_factory.mktemp("published")
    import_model(model_file(RECOGNIZER), "recognizer", folder / "recognizer", say=silent)
    import_model(model_file(DETECTOR), "detector", folder / "detector", say=silent)
    return folder


@pytest.fixture(scope="session")
def exported(published: Path) -> Path:
    """The same as `recognizer.onnx` and `detector.onnx`."""
    from pipelines.run import Run

    for kind in ("recognizer", "detector"):
        export(Run.open(published / kind), published / f"{kind}.onnx", silent)
    return published
