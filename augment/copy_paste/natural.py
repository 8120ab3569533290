"""The default paste mode: crops adapt to the target image."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from augment.copy_paste.bank import CropBalance, CropBank, CropSampler
from augment.copy_paste.blend import PatchPose, blend, placement_cost
from augment.copy_paste.crop import MIN_TEXT_HEIGHT, letter_height, text_orientation
from augment.copy_paste.occupancy import OccupancyMap, PastePosition
from synthtext.core import BoundedSettings, Image, InputError, Parameters, Polygon, Range, Scene, bounded

_CROP_TRIES = 4  # crops that are tried for a paste
_SIZE_TRIES = 5  # sizes that are tried for a crop
_SIZE_FACTOR = 0.7  # from one size to the next
_PLACE_COUNT = 6  # free places, of which the one of least cost is used
_MAX_SIDE_FRACTION = 0.9  # maximum size of a paste as a fraction of the sides of the image


@dataclass(frozen=True)
class NaturalPaste(BoundedSettings):
    """Pastes crops at the height and angle of the target's own texts, in its light, with a soft edge, in smooth areas.

    PP-OCRv2, section 2.1.3 (CopyPaste), with adaptation to the target that PaddleOCR's operation lacks.

    Attributes:
        share: number of pastes per text of the target, 0 to 10. Ignored texts count; texts with child texts do not.
        count_range: minimum and maximum number of pastes, 0 to 1000; the minimum also applies to images without text.
        balance: what is chosen uniformly: "crops", "images", "sources" or "texts"; "characters" favours crops with rare
            characters.
        scale_range: scale of a crop towards the height of the target's texts, 0.05 to 4. A crop that does not fit is
            scaled down further, but no text below 8 pixels.
        height_range: height of texts in images without text, as a fraction of the shorter side, 0.001 to 1.
        degrees_range: rotation added to the angle of one of the target's texts, -180 to 180.
        match_range: 0 to 1, how far brightness and colour follow the target area.
        feather_range: width of the soft edge as a fraction of the text height, 0 to 0.5; at most 3 pixels.
    """

    share: float = bounded(0.2, 0, 10)
    count_range: tuple[int, int] = bounded((1, 30), 0, 1000)
    balance: CropBalance = "crops"
    scale_range: Range = bounded((0.6, 1.5), 0.05, 4)
    height_range: Range = bounded((0.03, 0.08), 0.001, 1)
    degrees_range: Range = bounded((-3, 3), -180, 180)
    match_range: Range = bounded((0.5, 1.0), 0, 1)
    feather_range: Range = bounded((0.04, 0.1), 0, 0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.balance not in get_args(CropBalance):
            raise InputError(f"unknown balance {self.balance!r}: use one of {', '.join(get_args(CropBalance))}")

    def prepare(self, bank: CropBank) -> Callable[[np.random.Generator, Scene], Parameters]:
        """Return the function that samples the pastes of a scene."""
        crops = CropSampler(bank.weights(self.balance))
        return lambda rng, scene: _SceneSampler(self, bank, crops, rng, scene).draw()

    def paste(self, image: Image, bank: CropBank, paste: Parameters) -> Polygon:
        """Paste one crop into an image in place; return its polygon (P, 2) in the image."""
        number, pose = paste["crop"], PatchPose(*(paste[name] for name in PatchPose._fields))
        feather = paste["feather"] * float(bank.columns.heights[number]) * pose.scale
        patch, polygon, colours = bank.patch(number), bank.polygon(number), bank.colours(number)
        return blend(image, patch, polygon, pose, colours, match=paste["match"], feather=feather)


class _SceneSampler:
    """Samples the pastes of one scene."""

    def __init__(
        self, settings: NaturalPaste, bank: CropBank, crops: CropSampler, rng: np.random.Generator, scene: Scene
    ) -> None:
        self.settings, self.bank, self.crops, self.rng, self.scene = settings, bank, crops, rng, scene
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
        """Sample a crop and its place, or count why none of the tried crops fits."""
        reason = ""
        for _ in range(_CROP_TRIES):
            number, (height, degrees) = self.crops.draw(self.rng), self._sample_geometry()
            scale = self._scale(number, height)
            if scale is None:
                reason = "crop would be under 8 pixels or larger than the image"
                continue
            pose = self._find_pose(number, scale, degrees)
            if pose is not None:
                self.occupancy.add(pose.points(self.bank.polygon(number), *self.bank.size(number)))
                return {"crop": number, **pose._asdict(), **self.settings.uniform(self.rng, "match", "feather")}
            reason = "no room"
        failed[reason] += 1
        return None

    def _sample_geometry(self) -> tuple[float, float]:
        """Sample a height in pixels and an angle in degrees, like those of one of the target's texts."""
        settings, rng = self.settings, self.rng
        jitter = rng.uniform(*settings.degrees_range)
        if not self.references:
            return rng.uniform(*settings.height_range) * min(self.width, self.height), jitter
        reference = self.references[rng.integers(len(self.references))]
        frame = text_orientation(reference.polygon)
        height = letter_height(frame["length"], frame["height"], reference.text)
        # The angle of a text that is higher than wide is unreliable: single letters and columns.
        degrees = frame["degrees"] if frame["length"] > frame["height"] else 0.0
        return height, degrees + jitter

    def _scale(self, number: int, height: float) -> float | None:
        """Return the scale of a crop towards a height, within the settings and the image; None if impossible."""
        own = float(self.bank.columns.heights[number])
        minimum, maximum = self.settings.scale_range
        columns, rows = self.bank.size(number)
        max_scale = _MAX_SIDE_FRACTION * min(self.width, self.height) / min(columns, rows)
        max_scale = min(max_scale, _MAX_SIDE_FRACTION * max(self.width, self.height) / max(columns, rows))
        scale = min(max(height / own, minimum, MIN_TEXT_HEIGHT / own), maximum, max_scale)
        return scale if scale * own >= MIN_TEXT_HEIGHT - 1e-6 else None

    def _find_pose(self, number: int, scale: float, degrees: float) -> PatchPose | None:
        """Find a free place for the crop, at a smaller size if necessary."""
        minimum = MIN_TEXT_HEIGHT / float(self.bank.columns.heights[number])
        polygon = self.bank.polygon(number)
        for _ in range(_SIZE_TRIES):
            outline = PatchPose(0.0, 0.0, scale, degrees).points(polygon, *self.bank.size(number))
            places = self.occupancy.free_offsets(outline, _PLACE_COUNT, self.rng)
            if places:
                best = self._best_place(places, outline, number)
                return PatchPose(round(best.dx, 3), round(best.dy, 3), scale, degrees)
            if scale <= minimum:
                break
            scale = max(scale * _SIZE_FACTOR, minimum)
        return None

    def _best_place(self, places: list[PastePosition], outline: Polygon, number: int) -> PastePosition:
        (left, top), (right, bottom) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
        background = self.bank.colours(number).background.tolist()

        def cost(place: PastePosition) -> float:
            dx, dy = place
            return placement_cost(self.scene.image, (left + dx, top + dy, right + dx, bottom + dy), background)

        return min(places, key=cost)
