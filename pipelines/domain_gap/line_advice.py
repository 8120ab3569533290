"""Words about the features of lines: what differs, and which settings of a recipe of lines change it."""

from pipelines.domain_gap.advice import SHARED_WORDS, Advice


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
    "stroke_width": SHARED_WORDS["stroke_width"].advice(
        "`fonts.weights`: light and bold fonts",
        "raise the weights of bold fonts in `fonts.weights`, and of `bleeding` in `ink.styles`",
        "raise the weights of light fonts in `fonts.weights`",
    ),
    "ink_share": SHARED_WORDS["ink_share"].advice(
        "`fonts.weights` and `layout.tracking_range`",
        "bolder or narrower fonts in `fonts.weights`, lower `layout.tracking_range`",
        "lighter or wider fonts in `fonts.weights`, raise `layout.tracking_range`",
    ),
    "components": Advice(
        *("how letters touch", "`layout.tracking_range`, and `dot_matrix`, `worn` and `bleeding` in `ink.styles`"),
        *("have more separate parts", "raise `layout.tracking_range`, or the weights of `dot_matrix` and `worn`"),
        *("have more letters that touch", "lower `layout.tracking_range`, and raise the weight of `bleeding`"),
    ),
    "polarity": SHARED_WORDS["polarity"].advice(
        "`lightness_range` of `ink.colours` and of `background`",
        "`tones` with low `lightness_range` in `ink.colours`, lighter `background`",
        "lower `lightness_range` of `background`, or add the effect `invert`",
    ),
    "contrast": SHARED_WORDS["contrast"].advice(
        "`ink.contrast_floor`, and `contrast_range` of the effect `colour`",
        "raise `ink.contrast_floor`, lower the weights of `translucent` and `blend`",
        "lower `ink.contrast_floor`, or add the effect `colour` with a low `contrast_range`",
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
    "separability": SHARED_WORDS["separability"].advice(
        _SURFACES,
        "less texture by the weights of `background`, less `noise` and `blur`",
        "more texture by the weights of `background`, or more `blur`",
    ),
    "ink_lightness": SHARED_WORDS["ink_lightness"].advice(
        "`lightness_range` of `tones` in `ink.colours`",
        "raise `lightness_range` of `tones` in `ink.colours`",
        "lower `lightness_range` of `tones` in `ink.colours`",
    ),
    "background_lightness": SHARED_WORDS["background_lightness"].advice(
        "`lightness_range` of `background`",
        "raise `lightness_range` of `background`",
        "lower `lightness_range` of `background`",
    ),
    "ink_chroma": SHARED_WORDS["ink_chroma"].advice(
        "the weights of `any_colour`, `palettes` and `tones` in `ink.colours`",
        "raise the weights of `any_colour` and `palettes` in `ink.colours`",
        "raise the weight of `tones` in `ink.colours`, with a low `tint`",
    ),
    "background_chroma": SHARED_WORDS["background_chroma"].advice(
        "`tint` of `background`, and the effect `white_balance`",
        "raise `tint` of `background`, or add the effect `white_balance`",
        "lower `tint` of `background`",
    ),
    "colours": SHARED_WORDS["colours"].advice(
        _SURFACES,
        "raise the weights of `texture` and `photos` in `background`",
        "raise the weight of `plain` in `background`, less `noise`",
    ),
    "shading": Advice(
        *("uneven light", "the effects `uneven_light` and `cast_shadow`, and `gradient` in `background`"),
        *("are lit less evenly", "raise the probabilities of `uneven_light` and `cast_shadow`"),
        *("are lit more evenly", "lower the probabilities of `uneven_light` and `cast_shadow`"),
    ),
    "texture": SHARED_WORDS["texture"].advice(
        _SURFACES,
        "raise the weights of `texture`, `photos` and the materials in `background`",
        "raise the weight of `plain` in `background`",
    ),
    "edge_spread": SHARED_WORDS["edge_spread"].advice(_BLURS, f"raise {_BLURS}", f"lower {_BLURS}"),
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
    "noise": SHARED_WORDS["noise"].advice(
        "`sigma_range` of the effects `noise` and `shot_noise`",
        "raise the probabilities and `sigma_range` of `noise` and `shot_noise`",
        "lower the probabilities and `sigma_range` of `noise` and `shot_noise`",
    ),
    "jpeg_blocks": SHARED_WORDS["jpeg_blocks"].advice(
        _JPEG,
        "lower `quality_range` of the effect `jpeg`, or use it more",
        "raise `quality_range` of the effect `jpeg`, or use it less",
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
    "character_width": SHARED_WORDS["character_width"].advice(
        "`fonts.weights`, `layout.tracking_range` and `layout.margin_range`",
        "wide fonts in `fonts.weights`, or raise `layout.tracking_range`",
        "narrow fonts in `fonts.weights`, or lower `layout.tracking_range`",
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
