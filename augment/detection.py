"""The default augmentation of detectors."""

from augment.chain import SceneChain, SceneStep
from augment.crop import TextCrop, Window
from augment.framing import Flip, Rescale, ResizePad
from augment.geometry import Affine
from augment.labels import VisibilityRule
from synthtext.core import Range


def detector_augmentation(
    width: int = 960,
    height: int = 960,
    *,
    flip: float = 0.5,
    degrees_range: Range = (-10, 10),
    factor_range: Range = (0.5, 3.0),
    crop: TextCrop | Window | None = None,
    rule: VisibilityRule | None = None,
) -> SceneChain:
    """Create PaddleOCR's augmentation of detectors: flip, rotate, rescale, crop between texts, resize and pad.

    The order is that of the PP-OCRv2 configuration (section 5.1). All steps resample the image once; PaddleOCR's code
    resamples four times. Texts are clipped to their visible part. Padding and the corners beside a rotated image are 0
    in `MaskedScene.valid_mask`, which `models.db.targets.make_targets` takes.

    Args:
        width: width of the result in pixels.
        height: height of the result in pixels.
        flip: probability of mirroring.
        degrees_range: rotation in degrees, clockwise.
        factor_range: scale factor before the crop.
        crop: how to crop; None: `TextCrop()`, as in PaddleOCR.
        rule: rule for clipped texts; None: `VisibilityRule()`.
    """
    steps = [
        SceneStep("flip", Flip(), flip),
        SceneStep("affine", Affine(degrees_range)),
        SceneStep("rescale", Rescale(factor_range)),
        SceneStep("window" if isinstance(crop, Window) else "text_crop", crop or TextCrop()),
        SceneStep("resize_pad", ResizePad(width, height)),
    ]
    return SceneChain(steps, rule)
