"""Record generated samples and losses of short trainings, to detect unintended changes.

Run `python -m tests.guard.record` from the root of the repository to write `digests.json`, which `test_guard.py`
compares. Record again only after an intended change of pixels, texts, polygons or losses, and mention it in the
changelog; names of presets record only these: `python -m tests.guard.record lines-ar`. On a CPU with other features,
recording adds the pixels and losses of this CPU if everything else is unchanged.

Fonts come from wheels, and from Debian's Noto packages for scripts that the wheels do not cover. To save time, presets
of scenes have fewer samples than presets of lines (16 or 8 instead of 64), trainings have 8 steps, and only some
languages are recorded.
"""

import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.generation import generate, iterate_samples
from pipelines.recipes.presets import recipe_preset_names
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.job import train
from synthtext.corpora import languages

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "digests.json"
REFERENCE = HERE.parent / "reference"
LINES, SCENES, PAGES, PASTED = 64, 16, 8, 8
MODES = ("natural", "paddle")
NOTO = Path("/usr/share/fonts")
CJK = "opentype/noto/NotoSansCJK-Regular.ttc"
LANGUAGES = {  # some of the languages, with the fonts that their presets need besides those of wheels
    "ar": "truetype/noto/NotoNaskhArabic-Regular.ttf",
    "de": "",
    "hi": "truetype/noto/NotoSansDevanagari-Regular.ttf",
    "ja": CJK,
    "ru": "",
    "zh": CJK,
    "chinese": CJK,
}
TRAINED = {  # preset: steps and settings
    "rec-tiny": (8, ("batch_size=8",)),
    "rec-ppocrv2": (
        8,
        (
            "batch_size=4",
            "network.backbone_scale=0.125",
            "loss.center_samples_range=[0, 8]",
            "charset=alphanumeric_lower",
        ),
    ),
    "det-tiny": (8, ("batch_size=2", "view.size=[64, 64]")),
    "det-dml": (8, ("batch_size=2", "view.size=[64, 64]", "network={backbone_scale: 0.25, neck_channels: 24}")),
}


@dataclass
class Digests:
    """Digests of samples in order, separated by spaces.

    Attributes:
        texts: First digits of the SHA-256 of each sample's texts (and labels, in scenes).
        quads: Digests of the corners of polygons and clusters, rounded to 0.001 px.
        means: Mean of red, green and blue of each image.
        pixels: Digests of the pixels, by CPU.
        font: SHA-256 of the font that is not from a wheel.
    """

    texts: str
    quads: str
    means: str
    pixels: dict[str, str] = field(default_factory=dict)
    font: str = ""

    def differences(self, recorded: "Digests") -> list[str]:
        """Describe the differences from recorded digests; pixels of an unrecorded CPU are compared by their means."""
        found = [
            f"{name} of samples {numbers}"
            for name in ("texts", "quads")
            if (numbers := _differing(getattr(self, name).split(), getattr(recorded, name).split()))
        ]
        known = {cpu: recorded.pixels[cpu] for cpu in self.pixels if cpu in recorded.pixels}
        found += [
            f"pixels of samples {numbers}"
            for cpu in known
            if (numbers := _differing(self.pixels[cpu].split(), known[cpu].split()))
        ]
        if not known:
            now, then = (np.array(one.means.split(), np.float64) for one in (self, recorded))
            if len(now) != len(then):
                found.append(f"the number of samples: {len(now) // 3} instead of {len(then) // 3}")
            elif (off := np.abs(now - then).max()) > 0.5:
                found.append(f"mean values, by up to {off:.1f}")
        return found


def _differing(now: Sequence[str], then: Sequence[str]) -> list[int]:
    length = max(len(now), len(then))
    return [i for i in range(length) if now[i : i + 1] != then[i : i + 1]]


