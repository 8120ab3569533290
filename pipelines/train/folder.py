"""The folder of a training: whose it is, and whether what is asked for is the same training."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.config import Tree
from pipelines.run import CONFIG, Run
from pipelines.train.settings import FREE
from synthtext.core import Charset, InputError

LOCK = "lock"


def check_use(folder: Path) -> None:
    """Refuse a folder that holds no training; a new or an empty one is fine.

    Raises:
        InputError: the sentence says what is there.
    """
    if not (folder / CONFIG).is_file():
        if folder.exists() and (not folder.is_dir() or any(_foreign(folder))):
            raise InputError(f"{folder} is not empty and is no RUN; name a new folder")
    elif "imported" in Run.open(folder).config:
        raise InputError(
            f"{folder} was imported, not trained: name another folder, and start from it with init={folder}"
        )


def check_same(folder: Path, tree: Tree, charset: Charset | None) -> None:
    """Refuse a folder that holds something else; raises as `check_use` does, and for another training.

    Args:
        folder: of the RUN; it may be none yet.
        tree: what the RUN's config.yaml would say.
        charset: of a recognizer.
    """
    check_use(folder)
    if not (folder / CONFIG).is_file():
        return
    run = Run.open(folder)
    differing = list(_differences(run.config, tree))
    if not differing and charset is not None and run.charset != charset:
        differing.append("the characters of the charset")
    if differing:
        raise InputError(
            f"{folder} holds a training with other settings: {'; '.join(differing[:5])}. "
            "Name another folder, or repeat its settings to go on with it"
        )


def _foreign(folder: Path) -> Iterator[Path]:
    """What neither a lock nor a RUN that was never begun leaves behind."""
    ours = {LOCK, "charset.txt", "preprocessing.json"}
    return (path for path in folder.iterdir() if path.name not in ours and not path.name.startswith(".tmp-"))


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in {**there, **here}:
        one, other = _by_name(there.get(key)), _by_name(here.get(key))
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{path}{key}.")
        elif one != other and path + key not in FREE:
            is_whole = None in (one, other) and isinstance(one or other, Mapping)  # a network, or all of copy_paste
            told = f"{one} there and {other} here" if not is_whole else f"only {'there' if other is None else 'here'}"
            yield f"{path}{key} is {told}"


def _by_name(value: Any) -> Any:
    """A list of settings as settings by number."""
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        return {str(number): entry for number, entry in enumerate(value)}
    return value
