"""Compares generators of text lines on the same work: images per CPU-second, without start-up.

    python -m benchmarks.generators FOLDER [--photos DIR] [--text-renderer DIR] [--synthtiger DIR] [--repeats 3]
        [--plot docs/images/generators]

All generators draw English lines of 20 to 25 characters with the same eight fonts on the same photographs, 48 pixels
high, with the blur, noise, skew and perspective that they offer, as JPEG. docTR-synth and TRDG are installed into
environments of their own in FOLDER. text_renderer and SynthTIGER take part if a checkout of their repository is given.

Every generator runs with two numbers of images, in turn with the others. Its rate is the difference of the numbers over
the difference of the CPU times of all its processes; the table shows the median of the repeats.
"""

import argparse
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.peers import commands
from benchmarks.peers.commands import Job
from benchmarks.peers.inputs import write_inputs
from benchmarks.plots import bar_chart

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_IMAGES = frozenset({".jpg", ".jpeg", ".png"})


def count_images(out: Path) -> int:
    """Count the images in a dataset of this package, or in a folder of image files."""
    shards = list(out.glob("shards/*.parquet"))
    if shards:
        return sum(pq.read_metadata(shard).num_rows for shard in shards)
    return sum(path.suffix.lower() in _IMAGES for path in out.rglob("*"))


def run_job(job: Job, count: int, out: Path) -> tuple[int, float]:
    """Run a generator, and return the number of images and the CPU seconds of all its processes."""
    shutil.rmtree(out, ignore_errors=True)
    if job.name == "TRDG":  # it writes into an existing folder only
        out.mkdir(parents=True)
    environment = {**os.environ, **dict.fromkeys(_THREADS, "1"), **job.environment(count, out)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = job.command(count, out)
    done = subprocess.run(command, cwd=job.folder, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return count_images(out), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(jobs: list[Job], folder: Path, repeats: int) -> dict[str, list[float]]:
    """Measure the rates of all generators, in turn."""
    rates: dict[str, list[float]] = {job.name: [] for job in jobs}
    for _ in range(repeats):
        for job in jobs:
            first, second = (run_job(job, count, folder / "out" / job.name) for count in job.counts)
            rates[job.name].append((second[0] - first[0]) / (second[1] - first[1]))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, help="folder of backgrounds; default: images of scikit-image")
    parser.add_argument("--text-renderer", type=Path, help="checkout of oh-my-ocr/text_renderer")
    parser.add_argument("--synthtiger", type=Path, help="checkout of clovaai/synthtiger")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plot", type=Path, help="write PLOT.png and PLOT.svg")
    options = parser.parse_args()
    folder = options.folder.resolve()
    write_inputs(folder, options.photos)
    jobs = [commands.ocrmill(folder), commands.doctr_synth(folder), commands.trdg(folder)]
    if options.text_renderer:
        jobs.append(commands.text_renderer(folder, options.text_renderer.resolve()))
    if options.synthtiger:
        jobs.append(commands.synthtiger(folder, options.synthtiger.resolve()))
    rates = measure(jobs, folder, options.repeats)
    (folder / "rates.json").write_text(json.dumps(rates, indent=1))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print("| generator | images per CPU-second | range | ocrmill / it |\n|---|---|---|---|")
    for name, values in rates.items():
        ratio = medians["ocrmill"] / medians[name]
        print(f"| {name} | {medians[name]:,.1f} | {min(values):,.1f} to {max(values):,.1f} | {ratio:,.1f} |")
    if options.plot:
        bar_chart(options.plot, medians, "images per CPU-second", ranges=rates, log=True)


if __name__ == "__main__":
    main()
