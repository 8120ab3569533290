"""Makes what arms read: parts of label files, generated data, published networks."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.arms import FILE, Drawn, Experiments, Imported, LabelRows
from pipelines.reader.folder import DESCRIPTION
from pipelines.run import CONFIG, WEIGHTS
from pipelines.shards import read_description
from pipelines.shards.files import sha256, write_file
from synthtext.core import InputError

OCRMILL = str(Path(sys.executable).with_name("ocrmill"))


class Inputs:
    """Inputs by name; each is made when it is first asked for, and kept, whatever a later version would make of it.

    Args:
        experiments: say how inputs are made.
        given: paths of the others, by name.
        folder: for what is made.
    """

    def __init__(self, experiments: Experiments, given: Mapping[str, str], folder: Path) -> None:
        self._how, self._folder = experiments.inputs, folder
        self.places = {name: str(Path(path).absolute()) for name, path in given.items()}

    def path(self, name: str) -> str:
        """Where an input is, after making it if need be.

        Raises:
            InputError: it must be given, and was not.
        """
        if name not in self.places:
            if name not in self._how:
                raise InputError(f"${name} is not made by a command: say where it is with --input {name}=PATH")
            self.places[name] = self._make(name, self._folder / name)
        return self.places[name]

    def digests(self) -> dict[str, str]:
        """What tells the inputs that were asked for from others of their names."""
        found = {}
        for name in sorted(self.places.keys() & self._how.keys()):
            place = Path(self.places[name])
            if isinstance(self._how[name], Drawn):
                there = read_description(place / DESCRIPTION)
                found[name] = f"{there.digest[:12]}, seed {there.seed}, {there.count}"
            else:
                found[name] = sha256(place if place.is_file() else place / WEIGHTS)[:12]
        return found

    def filled(self, text: str) -> str:
        """A text with every `$name` of an input replaced by its place."""
        for name in sorted({*self._how, *self.places, *_named(text)}, key=len, reverse=True):
            if f"${name}" in text:
                text = text.replace(f"${name}", self.path(name))
        return text

    def _make(self, name: str, place: Path) -> str:
        how = self._how[name]
        self._folder.mkdir(parents=True, exist_ok=True)
        if isinstance(how, LabelRows):
            return _cut(Path(self.filled(how.labels)), how, place.with_suffix(".tsv"))
        if isinstance(how, Imported):
            if not (place / CONFIG).is_file():
                run("import-model", "published", "--kind", how.published, "-o", str(place))
            return str(place)
        assert isinstance(how, Drawn)
        if _is_there(place, how):
            return str(place)
        settings = [self.filled(setting) for setting in how.settings]
        recipe = FILE.with_name(how.generate)
        run(
            "generate",
            str(recipe) if recipe.is_file() else how.generate,
            "-o",
            str(place),
            "-n",
            str(how.count),
            "--seed",
            str(how.seed),
            *settings,
        )
        return str(place)


def _is_there(place: Path, how: Drawn) -> bool:
    """Whether generated data are whole: arms must learn from the same, even if they would be drawn otherwise now."""
    if not (place / DESCRIPTION).is_file():
        return False
    there = read_description(place / DESCRIPTION)
    return there.complete and (there.count, there.seed) == (how.count, how.seed)


def run(*arguments: str) -> None:
    """Run a command of ocrmill.

    Raises:
        InputError: it failed; it has said why.
    """
    if subprocess.run([OCRMILL, *arguments], check=False).returncode:
        raise InputError(f"ocrmill {arguments[0]} failed, see above; the same command goes on")


def _named(text: str) -> list[str]:
    """Words behind a dollar sign."""
    parts = text.split("$")[1:]
    return ["".join(c if c.isalnum() or c == "_" else " " for c in part).split(" ")[0] for part in parts]


def _cut(labels: Path, how: LabelRows, place: Path) -> str:
    rows = [line for line in labels.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    kept = rows[: how.first] if how.last is None else rows[-how.last :]
    named = [str(labels.parent / row.partition("\t")[0]) + "\t" + row.partition("\t")[2] for row in kept]
    write_file(place, "".join(f"{row}\n" for row in named))
    return str(place)
