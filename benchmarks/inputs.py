"""Inputs of arms: parts of label files, generated data, words of TRDG, published networks."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.arms import (
    FILE,
    Experiments,
    Filtered,
    Fitted,
    Generated,
    HardWords,
    Imported,
    LabelRows,
    Rebalancing,
    SynthTiger,
    Trdg,
)
from benchmarks.hard_words import select_hard
from benchmarks.memory import choose_fonts
from benchmarks.peers.synthtiger import write_words
from pipelines.datasets.open import open_line_source
from pipelines.inference.run import CONFIG_FILE, WEIGHTS_FILE
from pipelines.io.atomic import file_sha256, write_atomic
from pipelines.io.description import DESCRIPTION_FILE, read_description
from pipelines.io.split import Split
from pipelines.recipes.components import EFFECT, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Charset, InputError

ROOT = FILE.absolute().parents[1]
# The function is called `run` in earlier commits.
_OCRMILL = "from pipelines.cli import main; (main.main if hasattr(main, 'main') else main.run)()"
_TRDG_NEEDS = ("pillow<10", "numpy<2", "opencv-python<4.12")


class Inputs:
    """Inputs by name; each is made at its first use and kept, even if a later version would make another one.

    Args:
        experiments: how inputs are made.
        given: paths of the other inputs, by name.
        folder: folder for the inputs that are made.
    """

    def __init__(self, experiments: Experiments, given: Mapping[str, str], folder: Path) -> None:
        self._how, self._folder = experiments.inputs, folder
        self.paths = {name: str(Path(path).absolute()) for name, path in given.items()}

    def path(self, name: str) -> str:
        """Return the path of an input; make it if it does not exist.

        Raises:
            InputError: the input must be given, and is not.
        """
        if name not in self.paths:
            if name not in self._how:
                raise InputError(f"${name} is not made by a command: name its path with --input {name}=PATH")
            self.paths[name] = self._make(name, self._folder / name)
        return self.paths[name]

    def digests(self) -> dict[str, str]:
        """Return digests of the inputs that were used, by name."""
        digests = {}
        for name in sorted(self.paths.keys() & self._how.keys()):
            path = Path(self.paths[name])
            if isinstance(self._how[name], Generated | Filtered):
                description = read_description(path / DESCRIPTION_FILE)
                digests[name] = f"{description.digest[:12]}, seed {description.seed}, {description.count}"
            else:
                digests[name] = file_sha256(path if path.is_file() else path / WEIGHTS_FILE)[:12]
        return digests

    def filled(self, text: str) -> str:
        """Replace every `$name` of an input in a text by its path."""
        for name in sorted({*self._how, *self.paths, *_named(text)}, key=len, reverse=True):
            if f"${name}" in text:
                text = text.replace(f"${name}", self.path(name))
        return text

    def _make(self, name: str, path: Path) -> str:
        how = self._how[name]
        self._folder.mkdir(parents=True, exist_ok=True)
        if isinstance(how, LabelRows):
            return _cut(Path(self.filled(how.labels)), how, path.with_suffix(".tsv"))
        if isinstance(how, Imported):
            if not (path / CONFIG_FILE).is_file():
                run("import-model", "published", "--kind", how.published, "-o", str(path))
            return str(path)
        if isinstance(how, Trdg):
            return _with_trdg(how, path, self._folder / f"trdg-{how.trdg}")
        if isinstance(how, Filtered):
            run(
                "filter",
                *(self.filled(word) for word in (how.filter, "--weak", how.weak, "--strong", how.strong)),
                "-o",
                str(path),
            )
            return str(path)
        if isinstance(how, Fitted):
            return self._fit(how, path.with_suffix(".yaml"))
        if isinstance(how, SynthTiger):
            return self._with_synthtiger(how, path)
        if isinstance(how, HardWords):
            labels = path.with_suffix(".tsv")
            write_atomic(labels, "".join(f"{row}\n" for row in select_hard(Path(self.filled(how.hard)))))
            return str(labels)
        if not _is_complete(path, how):
            self._generate(how, path)
        return str(path)

    def _generate(self, how: Generated, path: Path) -> None:
        settings = [self.filled(setting) for setting in how.settings]
        code = ROOT if how.commit is None else checked_out(how.commit, self._folder / f"code-{how.commit}")
        name = self.filled(how.generate)
        own = FILE.parent / name
        recipe = str(own) if own.is_file() and how.commit is None else name
        if how.rebalance is not None:
            recipe = self._rebalance(how.rebalance, path)
        if how.families is not None:
            settings += _few_fonts(how.families, self._folder / f"fonts-{how.families}")
        if how.without is not None:
            settings.append(without_effects(how.without, recipe, settings))
        in_this_process = ["--workers", "0"] if how.commit else []  # workers would import the current code
        options = ["-o", str(path), "-n", str(how.count), "--seed", str(how.seed), *in_this_process]
        run("generate", recipe, *options, *settings, code=code)

    def _fit(self, how: Fitted, path: Path) -> str:
        if not path.is_file():
            settings = [self.filled(setting) for setting in how.settings]
            sizes = ["--rounds", str(how.rounds), "--lines", str(how.lines)]
            run("fit", self.filled(how.fit), "--base", how.base, "-o", str(path), *sizes, *settings)
        return str(path)

    def _with_synthtiger(self, how: SynthTiger, path: Path) -> str:
        labels, fonts = path / "labels.tsv", self._folder / f"fonts-{how.families}"
        if not labels.is_file():
            _few_fonts(how.families, fonts)
            texts = open_line_source(self.filled(how.texts)).texts()
            checkout, photos = Path(self.filled(how.checkout)), Path(self.filled(how.photos))
            write_words(
                how.generator, checkout, texts, fonts, photos, path, how.count, how.seed, self._folder.absolute()
            )
        return str(labels)

    def _rebalance(self, by: Rebalancing, path: Path) -> str:
        slices, recipe = path.with_suffix(".slices.json"), path.with_suffix(".yaml")
        if not recipe.is_file():
            run("evaluate", self.filled(by.run), self.filled(by.misread), "--slices", str(slices))
            run("rebalance", str(slices), "-o", str(recipe))
        return str(recipe)


def _is_complete(path: Path, how: Generated) -> bool:
    """Return whether a dataset is complete; its recipe may have changed since, but all arms need the same data."""
    if not (path / DESCRIPTION_FILE).is_file():
        return False
    description = read_description(path / DESCRIPTION_FILE)
    return description.complete and (description.count, description.seed) == (how.count, how.seed)


def run(*arguments: str, code: Path = ROOT) -> None:
    """Run a command of ocrmill.

    Args:
        arguments: arguments of the command line.
        code: folder of the packages to import.

    Raises:
        InputError: the command failed; it has printed the reason.
    """
    command = [sys.executable, "-P", "-c", _OCRMILL, *arguments]
    if subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(code)}).returncode:
        raise InputError(f"ocrmill {arguments[0]} failed, see above; re-run the same command to resume")


def checked_out(commit: str, folder: Path, repository: Path = ROOT) -> Path:
    """Extract the files of a commit into a folder, under a temporary name first.

    Raises:
        InputError: there is no such commit.
    """
    if not folder.is_dir():
        unfinished = folder.with_name(f"{folder.name}.part")
        unfinished.mkdir(exist_ok=True)
        archive = subprocess.run(["git", "-C", str(repository), "archive", commit], stdout=subprocess.PIPE, check=False)
        if archive.returncode:
            raise InputError(
                f"commit {commit} is not in the repository of {repository}, see above: fetch all of its history"
            )
        subprocess.run(["tar", "-x", "-C", str(unfinished)], input=archive.stdout, check=True)
        unfinished.rename(folder)
    return folder


def _few_fonts(count: int, folder: Path) -> list[str]:
    """Return settings that use some font families of the system, linked into a folder, and no other fonts."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return choose_fonts(count, folder)


