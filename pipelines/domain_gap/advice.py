"""Words about the features of lines: what differs, and which settings of a recipe of lines change it."""

from typing import NamedTuple


class Advice(NamedTuple):
    """Words about a feature of lines, or of scenes and their texts."""

    noun: str  # "Real lines vary more in <noun>"
    settings: str  # that control how much it varies
    more: str  # "Real lines <more>", if the feature is larger
    increase: str  # what to change then
    less: str  # "Real lines <less>", if it is smaller
    decrease: str  # what to change then


def _margin(side: str) -> Advice:
    place, margins = f"space {side} the text", "`layout.margin_range`"
    return Advice(
        f"the {place}", margins, f"have more {place}", f"raise {margins}", f"have less {place}", f"lower {margins}"
    )


_RESIZED = "nothing, because a recognizer resizes all lines; see `resolution`"
_TEXTS = "the weights of `number`, `code`, `price`, `date` and `pattern` in `corpus`"
_BLURS = "the probabilities and ranges of `blur`, `defocus` and `motion_blur`"
_BASELINES = "the weights of `arc` and `wave` in `baselines`, and the effect `curl`"
_ROTATION = "`degrees_range` of the effect `rotation`"
_ITALICS = "`degrees_range` of the effect `skew`, and italic fonts in `fonts.weights`"
_LENGTHS = "`layout.length_weights`"
_SURFACES = "the weights of `plain`, `texture`, `photos` and the materials in `background`"
_RIMS = "the weights of `outline`, `shadow` and `glow` in `ink.styles`"
_JPEG = "`quality_range` and the probability of the effect `jpeg`"

