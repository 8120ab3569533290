"""CPU time and memory of import, crops, export and inspection of scenes.

python -m benchmarks.exchange SOURCE        anything that `ocrmill import` accepts as scenes
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_profile import profile_scenes
from pipelines.jobs.crops import CropsSource, crops
from pipelines.jobs.export import ExportFormat, export_data
from pipelines.jobs.importing import ImportSource, import_data
from pipelines.reports.dataset_page import scene_page
from pipelines.reports.scene_checks import run_scene_checks


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(what: str, count: int, unit: str, work: Callable[[], object]) -> None:
    started = time.process_time()
    work()
    spent = time.process_time() - started
    print(f"{what:28s} {spent:7.2f} s   {count / spent:9.1f} {unit}/s   peak {_peak():5.0f} MB")


def page(data: Path) -> str:
    facts = profile_scenes(open_scene_source(data), np.random.default_rng(0))
    return scene_page(facts, run_scene_checks(facts), facts.scenes["row"][:60])


def main(source: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, words = Path(folder) / "data", Path(folder) / "words"
        images = len(ImportSource.from_path(source).images)
        measure("import", images, "scenes", lambda: import_data(source, data, workers=0))
        count = len(open_scene_source(data))
        sources: list[CropsSource] = []
        measure("crops: scanning", count, "scenes", lambda: sources.append(CropsSource.from_scenes(data)))
        lines = int(sources[0].index.line_offsets[-1])
        measure("crops: scanning and cutting", lines, "lines", lambda: crops(data, words, workers=0))
        formats: tuple[ExportFormat, ...] = ("paddleocr", "icdar", "lmdb")
        for name in formats:
            measure(f"export to {name}", count, "scenes", partial(export_data, data, name, Path(folder) / name))
        measure("inspect, 60 samples", count, "scenes", lambda: page(data))


if __name__ == "__main__":
    main(sys.argv[1])
