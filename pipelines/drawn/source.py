"""A recipe as a source of lines: what shards of it would hold, drawn when it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.drawn.draws import Draws
from pipelines.drawn.survey import Survey
from pipelines.generate.encode import encode
from pipelines.reader.source import EncodedLine
from pipelines.shards import LineRow
from synthtext.core import Gap, InputError, Sample


@dataclass(frozen=True, eq=False)
class DrawnSource:
    """The lines that `ocrmill generate RECIPE -n COUNT --seed SEED` would write, to the byte, without writing them.

    Attributes:
        draws: draws them.
        survey: what is known of all of them.
    """

    draws: Draws
    survey: Survey

    def __len__(self) -> int:
        return len(self.survey.indices)

    @property
    def name(self) -> str:
        """The recipe's."""
        return self.draws.recipe.name

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        return (text.as_py() for text in self.survey.texts)

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        return self.survey.sizes

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """None: the survey keeps no more than what a training asks for."""
        return {}

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which the row groups of the shards would begin, and N: the order is that of shards."""
        shards = np.arange(0, self.survey.count, LineRow.SHARD_SIZE)
        borders = np.append(np.searchsorted(self.survey.indices, shards), len(self))
        pairs = zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        return np.concatenate([*(np.arange(begin, end, LineRow.GROUP) for begin, end in pairs), [len(self)]])

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order; these alone are drawn, rows of one block after each other.

        Raises:
            InputError: a line is not what it was when all of them were looked at.
            JobError: the drawing code failed; names the sample.
        """
        order = np.argsort(rows, kind="stable")
        form, found = self.draws.recipe.picture_format, [EncodedLine("", b"", "")] * len(rows)
        drawn = self.draws.at(self.survey.indices[rows[order]].tolist())
        for place, item in zip(order.tolist(), drawn, strict=True):
            sample = self._checked(int(rows[place]), item)
            found[place] = EncodedLine(sample.key, encode(sample, form), sample.text)
        return found

    def _checked(self, row: int, item: Sample | Gap) -> Sample:
        """What was drawn, if it is the line that the survey saw.

        Labels were counted and widths sorted by what it saw; a part that draws otherwise every time is no mistake that
        anybody would notice later.
        """
        survey = self.survey
        if isinstance(item, Sample) and item.text == survey.texts[row].as_py():
            height, width = item.image.shape[:2]
            if (width, height) == tuple(survey.sizes[row].tolist()):
                return item
        raise InputError(
            f"sample {survey.indices[row]} of recipe {self.name} is another one than when it was first drawn: a part "
            "of the recipe must draw all its random numbers from the rng that it is given"
        )
