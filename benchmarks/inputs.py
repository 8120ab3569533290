"""Makes what arms read: parts of label files, generated data, words of TRDG, published networks."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.arms import FILE, Drawn, Experiments, Filtered, Imported, LabelRows, Misread, Trdg
from benchmarks.memory import choose_fonts
from pipelines.datasets.shards import DESCRIPTION_FILE
from pipelines.inference.run import CONFIG_FILE, WEIGHTS_FILE
from pipelines.io.atomic import file_sha256, write_atomic
from pipelines.io.description import read_description
from pipelines.recipes.components import EFFECT, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Charset, InputError

ROOT = FILE.absolute().parents[1]
_OCRMILL = "from pipelines.cli.main import main; main()"
_TRDG_NEEDS = ("pillow<10", "numpy<2", "opencv-python<4.12")


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
            if isinstance(self._how[name], Drawn | Filtered):
                there = read_description(place / DESCRIPTION_FILE)
                found[name] = f"{there.digest[:12]}, seed {there.seed}, {there.count}"
            else:
                found[name] = file_sha256(place if place.is_file() else place / WEIGHTS_FILE)[:12]
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
            if not (place / CONFIG_FILE).is_file():
                run("import-model", "published", "--kind", how.published, "-o", str(place))
            return str(place)
        if isinstance(how, Trdg):
            return _with_trdg(how, place, self._folder / f"trdg-{how.trdg}")
        if isinstance(how, Filtered):
            run(
                "filter",
                *(self.filled(word) for word in (how.filter, "--weak", how.weak, "--strong", how.strong)),
                "-o",
                str(place),
            )
            return str(place)
        if not _is_there(place, how):
            self._draw(how, place)
        return str(place)

    def _draw(self, how: Drawn, place: Path) -> None:
        settings = [self.filled(setting) for setting in how.settings]
        code = ROOT if how.commit is None else checked_out(how.commit, self._folder / f"code-{how.commit}")
        own = FILE.with_name(how.generate)
        recipe = str(own) if own.is_file() and how.commit is None else how.generate
        if how.rebalance is not None:
            recipe = self._weighed(how.rebalance, place)
        if how.families is not None:
            settings += _few_fonts(how.families, self._folder / f"fonts-{how.families}")
        if how.without is not None:
            settings.append(without_effects(how.without, recipe, settings))
        in_this_process = ["--workers", "0"] if how.commit else []  # workers would not find the other code
        drawn = ["-o", str(place), "-n", str(how.count), "--seed", str(how.seed), *in_this_process]
        run("generate", recipe, *drawn, *settings, code=code)

    def _weighed(self, by: Misread, place: Path) -> str:
        slices, recipe = place.with_suffix(".slices.json"), place.with_suffix(".yaml")
        if not recipe.is_file():
            run("evaluate", self.filled(by.run), self.filled(by.misread), "--slices", str(slices))
            run("rebalance", str(slices), "-o", str(recipe))
        return str(recipe)


def _is_there(place: Path, how: Drawn) -> bool:
    """Whether generated data are whole: arms must learn from the same, even if they would be drawn otherwise now."""
    if not (place / DESCRIPTION_FILE).is_file():
        return False
    there = read_description(place / DESCRIPTION_FILE)
    return there.complete and (there.count, there.seed) == (how.count, how.seed)


def run(*arguments: str, code: Path = ROOT) -> None:
    """Run a command of ocrmill.

    Args:
        arguments: of the command line.
        code: folder of the packages that run.

    Raises:
        InputError: it failed; it has said why.
    """
    command = [sys.executable, "-P", "-c", _OCRMILL, *arguments]
    if subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(code)}).returncode:
        raise InputError(f"ocrmill {arguments[0]} failed, see above; the same command goes on")


def checked_out(commit: str, folder: Path, repository: Path = ROOT) -> Path:
    """A commit's files in a folder; it is made under another name first.

    Raises:
        InputError: there is no such commit.
    """
    if not folder.is_dir():
        unfinished = folder.with_name(f"{folder.name}.part")
        unfinished.mkdir(exist_ok=True)
        packed = subprocess.run(["git", "-C", str(repository), "archive", commit], stdout=subprocess.PIPE, check=False)
        if packed.returncode:
            raise InputError(
                f"commit {commit} is not in the repository of {repository}, see above: fetch all of its history"
            )
        subprocess.run(["tar", "-x", "-C", str(unfinished)], input=packed.stdout, check=True)
        unfinished.rename(folder)
    return folder


def _few_fonts(count: int, folder: Path) -> list[str]:
    """Settings that take so many families of the system's, linked into a folder, and no other fonts."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return choose_fonts(count, folder)


def without_effects(kind: str, recipe: str, settings: Sequence[str]) -> str:
    """A setting that keeps the effects of a recipe but those of a kind, whatever effects it comes to have."""
    known, effects = builtin_classes(EFFECT), resolve_recipe(recipe, settings).settings["effects"]
    kept = [effect for effect in effects if hasattr(known[effect["use"]], "warp") != (kind == "geometry")]
    return f"effects={json.dumps(kept)}"


def _with_trdg(how: Trdg, place: Path, home: Path) -> str:
    """The label file of words that TRDG has drawn; it is installed first, into an environment of its own."""
    labels = place / "labels.tsv"
    if not labels.is_file():
        if not (home / "installed").is_file():
            _told([sys.executable, "-m", "venv", str(home)])
            _told([str(home / "bin" / "pip"), "install", "-q", f"trdg=={how.trdg}", *_TRDG_NEEDS])
            (home / "installed").touch()
        characters = "".join(Charset.named(how.charset))
        worker = str(Path(__file__).with_name("trdg_worker.py"))
        _told([str(home / "bin" / "python"), worker, str(place), str(how.count), str(how.seed), characters])
    return str(labels)


def _told(command: Sequence[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise InputError(f"{command[0]} failed, see above; the same command goes on")


def _named(text: str) -> list[str]:
    """Words behind a dollar sign."""
    parts = text.split("$")[1:]
    return ["".join(c if c.isalnum() or c == "_" else " " for c in part).split(" ")[0] for part in parts]


def _cut(labels: Path, how: LabelRows, place: Path) -> str:
    rows = [line for line in labels.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    kept = rows[: how.first] if how.last is None else rows[-how.last :]
    named = [str(labels.parent / row.partition("\t")[0]) + "\t" + row.partition("\t")[2] for row in kept]
    write_atomic(place, "".join(f"{row}\n" for row in named))
    return str(place)
