"""`ocrmill read` beside RapidOCR on the same ONNX files: the same texts, the same boxes, and the time.

OpenCV 5 warps by up to two grey levels otherwise than OpenCV 4, which changes the reading of words that are barely
legible: give both sides the same.

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
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely

from pipelines.inference.published import DETECTOR_FILE, DICTIONARY_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.reader import Reader, find_images, load_image

SIDE = 736


class RapidOCR:
    """The other side of the pipe."""

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
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("RapidOCR ended: see its message above")
        return json.loads(line)


def compare_times(reader: Reader, rapid: RapidOCR, pictures: list[Path], rounds: int) -> None:
    """Every picture by both, turn by turn, `rounds` times after one that does not count; of each the median."""
    ratios, cpu_ratios, ours, theirs, same, total = [], [], [], [], 0, 0
    for path in pictures:
        image = load_image(path)
        mine: list[tuple[float, float]] = []
        other: list[tuple[float, float]] = []
        for turn in range(rounds + 1):
            answer = rapid.ask(path, "read")
            started, cpu = time.perf_counter(), time.process_time()
            page = reader.read(image)
            spent = time.perf_counter() - started, time.process_time() - cpu
            if turn:
                mine.append(spent)
                other.append((answer["seconds"], answer["cpu_seconds"]))
        seconds, cpu_seconds = (statistics.median(column) for column in zip(*mine, strict=True))
        their_seconds, their_cpu = (statistics.median(column) for column in zip(*other, strict=True))
        ratios.append(seconds / their_seconds)
        cpu_ratios.append(cpu_seconds / their_cpu)
        ours.append(seconds)
        theirs.append(their_seconds)
        texts = [line.text for line in page.lines]
        total += len(answer["texts"])
        same += shared(texts, answer["texts"])
        if sorted(texts) != sorted(answer["texts"]):
            print(f"{path.name}: {sorted(set(texts) ^ set(answer['texts']))}")
    print(f"{len(pictures)} pictures, {rounds} rounds: {1000 * statistics.median(ours):.0f} ms a picture by ocrmill, ")
    print(f"{1000 * statistics.median(theirs):.0f} ms by RapidOCR (medians); ratio of a picture: median ")
    print(f"{statistics.median(ratios):.2f}, of CPU time {statistics.median(cpu_ratios):.2f}")
    print(f"texts: {same} of RapidOCR's {total} are found by ocrmill too")


def shared(first: list[str], second: list[str]) -> int:
    rest = list(first)
    count = 0
    for text in second:
        if text in rest:
            rest.remove(text)
            count += 1
    return count


def compare_crops(reader: Reader, rapid: RapidOCR, pictures: list[Path]) -> None:
    """The text of pictures of single lines."""
    texts = [reading.text for reading in reader.recognizer.read([load_image(path) for path in pictures])]
    same = 0
    for path, text in zip(pictures, texts, strict=True):
        theirs = "".join(rapid.ask(path, "recognize")["texts"])
        same += text == theirs
        if text != theirs:
            print(f"{path.name}: {text!r}, RapidOCR {theirs!r}")
    print(f"{same} of {len(pictures)} lines read alike")


def compare_boxes(reader: Reader, rapid: RapidOCR, pictures: list[Path]) -> None:
    """Boxes of pictures: every one must have its like on the other side."""
    worst, differing = 1.0, 0
    for path in pictures:
        ours = [shapely.Polygon(polygon) for polygon in reader.detector.detect(load_image(path)).polygons]
        theirs = [shapely.Polygon(np.array(box)) for box in rapid.ask(path, "detect")["boxes"]]
        differing += abs(len(ours) - len(theirs))
        for mine in ours:
            best = max((mine.intersection(t).area / mine.union(t).area for t in theirs), default=0.0)
            worst = min(worst, best)
        print(f"{path.name}: {len(ours)} and {len(theirs)} boxes")
    print(f"{differing} boxes more on one side; least overlap (intersection over union) {worst:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("times", "crops", "boxes"))
    parser.add_argument("--rapidocr", type=Path, required=True, help="python of an environment that has RapidOCR")
    parser.add_argument("--images", nargs="+", required=True)
    parser.add_argument("--det", type=Path, help="ONNX file; the published one if left out")
    parser.add_argument("--rec", type=Path, help="ONNX file; the published one if left out")
    parser.add_argument("--most", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    pictures = find_images(options.images)[: options.most]
    detector, recognizer = options.det or published_file(DETECTOR_FILE), options.rec or published_file(RECOGNIZER_FILE)
    charset = None if options.rec else published_file(DICTIONARY_FILE)
    rapid = RapidOCR(options.rapidocr, detector, recognizer, charset, options.threads)
    reader = Reader.open(detector, recognizer, threads=options.threads, min_side=SIDE)
    # RapidOCR enlarges without a bound.
    size = replace(reader.detector.preprocessing, max_enlargement=100.0, max_area=100_000_000)
    reader.detector = replace(reader.detector, preprocessing=size)
    if options.what == "times":
        compare_times(reader, rapid, pictures, options.rounds)
    elif options.what == "crops":
        compare_crops(reader, rapid, pictures)
    else:
        compare_boxes(reader, rapid, pictures)


if __name__ == "__main__":
    main()
