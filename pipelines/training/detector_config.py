"""Settings of a detector's training."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from augment import CutRule, SceneStep, TextCrop, Window, training_view
from augment.chain import SceneChain
from models.db.boxes import BoxSettings
from models.db.targets import TargetSettings
from models.detector import STRIDE
from models.losses import DBLossSettings
from pipelines.config import Tree
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.run import DetectorSettings, Run
from pipelines.jobs.copypaste_settings import Pasting
from pipelines.recipes.components import EFFECT, Component, build_component, find_modules_in
from pipelines.training.network_group import Team, TeamConfig
from pipelines.training.settings import Settings
from synthtext.core import InputError, Level, Range

_Side = Annotated[int, Field(ge=STRIDE, le=4096, multiple_of=STRIDE)]
_Probability = Annotated[float, Field(ge=0, le=1)]


class ViewSettings(Settings):
    """`view`: what is looked at of a picture, see `augment.training_view`.

    Attributes:
        size: width and height in pixels of what the network sees, multiples of 32.
        flip: probability that it is mirrored.
        degrees_range: of the rotation, clockwise.
        factor_range: of the picture's size before a part is cut out.
        cut: "between_texts": a part of any size that cuts no text, fitted into `size`, as released; "window": a part
            of `size`, so that texts are seen at the scale that the factor gives.
        least_side_share: of the picture's sides that must be left between texts; null: 0.1.
        text_share: of the windows that must show a text; null: 0.5.
        keep_share: of a text that must be seen for it to count.
        drop_share: of a text that must be seen for it to be ignored rather than forgotten.
    """

    size: tuple[_Side, _Side] = (640, 640)
    flip: _Probability = 0.5
    degrees_range: Range = (-10, 10)
    factor_range: Range = (0.5, 3.0)
    cut: Literal["between_texts", "window"] = "between_texts"
    least_side_share: float | None = None
    text_share: _Probability | None = None
    keep_share: float = 0.7
    drop_share: float = 0.1

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.cut == "window" and self.least_side_share is not None:
            raise ValueError("least_side_share is for cut=between_texts: leave it out")
        if self.cut == "between_texts" and self.text_share is not None:
            raise ValueError("text_share is for cut=window: leave it out")
        self.chain()
        return self

    def chain(self, effects: tuple[SceneStep, ...] = ()) -> SceneChain:
        """The view, and effects after it."""
        if self.cut == "window":
            crop: TextCrop | Window = Window(*self.size, 0.5 if self.text_share is None else self.text_share)
        else:
            crop = TextCrop(0.1 if self.least_side_share is None else self.least_side_share)
        view = training_view(
            *self.size,
            flip=self.flip,
            degrees_range=self.degrees_range,
            factor_range=self.factor_range,
            crop=crop,
            rule=CutRule(self.keep_share, self.drop_share),
        )
        return SceneChain([*view.steps, *effects], view.rule)


class DetectorTrainConfig(TeamConfig[DetectorSettings]):
    """Everything that the training of a detector depends on.

    Attributes:
        level: of the texts to be found, in data sets that label blocks, lines and words.
        preprocessing: of a picture that is read; training takes over its order of colours and their scale.
        boxes: what counts as a text, in validation and in what is made of the RUN.
        view: what is looked at of a picture.
        copy_paste: texts that are pasted into pictures before that: `from` (sources of crops; none: `data`),
            `probability`, `mode`, `crops` and the mode's own settings, as `ocrmill copypaste` has them; null: none.
        effects: after that, as in a recipe.
        targets: how labels become maps.
        loss: of the maps.
    """

    network: DetectorSettings = DetectorSettings()
    team: Team[DetectorSettings] = Team()
    level: Level = "word"
    preprocessing: DetectorPreprocessing = DetectorPreprocessing()
    boxes: BoxSettings = BoxSettings()
    view: ViewSettings = ViewSettings()
    copy_paste: dict[str, Any] | None = None
    effects: tuple[dict[str, Any], ...] = ()
    targets: TargetSettings = TargetSettings()
    loss: DBLossSettings = DBLossSettings()
    batch_size: int = Field(default=8, ge=2)

    @property
    def score_name(self) -> str:
        """The score that the best weights are chosen by."""
        return "hmean"

    @property
    def unit(self) -> str:
        """What samples are."""
        return "pictures"

    @cached_property
    def pasting(self) -> Pasting | None:
        """What is pasted."""
        return None if self.copy_paste is None else Pasting.read(self.copy_paste, "copy_paste")

    def chain(self) -> SceneChain:
        """The view and the effects.

        Raises:
            InputError: an effect is wrong.
        """
        built = _effects(self.effects, Path.cwd(), "effects")
        return self.view.chain(tuple(SceneStep(c.use, c.part, c.share) for c in built))


def implied_by(run: Run) -> Tree:
    """The settings that starting from a detector's RUN implies."""
    return {
        "network": run.detector_settings.model_dump(),
        "preprocessing": asdict(run.detector_preprocessing),
        "frozen_norms": True,
    }


def prepared(tree: Tree, folder: Path, where: str) -> Tree:
    """Settings as they are written, with absolute paths and all settings of their parts.

    Args:
        tree: the settings.
        folder: relative paths of a file start here, and modules of the user's are found here.
        where: names the settings in errors.

    Raises:
        InputError: a part is wrong.
    """
    result = dict(tree)
    find_modules_in([folder])
    if result.get("effects"):
        result["effects"] = [
            {"use": c.use, "probability": c.share, **c.settings} for c in _effects(result["effects"], folder, where)
        ]
    if result.get("copy_paste") is not None:
        result["copy_paste"] = Pasting.read(result["copy_paste"], f"{where}: copy_paste").tree()
    return result


def _effects(entries: Any, folder: Path, where: str) -> tuple[Component, ...]:
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InputError(f"{where}: effects must be a list of settings with 'use', not {entries!r}")
    return tuple(
        build_component(EFFECT, entry, "probability", folder, f"{where}: effects.{number}")
        for number, entry in enumerate(entries)
    )
