"""Shard sources: what fills the shards of a dataset, and the registry that finds a source by its name."""

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import pipelines.jobs
from pipelines.config import SettingsDict, suggest_key
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ImageFormat
from pipelines.io.plan import ShardSpec
from pipelines.io.row import Row
from pipelines.jobs.summary import SourceSummary
from pipelines.recipes.digest import fingerprint_digest
from pipelines.recipes.drawing import draw_rows
from synthtext.core import Charset, Generator, InputError, SkippedSample
from synthtext.fonts import FontFile

_HOME = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class ShardNote:
    """A JSON object about one sample, on one line, stored beside its shard in `decisions/part-XXXXXX.jsonl`."""

    json: str


ShardItem: TypeAlias = Row | SkippedSample | ShardNote
"""What a source yields: a row, the reason why a sample is missing, or a note about a sample."""


class ShardSource(ABC):
    """Produces the rows of a dataset as a pure function of the sample index.

    A job pickles its source to the workers. Of a dataclass only the fields are pickled, so that cached properties are
    computed anew, once in each process.

    Attributes:
        label: of the progress bar.
        limits_skipped: a job fails if it skips more than 1 % of the samples; otherwise only if it skips all.
        uses_cpu: the rows depend on the instruction sets of the CPU.
        covers_inputs: the fingerprint covers every input file. If not, a repair compares checksums first.
    """

    label: ClassVar[str] = "generating"
    limits_skipped: ClassVar[bool] = True
    uses_cpu: ClassVar[bool] = True
    covers_inputs: ClassVar[bool] = True

    @property
    @abstractmethod
    def name(self) -> str:
        """A name for messages and for `source` in dataset.json."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind of the rows: "lines" or "scenes"."""

    @property
    @abstractmethod
    def fingerprint(self) -> dict[str, str]:
        """Everything that decides the rows, by name: settings, digests of files, versions."""

    @abstractmethod
    def rows(self, spec: ShardSpec) -> Iterator[ShardItem]:
        """The rows of a shard, in order, with a `SkippedSample` for every missing one."""

    @abstractmethod
    def to_recipe(self) -> SettingsDict:
        """The content of recipe.yaml: `kind`, the registered name, and all that `from_recipe` needs."""

    @classmethod
    @abstractmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again from the content of recipe.yaml and the description, which holds the seed.

        Raises:
            InputError: an input of the source is missing.
            KeyError, TypeError: the recipe is incomplete.
        """

    @property
    def seed(self) -> int | None:
        """The seed; None if no random numbers are drawn."""
        return None

    @property
    def charset(self) -> Charset | None:
        """The characters that labels may have; None if unknown."""
        return None

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts that rows are drawn with."""
        return ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the fingerprint, 64 hexadecimal digits."""
        return fingerprint_digest(self.fingerprint)

    def open(self) -> None:  # noqa: B027 - optional
        """Open the files and models that `rows` needs, in this process."""

    def prepare(self, folder: DatasetFolder) -> None:
        """Make ready for `rows` in the process that runs the job, which has not written to the folder yet."""
        self.open()

    def inspect(self, rows: Sequence[Row]) -> None:  # noqa: B027 - optional
        """Log what a user should know about the first rows of a job, before it writes anything."""

    def store(self, folder: DatasetFolder) -> None:  # noqa: B027 - optional
        """Write what workers need into the folder, after its description and before the first shard."""

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """What to report of a finished dataset beside its statistics."""
        return SourceSummary()

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def code_fingerprint(files: Iterable[str], libraries: Iterable[str]) -> dict[str, str]:
    """Return the digests of files of code, relative to `pipelines`, and the versions of libraries, by name."""
    digests = {f"code {file}": file_sha256(_HOME / file) for file in files}
    return digests | {f"version of {library}": version(library) for library in libraries}


class SampleSource(ShardSource):
    """A source whose rows are the encoded samples or scenes of a generator."""

    @property
    @abstractmethod
    def image_format(self) -> ImageFormat:
        """The format of the encoded images."""

    @abstractmethod
    def open_generator(self) -> Generator[Any]:
        """Open the generator of the samples."""

    @cached_property
    def generator(self) -> Generator[Any]:
        """The generator of the samples, opened once in each process."""
        return self.open_generator()

    def open(self) -> None:
        """Open the generator."""
        _ = self.generator

    def rows(self, spec: ShardSpec) -> Iterator[Row | SkippedSample]:
        """The encoded samples of a shard."""
        return draw_rows(self.generator, spec.samples, self.image_format, self.name)


SourceT = TypeVar("SourceT", bound=type[ShardSource])

_sources: dict[str, type[ShardSource]] = {}


def register_source(*names: str) -> Callable[[SourceT], SourceT]:
    """Register a class of sources under its names, the values of `kind` in recipe.yaml."""

    def register(cls: SourceT) -> SourceT:
        _sources.update(dict.fromkeys(names, cls))
        return cls

    return register


def find_source(name: str) -> type[ShardSource]:
    """The class of sources that is registered under a name; the modules of this package are imported when needed.

    Raises:
        InputError: no source has this name.
    """
    for module in pkgutil.iter_modules(pipelines.jobs.__path__):
        if name in _sources:
            break
        import_module(f"pipelines.jobs.{module.name}")
    if name not in _sources:
        raise InputError(f"kind {name!r} is unknown; {suggest_key(name, _sources)}")
    return _sources[name]
