"""Pastes that suit their picture: the default."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from augment.copy_paste.bank import CropBalance, CropBank, CropSampler, check_crop_balance
from augment.copy_paste.blend import PatchPose, blend, placement_cost
from augment.copy_paste.crop import MIN_TEXT_HEIGHT, letter_height, text_orientation
from augment.copy_paste.occupancy import OccupancyMap, PastePosition
from synthtext.core import Image, Parameters, Polygon, Range, Scene, TextInstance, check_number, check_range

_CROPS = 4  # that are tried for a paste
_SIZES = 5  # that are tried for a crop
_SMALLER = 0.7  # of the last size
_PLACES = 6  # of which the calmest is taken
_WIDEST = 0.9  # of the picture's sides: no paste is larger


class TargetGeometry(NamedTuple):
    """What a text of the target is like.

    Attributes:
        height: pixels of its letters.
        degrees: of its top, clockwise on the screen.
    """

    height: float
    degrees: float


@dataclass(frozen=True)
class NaturalPaste:
    """Crops at the height and angle of the target's own texts, in its light, with a soft edge, where it is calm.

    PP-OCRv2, section 2.1.3 (CopyPaste), without what the released operation lacks.

    Attributes:
        share: of the number of texts in the target, ignored ones counted, but none that others are parts of (words,
            where there are words): how many are pasted, 0 to 10.
        count_range: at least and at most so many, 0 to 1000; the least also goes for pictures without text.
        balance: what has the same chance: "crops", "pictures", "sources", "texts", or "characters" (crops of rare
            ones are favoured).
        scale_range: how much smaller or larger a crop becomes to be as high as the target's texts, 0.05 to 4. One that
            finds no room becomes smaller still, but no text is shrunk under 8 pixels.
        height_range: of texts in pictures without any, as a share of the shorter side, above 0 to 1.
        degrees_range: added to the angle of one of the target's texts, -180 to 180.
        match_range: 0 to 1, how far brightness and colour follow those of the place.
        feather_range: of the soft edge, as a share of the text's height, 0 to 0.5; it is at most 3 pixels wide.

    Raises:
        InputError: a range is out of order or out of its bounds, or there is no such balance.
    """

    share: float = 0.2
    count_range: tuple[int, int] = (1, 30)
    balance: CropBalance = "crops"
    scale_range: Range = (0.6, 1.5)
    height_range: Range = (0.03, 0.08)
    degrees_range: Range = (-3, 3)
    match_range: Range = (0.5, 1.0)
    feather_range: Range = (0.04, 0.1)

    def __post_init__(self) -> None:
        check_crop_balance(self.balance)
        check_number("share", self.share, 0, 10)
        for name, low, high in _BOUNDS:
            check_range(name, getattr(self, name), low, high)

    def prepare(self, bank: CropBank) -> Callable[[np.random.Generator, Scene], Parameters]:
        """The function that draws what is pasted into a scene."""
        crops = CropSampler(bank.weights(self.balance))
        return lambda rng, scene: _Plan(self, bank, crops, rng, scene).draw()

    def paste(self, image: Image, bank: CropBank, paste: Parameters) -> Polygon:
        """Put one crop into a picture, which is changed.

        Returns:
            Its polygon (P, 2) in the picture.
        """
        number, pose = paste["crop"], _pose(paste)
        feather = paste["feather"] * float(bank.columns.heights[number]) * pose.scale
        return blend(
            image,
            bank.patch(number),
            bank.polygon(number),
            pose,
            bank.tone(number),
            match=paste["match"],
            feather=feather,
        )


_BOUNDS = (
    ("count_range", 0, 1000),
    ("scale_range", 0.05, 4),
    ("height_range", 0.001, 1),
    ("degrees_range", -180, 180),
    ("match_range", 0, 1),
    ("feather_range", 0, 0.5),
)


class _Plan:
    """Draws the pastes of one scene."""

    def __init__(
        self, settings: NaturalPaste, bank: CropBank, crops: CropSampler, rng: np.random.Generator, scene: Scene
    ) -> None:
        self.settings, self.bank, self.crops, self.rng, self.scene = settings, bank, crops, rng, scene
        self.height, self.width = scene.image.shape[:2]
        self.occupancy = OccupancyMap(self.width, self.height, [instance.polygon for instance in scene.instances])
        parents = {instance.parent for instance in scene.instances}
        self.texts = [instance for i, instance in enumerate(scene.instances) if i not in parents]
        self.models = [text for text in self.texts if not text.ignore] or self.texts

    def draw(self) -> Parameters:
        least, most = self.settings.count_range
        wanted = min(max(round(self.settings.share * len(self.texts)), least), most)
        failed: Counter[str] = Counter()
        pastes = []
        for _ in range(wanted):
            paste = self._paste(failed)
            if paste is not None:
                pastes.append(paste)
        return {"wanted": wanted, "pastes": pastes, "failed": dict(failed)}

    def _paste(self, failed: "Counter[str]") -> Parameters | None:
        """One crop in one place, or why none of those that were tried fits, counted."""
        reason = ""
        for _ in range(_CROPS):
            number, look = self.crops.draw(self.rng), self._look()
            scale = self._scale(number, look.height)
            if scale is None:
                reason = "crop would be under 8 pixels, or larger than the picture"
                continue
            pose = self._room(number, scale, look.degrees)
            if pose is not None:
                return self._chosen(number, pose)
            reason = "no room"
        failed[reason] += 1
        return None

    def _look(self) -> TargetGeometry:
        """The height and the angle of one of the target's texts."""
        settings, rng = self.settings, self.rng
        jitter = rng.uniform(*settings.degrees_range)
        model: TextInstance | None = self.models[rng.integers(len(self.models))] if self.models else None
        if model is None:
            return TargetGeometry(rng.uniform(*settings.height_range) * min(self.width, self.height), jitter)
        frame = text_orientation(model.polygon)
        height = letter_height(frame["length"], frame["height"], model.text)
        # What is higher than wide tells little about its angle: single letters, and columns.
        degrees = frame["degrees"] if frame["length"] > frame["height"] else 0.0
        return TargetGeometry(height, degrees + jitter)

    def _scale(self, number: int, height: float) -> float | None:
        """From a crop to the height that is wanted, as near as the settings and the picture allow."""
        own = float(self.bank.columns.heights[number])
        least, most = self.settings.scale_range
        columns, rows = self.bank.size(number)
        fits = _WIDEST * min(self.width, self.height) / min(columns, rows)
        fits = min(fits, _WIDEST * max(self.width, self.height) / max(columns, rows))
        scale = min(max(height / own, least, MIN_TEXT_HEIGHT / own), most, fits)
        return scale if scale * own >= MIN_TEXT_HEIGHT - 1e-6 else None

    def _room(self, number: int, scale: float, degrees: float) -> PatchPose | None:
        """Where the crop fits, smaller if need be."""
        least = MIN_TEXT_HEIGHT / float(self.bank.columns.heights[number])
        polygon = self.bank.polygon(number)
        columns, rows = self.bank.size(number)
        for _ in range(_SIZES):
            pose = PatchPose(0.0, 0.0, scale, degrees)
            outline = pose.points(polygon, columns, rows)
            places = self.occupancy.free_offsets(outline, _PLACES, self.rng)
            if places:
                best = self._calmest(places, outline, number)
                return PatchPose(round(best.dx, 3), round(best.dy, 3), scale, degrees)
            if scale <= least:
                break
            scale = max(scale * _SMALLER, least)
        return None

    def _calmest(self, places: list[PastePosition], outline: Polygon, number: int) -> PastePosition:
        (left, top), (right, bottom) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
        ground = self.bank.tone(number).background.tolist()

        def restless(place: PastePosition) -> float:
            dx, dy = place
            return placement_cost(self.scene.image, (left + dx, top + dy, right + dx, bottom + dy), ground)

        return min(places, key=restless)

    def _chosen(self, number: int, pose: PatchPose) -> Parameters:
        columns, rows = self.bank.size(number)
        self.occupancy.add(pose.points(self.bank.polygon(number), columns, rows))
        return {
            "crop": number,
            **pose._asdict(),
            "match": self.rng.uniform(*self.settings.match_range),
            "feather": self.rng.uniform(*self.settings.feather_range),
        }


def _pose(paste: Parameters) -> PatchPose:
    return PatchPose(paste["x"], paste["y"], paste["scale"], paste["degrees"])
