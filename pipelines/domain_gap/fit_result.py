"""The result of a fit: the recipe with comments, what changed, and lines to show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.domain_gap.changes import SettingChange, corpus_changes, font_changes, setting_changes
from pipelines.domain_gap.fit_store import Round
from pipelines.domain_gap.font_fit import FontWeights
from pipelines.domain_gap.patterns import InducedPattern
from pipelines.io.encode import encode_image
from pipelines.recipes.recipe import LinesRecipe, ScenesRecipe
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext.core import Sample, Scene
from synthtext.fonts import FaceCache

FEW_LINES = 30
"""Number of real lines to fit to below which a fit stays close to the recipe, and says so."""

_MAX_COMMENTS = 12  # changes that are named in the recipe
_EXAMPLE_SEED = 1_000_003


@dataclass(frozen=True)
class FitResult:
    """A fitted recipe.

    Attributes:
        base: The recipe before the fit.
        recipe: The recipe of the best round.
        rounds: All rounds.
        real: Name of the real lines.
        fitted: Indices of the real lines that were used.
        held_out: Indices of those that were only measured.
        patterns: Patterns induced from the labels.
        outside: Number of labels with characters that the charset lacks.
        resumed: Number of rounds that an earlier run had finished.
    """

    base: ResolvedRecipe
    recipe: ResolvedRecipe
    rounds: tuple[Round, ...]
    real: str
    fitted: tuple[int, ...]
    held_out: tuple[int, ...]
    patterns: tuple[InducedPattern, ...]
    outside: int
    resumed: int

    @property
    def subject(self) -> str:
        """What the recipe generates: "lines" or "scenes"."""
        return self.base.kind

    @property
    def best(self) -> Round:
        """The round with the least distance to the held-out lines."""
        return best_round(self.rounds)

    def to_yaml(self, changes: Sequence[SettingChange]) -> str:
        """Return the recipe as YAML; comments at the top say where it comes from and name the largest changes."""
        first, best = self.rounds[0], self.best
        comments = [
            f"Written by ocrmill fit: the recipe {self.base.name} fitted to {len(self.fitted):,} {self.subject} of "
            f"{self.real};",
            f"{len(self.held_out):,} more were held out. Their mean distance fell from {first.held_out:.3f} to",
            f"{best.held_out:.3f}, and the AUC of a classifier that tells them from generated ones from "
            f"{first.auc:.3f} to {best.auc:.3f}.",
            "The largest changes:",
            *(f"  {change.name}: {change.before} -> {change.after}" for change in changes[:_MAX_COMMENTS]),
        ]
        return "".join(f"# {line}\n" for line in comments) + self.recipe.to_yaml()

    def notes(self) -> Iterator[str]:
        """Yield one line of text about each thing that the user should know."""
        if len(self.fitted) < FEW_LINES:
            yield (
                f"only {len(self.fitted):,} real {self.subject} to fit to: the recipe stays close to {self.base.name}; "
                f"give at least {2 * FEW_LINES} for a better fit"
            )
        if self.outside:
            yield f"labels with characters outside of the charset, not used for the texts: {self.outside:,}"


def best_round(rounds: Sequence[Round]) -> Round:
    """Return the round with the least distance to the held-out lines, the first one of equal ones."""
    return min(rounds, key=lambda entry: (entry.held_out, entry.number))


def describe_changes(result: FitResult) -> list[SettingChange]:
    """Return all settings, fonts and corpora before and after, the largest change first."""
    if result.subject == "scenes":
        scenes = [
            ScenesRecipe.read(recipe.settings, Path.cwd(), recipe.name) for recipe in (result.base, result.recipe)
        ]
        return setting_changes(scenes[0], scenes[1])
    before, after = (
        LinesRecipe.read(recipe.settings, Path.cwd(), f"recipe {recipe.name}")
        for recipe in (result.base, result.recipe)
    )
    inventory = before.inventory()
    old = FontWeights(inventory, before.settings.fonts.weights, FaceCache())
    new = FontWeights.values_of(inventory, after.settings.fonts.weights)
    changes = [
        *setting_changes(before, after),
        *font_changes(inventory, old.traits, old.values, new),
        *corpus_changes(before, after),
    ]
    return sorted(changes, key=lambda change: (-change.size, change.name))


def example_lines(recipe: ResolvedRecipe, count: int) -> list[bytes]:
    """Return encoded images of random lines or scenes of a recipe."""
    generator = recipe.generator(_EXAMPLE_SEED)
    samples = (item for item in generator.generate_many(range(2 * count)) if isinstance(item, Sample | Scene))
    return [encode_image(sample, recipe.image_format) for sample, _ in zip(samples, range(count), strict=False)]
