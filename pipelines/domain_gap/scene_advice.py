"""Words about the features of scenes and of their texts: what differs, and which settings of a recipe change it."""

from pipelines.domain_gap.advice import SHARED_WORDS, Advice

_SIZES = "`fonts.size_range`, and for receipts `ems_range` and `items_range` of `layouts.receipt`"
_LENGTHS = "`typesetting.length_range`, and `count_range` of `words` in `corpus`"
_ROTATION = "`degrees_range` of `layouts.photo`, `layouts.document` and `layouts.receipt`"
_ANY_ANGLE = "`turned_probability` of `layouts.photo`"
_CROWDING = "`count_range` of `layouts.photo`, and the weights of `document` and `receipt` in `layouts`"
_LINES = "`several_probability` and `lines_range` of `layouts.photo`"
_LEADING = "`leading_range` of `layouts.document` and `layouts.receipt`"
_WORD_GAPS = "`count_range` of `words` in `corpus`, and `ems_range` of `layouts.receipt`"
_LABELS = "nothing: generated labels are as tight as the text; see the labels of the real texts"
_BLURS = "the probabilities and ranges of the effects `blur`, `defocus` and `motion_blur`"
_NOISES = "the probabilities and `sigma_range` of the effects `noise` and `shot_noise`"
_SURFACES = "`photos`, `texture` and `wall` in `background`"
_PHOTOS = "`background.photos.folder`: photographs like the real ones, without text"
_INKS = "`lightness_range` of `tones` in `ink.colours`"
_CHROMAS = "the weights of `any_colour`, `palettes` and `tones` in `ink.colours`"
_LEGIBILITY = "`legibility.min_height`, `legibility.min_contrast` and `occlusion_probability` of `clutter`"
_FONTS = "`fonts.weights`: light and bold fonts"
_JPEG = "`quality_range` of `output` and of the effect `jpeg`"

