"""How often recognizers confuse characters that look alike, as a Markdown table.

python -m benchmarks.look_alikes [--pairs 10] MODEL ... SOURCE ...
A cell shows the members of a group that were read as another member, the occurrences of the group in the labels, and
the share; over all sources together. With --pairs, the most frequent single confusions follow.
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
    """Occurrences and confusions of the members of `GROUPS`.

    Attributes:
        labelled: number of occurrences in the labels, by group and member.
        read: number of confusions, by group, member and prediction.
    """

    labelled: Counter[tuple[int, str]] = field(default_factory=Counter)
    read: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def add(self, label: str, prediction: str) -> None:
        """Count the members of all groups in a label, and those that were read as another member."""
        for index, group in enumerate(GROUPS):
            for member in group:
                for position in _positions(label, member):
                    self.labelled[index, member] += 1
                    other = None if label == prediction else _confused_with(label, prediction, position, member, group)
                    if other is not None:
                        self.read[index, member, other] += 1

    def of_group(self, index: int) -> tuple[int, int]:
        """Return the number of confusions in a group, and of its occurrences."""
        read = sum(count for (group, *_), count in self.read.items() if group == index)
        return read, sum(count for (group, _), count in self.labelled.items() if group == index)


def _positions(text: str, member: str) -> Iterator[int]:
    position = text.find(member)
    while position >= 0:
        yield position
        position = text.find(member, position + 1)


def _confused_with(label: str, prediction: str, position: int, member: str, group: Iterable[str]) -> str | None:
    """The other member that was read at a position: written into the label, it removes that error."""
    errors = Levenshtein.distance(label, prediction)
    for other in group:
        if other != member:
            changed = label[:position] + other + label[position + len(member) :]
            if Levenshtein.distance(changed, prediction) == errors - Levenshtein.distance(member, other):
                return other
    return None


def measure(model: str, sources: Iterable[str]) -> Confusions:
    """Read all sources with a model."""
    recognizer, confusions = open_recognizer(model, runtime="torch"), Confusions()
    for source in sources:
        for line in evaluate_recognizer(recognizer, open_line_source(source)).predictions:
            confusions.add(line.label, line.prediction)
    return confusions


def _cell(read: int, labelled: int) -> str:
    return f"{read:,} / {labelled:,} ({100 * read / labelled:.2f} %)" if labelled else "-"


def table(results: dict[str, Confusions]) -> Iterator[str]:
    """Yield the lines of the Markdown table: one row per group, one column per model."""
    yield f"| group | {' | '.join(results)} |"
    yield "|---|" + "---:|" * len(results)
    for number, group in enumerate(GROUPS):
        cells = [_cell(*confusions.of_group(number)) for confusions in results.values()]
        yield f"| {' '.join(f'`{m}`' if m != '`' else '`` ` ``' for m in group)} | {' | '.join(cells)} |"
    totals = [
        [sum(column) for column in zip(*(c.of_group(number) for number in range(len(GROUPS))), strict=True)]
        for c in results.values()
    ]
    yield f"| all | {' | '.join(_cell(*total) for total in totals)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="MODEL ... SOURCE ...")
    parser.add_argument("--pairs", type=int, default=0, help="Number of the most frequent confusions to list.")
    options = parser.parse_args()
    models = [path for path in options.paths if Path(path).suffix == ".onnx" or (Path(path) / CONFIG_FILE).is_file()]
    sources = [path for path in options.paths if path not in models]
    if not models or not sources:
        raise InputError("name at least one run directory or ONNX file, and at least one source")
    results = {model: measure(model, sources) for model in models}
    print("\n".join(table(results)))
    for model, confusions in results.items() if options.pairs else ():
        pairs = [f"{a} as {b}: {count:,}" for (_, a, b), count in confusions.read.most_common(options.pairs)]
        print(f"\n{model}: {'; '.join(pairs) or 'no confusion'}")


if __name__ == "__main__":
    main()
