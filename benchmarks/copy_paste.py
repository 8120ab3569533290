"""Measures CopyPaste and renders a page of examples.

    python -m benchmarks.copy_paste speed TARGET            CPU time of a scene relative to cv2.imdecode of its image
    python -m benchmarks.copy_paste crowd                   fraction of successful pastes among 12 to 120 labelled boxes
    python -m benchmarks.copy_paste read TARGET --run DIR   accuracy of a recognizer on pasted texts and their originals
    python -m benchmarks.copy_paste page TARGET [--from SOURCE] [--set KEY=VALUE] -o page.png

TARGET is as for `ocrmill copypaste`. DIR is the run directory of a recognizer, for example from
`ocrmill import-model published --kind recognizer -o DIR`. Compare only ratios within one run.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from augment.copy_paste import BankBuilder, CopyPaste, CropBank, CropRules, NaturalPaste, PaddlePaste, TextCutout
from models.metrics import alphanumeric
from pipelines.datasets.image import decode_image
from pipelines.datasets.rectify import rectify
from pipelines.datasets.scene_source import SceneSource
from pipelines.inference.run import RecognizerRun
from pipelines.jobs.copypaste_inputs import build_crop_bank, open_crop_source, open_target, unique_names
from pipelines.jobs.copypaste_settings import parse_settings
from synthtext.core import Scene, TextInstance

ROUNDS = 5
MODES = ("natural", "paddle")
COLUMNS, WIDTH = 4, 640  # of the page, and pixels of an image on it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("speed", "read", "page"):
        command = commands.add_parser(name)
        command.add_argument("target", type=Path)
        command.add_argument("--from", dest="sources", type=Path, action="append")
        command.add_argument("-n", type=int, default=64 if name == "page" else 300, help="scenes")
    commands.choices["read"].add_argument("--run", type=Path, required=True)
    commands.choices["page"].add_argument("-o", "--out", type=Path, required=True)
    commands.choices["page"].add_argument("--scenes", type=Path, help="folder for the scenes in full size")
    commands.choices["page"].add_argument("--mode", choices=MODES, default="natural")
    commands.choices["page"].add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    commands.add_parser("crowd")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.command == "crowd":
        crowd()
        return
    target = open_target(options.target)
    bank = bank_of(options.sources or [options.target])
    print(f"{len(bank):,} crops, {bank.columns.pixels.nbytes / 1e6:.1f} MB")
    if options.command == "speed":
        speed(target, bank, options.n)
    elif options.command == "read":
        read(target, options.target, bank, options.run, options.n)
    else:
        operation = CopyPaste(bank, parse_settings(options.mode, options.settings).mode)
        page(target, operation, options.n, options.out, options.scenes)


def bank_of(paths: list[Path]) -> CropBank:
    names = unique_names([path.absolute() for path in paths])
    bank, skipped = build_crop_bank(list(zip(names, map(open_crop_source, paths), strict=True)), CropRules())
    print("skipped:", ", ".join(f"{reason} ({count:,})" for reason, count in skipped.most_common()) or "nothing")
    return bank


def scenes_of(target: SceneSource, rows: "np.ndarray") -> Iterator[tuple[bytes, Scene]]:
    for row in rows.tolist():
        (found,) = target.read(np.array([row]))
        yield found.image, Scene(found.key, decode_image(found.image, found.key), found.instances)


def speed(target: SceneSource, bank: CropBank, count: int) -> None:
    """Print CPU milliseconds per scene, the minimum of several rounds over the same scenes."""
    scenes = list(scenes_of(target, np.arange(min(count, len(target)))))
    encoded = [np.frombuffer(data, np.uint8) for data, _ in scenes]
    operations = {name: CopyPaste(bank, parse_settings(name, ()).mode) for name in MODES}
    least = dict.fromkeys(("decode", "copy", *MODES), np.inf)
    pasted = dict.fromkeys(MODES, 0)
    for _ in range(ROUNDS):
        start = time.process_time()
        for data in encoded:
            cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        least["decode"] = min(least["decode"], time.process_time() - start)
        start = time.process_time()
        for _, scene in scenes:
            scene.image.copy()
        least["copy"] = min(least["copy"], time.process_time() - start)
        for name, operation in operations.items():
            streams = [np.random.default_rng(i) for i in range(len(scenes))]
            start = time.process_time()
            made = [len(operation(scene, rng).instances) for (_, scene), rng in zip(scenes, streams, strict=True)]
            least[name] = min(least[name], time.process_time() - start)
            pasted[name] = sum(made) - sum(len(scene.instances) for _, scene in scenes)
    for name, spent in least.items():
        pastes = f"  {pasted[name] / len(scenes):.2f} pastes a scene" if name in pasted else ""
        milliseconds = spent / len(scenes) * 1e3
        print(f"  {name:9s} {milliseconds:6.3f} ms  {spent / least['decode']:5.2f} of decoding{pastes}")


def crowd() -> None:
    """Print requested and successful pastes in images of 1280 x 720 with boxes that do not overlap."""
    for count, scale in ((12, 1.0), (30, 1.0), (60, 1.0), (120, 0.5)):
        results = []
        for mode in (NaturalPaste(), PaddlePaste()):
            rng = np.random.default_rng(count)
            requested = made = 0
            lowest = np.inf
            for seed in range(40):
                scene = crowded(rng, count, scale)
                operation = CopyPaste(bank_of_boxes(crowded(rng, count, scale)), mode)
                after = operation(scene, np.random.default_rng(seed))
                requested += after.meta.effects[-1].parameters["requested"]
                made += len(after.instances) - count
                for new in after.instances[count:]:
                    lowest = min(lowest, float(np.linalg.norm(new.polygon[3] - new.polygon[0])))
            results.append(
                f"{type(mode).__name__}: {made / requested:.3f} of {requested} (lowest text {lowest:.1f} px)"
            )
        print(f"  {count:3d} boxes  " + "   ".join(results))


def crowded(rng: np.random.Generator, count: int, scale: float) -> Scene:
    boxes: list[tuple[float, float, float, float]] = []
    for _ in range(100_000):
        if len(boxes) == count:
            break
        w, h = rng.uniform(60, 220) * scale, rng.uniform(20, 60) * scale
        x, y = rng.uniform(0, 1280 - w), rng.uniform(0, 720 - h)
        if all(x > r or y > b or x + w < left or y + h < top for left, top, r, b in boxes):
            boxes.append((x, y, x + w, y + h))
    quads = [np.array([[x, y], [r, y], [r, b], [x, b]], np.float32) for x, y, r, b in boxes]
    return Scene("", np.full((720, 1280, 3), 128, np.uint8), tuple(TextInstance("text", quad) for quad in quads))


def bank_of_boxes(scene: Scene) -> CropBank:
    """Return blank crops of the sizes of the boxes of another scene."""
    builder = BankBuilder()
    builder.add_source("boxes")
    crops = []
    for i, instance in enumerate(scene.instances):
        w, h = (round(float(side)) for side in instance.polygon[2] - instance.polygon[0])
        polygon = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        crops.append(TextCutout(np.zeros((h, w, 3), np.uint8), polygon, "text", float(h), index=i))
    builder.add_image(0, len(crops), crops)
    return builder.build()


def read(target: SceneSource, path: Path, bank: CropBank, run: Path, count: int) -> None:
    """Accuracy on pasted texts and on the same texts where they come from, rectified by their polygons."""
    recognizer = RecognizerRun.open(run).predictor()
    rows = np.random.default_rng(0).permutation(len(target))[:count]
    (own,) = unique_names([path.absolute()])
    for name in MODES:
        operation = CopyPaste(bank, parse_settings(name, ()).mode)
        originals, lines, truths, heights = [], [], [], []
        for i, (row, (_, scene)) in enumerate(zip(rows.tolist(), scenes_of(target, rows), strict=True)):
            after = operation(scene, np.random.default_rng([i, 1]))
            for new in after.instances[len(scene.instances) :]:
                where, _, origin = new.origin.source.rpartition(":")
                if where != own or int(origin) == row or len(new.polygon) != 4:
                    continue
                (source,) = target.read(np.array([int(origin)]))
                originals.append(
                    rectify(decode_image(source.image, source.key), source.instances[new.origin.index].polygon)
                )
                lines.append(rectify(after.image, new.polygon))
                heights.append(lines[-1].shape[0] / originals[-1].shape[0])
                truths.append(new.text)
        print(
            f"  {name}: {len(lines)} pasted texts, {np.median(heights):.2f} times as high as their originals (median)"
        )
        for kind, images in (("originals", originals), ("pasted", lines)):
            readings = [reading.text for reading in recognizer.read(images)]
            exact = np.mean([a == b for a, b in zip(readings, truths, strict=True)])
            pairs = [(alphanumeric(a), alphanumeric(b)) for a, b in zip(readings, truths, strict=True)]
            loose = np.mean([a == b for a, b in pairs if b])
            print(f"    {kind:10s} accuracy {exact:.3f}  alphanumeric_accuracy {loose:.3f}")


def page(target: SceneSource, operation: CopyPaste, count: int, out: Path, full: Path | None) -> None:
    """Write a page of scenes with outlines: green original, grey ignored, red pasted."""
    rows = np.random.default_rng(1).permutation(len(target))[:count]
    cells = []
    for i, (_, scene) in enumerate(scenes_of(target, rows)):
        after = operation(scene, np.random.default_rng([i, 2]))
        if full is not None:
            full.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(full / f"{i:03d}.png"), after.image[..., ::-1])
        shown = after.image.copy()
        for instance in after.instances:
            is_pasted = instance.origin.kind == "pasted"
            colour = (255, 0, 0) if is_pasted else (150, 150, 150) if instance.ignore else (0, 200, 0)
            outline = [np.round(instance.polygon).astype(np.int32)]
            cv2.polylines(shown, outline, True, (255, 255, 255), 4, cv2.LINE_AA)
            cv2.polylines(shown, outline, True, colour, 2, cv2.LINE_AA)
        height = round(shown.shape[0] * WIDTH / shown.shape[1])
        cells.append(cv2.resize(shown, (WIDTH, height), interpolation=cv2.INTER_AREA))
    lines = [cells[i : i + COLUMNS] for i in range(0, len(cells), COLUMNS)]
    cv2.imwrite(str(out), np.concatenate([joined(line) for line in lines])[..., ::-1])


def joined(line: "list[np.ndarray]") -> "np.ndarray":
    """Join images to a row of the page."""
    row = np.full((max(map(len, line)) + 4, COLUMNS * (WIDTH + 4), 3), 255, np.uint8)
    for i, cell in enumerate(line):
        row[: len(cell), i * (WIDTH + 4) : i * (WIDTH + 4) + WIDTH] = cell
    return row


if __name__ == "__main__":
    main()
