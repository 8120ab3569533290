"""`ocrmill train`: from settings to a RUN."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from models.ctc import CTCCodec
from pipelines.config import Tree
from pipelines.reader import open_source, select
from pipelines.run import CONFIG, Run
from pipelines.shards.lock import locked
from pipelines.train.checks import describe_data
from pipelines.train.config import FREE, TrainConfig, resolve_config
from pipelines.train.loop import run_training
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.start import start_from
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset

LOCK = "lock"


def train(
    preset: str,
    out: str | Path,
    data: Sequence[str] = (),
    val: Sequence[str] = (),
    overrides: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Run:
    """Train a recognizer. Called again with the same settings and folder, it goes on where it stopped.

    Args:
        preset: a name ("rec-lcnet"), or the path of a YAML file of settings.
        out: the RUN's folder.
        data: sources to learn from, "SOURCE" or "SOURCE=weight".
        val: sources to choose the best weights by.
        overrides: `key.sub=value` settings.
        say: is told what happens, a line at a time.

    Returns:
        The RUN; `load_recognizer()` has its best weights.

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
    charset = _charset(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    sources, held_out = [open_source(entry.source) for entry in config.data], [open_source(name) for name in config.val]
    selections = [select(source, codec, preprocessing, config.input.widest) for source in sources]
    task = RecognizerTask(config, charset, selections, held_out)
    started = start_from(task.model, charset, Run.open(Path(config.init))) if config.init else None
    _check_folder(folder, _tree(config), charset)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK):
        is_new = not (folder / CONFIG).is_file()
        run = Run.create(folder, _tree(config), preprocessing, charset) if is_new else Run.open(folder)
        for line in describe_data(selections, held_out, charset):
            say(line)
        if started:
            say(f"start from {config.init}: {started}")
        run_training(task, [len(selection.rows) for selection in selections], config, run, say)
    return run


def _charset(name: str) -> Charset:
    if (Path(name) / CONFIG).is_file():
        return Run.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())


def concrete(config: TrainConfig) -> TrainConfig:
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


def _tree(config: TrainConfig) -> Tree:
    return {"kind": "recognizer", **config.model_dump(mode="json")}


def _check_folder(folder: Path, tree: Tree, charset: Charset) -> None:
    """Refuse a folder that holds something else; a new or an empty one is fine.

    Raises:
        InputError: the sentence says what differs.
    """
    if not (folder / CONFIG).is_file():
        if folder.exists() and (not folder.is_dir() or any(_foreign(folder))):
            raise InputError(f"{folder} is not empty and is no RUN; name a new folder")
        return
    run = Run.open(folder)
    if "imported" in run.config:
        raise InputError(
            f"{folder} was imported, not trained: name another folder, and start from it with init={folder}"
        )
    differing = list(_differences(run.config, tree))
    if run.charset != charset:
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
