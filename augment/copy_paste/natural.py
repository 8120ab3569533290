"""The default paste mode: crops adapt to the target image."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.bank import CropBalance, CropBank, CropSampler
from augment.copy_paste.blend import PatchPose, blend
from augment.copy_paste.crop import MIN_TEXT_HEIGHT, letter_height, text_orientation
from augment.copy_paste.occupancy import OccupancyMap
from augment.copy_paste.placement import placement_costs
from augment.copy_paste.strokes import PatchColours, is_separable
from synthtext.core import BoundedSettings, Image, InputError, Parameters, Polygon, Range, Scene, bounded

_CROP_TRIES = 4  # crops that are tried for a paste
_COMPARED_CROPS = 2  # of which the one in the better place is used
_GOOD_COST = 150.0  # of a place, at which no other crop is tried
_SIZE_TRIES = 5  # sizes that are tried for a crop
_SIZE_FACTOR = 0.7  # from one size to the next
_PLACE_COUNT = 7  # free places, of which that of least cost is used
_MAX_SIDE_FRACTION = 0.9  # maximum size of a paste as a fraction of the sides of the image


@dataclass(frozen=True)
class NaturalPaste(BoundedSettings):
    """Pastes strokes of crops at the height and angle of the target's own texts, on smooth areas that can carry them.

    PP-OCRv2, section 2.1.3 (CopyPaste), with adaptation to the target that PaddleOCR's operation lacks. Crops whose
    strokes differ clearly from an even background are preferred; others keep their background, with a soft edge.

    Attributes:
        share: number of pastes per text of the target, 0 to 10. Ignored texts count; texts with child texts do not.
        count_range: minimum and maximum number of pastes, 0 to 1000; the minimum also applies to images without text.
        balance: what is chosen uniformly: "crops", "images", "sources" or "texts"; "characters" favours crops with rare
            characters.
        scale_range: scale of a crop towards the height of the target's texts, 0.05 to 4. A crop that does not fit is
            scaled down further, but no text below 8 pixels.
        height_range: height of texts in images without text, as a fraction of the shorter side, 0.001 to 1.
        degrees_range: rotation added to the angle of one of the target's texts, -180 to 180.
        match_range: 0 to 1, how far the background of a crop gives way to the target area; 0 keeps it as it is.
        feather_range: width of the soft edge as a fraction of the text height, 0 to 0.5; at most 3 pixels.
    """

    share: float = bounded(0.2, 0, 10)
    count_range: tuple[int, int] = bounded((1, 30), 0, 1000)
    balance: CropBalance = "crops"
    scale_range: Range = bounded((0.6, 1.5), 0.05, 4)
    height_range: Range = bounded((0.03, 0.08), 0.001, 1)
    degrees_range: Range = bounded((-3, 3), -180, 180)
    match_range: Range = bounded((1.0, 1.0), 0, 1)
    feather_range: Range = bounded((0.04, 0.1), 0, 0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.balance not in get_args(CropBalance):
            raise InputError(f"unknown balance {self.balance!r}: use one of {', '.join(get_args(CropBalance))}")

    def prepare(self, bank: CropBank) -> Callable[[np.random.Generator, Scene], Parameters]:
        """Return the function that samples the pastes of a scene."""
        crops = CropSampler(bank.weights(self.balance))
        separable = is_separable(PatchColours(*bank.columns.patch_colours.swapaxes(0, 1)))
        return lambda rng, scene: _SceneSampler(self, bank, crops, separable, rng, scene).draw()

    def paste(self, image: Image, bank: CropBank, paste: Parameters) -> Polygon:
        """Paste one crop into an image in place; return its polygon (P, 2) in the image."""
        number, pose = paste["crop"], PatchPose(*(paste[name] for name in PatchPose._fields))
        feather = paste["feather"] * float(bank.columns.heights[number]) * pose.scale
        patch, polygon, colours = bank.patch(number), bank.polygon(number), bank.colours(number)
        return blend(image, patch, polygon, pose, colours, match=paste["match"], feather=feather)


class _SceneSampler:
    """Samples the pastes of one scene."""

    def __init__(
        self,
        settings: NaturalPaste,
        bank: CropBank,
        crops: CropSampler,
        separable: NDArray[np.bool_],
        rng: np.random.Generator,
        scene: Scene,
    ) -> None:
        self.settings, self.bank, self.crops, self.separable = settings, bank, crops, separable
        self.rng, self.scene = rng, scene
        self.height, self.width = scene.image.shape[:2]
        self.occupancy = OccupancyMap(self.width, self.height, [instance.polygon for instance in scene.instances])
        parents = {instance.parent for instance in scene.instances}
        self.texts = [instance for i, instance in enumerate(scene.instances) if i not in parents]
        self.references = [text for text in self.texts if not text.ignore] or self.texts

    def draw(self) -> Parameters:
        minimum, maximum = self.settings.count_range
        requested = min(max(round(self.settings.share * len(self.texts)), minimum), maximum)
        failed: Counter[str] = Counter()
        pastes = [paste for _ in range(requested) if (paste := self._sample_paste(failed)) is not None]
        return {"requested": requested, "pastes": pastes, "failed": dict(failed)}

    def _sample_paste(self, failed: Counter[str]) -> Parameters | None:
        """Sample a crop and its place, or count why none of the tried crops fits.

        The better one of two crops is used, unless the place of the first is good, or it brings its own background.
        """
        reason, found = "", list[tuple[float, int, PatchPose]]()
        for _ in range(_CROP_TRIES):
            number, (height, degrees, centre) = self._sample_crop(), self._sample_geometry()
            scale = self._scale(number, height)
            if scale is None:
                reason = "crop would be under 8 pixels or larger than the image"
                continue
            pose, cost = self._find_pose(number, scale, degrees, centre)
            if pose is None:
                reason = "no room"
                continue
            found.append((cost, number, pose))
            if cost <= _GOOD_COST or not self.separable[number] or len(found) == _COMPARED_CROPS:
                break
        if not found:
            failed[reason] += 1
            return None
        _, number, pose = min(found)
        self.occupancy.add(pose.points(self.bank.polygon(number), *self.bank.size(number)))
        return {"crop": number, **pose._asdict(), **self.settings.uniform(self.rng, "match", "feather")}

    def _sample_crop(self) -> int:
        """Sample a crop, preferably one whose strokes can be told from their background."""
        numbers = (self.crops.draw(self.rng) for _ in range(_CROP_TRIES))
        first = next(numbers)
        return first if self.separable[first] else next((number for number in numbers if self.separable[number]), first)

    def _sample_geometry(self) -> tuple[float, float, tuple[float, float] | None]:
        """Sample a height in pixels, an angle in degrees and a centre, like those of one of the target's texts."""
        settings, rng = self.settings, self.rng
        jitter = rng.uniform(*settings.degrees_range)
        if not self.references:
            return rng.uniform(*settings.height_range) * min(self.width, self.height), jitter, None
        reference = self.references[rng.integers(len(self.references))]
        frame = text_orientation(reference.polygon)
        height = letter_height(frame["length"], frame["height"], reference.text)
        # The angle of a text that is higher than wide is unreliable: single letters and columns.
        degrees = frame["degrees"] if frame["length"] > frame["height"] else 0.0
        x, y = reference.polygon.mean(axis=0).tolist()
        return height, degrees + jitter, (x, y)

    def _scale(self, number: int, height: float) -> float | None:
        """Return the scale of a crop towards a height, within the settings and the image; None if impossible."""
        own = float(self.bank.columns.heights[number])
        minimum, maximum = self.settings.scale_range
        columns, rows = self.bank.size(number)
        max_scale = _MAX_SIDE_FRACTION * min(self.width, self.height) / min(columns, rows)
        max_scale = min(max_scale, _MAX_SIDE_FRACTION * max(self.width, self.height) / max(columns, rows))
        scale = min(max(height / own, minimum, MIN_TEXT_HEIGHT / own), maximum, max_scale)
        return scale if scale * own >= MIN_TEXT_HEIGHT - 1e-6 else None

    def _find_pose(
        self, number: int, scale: float, degrees: float, centre: tuple[float, float] | None
    ) -> tuple[PatchPose | None, float]:
        """Find a free place for the crop, at a smaller size if necessary, and its cost; None if there is none."""
        minimum = MIN_TEXT_HEIGHT / float(self.bank.columns.heights[number])
        polygon, colours = self.bank.polygon(number), self.bank.colours(number)
        for _ in range(_SIZE_TRIES):
            outline = PatchPose(0.0, 0.0, scale, degrees).points(polygon, *self.bank.size(number))
            places = self.occupancy.free_offsets(outline, _PLACE_COUNT, self.rng)
            if places:
                box = np.concatenate([outline.min(axis=0), outline.max(axis=0)])
                boxes = box + np.tile(np.array(places), 2)
                costs = placement_costs(self.scene.image, boxes, colours, centre)
                best = int(costs.argmin())
                pose = PatchPose(round(places[best].dx, 3), round(places[best].dy, 3), scale, degrees)
                return pose, float(costs[best])
            if scale <= minimum:
                break
            scale = max(scale * _SIZE_FACTOR, minimum)
        return None, math.inf
