"""The recipe of scenes."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.recipe.components import BACKDROP, LAYOUT
from pipelines.recipe.drawn import DrawnRecipe, DrawnSettings
from pipelines.recipe.parts import Shares
from synthtext.fonts import FaceCache, FontInventory
from synthtext.scenes import Clutter, Legibility, Lettering, SceneDesign, SceneGenerator, SceneOutput


class ScenesSettings(DrawnSettings):
    """A recipe of scenes as it is written."""

    kind: Literal["scenes"] = "scenes"
    paper: Shares = Field(default={"wall": 1}, min_length=1)
    lettering: Lettering = Lettering()
    layouts: Shares = Field(default={"photo": 1}, min_length=1)
    clutter: Clutter = Clutter()
    legibility: Legibility = Legibility()
    output: SceneOutput = SceneOutput()


@dataclass(frozen=True)
class ScenesRecipe(DrawnRecipe[ScenesSettings]):
    """A recipe of scenes, checked and built."""

    SETTINGS: ClassVar = ScenesSettings
    SHARED: ClassVar = {"paper": BACKDROP, "layouts": LAYOUT}

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> SceneGenerator:
        """A generator of its scenes.

        Raises:
            InputError: no font can set one of the corpora.
        """
        settings = self.settings
        design = SceneDesign(
            **self.common(inventory),
            lettering=settings.lettering,
            layouts=self.entries("layouts"),
            clutter=settings.clutter,
            legibility=settings.legibility,
            output=settings.output,
        )
        return SceneGenerator(design, seed, prefix, cache)
