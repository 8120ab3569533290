"""What is in a source: a digest of all of it, and what is wrong with its labels."""

import dataclasses
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from pipelines.copypaste.outlines import line_clusters
from pipelines.copypaste.sources import CropSource, is_lines
from pipelines.progress import progress
from pipelines.reader import EncodedLine, EncodedScene, MissingError

_MISSING = b"\0missing"


@dataclass(frozen=True)
class Survey:
    """What is in a source.

    Attributes:
        digest: SHA-256 of its pictures and labels, in order; where they lie does not matter.
        problems: what was wrong with polygons that were mended, made ignored or left out, by kind.
        missing: pictures that are not there.
    """

    digest: str
    problems: "Counter[str]" = field(default_factory=Counter)
    missing: int = 0


def survey(source: CropSource) -> Survey:
    """Read all of a source once.

    Raises:
        InputError: a label cannot be read.
    """
    total = hashlib.sha256()
    problems: Counter[str] = Counter()
    missing = 0
    with progress("reading", total=len(source), unit="pictures") as bar:
        for row in range(len(source)):
            try:
                (item,) = source.read(np.array([row]))
            except MissingError:
                missing += 1
                total.update(_MISSING)
            else:
                total.update(_digest(item))
                if is_lines(source):
                    total.update(line_clusters(source, row).quads.tobytes())
                problems.update(getattr(item, "problems", ()))
            bar.advance(1)
    return Survey(total.hexdigest(), problems, missing)


def _digest(item: EncodedScene | EncodedLine) -> bytes:
    found = hashlib.sha256(item.image)
    if isinstance(item, EncodedLine):
        found.update(b"\0" + item.text.encode())
    else:
        for text in item.instances:
            facts = [text.text, text.ignore, text.level, text.parent, dataclasses.astuple(text.origin)]
            found.update(json.dumps(facts).encode() + text.polygon.tobytes() + text.clusters.quads.tobytes())
    return found.digest()