def cpu() -> str:
    """Features of the CPU, which determine OpenCV's code paths."""
    return _digest(f"{platform.machine()}: {cv2.getCPUFeaturesLine()}".encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def drawn_names() -> list[str]:
    """Names of the recorded presets, and "copypaste MODE" for the modes of CopyPaste."""
    left_out = {f"lines-{language}" for language in languages()} - {f"lines-{language}" for language in LANGUAGES}
    return [name for name in recipe_preset_names() if name not in left_out] + [f"copypaste {mode}" for mode in MODES]


def font_of(name: str) -> Path | None:
    """The font that a preset needs besides those of wheels."""
    path = LANGUAGES.get(name.removeprefix("lines-"), "")
    return NOTO / path if path else None


def draw(name: str, folder: Path) -> Digests:
    """Generate the samples of one of `drawn_names`.

    Args:
        name: Name of a preset, or "copypaste MODE".
        folder: Empty folder for temporary files.
    """
    if name.startswith("copypaste "):
        return _of_scenes(_pasted(name.removeprefix("copypaste "), folder))
    settings, font = ["fonts.system=false"], font_of(name)
    if font:
        (folder / font.name).symlink_to(font)
        settings.append(f"fonts.folders=[{folder}]")
    recipe = resolve_recipe(name, settings)
    if recipe.kind == "scenes":
        count = PAGES if name == "scenes-document" else SCENES  # pages are slow
        return _of_scenes((scene.image, scene.instances) for scene in iterate_samples(recipe, count))
    found = _of_lines(iterate_samples(recipe, LINES))
    found.font = hashlib.sha256(font.read_bytes()).hexdigest() if font else ""
    return found


def _pasted(mode: str, folder: Path) -> Iterable[tuple[Any, Any]]:
    """Images and instances of a CopyPaste data set in this mode."""
    small = ["output.width_range=[320, 320]", "output.height_range=[240, 240]", "fonts.size_range=[11, 40]"]
    generate("scenes", folder / "target", 4, overrides=["fonts.system=false", "output.format=png", *small], workers=0)
    copypaste(folder / "target", folder / "out", PASTED, mode=mode, overrides=["output.format=png"], workers=0)
    for scene in iterate_scenes(open_scene_source(folder / "out")):
        yield cv2.imdecode(np.frombuffer(scene.image, np.uint8), cv2.IMREAD_COLOR_RGB), scene.instances


def _of_lines(samples: Iterable[Any]) -> Digests:
    drawn = [
        (one.image, f"{one.text} {one.clusters.offsets.tolist()}", _rounded([one.clusters.quads])) for one in samples
    ]
    return _digests(drawn)


def _of_scenes(scenes: Iterable[tuple[Any, Any]]) -> Digests:
    drawn = []
    for image, instances in scenes:
        texts = "\n".join(f"{one.text} {one.ignore} {one.level} {one.parent}" for one in instances)
        corners = [part for one in instances for part in (one.polygon, one.clusters.quads)]
        drawn.append((image, texts, _rounded(corners)))
    return _digests(drawn)


def _digests(drawn: Sequence[tuple[Any, str, bytes]]) -> Digests:
    return Digests(
        texts=" ".join(_digest(text.encode()) for _, text, _ in drawn),
        quads=" ".join(_digest(corners) for _, _, corners in drawn),
        means=" ".join(f"{level:.1f}" for image, _, _ in drawn for level in image.mean(axis=(0, 1))),
        pixels={cpu(): " ".join(_digest(str(image.shape).encode() + image.tobytes()) for image, _, _ in drawn)},
    )


def _rounded(corners: Sequence[Any]) -> bytes:
    """Corners in 0.001 px."""
    return b"".join(np.rint(np.asarray(part, np.float64) * 1000).astype(np.int64).tobytes() for part in corners)


def losses(preset: str, folder: Path) -> list[float]:
    """Losses of all steps of a short training.

    Args:
        preset: One of `TRAINED`.
        folder: Folder for the data and the run; presets of one kind share the data.
    """
    steps, settings = TRAINED[preset]
    data = str(folder / preset.partition("-")[0])
    if Path(data).exists():
        pass
    elif preset.startswith("rec-"):
        generate("digits", data, 32, overrides=["output.format=png"], workers=0)
    else:
        small = ["output.width_range=[96, 96]", "output.height_range=[96, 96]", "fonts.size_range=[11, 24]"]
        generate("scenes", data, 4, overrides=["fonts.system=false", "output.format=png", *small], workers=0)
    samples = steps * int(settings[0].partition("=")[2])
    common = ("threads=1", "data_workers=0", "precision=fp32", "log_every=1", "optim.warmup_steps=5")
    overrides = [*common, f"samples={samples}", *settings]
    run = train(preset, folder / preset, [data], [data], overrides, lambda text: None)
    entries = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    return [float(f"{entry['loss']:.6g}") for entry in entries if entry["event"] == "train"]


def same_losses(now: Sequence[float], recorded: Mapping[str, Sequence[float]]) -> bool:
    """Compare losses with those recorded on the same CPU, or else on any CPU.

    Other CPUs round differently, and every step amplifies the difference, so that only the first steps are compared.
    """
    then = recorded.get(cpu(), next(iter(recorded.values())))
    steps, tolerance = (len(then), 1e-4) if cpu() in recorded else (5, 1e-2)
    return len(now) == len(then) and bool(np.allclose(now[:steps], then[:steps], tolerance, 0))


def reference() -> dict[str, str]:
    """SHA-256 of the reference vectors, by file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(REFERENCE.iterdir())}


def in_folder(function: Callable[[str, Path], Any], name: str) -> Any:
    """Call a function with a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        return function(name, Path(folder))


def main(names: Sequence[str] = ()) -> None:
    """Generate and train everything, or only what is named, and write the results."""
    before = json.loads(RECORDED.read_text()) if RECORDED.exists() else {"drawn": {}, "losses": {}}
    drawn: dict[str, Any] = {name: before["drawn"].get(name) for name in drawn_names()}
    trained: dict[str, Any] = {name: before["losses"].get(name, {}) for name in TRAINED}
    for name in names or [*drawn, *trained]:
        if name in drawn:
            found: Digests = in_folder(draw, name)
            then = Digests(**drawn[name]) if drawn[name] else None
            if then and not replace(found, pixels={}).differences(then):
                found.pixels = {**then.pixels, **found.pixels}
            drawn[name] = asdict(found)
        else:
            series, kept = in_folder(losses, name), trained[name]
            trained[name] = {**(kept if kept and same_losses(series, kept) else {}), cpu(): series}
    text = json.dumps({"reference": reference(), "drawn": drawn, "losses": trained}, indent=1)
    RECORDED.write_text(text + "\n")
    print(f"recorded for the CPU {cpu()}: {RECORDED}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
