"""Any augmenter of imgaug 0.4.0 by name. This is the only file that touches the library.

It is imported when the first augmenter is built: that takes a second. It was written for numpy 1; what it misses is
lent to it alone, so that nobody else sees another numpy.
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

from augment.labels import InstanceOutline, VisibilityRule, cut_instances, instance_outlines, size_of
from augment.polygons import resolve_self_intersections, simplify_edges, subdivide_edges
from augment.region import VisibleRegion
from synthtext.core import Image, InputError, Parameters, Points, Polygon, Scene, Size

_PARTS = 8  # of an edge, whose ends and middle points are moved: a power of 2
_STILL = 0.51  # pixels: some augmenters move points by half a pixel and call it nothing

_REFUSED = {
    "Augmenter": "is no augmenter of its own",
    "BlendAlphaBoundingBoxes": "needs boxes, which our labels are not",
    "BlendAlphaSegMapClassIds": "needs segmentation maps, which our labels are not",
    "Lambda": "needs a function",
    "AssertLambda": "needs a function",
    "PiecewiseAffine": "takes the area of the picture times the number of points in memory: use distort",
    "RandAugment": "has parts that cannot move labels",
    "SaveDebugImageEveryNBatches": "writes files",
    "Jigsaw": "tears texts apart",
    "ClipCBAsToImagePlanes": "does what the cut rule does",
    "RemoveCBAsByOutOfImageFraction": "does what the cut rule does",
}


@dataclass(frozen=True)
class Imgaug:
    """An augmenter of imgaug, made anew for every sample with a seed of its own: samples do not depend on their order.

    In scenes polygons and clusters are moved by the library's own keypoints, and cut by the same rule as everywhere. In
    lines only augmenters that move nothing can be used.

    Attributes:
        name: of a class of `imgaug.augmenters`: Fliplr, Affine, PiecewiseAffine, Rain, Fog, MotionBlur...
        settings: arguments of its constructor. Two numbers are an interval, other lists are choices; an augmenter
            inside is {"name": ..., "settings": {...}}, or a list of these.

    Raises:
        InputError: there is none of that name, it cannot be used here, or the library refuses the settings.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _build(self.name, self.settings)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the seed; what the augmenter draws follows from it."""
        return {"seed": int(rng.integers(1, 2**31 - 1))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The changed picture of a line.

        Raises:
            InputError: the augmenter moves things.
        """
        height, width = image.shape[:2]
        corners = np.array([[1, 1], [width - 1, 1], [width - 1, height - 1], [1, height - 1]], np.float32)
        changed, points = self._augmented(image, corners, parameters)
        if changed.shape != image.shape or len(points) != 4 or np.abs(points - corners).max() > _STILL:
            raise InputError(
                f"imgaug's {self.name} moves things, which clusters of a line cannot follow: use rotation, "
                "perspective, affine, distort or stretch"
            )
        return changed

    def apply_scene(self, scene: Scene, parameters: Parameters, rule: VisibilityRule) -> Scene:
        """The changed scene; its labels are moved point by point, and cut by the rule.

        An augmenter that takes all labels away, as one that blackens the picture does, leaves a scene without texts.
        """
        before = instance_outlines(scene.instances, size_of(scene.image))
        parts = [part for outline in before for part in _points_of(outline)]
        flat = np.concatenate([np.zeros((0, 2), np.float32), *(part.reshape(-1, 2) for part in parts)])
        image, points = self._augmented(scene.image, flat, parameters)
        if len(points) != len(flat):
            return replace(scene, image=image, instances=())
        ends = np.cumsum([part.size // 2 for part in parts])[:-1]
        moved = iter(np.split(points, ends) if parts else [])
        after = [_moved_outline(outline, moved) for outline in before]
        return replace(
            scene,
            image=image,
            instances=cut_instances(scene.instances, after, VisibleRegion.from_windows(size_of(image)), rule),
        )

    def _augmented(self, image: Image, points: Points, parameters: Parameters) -> tuple[Image, Points]:
        """The picture and points (N, 2) after the augmenter; its own sentence where it fails on this picture."""
        library = _library()
        # Some augmenters draw from the library's own global generator too, while they are built and while they run.
        library.random.seed(parameters["seed"])
        augmenter = _build(self.name, self.settings)
        augmenter.seed_(parameters["seed"])
        keypoints = library.KeypointsOnImage.from_xy_array(points, shape=image.shape)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                changed, moved = augmenter(image=image.copy(), keypoints=keypoints)
        except Exception as error:  # the library raises whatever its libraries raise
            raise InputError(
                f"imgaug's {self.name} fails on a picture of {image.shape[1]} x {image.shape[0]}: {_first_line(error)}"
            ) from None
        if changed.dtype != np.uint8 or changed.shape[2:] != (3,):
            raise InputError(f"imgaug's {self.name} makes {changed.dtype} {changed.shape}, which is no RGB picture")
        return np.ascontiguousarray(changed), moved.to_xy_array().astype(np.float32).reshape(-1, 2)


def _points_of(outline: InstanceOutline) -> list[Points]:
    """What of an instance is moved: edges of its polygon, of the pieces that are seen, and its clusters."""
    pieces = [] if outline.is_fully_visible else [subdivide_edges(piece, _PARTS) for piece in outline.visible]
    return [subdivide_edges(outline.whole, _PARTS), *pieces, outline.quads]


def _moved_outline(outline: InstanceOutline, moved: Any) -> InstanceOutline:
    """An outline whose points, in the order of `_points_of`, come next in an iterator."""
    whole = _polygon(next(moved))
    seen = (whole,) if outline.is_fully_visible else tuple(_polygon(next(moved)) for _ in outline.visible)
    return InstanceOutline(whole, seen, next(moved).reshape(-1, 4, 2))


def _polygon(points: Points) -> Polygon:
    """A polygon from its moved edges; the augmenter may have crossed them."""
    polygon = simplify_edges(points.reshape(-1, _PARTS, 2))
    area = polygon[:, 0] @ np.roll(polygon[:, 1], -1) - polygon[:, 1] @ np.roll(polygon[:, 0], -1)
    pieces = resolve_self_intersections(polygon)
    whole = len(pieces) == 1 and len(pieces[0]) == len(polygon)
    return polygon if whole or not pieces else (pieces[0] if area > 0 else pieces[0][::-1])


@cache
def _library() -> ModuleType:
    """The library, with the parts of numpy 1 that it needs."""
    kinds = {"float": [np.float16, np.float32, np.float64], "int": [np.int8, np.int16, np.int32, np.int64]}
    kinds["uint"] = [np.uint8, np.uint16, np.uint32, np.uint64]
    vars(np)["sctypes"] = kinds  # read while the library is imported, and never again
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import imgaug
            import imgaug.augmenters
            import imgaug.parameters
            import imgaug.random
    finally:
        del vars(np)["sctypes"]
    imgaug.parameters.np = _OldNumpy("numpy")
    elastic = imgaug.augmenters.ElasticTransformation
    remap = elastic._map_coordinates.__func__

    def remap_float32(cls: type, image: Image, dx: Any, dy: Any, *rest: Any, **named: Any) -> Any:
        """OpenCV takes maps of single precision alone, which products with numpy 2's scalars no longer are."""
        return remap(cls, image, np.float32(dx), np.float32(dy), *rest, **named)

    elastic._map_coordinates = classmethod(remap_float32)
    library: ModuleType = imgaug
    return library


class _OldNumpy(ModuleType):
    """numpy, and the alias that one module of the library uses while it runs."""

    complex = complex

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def augmenter_names() -> list[str]:
    """The names that `Imgaug` takes, in alphabetical order; some need settings."""
    augmenters = _library().augmenters
    every = {
        name
        for name, value in vars(augmenters).items()
        if inspect.isclass(value) and issubclass(value, augmenters.Augmenter)
    }
    return sorted(every - set(_REFUSED))


def _build(name: str, settings: Mapping[str, Any]) -> Any:
    """A new augmenter."""
    if name in _REFUSED:
        raise InputError(f"imgaug's {name} {_REFUSED[name]}: it cannot be used here")
    known = augmenter_names()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1, 0) or [""]
        raise InputError(f"imgaug has no augmenter {name!r}; did you mean {close[0]!r}?")
    arguments = {key: _argument(value) for key, value in settings.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(_library().augmenters, name)(**arguments)
    except InputError:
        raise
    except Exception as error:  # whatever its checks raise
        raise InputError(f"imgaug's {name} refuses its settings {dict(settings)}: {_first_line(error)}") from None


def _argument(value: Any) -> Any:
    """A setting as the library takes it: pairs of numbers are intervals, mappings with a name are augmenters."""
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
