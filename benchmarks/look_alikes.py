"""How often recognizers take a character for one that looks like it, as a Markdown table.

python -m benchmarks.look_alikes [--pairs 10] RUN_OR_ONNX ... SOURCE ...
A cell is: labelled members of the group that were read as another one, of how many, and the share. Both are counted in
all sources together. With --pairs the most frequent single confusions follow.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.inference.run import CONFIG_FILE
from synthtext.core import InputError

GROUPS = tuple(
    tuple(group.split())
    for group in (
        "0 O o",
        "1 l I i",
        "5 S s",
        "2 Z z",
        "8 B",
        "6 b",
        "9 g q",
        "u v",
        "c C e",
        "rn m",
        "cl d",
        ". , ' `",
    )
)


@dataclass
class Confusions:
    """What was labelled, and what was read in its place.

    Attributes:
        labelled: occurrences by group and member.
        read: confusions by group, member and what it was read as.
    """

    labelled: Counter[tuple[int, str]] = field(default_factory=Counter)
    read: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def add(self, truth: str, reading: str) -> None:
        """Count the members of all groups in a label, and those that were read as another of their group."""
        for number, group in enumerate(GROUPS):
            for member in group:
                for place in _places(truth, member):
                    self.labelled[number, member] += 1
                    taken_for = _taken_for(truth, reading, place, member, group) if truth != reading else None
                    if taken_for is not None:
                        self.read[number, member, taken_for] += 1

    def of_group(self, number: int) -> tuple[int, int]:
        """Confusions in a group, and labelled members."""
        read = sum(count for (group, *_), count in self.read.items() if group == number)
        return read, sum(count for (group, _), count in self.labelled.items() if group == number)


def _places(text: str, member: str) -> Iterator[int]:
    place = text.find(member)
    while place >= 0:
        yield place
        place = text.find(member, place + 1)


def _taken_for(truth: str, reading: str, place: int, member: str, group: Iterable[str]) -> str | None:
    """The other member that was read at a place of the label: written there, it takes away its whole difference."""
    errors = Levenshtein.distance(truth, reading)
    for other in group:
        if other != member:
            changed = truth[:place] + other + truth[place + len(member) :]
            if Levenshtein.distance(changed, reading) == errors - Levenshtein.distance(member, other):
                return other
    return None


def measure(network: Path, sources: Iterable[str]) -> Confusions:
    """Read all sources with a network."""
    recognizer, found = open_recognizer(network, runtime="torch"), Confusions()
    for source in sources:
        for line in evaluate_recognizer(recognizer, open_line_source(source)).readings:
            found.add(line.truth, line.prediction)
    return found


def _cell(read: int, labelled: int) -> str:
    return f"{read:,} / {labelled:,} ({100 * read / labelled:.2f} %)" if labelled else "-"


def table(found: dict[str, Confusions]) -> Iterator[str]:
    """Lines of the Markdown table: groups down, networks across."""
    yield f"| group | {' | '.join(found)} |"
    yield "|---|" + "---:|" * len(found)
    for number, group in enumerate(GROUPS):
        cells = [_cell(*confusions.of_group(number)) for confusions in found.values()]
        yield f"| {' '.join(f'`{m}`' if m != '`' else '`` ` ``' for m in group)} | {' | '.join(cells)} |"
    totals = [
        [sum(column) for column in zip(*(c.of_group(number) for number in range(len(GROUPS))), strict=True)]
        for c in found.values()
    ]
    yield f"| all | {' | '.join(_cell(*total) for total in totals)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="RUN_OR_ONNX ... SOURCE ...")
    parser.add_argument("--pairs", type=int, default=0, help="Most frequent confusions to list for every network.")
    options = parser.parse_args()
    networks = [path for path in options.paths if Path(path).suffix == ".onnx" or (Path(path) / CONFIG_FILE).is_file()]
    sources = [path for path in options.paths if path not in networks]
    if not networks or not sources:
        raise InputError("name at least one RUN (or ONNX file) and at least one source")
    found = {network: measure(Path(network), sources) for network in networks}
    print("\n".join(table(found)))
    for network, confusions in found.items() if options.pairs else ():
        pairs = [f"{a} as {b}: {count:,}" for (_, a, b), count in confusions.read.most_common(options.pairs)]
        print(f"\n{network}: {'; '.join(pairs) or 'no confusion'}")


if __name__ == "__main__":
    main()
