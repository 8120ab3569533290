"""`ocrmill train`: from settings to a RUN."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch

from pipelines.run import CONFIG, Run
from pipelines.shards.lock import locked
from pipelines.train.config import TrainConfig
from pipelines.train.detector_job import prepare_detector
from pipelines.train.loop import run_training
from pipelines.train.preparation import Preparation
from pipelines.train.recognizer_job import prepare_recognizer
from pipelines.train.resolve import resolve_config
from pipelines.train.settings import FREE, CommonConfig
from synthtext.core import InputError

LOCK = "lock"

Config = TypeVar("Config", bound=CommonConfig)


def train(
    preset: str,
    out: str | Path,
    data: Sequence[str] = (),
    val: Sequence[str] = (),
    overrides: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Run:
    """Train a recognizer or a detector, as the preset says; the same call again goes on where it stopped.

    Args:
        preset: a name ("rec-lcnet", "det-db"), or the path of a YAML file of settings.
        out: the RUN's folder.
        data: sources to learn from, "SOURCE" or "SOURCE=weight".
        val: sources to choose the best weights by.
        overrides: `key.sub=value` settings.
        say: is told what happens, a line at a time.

    Returns:
        The RUN; `recognizer()` or `detector()` is the best network.

    Raises:
        InputError: settings or data are wrong, or the folder holds another training.
        JobError: the loss became infinite or not a number.
        KeyboardInterrupt: it was asked to stop; the same call goes on.
    """
    config, folder = concrete(resolve_config(preset, data, val, overrides)), Path(out)
    if not config.data or not config.val:
        raise InputError("training needs data: name at least one source with --data, and one with --val")
    if config.threads:
        torch.set_num_threads(config.threads)
    if isinstance(config, TrainConfig):
        prepared = prepare_recognizer(config)
    else:
        _check_use(folder)  # before all pictures are looked at
        prepared = prepare_detector(config, folder)
    _check_folder(folder, prepared)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK):
        is_new = not (folder / CONFIG).is_file()
        if is_new:
            Run.create(folder, prepared.tree, prepared.preprocessing, prepared.charset)
        run = Run.open(folder)
        prepared.begin(run)
        for line in prepared.told:
            say(line)
        state = run_training(prepared.task, prepared.counts, config, run, say)
        prepared.finish(run, state, say)
    return run


def concrete(config: Config) -> Config:
    """Choose what the settings leave to the machine: the device, and bfloat16 where its arithmetic is fast.

    Raises:
        InputError: the settings ask for a device that is not there.
    """
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise InputError("device: there is no CUDA device here; say device=cpu")
    device = "cuda" if has_cuda and config.device != "cpu" else "cpu"
    fast = has_cuda if device == "cuda" else bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    precision = ("bf16" if fast else "fp32") if config.precision == "auto" else config.precision
    return config.model_copy(update={"device": device, "precision": precision})


def _check_use(folder: Path) -> None:
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


def _check_folder(folder: Path, prepared: Preparation) -> None:
    """Refuse a folder that holds something else; raises as `_check_use` does, and for another training."""
    _check_use(folder)
    if not (folder / CONFIG).is_file():
        return
    run = Run.open(folder)
    differing = list(_differences(run.config, prepared.tree))
    if not differing and prepared.charset is not None and run.charset != prepared.charset:
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
        one, other = there.get(key), here.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{path}{key}.")
        elif one != other and path + key not in FREE:
            yield f"{path}{key} is {one} there and {other} here"
