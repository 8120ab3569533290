"""`ocrmill train`: from settings to a RUN."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from pipelines.inference.run import CONFIG_FILE, Run, create_run, open_run
from pipelines.io.atomic import file_lock
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.detector_job import prepare_detector
from pipelines.training.loop import run_training
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.recognizer_job import prepare_recognizer
from pipelines.training.resolve import resolve_config
from pipelines.training.settings import TrainConfigT
from pipelines.training.task import LOCK_FILE, TrainingSetup, check_resumable, check_run_dir
from synthtext.core import InputError


def train(
    preset: str,
    out: str | Path,
    data: Sequence[str] = (),
    val: Sequence[str] = (),
    overrides: Sequence[str] = (),
    log: Callable[[str], None] = print,
    workers: int = 0,
    address: str | None = None,
) -> Run:
    """Train a recognizer or a detector, as the preset says; the same call again goes on where it stopped.

    Args:
        preset: a name ("rec-lcnet", "det-db"), or the path of a YAML file of settings.
        out: the RUN's folder.
        data: sources to learn from, "SOURCE" or "SOURCE=weight"; a SOURCE of lines may be a recipe, which is drawn.
        val: sources to choose the best weights by.
        overrides: `key.sub=value` settings.
        say: is told what happens, a line at a time.
        workers: processes, under Ray, that share the `micro_batches` of every step; as many batches as processes where
            the settings have just one. 0: this one alone. All need the same paths of RUN and data.
        address: of a Ray cluster to join, or None.

    Returns:
        The run directory; its `predictor()` is the best network.

    Raises:
        InputError: settings or data are wrong, or the folder holds another training.
        JobError: the loss became infinite or not a number, or too many lines of a recipe could not be drawn.
        KeyboardInterrupt: it was asked to stop; the same call goes on.
    """
    config, folder = concrete(resolve_config(preset, data, val, overrides)), Path(out)
    if workers:
        config = _shared(config, workers, address)
    if not config.data or not config.val:
        raise InputError("training needs data: name at least one source with --data, and one with --val")
    if config.threads:
        torch.set_num_threads(config.threads)
    check_run_dir(folder)  # before all samples are looked at
    prepared = prepare(config, folder)
    check_resumable(folder, prepared.settings, prepared.charset)
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK_FILE):
        is_new = not (folder / CONFIG_FILE).is_file()
        if is_new:
            create_run(folder, prepared.settings, prepared.preprocessing, prepared.charset)
        run = open_run(folder)
        prepared.on_start(run)
        for line in prepared.messages:
            log(line)
        if workers:
            from pipelines.training.workers import train_distributed

            again = partial(prepare, skip_inspection=True)
            state = train_distributed(again, config, run, log, workers, address)
        else:
            state = run_training(prepared.task, prepared.source_sizes, config, run, log)
        prepared.on_end(run, state, log)
    return run


def prepare(
    config: RecognizerTrainConfig | DetectorTrainConfig, folder: Path, *, skip_inspection: bool = False
) -> TrainingSetup:
    """What settings begin; see `prepare_recognizer` and `prepare_detector`."""
    if isinstance(config, RecognizerTrainConfig):
        return prepare_recognizer(config, folder, is_known=skip_inspection)
    return prepare_detector(config, folder, is_known=skip_inspection)


def _shared(config: TrainConfigT, workers: int, address: str | None) -> TrainConfigT:
    """Settings whose steps several processes can share.

    Raises:
        InputError: they cannot, or no cluster answers at the address.
    """
    if config.micro_batches == 1:
        config = config.model_copy(update={"micro_batches": workers})
    if config.micro_batches % workers:
        raise InputError(
            f"{workers} workers cannot share {config.micro_batches} batches a step evenly: give micro_batches a "
            f"multiple of {workers}, or take fewer workers"
        )
    if address is not None:
        from pipelines.cluster.connect import check_cluster_address

        check_cluster_address(address)
    return config


def concrete(config: TrainConfigT) -> TrainConfigT:
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
