"""What is in a source: a digest of all of it, and what is wrong with its labels."""

import dataclasses
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field

from pipelines.copypaste.outlines import line_clusters
from pipelines.copypaste.sources import CropSource, is_lines
from pipelines.progress import progress
from pipelines.reader import EncodedLine, EncodedScene, check_picture, read_row
from pipelines.reader.source import BROKEN
from synthtext.core import InputError


@dataclass(frozen=True)
class Survey:
    """What is in a source.

    Attributes:
        digest: SHA-256 of its pictures and labels, in order; where they lie does not matter.
        problems: what was wrong with polygons that were mended, made ignored or left out, by kind.
        left_out: why rows cannot be used, by their number.
    """

    digest: str
    problems: "Counter[str]" = field(default_factory=Counter)
    left_out: dict[int, str] = field(default_factory=dict)

    @property
    def reasons(self) -> "Counter[str]":
        """Why rows cannot be used, counted."""
        return Counter(self.left_out.values())


def survey(source: CropSource) -> Survey:
    """Read all of a source once. Few pictures are decoded: a row that counts as usable may turn out not to be."""
    total = hashlib.sha256()
    problems: Counter[str] = Counter()
    left_out: dict[int, str] = {}
    with progress("reading", total=len(source), unit="pictures") as bar:
        for row in range(len(source)):
            item: EncodedScene | EncodedLine | str = read_row(source, row)
            if isinstance(item, str):
                left_out[row] = item
                total.update(b"\0" + item.encode())
            else:
                if not _is_picture(item):
                    left_out[row] = BROKEN
                total.update(_digest(item))
                if is_lines(source):
                    total.update(line_clusters(source, row).quads.tobytes())
                problems.update(getattr(item, "problems", ()))
            bar.advance(1)
    return Survey(total.hexdigest(), problems, left_out)


def _is_picture(item: EncodedScene | EncodedLine) -> bool:
    try:
        check_picture(item.image, item.key)
    except InputError:
        return False
    return True


def _digest(item: EncodedScene | EncodedLine) -> bytes:
    found = hashlib.sha256(item.image)
    if isinstance(item, EncodedLine):
        found.update(b"\0" + item.text.encode())
    else:
        for text in item.instances:
            facts = [text.text, text.ignore, text.level, text.parent, dataclasses.astuple(text.origin)]
            found.update(json.dumps(facts).encode() + text.polygon.tobytes() + text.clusters.quads.tobytes())
    return found.digest()
