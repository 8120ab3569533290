"""Splits: datasets of the same recipe that share no sample, and label files that share no image."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from pipelines.datasets.label_file import line_offsets, read_label_rows, read_labelled_image
from pipelines.datasets.outside import outside_allowed
from pipelines.datasets.source import MissingDataError
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.io.card import CARD_FILE, card_problem, read_text, split_folders
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DESCRIPTION_FILE, read_description
from pipelines.io.paths import AnyPath, wrap_read_errors
from pipelines.io.plan import ShardPlan
from pipelines.io.split import Split
from pipelines.jobs.generation import generate
from pipelines.jobs.shard_job import JobOptions
from pipelines.jobs.summary import JobSummary
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import InputError


def generate_splits(
    recipe: str | ResolvedRecipe,
    out: str | AnyPath,
    count: int,
    splits: Sequence[Split],
    *,
    overrides: Sequence[str] = (),
    start: int = 0,
    seed: int = 0,
    **options: Unpack[JobOptions],
) -> list[JobSummary]:
    """Generate the samples of a recipe into one dataset for each split, OUT/NAME, or resume an interrupted job.

    A hash of its index decides to which split a sample belongs, whatever the seed, the number of samples and the
    number of workers. The samples are those that `generate` writes without splits.

    Args:
        recipe: as for `generate`, and so are the arguments that are not listed here.
        out: folder of the splits and of the card by which Hugging Face `datasets` loads them, or its URI.
        count: number of samples of all splits together.
        splits: see `parse_splits`.

    Raises:
        InputError: an argument is invalid, the folder holds something else, or a split would be empty.
        JobError: see `generate`.
    """
    folder, names = DatasetFolder(out), [split.name for split in splits]
    foreign = [name for name in folder.files.list_names() if name in (DESCRIPTION_FILE, "shards")]
    others = set(split_folders(folder.path)) - set(names)
    if foreign or others:
        held = f"the splits {', '.join(sorted(others))}" if others else "a dataset without splits"
        raise InputError(f"{folder.path} holds {held}: use another folder for the splits {', '.join(names)}")
    for split in splits:
        if not any(spec.samples for spec in ShardPlan(count, start, 1000, split)):
            raise InputError(f"none of {count:,} samples falls into the split {split}: generate more samples")
    resolved = resolve_recipe(recipe, overrides) if isinstance(recipe, str) else recipe
    summaries = [
        generate(resolved, folder.path / split.name, count, start=start, seed=seed, split=split, **options)
        for split in splits
    ]
    folder.write_card({name: read_description(folder.path / name / DESCRIPTION_FILE) for name in names})
    return summaries


def check_split_card(out: str | AnyPath, *, repair: bool) -> str:
    """Return the problem of the card of a folder of splits, with its fix; empty if it has none or is another folder.

    Args:
        out: the folder, or its URI.
        repair: write the card again instead.
    """
    folder = DatasetFolder(out)
    paths = split_folders(folder.path)
    parts = {name: read_description(path / DESCRIPTION_FILE) for name, path in paths.items()}
    complete = bool(parts) and all(part.complete for part in parts.values())
    problem = card_problem(read_text(folder.path / CARD_FILE), parts) if complete else ""
    if problem and repair:
        folder.write_card(parts)
        return ""
    return f"{CARD_FILE}: {problem}; --repair writes it again" if problem else ""


def split_labels(labels: Path, out: Path, splits: Sequence[Split]) -> tuple[dict[Path, int], int]:
    """Split a label file by a hash of each image file, so that copies of an image fall into the same split.

    Args:
        labels: of lines or scenes: a path, a tab and a label on every line.
        out: folder of the new label files, NAME.txt, with paths relative to it; the images must be below it.
        splits: see `parse_splits`.

    Returns:
        The number of labels by file, and the number of labels without an image, which are left out.

    Raises:
        InputError: the label file cannot be read, a split would be empty, an image lies outside of the folder, or a
            file exists with other labels.
        JobError: the folder cannot be written.
    """
    rows: dict[str, list[str]] = {split.name: [] for split in splits}
    counts: Counter[str] = Counter()
    for name, label in read_label_rows(labels, line_offsets(labels)):
        try:
            image = read_labelled_image(labels, name)
        except MissingDataError:
            counts["missing"] += 1
            continue
        split = next(split for split in splits if split.has(image))
        path = os.path.relpath(labels.parent / name, out)
        if path.startswith("..") and not outside_allowed():
            raise InputError(
                f"the image {labels.parent / name} lies outside of {out}, and a label file may not lead out of its "
                f"folder: use -o {labels.parent}"
            )
        rows[split.name].append(f"{path}\t{label}\n")
    files = {out / f"{name}.txt": "".join(lines) for name, lines in rows.items()}
    for file, text in files.items():
        if not text:
            raise InputError(f"none of the images of {labels} falls into {file.stem}: give it a larger share")
        with wrap_read_errors(file):
            if file.exists() and file.read_bytes() != text.encode():
                raise InputError(f"{file} exists with other labels: remove it, or choose another folder")
    for file, text in files.items():
        with wrap_write_errors(file):
            out.mkdir(parents=True, exist_ok=True)
            write_atomic(file, text)
    return {out / f"{name}.txt": len(lines) for name, lines in rows.items()}, counts["missing"]