LINE_ADVICE: dict[str, Advice] = {
    "height": Advice(
        *("the height", "`output.height`, which a recognizer does not see: it resizes all lines"),
        *("are higher", _RESIZED, "are lower", _RESIZED),
    ),
    "aspect": Advice(
        *("length", _LENGTHS),
        *("are longer", f"longer texts by {_LENGTHS}, or more words by `count_range` of `words`"),
        *("are shorter", f"shorter texts by {_LENGTHS}"),
    ),
    "margin_above": _margin("above"),
    "margin_below": _margin("below"),
    "margin_left": _margin("on the left of"),
    "margin_right": _margin("on the right of"),
    "tilt": Advice(
        *("tilt", _ROTATION, "are tilted further clockwise", f"raise {_ROTATION}"),
        *("are tilted further counterclockwise", f"lower {_ROTATION}"),
    ),
    "curvature": Advice(
        *("curvature", _BASELINES, "are bent upwards in the middle more often", _BASELINES),
        *("are bent downwards in the middle more often", _BASELINES),
    ),
    "slant": Advice(
        *("slant", _ITALICS, "lean further to the right", f"raise {_ITALICS}"),
        *("lean further to the left", f"lower {_ITALICS}"),
    ),
    "stroke_width": Advice(
        *("the width of strokes", "`fonts.weights`: light and bold fonts"),
        *(
            "have thicker strokes",
            "raise the weights of bold fonts in `fonts.weights`, and of `bleeding` in `ink.styles`",
        ),
        *("have thinner strokes", "raise the weights of light fonts in `fonts.weights`"),
    ),
    "ink_share": Advice(
        *("the density of letters", "`fonts.weights` and `layout.tracking_range`"),
        *("have denser letters", "bolder or narrower fonts in `fonts.weights`, lower `layout.tracking_range`"),
        *("have looser letters", "lighter or wider fonts in `fonts.weights`, raise `layout.tracking_range`"),
    ),
    "components": Advice(
        *("how letters touch", "`layout.tracking_range`, and `dot_matrix`, `worn` and `bleeding` in `ink.styles`"),
        *("have more separate parts", "raise `layout.tracking_range`, or the weights of `dot_matrix` and `worn`"),
        *("have more letters that touch", "lower `layout.tracking_range`, and raise the weight of `bleeding`"),
    ),
    "polarity": Advice(
        *("polarity", "`lightness_range` of `ink.colours` and of `background`"),
        *("are dark on light more often", "`tones` with low `lightness_range` in `ink.colours`, lighter `background`"),
        *("are light on dark more often", "lower `lightness_range` of `background`, or add the effect `invert`"),
    ),
    "contrast": Advice(
        *("contrast", "`ink.contrast_floor`, and `contrast_range` of the effect `colour`"),
        *("have more contrast", "raise `ink.contrast_floor`, lower the weights of `translucent` and `blend`"),
        *("have less contrast", "lower `ink.contrast_floor`, or add the effect `colour` with a low `contrast_range`"),
    ),
    "local_contrast": Advice(
        *(
            "the lowest contrast along the line",
            "`ink.contrast_floor`, and the effects `uneven_light` and `cast_shadow`",
        ),
        *(
            "have more contrast where it is lowest",
            "raise `ink.contrast_floor`, lower the weights of `worn` and `photos`",
        ),
        *("have less contrast where it is lowest", "lower `ink.contrast_floor`, more `uneven_light` and `cast_shadow`"),
    ),
    "separability": Advice(
        *("how clearly ink is separated", f"{_SURFACES}"),
        *(
            "have ink that is separated more clearly",
            "less texture by the weights of `background`, less `noise` and `blur`",
        ),
        *("have ink that is separated less clearly", "more texture by the weights of `background`, or more `blur`"),
    ),
    "ink_lightness": Advice(
        *("the lightness of ink", "`lightness_range` of `tones` in `ink.colours`"),
        *("have lighter ink", "raise `lightness_range` of `tones` in `ink.colours`"),
        *("have darker ink", "lower `lightness_range` of `tones` in `ink.colours`"),
    ),
    "background_lightness": Advice(
        *("the lightness of the background", "`lightness_range` of `background`"),
        *("have lighter backgrounds", "raise `lightness_range` of `background`"),
        *("have darker backgrounds", "lower `lightness_range` of `background`"),
    ),
    "ink_chroma": Advice(
        *("the saturation of ink", "the weights of `any_colour`, `palettes` and `tones` in `ink.colours`"),
        *("have more saturated ink", "raise the weights of `any_colour` and `palettes` in `ink.colours`"),
        *("have less saturated ink", "raise the weight of `tones` in `ink.colours`, with a low `tint`"),
    ),
    "background_chroma": Advice(
        *("the saturation of the background", "`tint` of `background`, and the effect `white_balance`"),
        *("have more saturated backgrounds", "raise `tint` of `background`, or add the effect `white_balance`"),
        *("have less saturated backgrounds", "lower `tint` of `background`"),
    ),
    "colours": Advice(
        *(
            "the number of colours",
            _SURFACES,
            "have more colours",
            "raise the weights of `texture` and `photos` in `background`",
        ),
        *("have fewer colours", "raise the weight of `plain` in `background`, less `noise`"),
    ),
    "shading": Advice(
        *("uneven light", "the effects `uneven_light` and `cast_shadow`, and `gradient` in `background`"),
        *("are lit less evenly", "raise the probabilities of `uneven_light` and `cast_shadow`"),
        *("are lit more evenly", "lower the probabilities of `uneven_light` and `cast_shadow`"),
    ),
    "texture": Advice(
        *("the texture of the background", _SURFACES),
        *(
            "have more textured backgrounds",
            "raise the weights of `texture`, `photos` and the materials in `background`",
        ),
        *("have plainer backgrounds", "raise the weight of `plain` in `background`"),
    ),
    "edge_spread": Advice(
        *("blur", _BLURS, "are more blurred", f"raise {_BLURS}", "are sharper", f"lower {_BLURS}"),
    ),
    "resolution": Advice(
        *("resolution", "`factor_range` and the probability of the effect `downscale`"),
        *("have more detail", "lower the probability of `downscale`, or raise its `factor_range`"),
        *("were smaller once", "raise the probability of `downscale`, or lower its `factor_range`"),
    ),
    "halo": Advice(
        *("rims around letters", _RIMS),
        *("have rims of more contrast", f"add the effect `imgaug` with `{{name: Sharpen}}`, or raise {_RIMS}"),
        *("have softer rims", f"lower {_RIMS}"),
    ),
    "noise": Advice(
        *("noise", "`sigma_range` of the effects `noise` and `shot_noise`"),
        *("have more noise", "raise the probabilities and `sigma_range` of `noise` and `shot_noise`"),
        *("have less noise", "lower the probabilities and `sigma_range` of `noise` and `shot_noise`"),
    ),
    "jpeg_blocks": Advice(
        *(
            "JPEG blocks",
            _JPEG,
            "have stronger JPEG blocks",
            "lower `quality_range` of the effect `jpeg`, or use it more",
        ),
        *("have weaker JPEG blocks", "raise `quality_range` of the effect `jpeg`, or use it less"),
    ),
    "length": Advice(
        *("the length of texts", _LENGTHS, "have longer texts", f"raise the weights of long texts in {_LENGTHS}"),
        *("have shorter texts", f"raise the weights of short texts in {_LENGTHS}"),
    ),
    "words": Advice(
        *("the number of words", "`count_range` of `words` in `corpus`"),
        *("have more words", "raise `count_range` of `words` in `corpus`"),
        *("have fewer words", "lower `count_range` of `words` in `corpus`"),
    ),
    "character_width": Advice(
        *("the width of characters", "`fonts.weights`, `layout.tracking_range` and `layout.margin_range`"),
        *("have wider characters", "wide fonts in `fonts.weights`, or raise `layout.tracking_range`"),
        *("have narrower characters", "narrow fonts in `fonts.weights`, or lower `layout.tracking_range`"),
    ),
    "capitals": Advice(
        *("the share of capitals", "`case` of `words` in `corpus`"),
        *("have more capitals", "raise `upper` in `case` of `words`"),
        *("have fewer capitals", "raise `lower` in `case` of `words`"),
    ),
    "digits": Advice(
        *("the share of digits", _TEXTS, "have more digits", f"raise {_TEXTS}", "have fewer digits", f"lower {_TEXTS}"),
    ),
    "punctuation": Advice(
        *("the share of punctuation", _TEXTS, "have more punctuation", f"raise {_TEXTS}, or `coverage.share`"),
        *("have less punctuation", f"lower {_TEXTS}, or `coverage.share`"),
    ),
}
"""Words about every feature of lines, by its name."""
