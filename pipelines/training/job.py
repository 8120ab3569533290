"""`ocrmill train`: from settings to a run directory."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from pipelines.inference.run import CONFIG_FILE, Run, create_run, open_run
from pipelines.io.atomic import file_lock
from pipelines.training.configs import AnyTrainConfig, RecognizerTrainConfig
from pipelines.training.detector import prepare_detector
from pipelines.training.loop import run_training
from pipelines.training.recognizer import prepare_recognizer
from pipelines.training.resolve import resolve_config
from pipelines.training.settings import TrainConfigT
from pipelines.training.task import LOCK_FILE, Log, TrainingSetup, check_resumable, check_run_dir, create_run_dir
from synthtext.core import InputError

_logger = logging.getLogger("pipelines.training")


def train(
    preset: str,
    out: str | Path,
    data: Sequence[str] = (),
    val: Sequence[str] = (),
    overrides: Sequence[str] = (),
    log: Log = _logger.info,
    workers: int = 0,
    address: str | None = None,
) -> Run:
    """Train a recognizer or a detector. Repeat the same call to resume an interrupted training.

    Args:
        preset: a preset ("rec-lcnet", "det-db"), or the path of a YAML file of settings.
        out: the run directory.
        data: sources to train on, "SOURCE" or "SOURCE=weight"; a source of lines may be a recipe, whose lines are
            generated online.
        val: sources that select the best weights.
        overrides: settings as `key.sub=value`.
        log: receives messages, a line each; by default, the logger `pipelines.training` does, at level INFO.
        workers: Ray processes that share the `micro_batches` of every step; if the settings have one micro-batch, each
            process gets one. 0: train in this process. All processes need the same paths of run and data.
        address: address of a Ray cluster, or None for Ray on this machine.

    Returns:
        The run; its `predictor()` uses the best network.

    Raises:
        InputError: settings or data are wrong, or the folder holds another training.
        JobError: the loss is not finite, or too many lines of a recipe cannot be generated.
        KeyboardInterrupt: the process was interrupted; the same call resumes.

    Examples:
        >>> from pipelines import train
        >>> quick = ["samples=16", "batch_size=8", "threads=1", "data_workers=0"]
        >>> run = train("rec-tiny", "runs/digits", data=["data/digits"], val=["data/digits-val"], overrides=quick)
        >>> run.kind, len(run.charset)
        ('recognizer', 10)
    """
    config, folder = _resolve(preset, data, val, overrides, workers, address), Path(out)
    if config.threads:
        torch.set_num_threads(config.threads)
    check_run_dir(folder)  # before all samples are read
    setup = prepare(config, folder)
    check_resumable(folder, setup.settings, setup.charset)
    create_run_dir(folder)
    with file_lock(folder / LOCK_FILE):
        return _run(config, setup, folder, log, workers, address)


def _resolve(
    preset: str, data: Sequence[str], val: Sequence[str], overrides: Sequence[str], workers: int, address: str | None
) -> AnyTrainConfig:
    """Return the settings with concrete device, precision, sources and micro-batches; raise InputError otherwise."""
    config = resolve_device(resolve_config(preset, data, val, overrides))
    if workers:
        config = _distribute(config, workers, address)
    if not config.data or not config.val:
        raise InputError("training needs data: name at least one source with --data, and one with --val")
    return config


def _run(
    config: AnyTrainConfig, setup: TrainingSetup, folder: Path, log: Log, workers: int, address: str | None
) -> Run:
    if not (folder / CONFIG_FILE).is_file():
        create_run(folder, setup.settings, setup.preprocessing, setup.charset)
    run = open_run(folder)
    setup.on_start(run)
    for message in setup.messages:
        log(message)
    if workers:
        from pipelines.training.workers import train_distributed

        progress = train_distributed(partial(prepare, skip_inspection=True), config, run, log, workers, address)
    else:
        progress = run_training(setup.task, setup.source_sizes, config, run, log)
    setup.on_end(run, progress, log)
    return run


def prepare(config: AnyTrainConfig, folder: Path, *, skip_inspection: bool = False) -> TrainingSetup:
    """Open the data of a training and build its networks.

    Args:
        config: settings, with concrete device and precision, and sources.
        folder: the run directory, which is only read; it may hold the index of a recipe or the crop bank of an earlier
            start.
        skip_inspection: neither inspect the data nor describe them, because another process has done it.

    Raises:
        InputError: settings or data are wrong.
        JobError: too many lines of a recipe cannot be generated.
    """
    if isinstance(config, RecognizerTrainConfig):
        return prepare_recognizer(config, folder, skip_inspection=skip_inspection)
    return prepare_detector(config, folder, skip_inspection=skip_inspection)


def _distribute(config: TrainConfigT, workers: int, address: str | None) -> TrainConfigT:
    """Return settings whose micro-batches the processes can share evenly; raise InputError if there are none."""
    if config.micro_batches == 1:
        config = config.model_copy(update={"micro_batches": workers})
    if config.micro_batches % workers:
        raise InputError(
            f"{workers} workers cannot share {config.micro_batches} micro-batches evenly: set micro_batches to a "
            f"multiple of {workers}, or use fewer workers"
        )
    if address is not None:
        from pipelines.cluster.connect import check_cluster_address

        check_cluster_address(address)
    return config


def resolve_device(config: TrainConfigT) -> TrainConfigT:
    """Replace "auto": CUDA if available, and bfloat16 where the hardware is fast with it.

    Raises:
        InputError: device is cuda, and there is no CUDA device.
    """
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise InputError("device: this machine has no CUDA device; set device=cpu")
    device = "cuda" if has_cuda and config.device != "cpu" else "cpu"
    is_fast = has_cuda if device == "cuda" else bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    precision = ("bf16" if is_fast else "fp32") if config.precision == "auto" else config.precision
    return config.model_copy(update={"device": device, "precision": precision})
