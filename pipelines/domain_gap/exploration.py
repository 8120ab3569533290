"""Drawing of lines whose settings are known: each line has its own value of every adjustable setting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pipelines.domain_gap.fitted_settings import (
    CHOICES,
    EXPLORED_SHARE,
    Choice,
    Number,
    Probability,
    Setting,
    ValueRange,
    used_components,
)
from pipelines.recipes.components import Component
from pipelines.recipes.recipe import LinesRecipe
from synthtext import LineDesign, LineGenerator
from synthtext.core import EffectChain, EffectStep, Sample, StreamSource, WeightedComponent
from synthtext.core.errors import Rejection
from synthtext.core.randomness import BLOCK_SIZE
from synthtext.design import BlockResources
from synthtext.ink import Ink
from synthtext.lines.generator import MAX_ATTEMPTS
from synthtext.lines.state import LineState

LINES_OF_BLOCK = 32
"""Lines of a block that are drawn; a block has its own fonts, and 256 lines would show too few of them."""

_FALLBACK_WEIGHT = 1e-9  # of ink styles other than the drawn one, for texts that it cannot draw
_MARGINS = "layout.margin_range"

Value: TypeAlias = str | float | bool
"""The value of a setting of a line: the name of a component, a number, or whether an effect is applied."""


class ExploredLine(NamedTuple):
    """A line and the settings that it was drawn with.

    Attributes:
        sample: The line.
        values: By path, only settings that had an effect on the line. Margins have one value for each side.
        font: Name of the face without its variations.
    """

    sample: Sample
    values: Mapping[str, Value | tuple[float, ...]]
    font: str


def spread_indices(count: int) -> Iterator[int]:
    """Yield the indices of `count` samples, `LINES_OF_BLOCK` from each block."""
    for number in range(count):
        block, position = divmod(number, LINES_OF_BLOCK)
        yield block * BLOCK_SIZE + position


@dataclass(frozen=True)
class Proposal:
    """The distribution of the values that are tried.

    Attributes:
        settings: The adjustable settings, by path.
    """

    settings: Mapping[str, Setting]

    def draw(self, rng: np.random.Generator) -> dict[str, Value]:
        """Draw a value of every setting; for the margins, whether to take the range of the recipe (False)."""
        numbers = rng.random((len(self.settings), 2)).tolist()
        return {
            path: _propose(setting, explores < EXPLORED_SHARE, number)
            for (path, setting), (explores, number) in zip(self.settings.items(), numbers, strict=True)
        }


def _propose(setting: Setting, explores: bool, number: float) -> Value:
    """Return a value for a uniform number from 0 to 1."""
    if isinstance(setting, Choice):
        used = [(name, weight) for name, weight in setting.weights.items() if weight > 0]
        for name, weight in used:
            number -= 1 / len(used) if explores else weight
            if number < 0:
                return name
        return used[-1][0]
    if isinstance(setting, Probability):
        return number < (0.5 if explores else setting.value)
    if isinstance(setting, Number):
        low, high = setting.limits
        return float(low * (high / low) ** number)
    if setting.path == _MARGINS:
        return explores
    low, high = setting.limits if explores else (setting.low, setting.high)
    return float(int(low + number * (high - low + 1)) if setting.whole else low + number * (high - low))


class Explorer:
    """Draws lines of a recipe, each with its own values of the settings.

    If nothing were explored, the lines would have the distribution of the recipe's. A rejected attempt is repeated with
    new values, as in the generator.

    Args:
        recipe: The recipe.
        settings: Its adjustable settings, by path.
        generator: Draws the lines of the recipe.
        seed: 0 to 2**32 - 1.
    """

    def __init__(
        self, recipe: LinesRecipe, settings: Mapping[str, Setting], generator: LineGenerator, seed: int
    ) -> None:
        self._proposal, self._design, self._generator = Proposal(settings), generator.design, generator
        self._components = used_components(recipe, CHOICES)
        self._own: dict[str, list[Setting]] = {path: [] for path in self._components}
        for setting in settings.values():
            if setting.parent:
                self._own[setting.parent].append(setting)
        self._positions = {entry.name: i for i, entry in enumerate(self._design.backgrounds)}
        self._only = {path: _only_used(self._components, path) for path in CHOICES}
        self._fallbacks = [
            WeightedComponent(path.rpartition(".")[2], component.instance, _FALLBACK_WEIGHT * component.weight)
            for path, component in self._components.items()
            if path.startswith("ink.styles.")
        ]
        self._source = StreamSource(seed)

    def draw(self, count: int) -> Iterator[ExploredLine]:
        """Draw up to `count` lines; those that cannot be drawn are left out."""
        for index in spread_indices(count):
            line = self._line(index)
            if line is not None:
                yield line

    def _line(self, index: int) -> ExploredLine | None:
        streams, block = self._source.start(index), self._generator.resources.at(index)
        for attempt in range(MAX_ATTEMPTS):
            own = replace(streams, attempt=attempt)
            values = self._proposal.draw(own.appearance("explore settings"))
            design, background = self._apply(values, block)
            stages = self._generator.stages.with_design(design)
            state = LineState(index, own, BlockResources(block.faces, [background]))
            stages.run([state])
            if state.failure is None:
                sample = stages.finish(state, "", ())
                font = replace(state.spec.face.file, variations=()).name
                return ExploredLine(sample, self._effective(values, state), font)
            if not isinstance(state.failure, Rejection):
                raise state.failure
        return None

    def _apply(self, values: Mapping[str, Value], block: BlockResources) -> tuple[LineDesign, Any]:
        """Return the design of a line with these values, and its background."""
        chosen = {path: str(values.get(path, self._only[path])) for path in CHOICES}
        made = {path: self._made(f"{path}.{name}", values) for path, name in chosen.items() if path != "background"}
        steps = [
            EffectStep(component.use, self._made(path, values))
            for path, component in self._components.items()
            if path.startswith("effects.") and values[f"{path}.probability"]
        ]
        styles = tuple(
            entry if entry.name != chosen["ink.styles"] else WeightedComponent(entry.name, made["ink.styles"])
            for entry in self._fallbacks
        )
        colours = (WeightedComponent(chosen["ink.colours"], made["ink.colours"]),)
        background = block.backgrounds[self._positions[chosen["background"]]]
        if any(setting.path in values for setting in self._own[f"background.{chosen['background']}"]):
            background = self._made(f"background.{chosen['background']}", values)
        design = replace(
            self._design,
            ink=Ink(float(values.get("ink.contrast_floor", self._design.ink.contrast_floor)), styles, colours),
            baselines=(WeightedComponent(chosen["baselines"], made["baselines"]),),
            backgrounds=(WeightedComponent(chosen["background"], background),),
            effects=EffectChain(steps),
            layout=self._layout(values),
            font_options=self._font_options(values),
        )
        return design, background

    def _made(self, path: str, values: Mapping[str, Value]) -> Any:
        """Return a component with the values of its settings."""
        instance = self._components[path].instance
        changed = {setting.path.rpartition(".")[2]: _as_field(setting, values) for setting in self._own[path]}
        return replace(instance, **changed) if changed else instance

    def _layout(self, values: Mapping[str, Value]) -> Any:
        layout = self._design.layout
        changed: dict[str, Any] = {}
        for setting in self._proposal.settings.values():
            name = setting.path.rpartition(".")[2]
            if setting.path == _MARGINS and isinstance(setting, ValueRange):
                changed[name] = setting.limits if values[setting.path] else (setting.low, setting.high)
            elif isinstance(setting, ValueRange) and setting.path == f"layout.{name}":
                changed[name] = _as_field(setting, values)
        probability = values.get("layout.neighbours.probability")
        if probability is not None:
            changed["neighbours"] = replace(layout.neighbours, probability=float(probability))
        return replace(layout, **changed)

    def _font_options(self, values: Mapping[str, Value]) -> Any:
        size = values.get("fonts.size_range")
        options = self._design.font_options
        return options if size is None else replace(options, size_range=(float(size), float(size)))

    def _effective(self, values: Mapping[str, Value], state: LineState) -> dict[str, Value | tuple[float, ...]]:
        """Return the values of settings that had an effect on a line."""
        style = state.style.ink_style.name
        used = {f"{path}.{values.get(path, self._only[path])}" for path in CHOICES}
        if values.get("ink.styles", style) != style:  # it cannot draw the text
            used.remove(f"ink.styles.{values['ink.styles']}")
            values = {**values, "ink.styles": style}
        used |= {path.removesuffix(".probability") for path, value in values.items() if value is True}
        found: dict[str, Value | tuple[float, ...]] = {
            path: values[path]
            for path, setting in self._proposal.settings.items()
            if not setting.parent or setting.parent in used
        }
        if _MARGINS in found:
            found[_MARGINS] = tuple(state.spec.margins)
        return found


def _only_used(components: Mapping[str, Component], path: str) -> str:
    """Return the name of the first component in use at a path, which is the only one if there is no choice."""
    names: Sequence[str] = [key.removeprefix(f"{path}.") for key in components if key.startswith(f"{path}.")]
    return names[0]


def _as_field(setting: Setting, values: Mapping[str, Value]) -> Any:
    """Return the value of a field with which a component has the drawn value always."""
    value = values[setting.path]
    if isinstance(setting, ValueRange):
        end = int(value) if setting.whole else float(value)
        return (end, end)
    return float(value)
