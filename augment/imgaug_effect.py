"""Effects from imgaug 0.4.0 by name. No other file uses the library.

The library is imported when the first augmenter is created, which takes a second. It was written for numpy 1; the
missing parts are provided to this library only.
"""

import difflib
import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from augment.labels import InstanceOutline, VisibilityRule, cut_instances, instance_outlines
from augment.polygons import VisibleRegion, resolve_self_intersections, simplify_edges, subdivide_edges
from synthtext.core import Box, Image, InputError, Parameters, Points, Polygon, Scene, Size, size_of

_EDGE_PARTS = 8  # parts of an edge whose ends are moved: a power of 2
_MAX_SHIFT = 0.51  # pixels: some augmenters of pixels only still shift keypoints by half a pixel

_UNSUPPORTED = {
    "Augmenter": "is an abstract base class",
    "BlendAlphaBoundingBoxes": "needs bounding boxes, and labels here are polygons",
    "BlendAlphaSegMapClassIds": "needs segmentation maps, and labels here are polygons",
    "Lambda": "needs a function",
    "AssertLambda": "needs a function",
    "PiecewiseAffine": "needs memory for the area of the image times the number of points: use distort",
    "RandAugment": "contains augmenters that cannot move labels",
    "SaveDebugImageEveryNBatches": "writes files",
    "Jigsaw": "tears texts apart",
    "ClipCBAsToImagePlanes": "does what the visibility rule does",
    "RemoveCBAsByOutOfImageFraction": "does what the visibility rule does",
}


