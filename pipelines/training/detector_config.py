"""Settings of a detector's training."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from augment import SceneStep, TextCrop, VisibilityRule, Window, detector_augmentation
from augment.chain import SceneChain
from models.db.boxes import PostprocessSettings
from models.db.targets import TargetSettings
from models.detector import STRIDE
from models.losses import DBLossSettings
from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.run import DetectorRun, DetectorSettings
from pipelines.jobs.copypaste_settings import OnlineCopyPasteSettings
from pipelines.recipes.components import EFFECT, Component, add_module_folders, build_component
from pipelines.training.network_group import NetworkGroup, NetworkGroupConfig
from pipelines.training.settings import StrictSettings
from synthtext.core import InputError, Level, Range

_Side = Annotated[int, Field(ge=STRIDE, le=4096, multiple_of=STRIDE)]
_Probability = Annotated[float, Field(ge=0, le=1)]


class ViewSettings(StrictSettings):
    """`view`: what is looked at of a picture, see `augment.training_view`.

    Attributes:
        size: width and height in pixels of what the network sees, multiples of 32.
        flip: probability that it is mirrored.
        degrees_range: of the rotation, clockwise.
        scale_range: of the picture's size before a part is cut out.
        cut: "between_texts": a part of any size that cuts no text, fitted into `size`, as released; "window": a part
            of `size`, so that texts are seen at the scale that the factor gives.
        min_side_share: of the picture's sides that must be left between texts; null: 0.1.
        text_share: of the windows that must show a text; null: 0.5.
        keep_visibility: of a text that must be seen for it to count.
        drop_visibility: of a text that must be seen for it to be ignored rather than forgotten.
    """

    size: tuple[_Side, _Side] = (640, 640)
    flip: _Probability = 0.5
    degrees_range: Range = (-10, 10)
    scale_range: Range = (0.5, 3.0)
    cut: Literal["between_texts", "window"] = "between_texts"
    min_side_share: float | None = None
    text_share: _Probability | None = None
    keep_visibility: float = 0.7
    drop_visibility: float = 0.1

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.cut == "window" and self.min_side_share is not None:
            raise ValueError("min_side_share is for cut=between_texts: leave it out")
        if self.cut == "between_texts" and self.text_share is not None:
            raise ValueError("text_share is for cut=window: leave it out")
        self.chain()
        return self

    def chain(self, effects: tuple[SceneStep, ...] = ()) -> SceneChain:
        """The view, and effects after it."""
        if self.cut == "window":
            crop: TextCrop | Window = Window(*self.size, 0.5 if self.text_share is None else self.text_share)
        else:
            crop = TextCrop(0.1 if self.min_side_share is None else self.min_side_share)
        view = detector_augmentation(
            *self.size,
            flip=self.flip,
            degrees_range=self.degrees_range,
            factor_range=self.scale_range,
            crop=crop,
            rule=VisibilityRule(self.keep_visibility, self.drop_visibility),
        )
        return SceneChain([*view.steps, *effects], view.rule)


class DetectorTrainConfig(NetworkGroupConfig[DetectorSettings]):
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
    network_group: NetworkGroup[DetectorSettings] = NetworkGroup()
    level: Level = "word"
    preprocessing: DetectorPreprocessing = DetectorPreprocessing()
    postprocessing: PostprocessSettings = PostprocessSettings()
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
    def pasting(self) -> OnlineCopyPasteSettings | None:
        """What is pasted."""
        return None if self.copy_paste is None else OnlineCopyPasteSettings.from_dict(self.copy_paste, "copy_paste")

    def chain(self) -> SceneChain:
        """The view and the effects.

        Raises:
            InputError: an effect is wrong.
        """
        built = _effects(self.effects, Path.cwd(), "effects")
        return self.view.chain(tuple(SceneStep(c.use, c.instance, c.weight) for c in built))


def detector_init_settings(folder: Path) -> SettingsDict:
    """Return the settings that starting from a detector's run directory implies."""
    run = DetectorRun.open(folder)
    return {
        "network": run.settings.model_dump(),
        "preprocessing": asdict(run.preprocessing),
        "freeze_batch_norm": True,
    }


def resolve_settings(tree: SettingsDict, folder: Path, where: str) -> SettingsDict:
    """Settings as they are written, with absolute paths and all settings of their parts.

    Args:
        tree: the settings.
        folder: relative paths of a file start here, and modules of the user's are found here.
        where: names the settings in errors.

    Raises:
        InputError: a part is wrong.
    """
    result = dict(tree)
    add_module_folders([folder])
    if result.get("effects"):
        result["effects"] = [
            {"use": c.use, "probability": c.weight, **c.settings} for c in _effects(result["effects"], folder, where)
        ]
    if result.get("copy_paste") is not None:
        result["copy_paste"] = OnlineCopyPasteSettings.from_dict(result["copy_paste"], f"{where}: copy_paste").to_dict()
    return result


def _effects(entries: Any, folder: Path, where: str) -> tuple[Component, ...]:
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InputError(f"{where}: effects must be a list of settings with 'use', not {entries!r}")
    return tuple(
        build_component(EFFECT, entry, "probability", folder, f"{where}: effects.{number}")
        for number, entry in enumerate(entries)
    )
