"""A recipe with new weights, from an evaluation."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.rebalance.change import Change
from pipelines.rebalance.components import weigh_corpora, weigh_effects, weigh_papers, weigh_styles
from pipelines.rebalance.evaluation import LineSlices, read_slices
from pipelines.rebalance.factors import HOPELESS, LARGEST
from pipelines.rebalance.fonts import weigh_fonts
from pipelines.rebalance.texts import weigh_characters, weigh_lengths
from pipelines.rebalance.weighing import Weighing
from pipelines.recipe import ResolvedRecipe, resolve_recipe
from pipelines.recipe.curriculum import Curriculum
from pipelines.recipe.drawn import CURRICULUM
from pipelines.recipe.lines import LinesRecipe
from pipelines.shards.folder import RECIPE
from pipelines.slices import wilson
from synthtext.core import InputError, check_share

_NAMED = 5  # names that a note tells


@dataclass(frozen=True)
class Rebalanced:
    """A recipe with new weights.

    Attributes:
        base: the recipe that was weighed anew.
        recipe: what became of it.
        evaluation: the file that the weights come from.
        slices: what was read there.
        strength: 0 to 1.
        weighings: of the parts of the recipe.
    """

    base: ResolvedRecipe
    recipe: ResolvedRecipe
    evaluation: Path
    slices: LineSlices
    strength: float
    weighings: tuple[Weighing, ...]

    @property
    def changes(self) -> list[Change]:
        """Every weight that was looked at, the largest rise first, the largest fall last."""
        found = [change for weighing in self.weighings for change in weighing.changes]
        return sorted(found, key=lambda change: (-change.factor, change.part, change.name))

    def to_yaml(self) -> str:
        """The recipe as a file, which begins with where its weights come from."""
        lines = self.slices.lines
        told = (
            f"The recipe {self.base.name} with weights by what was misread in {self.slices.name}",
            f"({lines.wrong:,} of {lines.total:,} lines), as {self.evaluation} tells; ocrmill rebalance made it.",
            "A weight was multiplied by the error rate of its lines over that of all, shrunk towards it where they are",
            f"few, to the power of {self.strength:g}, at most {LARGEST:g} times larger or smaller; then totals were "
            "restored.",
        )
        return "".join(f"# {' '.join(line.split())}\n" for line in told) + self.recipe.to_yaml()

    def notes(self) -> Iterator[str]:
        """What else is to be known, a line each."""
        for weighing in self.weighings:
            if weighing.hopeless:
                cuts = [f"{cut.name} ({cut.wrong:,} of {cut.total:,} misread)" for cut in weighing.hopeless]
                yield f"look at these, whose weights were left alone: {weighing.part} {_some(cuts)}"
            if weighing.unknown:
                yield f"not drawn by the recipe: {weighing.part} {_some(weighing.unknown)}"
        kept = sorted({path for stage in self.recipe.tree.get(CURRICULUM, ()) for path in stage["set"]})
        if kept:
            yield f"the stages of the curriculum keep what they set: {_some(kept)}"
        trees = self.base.tree, self.recipe.tree
        before, after = (float((tree.get("balance") or {}).get("share", 0)) for tree in trees)
        if before != after:
            yield f"balance.share is {after:g} now, so that the weights of characters count"


def rebalance(
    evaluation: Path,
    recipe: str | None = None,
    *,
    strength: float = 0.5,
    overrides: Sequence[str] = (),
    source: str | None = None,
) -> Rebalanced:
    """Weigh a recipe of lines by where a recognizer fails: what it misreads more often is to be drawn more often.

    Corpora, effects, ink styles, papers, fonts, lengths and characters are each weighed on their own, as
    `find_factors` says; the total of the weights of each stays, as does the sum of the effects' probabilities.

    Args:
        evaluation: what `ocrmill evaluate --slices` wrote.
        recipe: a preset's name or a file; None: the `recipe.yaml` of the evaluated data set.
        strength: 0 (nothing changes) to 1 (weights follow the error rates).
        overrides: settings of that recipe, `key.sub=value`, applied first.
        source: which of several sources in the evaluation.

    Raises:
        InputError: the evaluation or the recipe cannot be used; the sentence says why.
    """
    check_share("strength", strength)
    slices = read_slices(evaluation, source)
    _check_rate(evaluation, slices)
    base = resolve_recipe(recipe if recipe is not None else str(_recipe_of(evaluation, slices)), overrides)
    if base.kind != "lines":
        raise InputError(f"recipe {base.name} draws {base.kind}: only recipes of lines can be weighed by lines")
    built = LinesRecipe.read(base.tree, Path.cwd(), f"recipe {base.name}")
    tree = copy.deepcopy(base.tree)
    weighings = [
        weigh(built, tree, slices, strength)
        for weigh in (weigh_corpora, weigh_fonts, weigh_effects, weigh_styles, weigh_papers)
    ]
    weighings += [weigh_lengths(tree, slices, strength), weigh_characters(built, tree, slices, strength)]
    new = ResolvedRecipe(base.name, Curriculum.read(LinesRecipe, tree, Path.cwd(), f"recipe {base.name}").tree())
    return Rebalanced(base, new, evaluation, slices, strength, tuple(weighings))


def _check_rate(evaluation: Path, slices: LineSlices) -> None:
    """Refuse what no weights can be made of."""
    lines = slices.lines
    if not lines.wrong:
        raise InputError(f"{evaluation}: not one line of {slices.name} was misread: there is nothing to weigh by")
    if wilson(lines.wrong, lines.total)[0] > HOPELESS:
        raise InputError(
            f"{evaluation}: {lines.wrong:,} of {lines.total:,} lines of {slices.name} were misread: what a recognizer "
            "that reads nearly nothing finds hard tells nothing; train it longer"
        )


def _recipe_of(evaluation: Path, slices: LineSlices) -> Path:
    """The recipe of the data set that was evaluated."""
    if slices.path is None:
        raise InputError(f"{evaluation} does not tell where {slices.name} lies: name its recipe with --recipe")
    path = slices.path / RECIPE
    if not path.is_file():
        raise InputError(f"there is no {path}: name the recipe that is to be weighed with --recipe")
    return path


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
