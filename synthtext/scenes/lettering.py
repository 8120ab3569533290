"""How the letters of a scene are set: what a recipe says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from synthtext.core import Range
from synthtext.layout import Layout


@dataclass(frozen=True)
class Lettering:
    """How texts are set, in every layout.

    Attributes:
        tracking_range: space added between clusters, in ems; drawn for every block of text.
        length_range: fewest and most characters of a text of the corpora; others are rejected.
        jitter_range: how far letters stand above or below the baseline, in ems.
        features: OpenType features and how often each is switched on, by tag.
        language: BCP 47 tag of the texts, for fonts with forms of their own for some languages.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    tracking_range: Range = (0.0, 0.0)
    length_range: tuple[int, int] = (1, 40)
    jitter_range: Range = (0.0, 0.0)
    features: Mapping[str, float] = field(default_factory=dict)
    language: str = ""

    def __post_init__(self) -> None:
        self.layout()

    def layout(self) -> Layout:
        """The same for lines that fill a picture of their own.

        Raises:
            InputError: a value is out of its range.
        """
        return Layout(
            tracking_range=self.tracking_range,
            length_range=self.length_range,
            jitter_range=self.jitter_range,
            features=self.features,
            language=self.language,
        )