@dataclass(frozen=True)
class Imgaug:
    """An augmenter of imgaug. It is created with a new seed for every sample, so samples do not depend on their order.

    In scenes, polygons and clusters are moved as keypoints of the library and clipped by the visibility rule. Lines
    support only augmenters that do not move points.

    Attributes:
        name: name of a class of `imgaug.augmenters`, such as Fliplr, Affine, Rain, Fog or MotionBlur.
        settings: arguments of its constructor. A list of two numbers is an interval, other lists are choices. A nested
            augmenter is {"name": ..., "settings": {...}} or a list of these.

    Raises:
        InputError: the name is unknown or unsupported, or the library rejects the settings.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _build(self.name, self.settings)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the seed, which determines everything that the augmenter samples."""
        return {"seed": int(rng.integers(1, 2**31 - 1))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the changed image of a line.

        Raises:
            InputError: the augmenter moves points.
        """
        corners = Box(1, 1, image.shape[1] - 1, image.shape[0] - 1).polygon()
        changed, points = self._augmented(image, corners, parameters)
        if changed.shape != image.shape or len(points) != 4 or np.abs(points - corners).max() > _MAX_SHIFT:
            raise InputError(
                f"imgaug's {self.name} moves points, and the clusters of a line cannot follow: use rotation, "
                "perspective, affine, distort or stretch"
            )
        return changed

    def apply_scene(self, scene: Scene, parameters: Parameters, rule: VisibilityRule) -> Scene:
        """Return the changed scene; its labels are moved point by point and clipped by the rule.

        An augmenter that removes all labels, such as one that blackens the image, leaves a scene without texts.
        """
        before = instance_outlines(scene.instances, size_of(scene.image))
        parts = [part for outline in before for part in _points_of(outline)]
        flat = np.concatenate([np.zeros((0, 2), np.float32), *(part.reshape(-1, 2) for part in parts)])
        image, points = self._augmented(scene.image, flat, parameters)
        if len(points) != len(flat):
            return replace(scene, image=image, instances=())
        splits = np.cumsum([part.size // 2 for part in parts])[:-1]
        moved = iter(np.split(points, splits) if parts else [])
        after = [_moved_outline(outline, moved) for outline in before]
        instances = cut_instances(scene.instances, after, VisibleRegion.from_windows(size_of(image)), rule)
        return replace(scene, image=image, instances=instances)

    def _augmented(self, image: Image, points: Points, parameters: Parameters) -> tuple[Image, Points]:
        """Return the image and the points (N, 2) after the augmenter.

        Raises:
            InputError: the augmenter failed on this image or returned no RGB image.
        """
        library = _library()
        # Some augmenters also use the library's global generator, during construction and while they run.
        library.random.seed(parameters["seed"])
        augmenter = _build(self.name, self.settings)
        augmenter.seed_(parameters["seed"])
        keypoints = library.KeypointsOnImage.from_xy_array(points, shape=image.shape)
        try:
            with warnings.catch_warnings(action="ignore"):
                changed, moved = augmenter(image=image.copy(), keypoints=keypoints)
        except Exception as error:  # the library passes on exceptions of its dependencies
            size = f"{image.shape[1]} x {image.shape[0]} pixels"
            raise InputError(f"imgaug's {self.name} failed on an image of {size}: {_first_line(error)}") from None
        if changed.dtype != np.uint8 or changed.shape[2:] != (3,):
            raise InputError(f"imgaug's {self.name} returned {changed.dtype} {changed.shape}, not an 8-bit RGB image")
        return np.ascontiguousarray(changed), moved.to_xy_array().astype(np.float32).reshape(-1, 2)


def _points_of(outline: InstanceOutline) -> list[Points]:
    """Return the points of an instance to move: edges of its polygon and of its visible pieces, and its clusters."""
    pieces = [] if outline.is_fully_visible else [subdivide_edges(piece, _EDGE_PARTS) for piece in outline.visible]
    return [subdivide_edges(outline.whole, _EDGE_PARTS), *pieces, outline.quads]


def _moved_outline(outline: InstanceOutline, moved: Any) -> InstanceOutline:
    """Assemble an outline from the next moved points, in the order of `_points_of`."""
    whole = _polygon(next(moved))
    visible = (whole,) if outline.is_fully_visible else tuple(_polygon(next(moved)) for _ in outline.visible)
    return InstanceOutline(whole, visible, next(moved).reshape(-1, 4, 2))


def _polygon(points: Points) -> Polygon:
    """Build a polygon from its moved edges and resolve self-intersections."""
    polygon = simplify_edges(points.reshape(-1, _EDGE_PARTS, 2))
    area = polygon[:, 0] @ np.roll(polygon[:, 1], -1) - polygon[:, 1] @ np.roll(polygon[:, 0], -1)
    pieces = resolve_self_intersections(polygon)
    whole = len(pieces) == 1 and len(pieces[0]) == len(polygon)
    return polygon if whole or not pieces else (pieces[0] if area > 0 else pieces[0][::-1])


@cache
def _library() -> ModuleType:
    """Import the library with the parts of numpy 1 that it needs."""
    kinds = {"float": [np.float16, np.float32, np.float64], "int": [np.int8, np.int16, np.int32, np.int64]}
    kinds["uint"] = [np.uint8, np.uint16, np.uint32, np.uint64]
    vars(np)["sctypes"] = kinds  # read only while the library is imported
    try:
        with warnings.catch_warnings(action="ignore"):
            import imgaug
            import imgaug.augmenters
            import imgaug.parameters
            import imgaug.random
    finally:
        del vars(np)["sctypes"]
    imgaug.parameters.np = _LegacyNumpy("numpy")
    elastic = imgaug.augmenters.ElasticTransformation
    remap = elastic._map_coordinates.__func__

    def remap_float32(cls: type, image: Image, dx: Any, dy: Any, *rest: Any, **named: Any) -> Any:
        """Convert the maps to single precision, as OpenCV requires; products with scalars of numpy 2 are double."""
        return remap(cls, image, np.float32(dx), np.float32(dy), *rest, **named)

    elastic._map_coordinates = classmethod(remap_float32)
    library: ModuleType = imgaug
    return library


class _LegacyNumpy(ModuleType):
    """numpy with an alias that one module of the library uses at run time."""

    complex = complex

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


@cache
def augmenter_names() -> tuple[str, ...]:
    """Return the names that `Imgaug` accepts, sorted; some need settings."""
    augmenters = _library().augmenters
    classes = dict(inspect.getmembers(augmenters, inspect.isclass))
    known = classes.keys() - _UNSUPPORTED
    return tuple(sorted(name for name in known if issubclass(classes[name], augmenters.Augmenter)))


def _build(name: str, settings: Mapping[str, Any]) -> Any:
    """Create an augmenter."""
    if name in _UNSUPPORTED:
        raise InputError(f"imgaug's {name} is not supported: it {_UNSUPPORTED[name]}")
    available = augmenter_names()
    if name not in available:
        matches = difflib.get_close_matches(name, available, 1, 0) or [""]
        raise InputError(f"imgaug has no augmenter {name!r}; did you mean {matches[0]!r}?")
    arguments = {key: _argument(value) for key, value in settings.items()}
    try:
        with warnings.catch_warnings(action="ignore"):
            return getattr(_library().augmenters, name)(**arguments)
    except InputError:
        raise
    except Exception as error:  # the library's checks raise exceptions of many types
        raise InputError(f"imgaug's {name} rejects the settings {dict(settings)}: {_first_line(error)}") from None


def _argument(value: Any) -> Any:
    """Convert a setting for the library: pairs of numbers become intervals, mappings with a name become augmenters."""
    if isinstance(value, Mapping) and "name" in value:
        return _build(value["name"], value.get("settings", {}))
    if isinstance(value, Mapping):
        return {key: _argument(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        numbers = all(isinstance(entry, int | float) and not isinstance(entry, bool) for entry in value)
        return tuple(value) if len(value) == 2 and numbers else [_argument(entry) for entry in value]
    return value


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
