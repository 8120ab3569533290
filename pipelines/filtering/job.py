"""A source of lines without those that teach nothing, as a data set of ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np

from pipelines.config import dump_yaml
from pipelines.filtering.judge import TRIVIAL, UNREADABLE, Judge, Judgement, Line
from pipelines.filtering.origin import digest_of_network, digest_of_source, open_judge
from pipelines.filtering.rows import Rows
from pipelines.importing.lines import EMPTY, LinesImport
from pipelines.reader import EncodedLine, decode, open_source, read_rows
from pipelines.reader.source import BROKEN
from pipelines.recipe import digest_of
from pipelines.shards import SHARD_SIZE, DatasetFolder, LineRow, Mark, ShardSpec, to_json, write_shard
from pipelines.shards.files import sha256, write_file
from pipelines.shards.folder import VERDICTS
from pipelines.shards.written import written
from pipelines.storage import local_path
from synthtext.core import Gap, Image, InputError

_HOME = Path(__file__).parents[1]
_CODE = ("filtering/judge.py", "filtering/rows.py", "networks/recognizer.py", "preprocessing/recognizer.py")
_LIBRARIES = ("numpy", "opencv-python", "torch")


@dataclass(frozen=True)
class LinesFilter(LinesImport):
    """Copies the lines that a judge keeps, byte for byte and with all that is known of them.

    Those that are dropped leave their numbers empty; `gaps` counts them. What was read and decided of every line is
    kept in `verdicts/part-000000.jsonl`. Readings are made shard by shard, so that a finished shard is not read again.

    Attributes:
        judge: decides.
        told: what the digest is made of, by name.
        asked: what was asked for, as a recipe.
    """

    judge: Judge
    told: dict[str, str]
    asked: str

    @cached_property
    def rows(self) -> Rows:
        """All that the source knows of its lines."""
        return Rows(self.source)

    def ingredients(self) -> dict[str, str]:
        """Source, networks, thresholds, code and libraries."""
        return self.told

    def recipe(self) -> str:
        """What was asked for."""
        return self.asked

    def entries(self, spec: ShardSpec) -> Iterator[LineRow | Gap]:
        """The lines that are kept, and gaps for the others."""
        return self._kept(spec, [], lambda _: None)

    def _write_shard(self, spec: ShardSpec, folder: DatasetFolder, advance: Callable[[int], None]) -> Mark:
        notes: list[str] = []
        draft = write_shard(self._kept(spec, notes, advance), LineRow, spec, self.digest, folder.shards, "parquet")
        path = verdicts_of(folder.path, spec.index)
        with written(path):
            path.parent.mkdir(exist_ok=True)
            write_file(path, "".join(notes))  # before the mark: a shard that is there has its verdicts
        folder.commit(draft)
        return draft.mark

    def _kept(self, spec: ShardSpec, notes: list[str], advance: Callable[[int], None]) -> Iterator[LineRow | Gap]:
        indices = iter(spec.samples)
        while window := list(islice(indices, LineRow.GROUP)):
            lines = dict(zip(window, self._read(window), strict=True))
            usable = {index: line for index, line in lines.items() if not isinstance(line, str)}
            keys = {index: self.rows.key(index) or line.key for index, (line, _) in usable.items()}
            judged = self.judge.judge([Line(keys[i], line.text, image) for i, (line, image) in usable.items()])
            verdicts = dict(zip(usable, judged, strict=True))
            for index, line in lines.items():
                if isinstance(line, str):
                    notes.append(to_json({"row": index, "verdict": line}) + "\n")
                    yield Gap(index, (line,))
                    continue
                notes.append(_note(index, keys[index], verdicts[index]))
                verdict = verdicts[index].verdict
                yield Gap(index, (verdict,)) if verdict in (TRIVIAL, UNREADABLE) else self._line(index, *line)
            advance(len(window))

    def _read(self, window: list[int]) -> Iterator[tuple[EncodedLine, Image] | str]:
        """Lines with their pictures decoded; of those that cannot be used, why."""
        for line in read_rows(self.source, np.array(window)):
            if isinstance(line, str) or not line.text.strip():
                yield line if isinstance(line, str) else EMPTY
                continue
            try:
                yield line, decode(line.image, line.key)
            except InputError:
                yield BROKEN

    def _line(self, index: int, line: EncodedLine, image: Image) -> LineRow:
        return self.rows.row(index, line) or self._row(index, line, image.shape[1], image.shape[0])


def open_filter(
    source: str,
    weak: Path | None = None,
    strong: Path | None = None,
    *,
    confidence: float = 0.95,
    max_edits: float = 0.5,
    keep_trivial: float = 0.1,
    charset: Path | None = None,
    shard_size: int = SHARD_SIZE,
) -> LinesFilter:
    """Open what is to be filtered, and the recognizers that judge.

    Args:
        source: a data set of lines, a label file or an LMDB.
        weak: RUN or ONNX file of the recognizer that tells what is trivial; None: nothing is.
        strong: of the one that tells what is unreadable; None: nothing is.
        confidence: see `Judge`, as the next two.
        max_edits: likewise.
        keep_trivial: likewise.
        charset: dictionary of ONNX files that do not name their characters.
        shard_size: lines of the source in a shard.

    Raises:
        InputError: source or recognizer cannot be opened, or a number is wrong.
    """
    if charset is not None and not any(name is not None and name.is_file() for name in (weak, strong)):
        raise InputError(f"{charset}: a dictionary is for ONNX files; RUNs have their own")
    path = local_path(source, "what is filtered")
    opened = open_source(path)
    thresholds: dict[str, float] = {}
    if weak is not None:
        thresholds |= {"confidence": confidence, "keep_trivial": keep_trivial}
    if strong is not None:
        thresholds |= {"max_edits": max_edits}
    told = {"source": digest_of_source(path), **{name: str(value) for name, value in thresholds.items()}}
    judge = Judge(open_judge(weak, charset), open_judge(strong, charset), confidence, max_edits, keep_trivial)
    told |= {"weak": digest_of_network(weak, charset), "strong": digest_of_network(strong, charset)}
    told |= {f"code {file}": sha256(_HOME / file) for file in _CODE}
    told |= {f"version of {library}": version(library) for library in _LIBRARIES}
    files = (("weak", weak), ("strong", strong), ("charset", charset))
    named = {name: str(file.absolute()) for name, file in files if file is not None}
    asked = dump_yaml({"kind": "filter", "source": str(path.absolute()), **named, **thresholds})
    corpus = path.absolute().parent.name if path.is_file() else path.absolute().name
    return LinesFilter(opened, digest_of(told), corpus, judge, told, asked, shard_size=shard_size)


def verdicts_of(folder: Path, shard: int) -> Path:
    """The file with the verdicts on the lines of a shard."""
    return folder / VERDICTS / f"part-{shard:06d}.jsonl"


def _note(index: int, key: str, judgement: Judgement) -> str:
    told = {"row": index, "key": key, "verdict": judgement.verdict}
    if judgement.weak is not None:
        told |= {"weak": judgement.weak, "confidence": round(judgement.confidence, 4)}
    if judgement.strong is not None:
        told |= {"strong": judgement.strong}
    return to_json(told) + "\n"
