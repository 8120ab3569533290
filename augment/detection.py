"""What a detector's pictures go through before it learns from them."""

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
    """The released order: flip, turn, resize, cut between texts, fit and pad (PP-OCRv2 configuration; section 5.1).

    All of it is one resampling of the picture; the released code does four. Texts are cut to what is seen, padding and
    the corners beside a turned picture are masked in `Shown.valid`, which `models.db.targets.make_targets` takes.

    Args:
        width: of the result, pixels.
        height: of the result, pixels.
        flip: probability that the picture is mirrored.
        degrees_range: of the rotation, clockwise.
        factor_range: of the size before the cut.
        crop: how a part is cut out; None: a `TextCrop`, as released.
        rule: what becomes of texts that are cut; None: the default one.
    """
    steps = [
        SceneStep("flip", Flip(), flip),
        SceneStep("affine", Affine(degrees_range)),
        SceneStep("rescale", Rescale(factor_range)),
        SceneStep("window" if isinstance(crop, Window) else "text_crop", crop or TextCrop()),
        SceneStep("resize_pad", ResizePad(width, height)),
    ]
    return SceneChain(steps, rule)
