"""Latency of recognizers for a line on one thread, in torch and in onnxruntime, and their numbers of parameters.

python -m benchmarks.recognizer_latency [--width 320] [--rounds 200] PRESET [KEY=VALUE ...] [, PRESET [KEY=VALUE ...]]
The networks alternate line by line, so that other load of the machine affects all of them; ratios are to the first.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from models.recognizer import Recognizer
from pipelines.inference.engine import Engine, onnx_engine, open_onnx_session, torch_recognizer
from pipelines.inference.onnx_export import to_onnx
from pipelines.inference.run import RecognizerRun, create_run
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.resolve import resolve_config
from synthtext.core import Charset, InputError


def engines(preset: str, *overrides: str) -> tuple[Recognizer, list[Engine]]:
    """Return a network with random weights, and its engines."""
    config = resolve_config(preset, overrides=overrides)
    if not isinstance(config, RecognizerTrainConfig):
        raise InputError(f"{preset} is not a recognizer")
    charset = Charset.named("alphanumeric_lower")
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(Path(folder), config.model_dump(mode="json"), config.input.preprocessing(), charset)
        assert isinstance(run, RecognizerRun)
        run.save_weights(config.network.build(charset, config.input.height))
        model = run.load_model()
        session = open_onnx_session(to_onnx(run)[0], threads=1)
    return model, [torch_recognizer(model), onnx_engine(session)]


def milliseconds(candidates: Sequence[Engine], lines: Sequence[torch.Tensor], rounds: int) -> list[float]:
    """Return the median CPU time of every candidate, each for its own line."""
    spent = np.zeros((rounds, len(candidates)))
    for times in spent:
        for column, (engine, line) in enumerate(zip(candidates, lines, strict=True)):
            started = time.process_time()
            engine(line)
            times[column] = 1000 * (time.process_time() - started)
    medians: list[float] = np.median(spent[rounds // 10 :], axis=0).tolist()
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=320, help="of the line if it is 32 pixels high")
    parser.add_argument("--rounds", type=int, default=200)
    options, rest = parser.parse_known_args()
    torch.set_num_threads(1)
    named = [list(words) for is_rule, words in groupby(rest, lambda word: word == ",") if not is_rule]
    opened = [engines(*words) for words in named]
    lines = [
        torch.randn(1, 3, model.config.height, options.width * model.config.height // 32).contiguous(
            memory_format=torch.channels_last
        )
        for model, _ in opened
    ]
    by_torch, by_onnx = (milliseconds([entry[1][k] for entry in opened], lines, options.rounds) for k in (0, 1))
    print(f"{'':54s} parameters   backbone        torch  ratio      onnx  ratio")
    for words, (model, _), one, other in zip(named, opened, by_torch, by_onnx, strict=True):
        whole, backbone = (sum(p.numel() for p in part.parameters()) for part in (model, model.backbone))
        print(
            f"{' '.join(words):54s} {whole:10,} {backbone:10,}   {one:7.2f} ms {one / by_torch[0]:6.2f} "
            f"{other:6.2f} ms {other / by_onnx[0]:5.2f}"
        )


if __name__ == "__main__":
    main()
