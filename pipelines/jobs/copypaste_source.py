"""Draws the scenes of a CopyPaste job."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste import CopyPaste, CropBank
from pipelines.config import SettingsDict, dump_yaml
from pipelines.datasets.image import decode_image
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_row
from pipelines.errors import format_counts
from pipelines.jobs.copypaste_inputs import CropSource, build_crop_bank, open_crop_source, open_target, unique_names
from pipelines.jobs.copypaste_settings import CopyPasteSettings, ImageOutput
from pipelines.jobs.crop_bank import SourceScan, open_bank, save_bank, scan_source
from pipelines.jobs.encode import ImageFormat
from pipelines.recipes.digest import code_digest, fingerprint_digest
from synthtext.core import InputError, Provenance, Scene, SkippedSample, StreamSource
from synthtext.fonts import FontFile

_ORDER = 5  # the purpose of the random stream of an epoch's order; others have their own


class CopyPasteGenerator:
    """Scene i is the target's picture at place i of an endless series of shuffled epochs, with texts pasted into it.

    Args:
        target: what is pasted into.
        left_out: rows of the target that no scene is made of; not all.
        operation: what pastes.
        output: how pictures are stored.
        seed: 0 to 2**32 - 1.
        prefix: of the keys.
    """

    def __init__(
        self,
        target: SceneSource,
        left_out: Collection[int],
        operation: CopyPaste,
        output: ImageOutput,
        seed: int,
        prefix: str,
    ) -> None:
        self._target, self._operation, self._output = target, operation, output
        self._usable = np.ones(len(target), np.bool_)
        self._usable[list(left_out)] = False
        self._epoch_length = int(self._usable.sum())
        self._seed, self._prefix = seed, prefix
        self._streams = StreamSource(seed)
        self._order = lru_cache(maxsize=2)(self._epoch_order)

    def generate_many(self, indices: Sequence[int]) -> Iterator[Scene | SkippedSample]:
        """Draw scenes in this order."""
        return map(self.generate, indices)

    def generate(self, index: int) -> Scene | SkippedSample:
        """Draw one scene, or say that its target's picture cannot be read."""
        epoch, place = divmod(index, self._epoch_length)
        row = int(self._order(epoch)[place])
        found = read_row(self._target, row)
        if isinstance(found, str):
            return SkippedSample(index, (f"target {found}",))
        try:
            image = decode_image(found.image, found.key)
        except InputError:
            return SkippedSample(index, (f"target {BROKEN_IMAGE}",))
        content, appearance = self._streams.at(index)
        low, high = self._output.quality_range
        drawn = {"target": row, "jpeg_quality": int(appearance.integers(low, high + 1))}
        scene = Scene(f"{self._prefix}{index:010d}", image, found.instances, Provenance(parameters=drawn))
        return self._operation(scene, content)

    def _epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The target's usable rows in the order of an epoch: groups that are read together stay together."""
        rng = np.random.default_rng([epoch, self._seed, _ORDER])
        bounds = self._target.group_offsets
        shuffled = rng.permutation(len(bounds) - 1).tolist()
        order = np.concatenate([rng.permutation(np.arange(bounds[group], bounds[group + 1])) for group in shuffled])
        return np.asarray(order[self._usable[order]], np.int64)


_LIBRARIES = ("numpy", "opencv-python", "pillow")


