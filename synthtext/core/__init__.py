"""Basic types shared by all packages of the project. Depends on numpy and OpenCV only."""

from synthtext.core.charset import Charset, CorpusCoverage, charset_names
from synthtext.core.clusters import Clusters
from synthtext.core.detail import DetailBudget, DetailLimited
from synthtext.core.effect import Effect, EffectChain, EffectStep, GeometricEffect, PixelEffect
from synthtext.core.errors import InputError
from synthtext.core.generator import Generator
from synthtext.core.geometry import (
    Box,
    Image,
    Points,
    Polygon,
    Size,
    as_polygon,
    bounding_box,
    bounding_boxes,
    clockwise,
    is_self_intersecting,
    polygons_overlap,
    signed_area,
    start_at_nearest,
)
from synthtext.core.installed import package_file
from synthtext.core.randomness import (
    BLOCK_SIZE,
    Streams,
    StreamSource,
    WeightedComponent,
    WeightedSampler,
    block_stream,
    coverage_stream,
    probe_stream,
)
from synthtext.core.ranges import Range, check_fraction, check_number, check_range, lerp
from synthtext.core.sample import (
    AppliedEffect,
    Level,
    Origin,
    Parameters,
    Provenance,
    Sample,
    Scene,
    SkippedSample,
    TextInstance,
)
from synthtext.core.warp import CoordinateMap, Homography, Warp

__all__ = [
    "BLOCK_SIZE",
    "AppliedEffect",
    "Box",
    "Charset",
    "Clusters",
    "CoordinateMap",
    "CorpusCoverage",
    "DetailBudget",
    "DetailLimited",
    "Effect",
    "EffectChain",
    "EffectStep",
    "Generator",
    "GeometricEffect",
    "Homography",
    "Image",
    "InputError",
    "Level",
    "Origin",
    "Parameters",
    "PixelEffect",
    "Points",
    "Polygon",
    "Provenance",
    "Range",
    "Sample",
    "Scene",
    "Size",
    "SkippedSample",
    "StreamSource",
    "Streams",
    "TextInstance",
    "Warp",
    "WeightedComponent",
    "WeightedSampler",
    "as_polygon",
    "block_stream",
    "bounding_box",
    "bounding_boxes",
    "charset_names",
    "check_fraction",
    "check_number",
    "check_range",
    "clockwise",
    "coverage_stream",
    "is_self_intersecting",
    "lerp",
    "package_file",
    "polygons_overlap",
    "probe_stream",
    "signed_area",
    "start_at_nearest",
]
