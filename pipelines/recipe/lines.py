"""The recipe of text lines."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.recipe.components import PAPER
from pipelines.recipe.drawn import DrawnRecipe, DrawnSettings
from pipelines.recipe.parts import Shares
from synthtext import Balance, Layout, LineDesign, LineGenerator, Output
from synthtext.fonts import FaceCache, FontInventory


class LinesSettings(DrawnSettings):
    """A recipe of lines as it is written."""

    kind: Literal["lines"] = "lines"
    paper: Shares = Field(default={"plain": 1}, min_length=1)
    layout: Layout = Layout()
    balance: Balance = Balance()
    output: Output = Output()


@dataclass(frozen=True)
class LinesRecipe(DrawnRecipe[LinesSettings]):
    """A recipe of lines, checked and built."""

    SETTINGS: ClassVar = LinesSettings
    SHARED: ClassVar = {"paper": PAPER}

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> LineGenerator:
        """A generator of its lines.

        Raises:
            InputError: no font can set one of the corpora.
        """
        return LineGenerator(self.design(inventory), seed, prefix, cache)

    def design(self, inventory: FontInventory) -> LineDesign:
        """What its lines look like."""
        settings = self.settings
        return LineDesign(
            **self.common(inventory), layout=settings.layout, output=settings.output, balance=settings.balance
        )
