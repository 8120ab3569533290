"""Samples of a recipe by their index, in any order and in any process."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from socket import gethostname

from pipelines.generate.task import draw_samples, single_threaded
from pipelines.recipe import ResolvedRecipe
from synthtext import LineGenerator
from synthtext.core import BLOCK, Gap, InputError, Sample, SampleGenerator
from synthtext.staged import StagedGenerator

_BLOCKS = 48  # those of the row groups that are shuffled together: 16 of 512 samples, each in three blocks at most
_GENERATORS = 4  # of a process: each holds its fonts open, some 100 MB where there are 1,500 of them


@dataclass(frozen=True)
class Draws:
    """The samples of a recipe and a seed; is pickled to other processes, which draw the same.

    Attributes:
        recipe: of lines.
        digest: that the recipe has where the job was started.
        seed: 0 to 2**32 - 1.
    """

    recipe: ResolvedRecipe
    digest: str
    seed: int

    def at(self, indices: Sequence[int]) -> Iterator[Sample | Gap]:
        """Draw samples in this order. A process keeps the fonts and glyphs of its last recipes.

        Raises:
            InputError: this process finds other fonts or files than the one that started the job.
            JobError: the drawing code failed; names the sample.
        """
        generator = _generators.get(self)
        with single_threaded():
            yield from draw_samples(generator, indices, self.recipe.name)


class _Generators:
    """The generators that a process used last."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, int], SampleGenerator] = OrderedDict()

    def get(self, draws: Draws) -> SampleGenerator:
        key = draws.digest, draws.seed
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _open(draws)
            if len(self._found) > _GENERATORS:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return found


def _open(draws: Draws) -> SampleGenerator:
    recipe = draws.recipe
    if recipe.digest != draws.digest:
        raise InputError(
            f"recipe {recipe.name} would draw other lines now, on {gethostname()}, than when the training was started: "
            "its fonts, files or library versions have changed; start the training again"
        )
    generator = recipe.generator(draws.seed)
    for stage in generator.stages if isinstance(generator, StagedGenerator) else (generator,):
        assert isinstance(stage, LineGenerator)
        stage.blocks.kept = _BLOCKS
    return generator


_generators = _Generators()

CHUNK = 4 * BLOCK
"""Samples that a process draws one after the other when all of them are drawn."""
