"""Comparison of `ocrmill read` and RapidOCR with the same ONNX files: texts, boxes and time.

The warps of OpenCV 5 and OpenCV 4 differ by up to two grey levels, which changes the predictions for words that are
hardly legible: install the same version on both sides.

python3 -m venv rapid && rapid/bin/pip install rapidocr onnxruntime "opencv-python-headless<5"
python -m benchmarks.compare_reading times --rapidocr rapid/bin/python --images "photos/*.jpg"
python -m benchmarks.compare_reading crops --rapidocr rapid/bin/python --images "words/*.png" --rec exported.onnx
python -m benchmarks.compare_reading boxes --rapidocr rapid/bin/python --images "photos/*.jpg" --det exported.onnx
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import shapely

from pipelines.inference.published import DETECTOR_FILE, DICTIONARY_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.reader import Reader, find_images, load_image
from synthtext.core import Image

ResultT = TypeVar("ResultT")

SIDE = 736


class RapidOCR:
    """RapidOCR in a process of its own."""

    def __init__(self, python: Path, detector: Path, recognizer: Path, charset: Path | None, threads: int) -> None:
        settings = {
            "detector": str(detector),
            "recognizer": str(recognizer),
            "charset": str(charset or ""),
            "threads": threads,
            "side": SIDE,
        }
        worker = Path(__file__).with_name("rapidocr_worker.py")
        self._process = subprocess.Popen(
            [str(python), str(worker), json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def ask(self, path: Path, steps: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"path": str(path.absolute()), "steps": steps}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._answer()
        return answer

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("RapidOCR ended: see its message above")
        return json.loads(line)


def compare_times(reader: Reader, rapid: RapidOCR, images: list[Path], rounds: int) -> None:
    """Read each image with both in turn, `rounds` times after a warm-up, and compare the medians."""
    ratios, cpu_ratios, ocrmill_times, rapid_times, same, total = [], [], [], [], 0, 0
    clock, networks, whole = StageClock(reader), list[float](), list[float]()
    for path in images:
        image = clock.load(path)
        own: list[tuple[float, float]] = []
        other: list[tuple[float, float]] = []
        for repetition in range(rounds + 1):
            answer = rapid.ask(path, "read")
            started, cpu = time.perf_counter(), time.process_time()
            page = reader.read(image)
            spent = time.perf_counter() - started, time.process_time() - cpu
            clock.end_image(spent[0], counts=repetition > 0)
            if repetition:
                networks.append(answer["network_seconds"])
                whole.append(answer["seconds"])
                own.append(spent)
                other.append((answer["seconds"], answer["cpu_seconds"]))
        seconds, cpu_seconds = (statistics.median(column) for column in zip(*own, strict=True))
        rapid_seconds, rapid_cpu = (statistics.median(column) for column in zip(*other, strict=True))
        ratios.append(seconds / rapid_seconds)
        cpu_ratios.append(cpu_seconds / rapid_cpu)
        ocrmill_times.append(seconds)
        rapid_times.append(rapid_seconds)
        texts = [line.text for line in page.lines]
        total += len(answer["texts"])
        same += shared(texts, answer["texts"])
        if sorted(texts) != sorted(answer["texts"]):
            print(f"{path.name}: {sorted(set(texts) ^ set(answer['texts']))}")
    own_ms, rapid_ms = (1000 * statistics.median(times) for times in (ocrmill_times, rapid_times))
    print(f"{len(images)} images, {rounds} rounds; median per image: {own_ms:.0f} ms by ocrmill, {rapid_ms:.0f} ms by")
    print(f"RapidOCR; median ratio {statistics.median(ratios):.2f}, of CPU time {statistics.median(cpu_ratios):.2f}")
    print(f"texts: ocrmill finds {same} of the {total} texts that RapidOCR finds")
    print(f"\n{clock.table()}\n\nnetworks of RapidOCR: mean {1000 * statistics.mean(networks):.1f} ms an image")
    floor = clock.network_seconds() / statistics.mean(whole)
    print(f"the networks of ocrmill alone take {floor:.2f} times the whole time of RapidOCR")


class StageClock:
    """Measures the stages of a reader, whose networks and whose steps it replaces by timed ones.

    Args:
        reader: the reader.
    """

    STAGES = (
        "decode", "resize, normalise, boxes", "detector", "rectify", "resize, pad, decode texts", "recognizer",
        "order texts",
    )  # fmt: skip

    def __init__(self, reader: Reader) -> None:
        self._now = dict.fromkeys(self.STAGES, 0.0)
        self._images: list[dict[str, float]] = []
        self._decoded: list[float] = []
        detector, recognizer = reader.detector, reader.recognizer
        timed_detector = replace(detector, engine=self._timed("detector", detector.engine))
        timed_recognizer = replace(recognizer, engine=self._timed("recognizer", recognizer.engine))
        detect = self._timed("resize, normalise, boxes", timed_detector.detect, inside="detector")
        read = self._timed("resize, pad, decode texts", timed_recognizer.read, inside="recognizer")
        rectified = self._timed("rectify", reader._rectified_lines)
        reader.detector, reader.recognizer = timed_detector, timed_recognizer
        object.__setattr__(timed_detector, "detect", detect)
        object.__setattr__(timed_recognizer, "read", read)
        reader._rectified_lines = rectified  # type: ignore[method-assign]

    def _timed(self, stage: str, function: Callable[..., ResultT], inside: str = "") -> Callable[..., ResultT]:
        """Return a function whose time counts for a stage, except for that of the stage `inside`."""

        def call(*arguments: Any, **options: Any) -> ResultT:
            started, before = time.perf_counter(), self._now.get(inside, 0.0)
            result = function(*arguments, **options)
            self._now[stage] += time.perf_counter() - started - (self._now.get(inside, 0.0) - before)
            return result

        return call

    def load(self, path: Path) -> Image:
        """Load an image, which counts as decoding."""
        started = time.perf_counter()
        image = load_image(path)
        self._decoded.append(time.perf_counter() - started)
        return image

    def end_image(self, seconds: float, *, counts: bool) -> None:
        """Store the times of an image that took so many seconds after its decoding, or discard them."""
        if counts:
            others = {"decode": self._decoded[-1], "order texts": seconds - sum(self._now.values())}
            self._images.append({**self._now, **others})
        self._now = dict.fromkeys(self.STAGES, 0.0)

    def network_seconds(self) -> float:
        """Return the mean time of both networks for an image."""
        return statistics.mean(image["detector"] + image["recognizer"] for image in self._images)

    def table(self) -> str:
        """Return the mean milliseconds of each stage for an image as Markdown."""
        means = {stage: 1000 * statistics.mean(image[stage] for image in self._images) for stage in self.STAGES}
        rows = [f"| {stage} | {mean:.1f} |" for stage, mean in means.items()]
        return "\n".join(["| stage | ms an image |", "|---|---|", *rows])


def shared(first: list[str], second: list[str]) -> int:
    rest = list(first)
    count = 0
    for text in second:
        if text in rest:
            rest.remove(text)
            count += 1
    return count


def compare_crops(reader: Reader, rapid: RapidOCR, images: list[Path]) -> None:
    """Compare the texts of images of single lines."""
    texts = [reading.text for reading in reader.recognizer.read([load_image(path) for path in images])]
    same = 0
    for path, text in zip(images, texts, strict=True):
        other = "".join(rapid.ask(path, "recognize")["texts"])
        same += text == other
        if text != other:
            print(f"{path.name}: {text!r}, RapidOCR {other!r}")
    print(f"{same} of {len(images)} lines are read the same")


def compare_boxes(reader: Reader, rapid: RapidOCR, images: list[Path]) -> None:
    """Compare the boxes: for each, find the one with the largest overlap."""
    worst, differing = 1.0, 0
    for path in images:
        boxes = [shapely.Polygon(polygon) for polygon in reader.detector.detect(load_image(path)).polygons]
        others = [shapely.Polygon(np.array(box)) for box in rapid.ask(path, "detect")["boxes"]]
        differing += abs(len(boxes) - len(others))
        for box in boxes:
            best = max((box.intersection(o).area / box.union(o).area for o in others), default=0.0)
            worst = min(worst, best)
        print(f"{path.name}: {len(boxes)} and {len(others)} boxes")
    print(f"{differing} boxes on one side only; smallest intersection over union {worst:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("times", "crops", "boxes"))
    parser.add_argument("--rapidocr", type=Path, required=True, help="Python of an environment with RapidOCR")
    parser.add_argument("--images", nargs="+", required=True)
    parser.add_argument("--det", type=Path, help="ONNX file (default: the published one)")
    parser.add_argument("--rec", type=Path, help="ONNX file (default: the published one)")
    parser.add_argument("--max-images", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    images = find_images(options.images)[: options.max_images]
    detector, recognizer = options.det or published_file(DETECTOR_FILE), options.rec or published_file(RECOGNIZER_FILE)
    charset = None if options.rec else published_file(DICTIONARY_FILE)
    rapid = RapidOCR(options.rapidocr, detector, recognizer, charset, options.threads)
    reader = Reader.open(detector, recognizer, threads=options.threads, min_side=SIDE)
    # RapidOCR has no maximum enlargement.
    size = replace(reader.detector.preprocessing, max_enlargement=100.0, max_area=100_000_000)
    reader.detector = replace(reader.detector, preprocessing=size)
    if options.mode == "times":
        compare_times(reader, rapid, images, options.rounds)
    elif options.mode == "crops":
        compare_crops(reader, rapid, images)
    else:
        compare_boxes(reader, rapid, images)


if __name__ == "__main__":
    main()