def without_effects(kind: str, recipe: str, settings: Sequence[str]) -> str:
    """Return a setting with the effects of a recipe except those of a kind."""
    known, effects = builtin_classes(EFFECT), resolve_recipe(recipe, settings).settings["effects"]
    kept = [effect for effect in effects if hasattr(known[effect["use"]], "warp") != (kind == "geometry")]
    return f"effects={json.dumps(kept)}"


def _with_trdg(how: Trdg, path: Path, home: Path) -> str:
    """Return a label file of words generated by TRDG, which is installed into a virtual environment of its own."""
    labels = path / "labels.tsv"
    if not labels.is_file():
        if not (home / "installed").is_file():
            _run_command([sys.executable, "-m", "venv", str(home)])
            _run_command([str(home / "bin" / "pip"), "install", "-q", f"trdg=={how.trdg}", *_TRDG_NEEDS])
            (home / "installed").touch()
        characters = "".join(Charset.named(how.charset))
        worker = str(Path(__file__).with_name("trdg_worker.py"))
        _run_command([str(home / "bin" / "python"), worker, str(path), str(how.count), str(how.seed), characters])
    return str(labels)


def _run_command(command: Sequence[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise InputError(f"{command[0]} failed, see above; re-run the same command to resume")


def _named(text: str) -> list[str]:
    """Return the words after dollar signs."""
    parts = text.split("$")[1:]
    return ["".join(c if c.isalnum() or c == "_" else " " for c in part).split(" ")[0] for part in parts]


def _cut(labels: Path, how: LabelRows, path: Path) -> str:
    rows = [line for line in labels.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if how.split is not None:
        part = Split(name="part", low=how.split[0], high=how.split[1])
        kept = [row for row in rows if part.has((labels.parent / row.partition("\t")[0]).read_bytes())]
    else:
        kept = rows[: how.first] if how.last is None else rows[-how.last :]
    named = [str(labels.parent / row.partition("\t")[0]) + "\t" + row.partition("\t")[2] for row in kept]
    write_atomic(path, "".join(f"{row}\n" for row in named))
    return str(path)
