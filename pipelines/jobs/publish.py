"""Prepares and verifies a dataset for publication on the Hugging Face Hub. Nothing is uploaded."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.errors import JobError
from pipelines.io.card import CARD_FILE, UNKNOWN_LICENCE, card_header, card_problem, read_text, split_folders
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.paths import AnyPath, local_path
from pipelines.jobs.check_dataset import CheckReport, check_dataset
from synthtext.core import InputError

_ROWS = 8  # of every split that are loaded


@dataclass
class Publication:
    """The result of a verification.

    Attributes:
        reports: of the datasets that were checked.
        notes: what was verified, and what is left to do, a sentence each.
        command: uploads the folder; empty if there are problems.
    """

    reports: list[CheckReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    command: str = ""


def prepare_publication(out: str | AnyPath, workers: int = 0) -> Publication:
    """Write the card of a dataset, or of a folder of splits, where it is out of date, and verify the folder.

    Args:
        out: the folder, on a disk.
        workers: Ray processes for the check; 0 uses this process.

    Raises:
        InputError: there is no dataset, it is incomplete, or its shards are LMDBs.
        JobError: `datasets` cannot load the folder, or loads other rows.
    """
    folder = DatasetFolder(local_path(out, "a dataset to publish"))
    paths = split_folders(folder.path) or {"": folder.path}
    parts = {name: read_description(path / DESCRIPTION_FILE) for name, path in paths.items()}
    for name, part in parts.items():
        if not part.complete:
            raise InputError(f"{paths[name]} is not complete: re-run the command that makes it")
        if part.format != "parquet":
            raise InputError(
                f"{paths[name]} has shards in LMDB, which the Hub does not load: use --shard-format parquet"
            )
        _update_card(DatasetFolder(paths[name]), {"": part})
    _update_card(folder, parts)
    publication = Publication([check_dataset(path, workers) for path in paths.values()])
    if not any(report.problems.counts for report in publication.reports):
        publication.notes = [_verify(folder.path, parts), *_licence_notes(folder.path, parts)]
        name = shlex.quote(str(folder.path))
        publication.command = f"hf upload USER/NAME {name} . --repo-type dataset --exclude .lock"
    return publication


def _update_card(folder: DatasetFolder, parts: Mapping[str, DatasetDescription]) -> None:
    if card_problem(read_text(folder.path / CARD_FILE), parts):
        folder.write_card(parts)


def _licence_notes(folder: AnyPath, parts: Mapping[str, DatasetDescription]) -> list[str]:
    notes = []
    if card_header(read_text(folder / CARD_FILE) or "").get("license", UNKNOWN_LICENCE) == UNKNOWN_LICENCE:
        notes.append(f"the licence is unknown: set license: in the header of {folder / CARD_FILE}, such as cc-by-4.0")
    if families := sorted({font.family for part in parts.values() for font in part.fonts if not font.licence}):
        notes.append(f"{len(families)} fonts state no licence ({', '.join(families[:5])}): check that you may use them")
    return notes


def _verify(folder: AnyPath, parts: Mapping[str, DatasetDescription]) -> str:
    """Load the first rows of every split as a user of the Hub does."""
    if find_spec("datasets") is None:
        return "not loaded with Hugging Face datasets, which is not installed: pip install datasets"
    datasets: Any = import_module("datasets")
    expected = {part.split.name if part.split else "train": part for part in parts.values()}
    with TemporaryDirectory() as cache:
        try:
            loaded = datasets.load_dataset(str(folder), streaming=True, cache_dir=cache)
            rows = {name: list(islice(split, _ROWS)) for name, split in loaded.items()}
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise JobError(f"{folder} cannot be loaded with Hugging Face datasets: {reason}") from error
    for name, part in expected.items():
        found = rows.get(name, [])
        whole = [row for row in found if row["image"].size == (row["width"], row["height"])]
        if rows.keys() != expected.keys() or len(whole) != min(part.rows or 0, _ROWS):
            raise JobError(f"{folder}: Hugging Face datasets loads other rows of {name} than the shards have")
    return f"loads with Hugging Face datasets {datasets.__version__}: " + ", ".join(
        f"{name} {part.rows or 0:,} rows" for name, part in expected.items()
    )
