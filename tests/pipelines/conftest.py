"""The published models in RUNs and files, made once; data sets of given rows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipelines.exchange.export import export
from pipelines.exchange.importing import import_model
from pipelines.published import DETECTOR, RECOGNIZER, model_file
from pipelines.shards import DatasetFolder, Description, LineRow, SceneRow, ShardPlan, write_shard
from synthtext.core import Gap


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


@pytest.fixture(scope="session")
def dataset() -> Callable[..., Path]:
    """Write rows or gaps of one kind into a folder of shards."""

    def write(path: Path, rows: Sequence[LineRow | SceneRow | Gap], form: str = "parquet", size: int = 4) -> Path:
        kind = next(type(row) for row in rows if not isinstance(row, Gap))
        plan, folder, digest = ShardPlan(len(rows), size=size), DatasetFolder(path), "0badcafe" * 8
        about = Description(kind=kind.KIND, source="test", digest=digest, count=len(rows), shard_size=size, format=form)
        with folder.open():
            folder.write_description(about)
            for spec in plan:
                drawn = rows[spec.start : spec.start + spec.count]
                folder.commit(write_shard(drawn, kind, spec, digest, folder.shards, form))
        return path

    return write
