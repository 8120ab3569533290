"""The few types that every part of the project speaks. Needs numpy (and OpenCV to resample), nothing else."""

from synthtext.core.charset import Charset, Coverage, charset_names
from synthtext.core.clusters import Clusters
from synthtext.core.effect import Effect, EffectChain, EffectStep, GeometricEffect, PixelEffect
from synthtext.core.errors import InputError
from synthtext.core.generator import Generator, SampleGenerator, SceneGenerator
from synthtext.core.geometry import (
    Box,
    Image,
    Points,
    Polygon,
    Size,
    as_polygon,
    begin_near,
    bounding_box,
    bounding_boxes,
    clockwise,
    crosses,
    polygons_overlap,
    signed_area,
)
from synthtext.core.installed import installed_file
from synthtext.core.randomness import BLOCK, Streams, StreamSource, Weighted, balance_stream, block_stream, probe_stream
from synthtext.core.ranges import Range, check_number, check_range, check_share, within
from synthtext.core.sample import Applied, Gap, Level, Origin, Parameters, Provenance, Sample, Scene, TextInstance
from synthtext.core.warp import CoordinateMap, Homography, Warp

__all__ = [
    "BLOCK",
    "Applied",
    "Box",
    "Charset",
    "Clusters",
    "CoordinateMap",
    "Coverage",
    "Effect",
    "EffectChain",
    "EffectStep",
    "Gap",
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
    "SampleGenerator",
    "Scene",
    "SceneGenerator",
    "Size",
    "StreamSource",
    "Streams",
    "TextInstance",
    "Warp",
    "Weighted",
    "as_polygon",
    "balance_stream",
    "begin_near",
    "block_stream",
    "bounding_box",
    "bounding_boxes",
    "charset_names",
    "check_number",
    "check_range",
    "check_share",
    "clockwise",
    "crosses",
    "installed_file",
    "polygons_overlap",
    "probe_stream",
    "signed_area",
    "within",
]