@dataclass(frozen=True)
class CopyPasteSource:
    """Scenes of a target with crops of sources pasted into them; satisfies `JobRecipe`.

    Attributes:
        target: an absolute path that `open_target` opens.
        sources: absolute paths that `open_crop_source` opens, at least one.
        settings: of the job.
        bank_path: where the crops are kept; every worker must see it under this path.
    """

    target: Path
    sources: tuple[Path, ...]
    settings: CopyPasteSettings
    bank_path: Path

    @property
    def name(self) -> str:
        """For messages."""
        return f"copypaste of {self.target}"

    @property
    def kind(self) -> str:
        """Scenes."""
        return "scenes"

    @property
    def image_format(self) -> ImageFormat:
        """How pictures are stored."""
        return self.settings.output.format

    @property
    def charset(self) -> None:
        """Nobody says what is written in labelled pictures."""

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """None: nothing is set."""
        return ()

    @cached_property
    def scans(self) -> dict[Path, SourceScan]:
        """What is in the target and in the sources; each is read once, not again by workers.

        Raises:
            InputError: not one picture of the target can be used.
        """
        found = {self.target: scan_source(self._target)}
        reasons = found[self.target].reasons
        if reasons.total() == len(self._target):
            raise InputError(
                f"{self.target}: not one of {len(self._target):,} pictures can be used: {format_counts(reasons)}"
            )
        for path, (_, source) in zip(self.sources, self._sources, strict=True):
            if path not in found:
                found[path] = scan_source(source)
        return found

    @property
    def problems(self) -> "Counter[str]":
        """What was wrong with labels, by kind; those of target and sources together."""
        return sum((found.problems for found in self.scans.values()), Counter())

    @property
    def target_left_out(self) -> "Counter[str]":
        """Why pictures of the target are not drawn, counted."""
        return self.scans[self.target].reasons

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return fingerprint_digest(self.fingerprint)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """What the digest is made of, by name."""
        pasting = {key: json.dumps(value) for key, value in self.settings.to_dict().items() if key != "crops"}
        return {
            "mode": self.settings.mode_name,
            "target": self.scans[self.target].digest,
            **{f"setting {key}": value for key, value in pasting.items()},
            **self._bank_fingerprint,
        }

    @cached_property
    def _bank_fingerprint(self) -> dict[str, str]:
        sources = {
            f"source {i}": f"{name} {self.scans[path].digest}"
            for i, (path, (name, _)) in enumerate(zip(self.sources, self._sources, strict=True))
        }
        return {
            **sources,
            "setting crops": json.dumps(self.settings.to_dict()["crops"]),
            **{f"version of {library}": version(library) for library in _LIBRARIES},
            "generator code": code_digest(Path(__file__).parent, Path(__file__).parents[1] / "datasets"),
        }

    @property
    def bank_digest(self) -> str:
        """Of what decides the crops."""
        return fingerprint_digest(self._bank_fingerprint)

    def build_bank(self) -> tuple[CropBank, "Counter[str]"]:
        """The crops and why texts were left out: from the file if it is of these sources, else cut and written.

        Raises:
            InputError: there is not one crop.
            JobError: the file cannot be written.
        """
        found = open_bank(self.bank_path, self.bank_digest)
        if found is None:
            bank, left_out = build_crop_bank(self._sources, self.settings.crops)
            CopyPaste(bank, self.settings.mode)  # refuses crops that the mode cannot paste, before anything is written
            save_bank(self.bank_path, bank, self.bank_digest, left_out)
            found = open_bank(self.bank_path, self.bank_digest)
        if found is None:
            raise InputError(f"{self.bank_path} was replaced while it was written: start the job again")
        return found

    def to_yaml(self) -> str:
        """Everything from which the job can be repeated."""
        tree: SettingsDict = {
            "kind": self.kind,
            "copypaste": {
                "target": str(self.target),
                "from": [str(path) for path in self.sources],
                "mode": self.settings.mode_name,
                **self.settings.to_dict(),
            },
        }
        return dump_yaml(tree)

    def generator(self, seed: int) -> CopyPasteGenerator:
        """A generator of its scenes; it maps the crops.

        Raises:
            InputError: the seed is not from 0 to 2**32 - 1, or the crops are not those of the sources.
        """
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed} must be from 0 to {2**32 - 1}")
        found = open_bank(self.bank_path, self.bank_digest)
        if found is None:
            raise InputError(f"{self.bank_path} is missing or of other sources: every worker must see the one folder")
        operation = CopyPaste(found[0], self.settings.mode)
        return CopyPasteGenerator(
            self._target, self.scans[self.target].left_out, operation, self.settings.output, seed, self.digest[:8]
        )

    @cached_property
    def _target(self) -> SceneSource:
        return open_target(self.target)

    @cached_property
    def _sources(self) -> list[tuple[str, CropSource]]:
        return [
            (name, open_crop_source(path)) for name, path in zip(unique_names(self.sources), self.sources, strict=True)
        ]

    def __getstate__(self) -> dict[str, object]:
        _ = self.scans  # so that workers need not read everything again
        return {name: self.__dict__[name] for name in (*(field.name for field in fields(self)), "surveys")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
