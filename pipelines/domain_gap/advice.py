"""Words about a feature: what differs between real and generated samples, and which settings of a recipe change it."""

from typing import NamedTuple


class Advice(NamedTuple):
    """Words about a feature of lines, or of scenes and their texts."""

    noun: str  # "Real lines vary more in <noun>"
    settings: str  # that control how much it varies
    more: str  # "Real lines <more>", if the feature is larger
    increase: str  # what to change then
    less: str  # "Real lines <less>", if it is smaller
    decrease: str  # what to change then


class Words(NamedTuple):
    """Words about a feature without the settings; see `Advice`."""

    noun: str
    more: str
    less: str

    def advice(self, settings: str, increase: str, decrease: str) -> Advice:
        """Return the words with the settings of a kind of recipe."""
        return Advice(self.noun, settings, self.more, increase, self.less, decrease)


SHARED_WORDS: dict[str, Words] = {
    "stroke_width": Words("the width of strokes", "have thicker strokes", "have thinner strokes"),
    "ink_share": Words("the density of letters", "have denser letters", "have looser letters"),
    "polarity": Words("polarity", "are dark on light more often", "are light on dark more often"),
    "contrast": Words("contrast", "have more contrast", "have less contrast"),
    "separability": Words(
        "how clearly ink is separated",
        "have ink that is separated more clearly",
        "have ink that is separated less clearly",
    ),
    "ink_lightness": Words("the lightness of ink", "have lighter ink", "have darker ink"),
    "background_lightness": Words(
        "the lightness of the background", "have lighter backgrounds", "have darker backgrounds"
    ),
    "ink_chroma": Words("the saturation of ink", "have more saturated ink", "have less saturated ink"),
    "background_chroma": Words(
        "the saturation of the background", "have more saturated backgrounds", "have less saturated backgrounds"
    ),
    "colours": Words("the number of colours", "have more colours", "have fewer colours"),
    "texture": Words("the texture of the background", "have more textured backgrounds", "have plainer backgrounds"),
    "edge_spread": Words("blur", "are more blurred", "are sharper"),
    "noise": Words("noise", "have more noise", "have less noise"),
    "jpeg_blocks": Words("JPEG blocks", "have stronger JPEG blocks", "have weaker JPEG blocks"),
    "character_width": Words("the width of characters", "have wider characters", "have narrower characters"),
}
"""Words about the features that both lines and scenes, or their texts, have, by name."""