INSTANCE_ADVICE: dict[str, Advice] = {
    "height": Advice(
        *("height", _SIZES, "are larger", f"raise {_SIZES}", "are smaller", f"lower the low end of {_SIZES}"),
    ),
    "length": Advice(
        *("length", _LENGTHS, "are longer", f"raise {_LENGTHS}", "are shorter", f"lower {_LENGTHS}"),
    ),
    "characters": Advice(
        *("the number of characters", _LENGTHS, "have more characters", f"raise {_LENGTHS}"),
        *("have fewer characters", f"lower {_LENGTHS}, or raise the weights of `number` and `code` in `corpus`"),
    ),
    "character_width": SHARED_WORDS["character_width"].advice(
        "`fonts.weights` and `typesetting.tracking_range`",
        "wide fonts in `fonts.weights`, or raise `typesetting.tracking_range`",
        "narrow fonts in `fonts.weights`, or lower `typesetting.tracking_range`",
    ),
    "angle": Advice(
        *("the angle", f"{_ROTATION}; {_ANY_ANGLE}"),
        *("are rotated further clockwise", f"raise {_ROTATION}", "are rotated further counterclockwise"),
        f"lower {_ROTATION}",
    ),
    "gap": Advice(
        *("the gap to the nearest text", f"{_LINES}; {_CROWDING}", "are further apart", f"lower {_LINES}"),
        *("are closer together", f"raise {_LINES}; if real labels touch, see `margin_along` and `margin_across`"),
    ),
    "gap_beside": Advice(
        *("the gap to the next text in the row", _WORD_GAPS),
        *("are further apart in a row", f"raise {_WORD_GAPS}, or use `receipt` and several columns of `document` more"),
        *(
            "are closer together in a row",
            "lower `columns_range` of `layouts.document`; if real labels touch, see `margin_along`",
        ),
    ),
    "gap_stacked": Advice(
        *("the gap to the texts above and below", _LEADING, "have more space between rows", f"raise {_LEADING}"),
        *("have less space between rows", f"lower {_LEADING}, and raise {_LINES}"),
    ),
    "beside": Advice(
        *("texts in a row", _WORD_GAPS, "have a neighbour in their row more often", "raise `count_range` of `words`"),
        *("stand alone in their row more often", "lower `count_range` of `words` in `corpus`"),
    ),
    "stacked": Advice(
        *("texts of several rows", _LINES, "are above or below another more often", f"raise {_LINES}"),
        *("are above or below another less often", f"lower {_LINES}"),
    ),
    "margin_across": Advice(
        *("the height of labels", _LABELS, "have labels with more space above and below", _LABELS),
        *("have labels with less space above and below", _LABELS),
    ),
    "margin_along": Advice(
        *("the length of labels", _LABELS, "have labels with more space on both sides", _LABELS),
        *("have labels with less space on both sides", _LABELS),
    ),
    "contrast": SHARED_WORDS["contrast"].advice(
        "`ink.contrast_floor`, and `opacity_range` of `layouts.photo`",
        "raise `ink.contrast_floor`, or `opacity_range` of `layouts.photo`",
        "lower `ink.contrast_floor`, or `opacity_range` of `layouts.photo`",
    ),
    "polarity": SHARED_WORDS["polarity"].advice(
        f"{_INKS}; `plate_probability` of `layouts.photo`", f"lower {_INKS}", f"raise {_INKS}"
    ),
    "separability": SHARED_WORDS["separability"].advice(
        _SURFACES, "raise `plate_probability` of `layouts.photo`, less `noise`", f"more {_SURFACES}, or {_BLURS}"
    ),
    "ink_lightness": SHARED_WORDS["ink_lightness"].advice(_INKS, f"raise {_INKS}", f"lower {_INKS}"),
    "ink_chroma": SHARED_WORDS["ink_chroma"].advice(
        _CHROMAS,
        "raise the weights of `any_colour` and `palettes` in `ink.colours`",
        "raise the weight of `tones` in `ink.colours`, with a low `tint`",
    ),
    "background_lightness": SHARED_WORDS["background_lightness"].advice(
        "`lightness_range` of `background`, and `plate_probability`",
        "raise `lightness_range` of `background`, or lighter photographs",
        "lower `lightness_range` of `background`, or darker photographs",
    ),
    "background_chroma": SHARED_WORDS["background_chroma"].advice(
        "`tint` of `background`", "raise `tint` of `background`", "lower `tint` of `background`"
    ),
    "texture": SHARED_WORDS["texture"].advice(
        _SURFACES,
        f"{_PHOTOS}; or lower `plate_probability` of `layouts.photo`",
        "raise `plate_probability` of `layouts.photo`, or `plain` in `background`",
    ),
    "noise": SHARED_WORDS["noise"].advice(_NOISES, f"raise {_NOISES}", f"lower {_NOISES}"),
    "edge_spread": SHARED_WORDS["edge_spread"].advice(_BLURS, f"raise {_BLURS}", f"lower {_BLURS}"),
    "stroke_width": SHARED_WORDS["stroke_width"].advice(
        _FONTS,
        "raise the weights of bold fonts in `fonts.weights`",
        "raise the weights of light fonts in `fonts.weights`",
    ),
    "ink_share": SHARED_WORDS["ink_share"].advice(
        "`fonts.weights` and `typesetting.tracking_range`",
        "bolder or narrower fonts in `fonts.weights`, lower `typesetting.tracking_range`",
        "lighter or wider fonts in `fonts.weights`, raise `typesetting.tracking_range`",
    ),
}
"""Words about every feature of texts of scenes, by its name."""

