"""Pastes the texts of some images into others: a dataset of scenes."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, Unpack

from augment.copy_paste import CopyPaste, CropBank
from pipelines.config import SettingsDict
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import describe_label_problems
from pipelines.errors import format_counts
from pipelines.inference.digest import recognizer_digest
from pipelines.io.atomic import staging_folder, wrap_write_errors
from pipelines.io.cache import fetch_path
from pipelines.io.dataset_folder import CROP_BANK_FILE, DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ImageFormat
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath
from pipelines.jobs.copypaste_generator import CopyPasteGenerator
from pipelines.jobs.copypaste_inputs import (
    CropSource,
    absolute_inputs,
    build_crop_bank,
    open_crop_source,
    open_target,
    unique_names,
)
from pipelines.jobs.copypaste_settings import (
    CopyPasteSettings,
    mode_name,
    parse_settings,
    settings_from_dict,
)
from pipelines.jobs.crop_bank import SourceScan, open_bank, save_bank, scan_source
from pipelines.jobs.shard_job import JobOptions, JobOutput
from pipelines.jobs.shard_source import SampleSource, code_fingerprint, register_source
from pipelines.jobs.summary import JobSummary, SourceSummary
from pipelines.recipes.digest import code_digest, fingerprint_digest
from synthtext.core import InputError


@register_source("copypaste")
@dataclass(eq=False)
class CopyPasteSource(SampleSource):
    """The scenes of a target with texts of sources pasted into them.

    Attributes:
        target: absolute path of the scenes that are pasted into.
        sources: absolute paths of the scenes or lines whose texts are pasted, at least one.
        settings: how texts are cut and pasted.
        seed: 0 to 2**32 - 1.
        bank_path: of the crop bank in the folder of the dataset; set by `prepare`.
    """

    target: Path
    sources: tuple[Path, ...]
    settings: CopyPasteSettings
    seed: int = 0
    bank_path: AnyPath | None = field(default=None, init=False)

    kind = "scenes"

    @property
    def name(self) -> str:
        """The path of the target."""
        return f"copypaste of {self.target}"

    @property
    def image_format(self) -> ImageFormat:
        """The format of the encoded images."""
        return self.settings.output.format

    @cached_property
    def scans(self) -> dict[Path, SourceScan]:
        """What the target, of which some image must be usable, and the sources hold; read once, and not by workers."""
        scans = {self.target: scan_source(self._target)}
        reasons = scans[self.target].reasons
        if reasons.total() == len(self._target):
            raise InputError(
                f"{self.target}: not one of {len(self._target):,} images can be used: {format_counts(reasons)}"
            )
        for path, (_, source) in zip(self.sources, self._sources, strict=True):
            if path not in scans:
                scans[path] = scan_source(source)
        return scans

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """The content of target and sources, the settings, the code, the libraries."""
        settings = self.settings.to_dict().items()
        return {
            "mode": mode_name(self.settings.mode),
            "target": self.scans[self.target].digest,
            **{f"setting {key}": json.dumps(value) for key, value in settings if key not in ("crops", "recognizer")},
            **self._bank_fingerprint,
        }

    @cached_property
    def _bank_fingerprint(self) -> dict[str, str]:
        sources, recognizer = zip(self.sources, self._sources, strict=True), self.settings.recognizer
        return {
            **{f"source {i}": f"{name} {self.scans[path].digest}" for i, (path, (name, _)) in enumerate(sources)},
            "setting crops": json.dumps(self.settings.to_dict()["crops"]),
            **({"recognizer": recognizer_digest(recognizer, None)} if recognizer else {}),
            **code_fingerprint((), ("numpy", "opencv-python", "pillow")),
            "drawing code": code_digest(Path(__file__).parent, Path(__file__).parents[1] / "datasets"),
        }

    @property
    def bank_digest(self) -> str:
        """SHA-256 of everything that decides the crops."""
        return fingerprint_digest(self._bank_fingerprint)

    def to_recipe(self) -> SettingsDict:
        """The paths and the settings."""
        return {
            "kind": "copypaste",
            "target": str(self.target),
            "from": [str(path) for path in self.sources],
            "mode": mode_name(self.settings.mode),
            "settings": self.settings.to_dict(),
        }

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        settings = settings_from_dict(recipe["mode"], recipe["settings"])
        return cls(Path(recipe["target"]), tuple(map(Path, recipe["from"])), settings, description.seed or 0)

    def prepare(self, folder: DatasetFolder) -> None:
        """Open the bank of the folder, or cut the crops. Raises InputError if there are none or the bank is broken."""
        self.bank_path = folder.path / CROP_BANK_FILE
        self.__dict__["bank"] = self._stored_bank() or build_crop_bank(
            self._sources, self.settings.crops, self.settings.recognizer
        )
        self.open()

    def store(self, folder: DatasetFolder) -> None:
        """Write the crop bank into the folder, unless it is there. Raises JobError if the folder cannot be written."""
        path, (bank, left_out) = folder.path / CROP_BANK_FILE, self.bank
        if self._stored_bank() is not None:
            return
        if isinstance(path, Path):
            save_bank(path, bank, self.bank_digest, left_out)
            for name in ("bank", "generator"):  # read the file from now on, and free the memory
                self.__dict__.pop(name, None)
            return
        with staging_folder() as local, wrap_write_errors(path):
            save_bank(local / path.name, bank, self.bank_digest, left_out)
            path.upload(local / path.name)

    @cached_property
    def bank(self) -> tuple[CropBank, "Counter[str]"]:
        """The crops, and the texts that were not cut, by reason; from the bank in the folder, if not just cut."""
        found = self._stored_bank()
        if found is None:
            raise InputError(
                f"{self.bank_path} is missing or was made from other sources: every worker must see the folder"
            )
        return found

    def _stored_bank(self) -> tuple[CropBank, "Counter[str]"] | None:
        """The crop bank in the folder of the dataset; None if there is none of these sources."""
        path = self.bank_path
        if isinstance(path, RemotePath):
            path = fetch_path(path) if path.is_file() else None
        return None if path is None else open_bank(path, self.bank_digest)

    def open_generator(self) -> "CopyPasteGenerator":
        """Open the target and the crop bank."""
        copy_paste = CopyPaste(self.bank[0], self.settings.mode)
        left_out = self.scans[self.target].left_out
        return CopyPasteGenerator(self._target, left_out, copy_paste, self.settings.output, self.seed, self.digest[:8])

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """The number of crops, and what was left out or repaired."""
        bank, left_out = self.bank
        notes = [f"crops to paste: {len(bank):,}" + (f"; left out: {format_counts(left_out)}" if left_out else "")]
        if target_left_out := self.scans[self.target].reasons:
            notes.append(f"target images left out: {format_counts(target_left_out)}")
        if problems := sum((scan.problems for scan in self.scans.values()), Counter[str]()):
            notes.append(f"labels {describe_label_problems(problems)}")
        return SourceSummary(tuple(notes))

    @cached_property
    def _target(self) -> SceneSource:
        return open_target(self.target)

    @cached_property
    def _sources(self) -> list[tuple[str, CropSource]]:
        names = unique_names(self.sources)
        return [(name, open_crop_source(path)) for name, path in zip(names, self.sources, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"scans": self.scans}  # so that workers need not read everything again


def copypaste(
    target: str | Path,
    out: str | Path,
    count: int,
    *,
    sources: Sequence[str | Path] = (),
    mode: str = "natural",
    overrides: Sequence[str] = (),
    seed: int = 0,
    **options: Unpack[JobOptions],
) -> JobSummary:
    """Paste texts of sources into the images of a target, or resume an interrupted job.

    Args:
        target: scenes (a dataset, a label file, an LMDB), or a folder of images without text.
        out: folder of the dataset of scenes, or its URI; it may hold a part of the same dataset.
        count: number of scenes of the whole dataset; more than the target has give several variants of each.
        sources: scenes or lines whose texts are pasted; by default those of the target.
        mode: "natural" or "paddle".
        overrides: settings of the form `key=value`.
        seed: 0 to 2**32 - 1.
        options: `workers`, `address`, `shard_size` and `format`, as for `generate`; all machines must see the inputs
            under the same paths.

    Raises:
        InputError: an argument is invalid, or the folder holds another dataset; nothing was written.
        JobError: too many target images cannot be read, the disk is full, or another job is writing to the folder.

    Examples:
        >>> from pipelines import copypaste
        >>> copypaste("data/scenes", "data/pasted", count=2, workers=0).rows
        2
    """
    settings = parse_settings(mode, overrides)
    output = JobOutput(out, **options)
    paths = absolute_inputs((target, *(sources or (target,))), output.folder.path)
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed} must be from 0 to {2**32 - 1}")
    return output.run(CopyPasteSource(paths[0], tuple(paths[1:]), settings, seed), count)
