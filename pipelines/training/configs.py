"""Settings of the trainings of recognizers and detectors."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from augment import SceneStep, TextCrop, VisibilityRule, Window, detector_augmentation
from augment.chain import SceneChain
from models.db.boxes import PostprocessSettings
from models.db.targets import TargetSettings
from models.detector import STRIDE
from models.losses.base import DETECTOR_LOSSES, RECOGNIZER_LOSSES, LossTerm
from models.losses.db import DBLossSettings
from models.losses.settings import CTCLossSettings
from models.registry import Registry
from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.run import DetectorSettings, RecognizerSettings
from pipelines.jobs.copypaste_settings import OnlineCopyPasteSettings
from pipelines.recipes.components import EFFECT, Component, add_module_folders, build_component
from pipelines.training.network_group import LABELS, DistillationLoss, NetworkGroup, NetworkGroupConfig
from pipelines.training.settings import StrictSettings
from synthtext.core import InputError, Level, Range
from synthtext.corpora import CharsetOptions

DATA_CHARSET = "data"
"""The charset of the data."""

_Side = Annotated[int, Field(ge=STRIDE, le=4096, multiple_of=STRIDE)]
_Probability = Annotated[float, Field(ge=0, le=1)]


class InputSettings(StrictSettings):
    """`input`: preprocessing of line images, see `RecognizerPreprocessing`.

    Attributes:
        height: of a line, pixels.
        max_width: of a resized line, pixels; wider ones are squeezed. null: no limit.
        width_step: the width of a batch is a multiple of it, pixels.
        channels: order of the colour channels.
        min_width: of a batch, pixels; null, the default with `init`: what 95 % of the lines need.
        drop_wider_than: resized lines that are wider, in pixels, are not trained on.
    """

    height: Literal[32, 48] = 32
    min_width: Annotated[int, Field(ge=8)] | None = 32
    max_width: int | None = Field(default=None, ge=8)
    width_step: int = Field(default=16, ge=1)
    channels: Literal["bgr", "rgb"] = "bgr"
    drop_wider_than: int = Field(default=1280, ge=8)

    def preprocessing(self) -> RecognizerPreprocessing:
        """Return the preprocessing of training, evaluation and inference."""
        settings = self.model_dump(exclude={"drop_wider_than"})
        return RecognizerPreprocessing(
            **{name: value for name, value in settings.items() if name != "min_width" or value}
        )


class RecognizerTrainConfig(NetworkGroupConfig[RecognizerSettings]):
    """Settings of a recognizer's training.

    Attributes:
        charset: "data": the charset in the description of the data, or the characters of their labels; a built-in
            one ("ascii", "words:de"), a dictionary file, characters such as {characters: "0-9A-Z-"}, or a run directory
            for the charset of its network.
        max_outside_charset: maximum fraction of the training lines that have characters outside the charset.
        input: preprocessing of line images.
        loss: what is minimised.
        max_pixels: maximum number of pixels, padding included, that are computed at a time; a batch with more is
            divided into parts, whose gradients and running statistics are averaged. null: no limit.
        disjoint_labels: each batch is divided equally among the trained networks, and each learns only from the labels
            of its own lines; the losses between networks use all lines.
        spacing_samples: lines over which CTC is mixed with a loss that assumes characters at even distances, which
            shortens the initial plateau of CTC; 0: none.
        best_metric: validation score, averaged over `val`, that selects the best weights.
    """

    sample_unit: ClassVar[str] = "lines"
    loss_terms: ClassVar[Registry[type[LossTerm]]] = RECOGNIZER_LOSSES

    network: RecognizerSettings = RecognizerSettings()
    network_group: NetworkGroup[RecognizerSettings] = NetworkGroup()
    charset: str | CharsetOptions = DATA_CHARSET
    max_outside_charset: _Probability = 0.05
    input: InputSettings = InputSettings()
    loss: CTCLossSettings = CTCLossSettings()
    max_pixels: int | None = Field(default=64 * 32 * 320, ge=1)
    disjoint_labels: bool = False
    spacing_samples: int = Field(default=30_000, ge=0)
    best_metric: Literal["accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"] = "accuracy"

    @model_validator(mode="after")
    def _check_center_schedule(self) -> Self:
        loss_from = self.loss.center_schedule(self.samples)[1]
        if self.loss.center_weight and self.minutes is not None:
            if self.loss.center_samples_range is None:
                raise ValueError(
                    "minutes: the number of samples is unknown, so set when the center loss begins, such as "
                    "loss.center_samples_range=[50000, 60000]"
                )
        elif self.loss.center_weight and loss_from >= self.samples:
            raise ValueError(
                f"loss.center_samples_range: the center loss would begin after {loss_from:,} samples, but the training "
                f"has {self.samples:,}"
            )
        return self

    @model_validator(mode="after")
    def _check_disjoint_labels(self) -> Self:
        networks = sum(edge.target == LABELS for edge in self.network_group.losses)
        unused = networks < len(self.network_group.students)
        if self.disjoint_labels and (networks < 2 or unused or self.batch_size % networks):
            raise ValueError(
                "disjoint_labels needs two or more trained networks, all of which learn from labels, and a batch_size "
                f"that is a multiple of their number, not {networks} and {self.batch_size}"
            )
        return self

    def default_terms(self, edge: DistillationLoss) -> tuple[str, ...]:
        """See `NetworkGroupConfig`."""
        return self.loss.label_terms() if edge.target == LABELS else self.loss.network_terms()

    @property
    def metric_name(self) -> str:
        """Name of the validation score that selects the best weights."""
        return self.best_metric


class ViewSettings(StrictSettings):
    """`view`: random flip, rotation, scale and crop of a training image, see `augment.detector_augmentation`.

    Attributes:
        size: width and height of the network's input, pixels, multiples of 32.
        flip: probability of a horizontal flip.
        degrees_range: clockwise rotation, degrees.
        scale_range: factor of the image size before it is cropped.
        cut: "between_texts": a crop of any size that cuts no text, resized to fit `size`, as in PaddleOCR; "window": a
            crop of `size`, so that texts keep the scale that `scale_range` gives.
        min_side_share: minimum fraction of the image's sides in a crop between texts; null: 0.1.
        text_share: fraction of the windows that must contain a text; null: 0.5.
        keep_visibility: minimum visible fraction of a text that counts.
        drop_visibility: minimum visible fraction of a text that is ignored; below it, the text is removed.
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
    def _check_cut(self) -> Self:
        if self.cut == "window" and self.min_side_share is not None:
            raise ValueError("min_side_share is only for cut=between_texts: remove it")
        if self.cut == "between_texts" and self.text_share is not None:
            raise ValueError("text_share is only for cut=window: remove it")
        self.chain()
        return self

    def chain(self, effects: tuple[SceneStep, ...] = ()) -> SceneChain:
        """Return the geometric augmentation, with effects after it."""
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
    """Settings of a detector's training.

    Attributes:
        level: level of the texts to detect, in datasets that label blocks, lines and words.
        preprocessing: preprocessing at inference; training uses its channel order and normalisation.
        postprocessing: from maps to boxes, in validation and in models exported from the run.
        view: geometric augmentation.
        copy_paste: crops of texts that are pasted into images before the augmentation: `from` (sources of crops;
            default: `data`), `probability`, `mode`, `crops` and the mode's own settings, as in `ocrmill copypaste`;
            null: none.
        effects: effects after the augmentation, as in a recipe.
        targets: from labels to maps.
        loss: weights and forms of the losses of the maps.
    """

    sample_unit: ClassVar[str] = "images"
    loss_terms: ClassVar[Registry[type[LossTerm]]] = DETECTOR_LOSSES

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

    def default_terms(self, edge: DistillationLoss) -> tuple[str, ...]:
        """See `NetworkGroupConfig`."""
        if edge.target == LABELS:
            return ("db",)
        return ("distillation",) if edge.target in self.network_group.frozen_networks else ("mutual",)

    @property
    def metric_name(self) -> str:
        """Name of the validation score that selects the best weights."""
        return "hmean"

    @cached_property
    def online_copy_paste(self) -> OnlineCopyPasteSettings | None:
        """The parsed settings `copy_paste`."""
        return None if self.copy_paste is None else OnlineCopyPasteSettings.from_dict(self.copy_paste, "copy_paste")

    def chain(self) -> SceneChain:
        """Return the augmentation of a training image: view and effects.

        Raises:
            InputError: an effect is invalid.
        """
        components = _effects(self.effects, Path.cwd(), "effects")
        return self.view.chain(tuple(SceneStep(c.use, c.instance, c.weight) for c in components))


AnyTrainConfig: TypeAlias = RecognizerTrainConfig | DetectorTrainConfig


def complete_settings(settings: SettingsDict, folder: Path, where: str) -> SettingsDict:
    """Return settings with absolute paths and all settings of `effects` and `copy_paste`.

    Args:
        settings: the settings, which `where` names in errors.
        folder: folder of relative paths and of the user's modules.

    Raises:
        InputError: an effect or a setting of `copy_paste` is invalid.
    """
    result = dict(settings)
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
        build_component(EFFECT, entry, "probability", folder, f"{where}: effects.{index}")
        for index, entry in enumerate(entries)
    )
