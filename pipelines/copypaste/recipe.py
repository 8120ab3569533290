"""What a CopyPaste job draws."""

import json
from collections import Counter
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from augment.copy_paste import CopyPaste, CropBank
from pipelines.config import Tree, dump_yaml
from pipelines.copypaste.cutting import cut_bank
from pipelines.copypaste.generator import CopyPasteGenerator
from pipelines.copypaste.settings import CopyPasteSettings
from pipelines.copypaste.sources import CropSource, open_crop_source, open_target, short_names
from pipelines.copypaste.storage import open_bank, save_bank
from pipelines.copypaste.survey import Survey, survey
from pipelines.counts import describe_counts
from pipelines.generate.encode import PictureFormat
from pipelines.reader import SceneSource
from pipelines.recipe import code_digest, digest_of, python_version
from synthtext.core import InputError
from synthtext.fonts import FontFile

_LIBRARIES = ("numpy", "opencv-python", "pillow")


@dataclass(frozen=True)
class CopyPasteRecipe:
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
    def picture_format(self) -> PictureFormat:
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
    def surveys(self) -> dict[Path, Survey]:
        """What is in the target and in the sources; each is read once, not again by workers.

        Raises:
            InputError: not one picture of the target can be used.
        """
        found = {self.target: survey(self._target)}
        reasons = found[self.target].reasons
        if reasons.total() == len(self._target):
            raise InputError(
                f"{self.target}: not one of {len(self._target):,} pictures can be used: {describe_counts(reasons)}"
            )
        for path, (_, source) in zip(self.sources, self._sources, strict=True):
            if path not in found:
                found[path] = survey(source)
        return found

    @property
    def problems(self) -> "Counter[str]":
        """What was wrong with labels, by kind; those of target and sources together."""
        return sum((found.problems for found in self.surveys.values()), Counter())

    @property
    def target_left_out(self) -> "Counter[str]":
        """Why pictures of the target are not drawn, counted."""
        return self.surveys[self.target].reasons

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return digest_of(self.ingredients)

    @cached_property
    def ingredients(self) -> dict[str, str]:
        """What the digest is made of, by name."""
        pasting = {key: json.dumps(value) for key, value in self.settings.tree().items() if key != "crops"}
        return {
            "mode": self.settings.mode_name,
            "target": self.surveys[self.target].digest,
            **{f"setting {key}": value for key, value in pasting.items()},
            **self._bank_ingredients,
        }

    @cached_property
    def _bank_ingredients(self) -> dict[str, str]:
        sources = {
            f"source {i}": f"{name} {self.surveys[path].digest}"
            for i, (path, (name, _)) in enumerate(zip(self.sources, self._sources, strict=True))
        }
        return {
            **sources,
            "setting crops": json.dumps(self.settings.tree()["crops"]),
            **{f"version of {library}": version(library) for library in _LIBRARIES},
            "version of Python": python_version(),
            "drawing code": code_digest(Path(__file__).parent, Path(__file__).parents[1] / "reader"),
        }

    @property
    def bank_digest(self) -> str:
        """Of what decides the crops."""
        return digest_of(self._bank_ingredients)

    def build_bank(self) -> tuple[CropBank, "Counter[str]"]:
        """The crops and why texts were left out: from the file if it is of these sources, else cut and written.

        Raises:
            InputError: there is not one crop.
            JobError: the file cannot be written.
        """
        found = open_bank(self.bank_path, self.bank_digest)
        if found is None:
            bank, left_out = cut_bank(self._sources, self.settings.crops)
            CopyPaste(bank, self.settings.mode)  # refuses crops that the mode cannot paste, before anything is written
            save_bank(self.bank_path, bank, self.bank_digest, left_out)
            found = open_bank(self.bank_path, self.bank_digest)
        if found is None:
            raise InputError(f"{self.bank_path} was replaced while it was written: start the job again")
        return found

    def to_yaml(self) -> str:
        """Everything from which the job can be repeated."""
        tree: Tree = {
            "kind": self.kind,
            "copypaste": {
                "target": str(self.target),
                "from": [str(path) for path in self.sources],
                "mode": self.settings.mode_name,
                **self.settings.tree(),
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
            self._target, self.surveys[self.target].left_out, operation, self.settings.output, seed, self.digest[:8]
        )

    @cached_property
    def _target(self) -> SceneSource:
        return open_target(self.target)

    @cached_property
    def _sources(self) -> list[tuple[str, CropSource]]:
        return [
            (name, open_crop_source(path)) for name, path in zip(short_names(self.sources), self.sources, strict=True)
        ]

    def __getstate__(self) -> dict[str, object]:
        _ = self.surveys  # so that workers need not read everything again
        return {name: self.__dict__[name] for name in (*(field.name for field in fields(self)), "surveys")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