SCENE_ADVICE: dict[str, Advice] = {
    "side": Advice(
        *("size", "`output.width_range` and `output.height_range`"),
        *("are larger", "raise `output.width_range` and `output.height_range`"),
        *("are smaller", "lower `output.width_range` and `output.height_range`"),
    ),
    "aspect": Advice(
        *("format", "`output.width_range` and `output.height_range`"),
        *("are wider", "raise `output.width_range`, or lower `output.height_range`"),
        *("are narrower", "lower `output.width_range`, or raise `output.height_range`"),
    ),
    "texts": Advice(
        *("the number of texts", _CROWDING, "have more texts", f"raise {_CROWDING}"),
        *("have fewer texts", f"lower {_CROWDING}, and {_LINES}"),
    ),
    "ignored": Advice(
        *("the share of ignored texts", _LEGIBILITY, "have more ignored texts", f"raise {_LEGIBILITY}"),
        *("have fewer ignored texts", f"lower {_LEGIBILITY}"),
    ),
    "tiny": Advice(
        *("the share of tiny texts", "the low end of `fonts.size_range`"),
        *("have more tiny texts", "lower the low end of `fonts.size_range`"),
        *("have fewer tiny texts", "raise the low end of `fonts.size_range`"),
    ),
    "density": Advice(
        *("the area of texts", f"{_CROWDING}; `fonts.size_range`"),
        *("are covered by text more", f"raise {_CROWDING}, or `fonts.size_range`"),
        *("are covered by text less", f"lower {_CROWDING}, or `fonts.size_range`"),
    ),
    "extent": Advice(
        *("how far texts are spread", _CROWDING, "have texts that are spread further", f"raise {_CROWDING}"),
        *("have texts in a smaller part of the image", f"lower {_CROWDING}, or raise {_LINES}"),
    ),
    "height_range": Advice(
        *("the range of text heights", "`fonts.size_range`"),
        *("have texts of more different heights", "widen `fonts.size_range`"),
        *("have texts of more similar heights", f"narrow `fonts.size_range`, or raise {_LINES}"),
    ),
    "angle_deviation": Advice(
        *("the range of angles", f"{_ROTATION}; {_ANY_ANGLE}"),
        *("have texts at more different angles", f"widen {_ROTATION}, or raise {_ANY_ANGLE}"),
        *("have texts at more similar angles", f"narrow {_ROTATION}, or lower {_ANY_ANGLE}"),
    ),
    "group_size": Advice(
        *("the size of groups of texts", f"{_LINES}; the weights of `layouts`"),
        *("have larger groups of texts", f"raise {_LINES}, or the weights of `document` and `receipt` in `layouts`"),
        *("have smaller groups of texts", f"lower {_LINES}, or the weights of `document` and `receipt` in `layouts`"),
    ),
    "background_lightness": SHARED_WORDS["background_lightness"].advice(
        f"`lightness_range` of `background`; {_PHOTOS}",
        "raise `lightness_range` of `background`, or lighter photographs",
        "lower `lightness_range` of `background`, or darker photographs",
    ),
    "background_chroma": SHARED_WORDS["background_chroma"].advice(
        "`tint` of `background`", "raise `tint` of `background`", "lower `tint` of `background`"
    ),
    "background_range": Advice(
        *("the contrast of the background", f"`difference` and `count_range` of `wall`; {_PHOTOS}"),
        *("have backgrounds of more contrast", f"raise `difference` and `count_range` of `wall`; {_PHOTOS}"),
        *("have backgrounds of less contrast", "lower `difference` and `count_range` of `wall` in `background`"),
    ),
    "background_texture": Advice(
        *("the texture of the background", _SURFACES, "have more textured backgrounds", _PHOTOS),
        *("have plainer backgrounds", "raise the weights of `plain` and `gradient` in `background`"),
    ),
    "background_edges": Advice(
        *("edges in the background", f"`distractors_range` of `clutter`; {_PHOTOS}"),
        *("have more edges that are not text", f"raise `distractors_range` of `clutter`; {_PHOTOS}"),
        *("have fewer edges that are not text", "lower `distractors_range` of `clutter`"),
    ),
    "colours": SHARED_WORDS["colours"].advice(
        _SURFACES, _PHOTOS, "raise the weights of `plain` and `gradient` in `background`"
    ),
    "noise": SHARED_WORDS["noise"].advice(_NOISES, f"raise {_NOISES}", f"lower {_NOISES}"),
    "jpeg_blocks": SHARED_WORDS["jpeg_blocks"].advice(_JPEG, f"lower {_JPEG}", f"raise {_JPEG}"),
}
"""Words about every feature of scenes, by its name."""
