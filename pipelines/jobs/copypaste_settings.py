"""The settings of CopyPaste, as a job and as an augmentation during training."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from augment.copy_paste import CropRules, NaturalPaste, PaddlePaste, PasteMode
from pipelines.config import SettingsDict, apply_overrides, name_argument, suggest_key, validate_dataclass
from pipelines.io.encode import ImageFormat
from pipelines.io.paths import expand_user
from synthtext.core import InputError, check_range

_MODES: dict[str, type[NaturalPaste] | type[PaddlePaste]] = {"natural": NaturalPaste, "paddle": PaddlePaste}


@dataclass(frozen=True)
class ImageOutput:
    """How images are stored.

    Attributes:
        format: "jpeg" or "png".
        quality_range: of JPEG, 1 to 100.
    """

    format: ImageFormat = "jpeg"
    quality_range: tuple[int, int] = (85, 95)

    def __post_init__(self) -> None:
        check_range("quality_range", self.quality_range, 1, 100)


@dataclass(frozen=True)
class CopyPasteSettings:
    """The settings of a job.

    Attributes:
        mode: how texts are pasted.
        crops: which texts are cut.
        output: how images are stored.
        recognizer: absolute path of a run directory or an ONNX file; crops that it cannot read are skipped.
    """

    mode: PasteMode
    crops: CropRules
    output: ImageOutput
    recognizer: Path | None = None

    def to_dict(self) -> SettingsDict:
        """The settings as JSON, for `settings_from_dict`: those of the mode, `crops`, `output` and `recognizer`."""
        common = {"crops": _to_json(self.crops), "output": _to_json(self.output)}
        return {**_to_json(self.mode), **common, **_recognizer_to_json(self.recognizer)}


def mode_name(mode: PasteMode) -> str:
    """Return the name of a mode."""
    return next(name for name, cls in _MODES.items() if isinstance(mode, cls))


def parse_settings(mode: str, overrides: Sequence[str]) -> CopyPasteSettings:
    """Parse settings of the form `key=value`: those of the mode, `crops.*` and `output.*`.

    Raises:
        InputError: a mode, key or value is invalid.
    """
    return name_argument(lambda given: settings_from_dict(mode, apply_overrides({}, given)), overrides)


def settings_from_dict(mode: str, settings: SettingsDict) -> CopyPasteSettings:
    """Validate settings.

    Args:
        mode: name of the mode.
        settings: as from `CopyPasteSettings.to_dict`, or a part of them; others have their defaults.

    Raises:
        InputError: a mode, key or value is invalid.
    """
    return CopyPasteSettings(
        mode=_validate_mode(mode, settings, ("crops", "output", "recognizer"), "copypaste"),
        crops=validate_dataclass(CropRules, settings.get("crops", {}), "copypaste: crops"),
        output=validate_dataclass(ImageOutput, settings.get("output", {}), "copypaste: output"),
        recognizer=_validate_recognizer(settings, "copypaste"),
    )


def _validate_recognizer(settings: SettingsDict, where: str) -> Path | None:
    found = settings.get("recognizer")
    if found is not None and not isinstance(found, str):
        raise InputError(f"{where}: recognizer must be a run directory or an ONNX file, not {found!r}")
    return expand_user(found).absolute() if found else None


def _recognizer_to_json(recognizer: Path | None) -> SettingsDict:
    return {"recognizer": str(recognizer)} if recognizer else {}


def _validate_mode(mode: str, settings: SettingsDict, other_keys: Sequence[str], where: str) -> PasteMode:
    """Validate the settings of a mode, which lie among settings with other keys."""
    if mode not in _MODES:
        raise InputError(f"there is no mode {mode!r}; known are {', '.join(_MODES)}")
    known = [field.name for field in fields(_MODES[mode])] + list(other_keys)
    for key in settings:
        if key not in known:
            raise InputError(f"{where}, mode {mode}: unknown key {key!r}; {suggest_key(key, known)}")
    own_settings = {key: value for key, value in settings.items() if key not in other_keys}
    return validate_dataclass(_MODES[mode], own_settings, f"{where}, mode {mode}")


@dataclass(frozen=True)
class OnlineCopyPasteSettings:
    """The settings of CopyPaste during the training of a detector.

    Attributes:
        sources: absolute paths of the scenes or lines whose texts are pasted; none: the training data.
        probability: that texts are pasted into an image.
        mode: how texts are pasted.
        crops: which texts are cut.
        recognizer: absolute path of a run directory or an ONNX file; crops that it cannot read are skipped.
    """

    sources: tuple[str, ...]
    probability: float
    mode: PasteMode
    crops: CropRules
    recognizer: Path | None = None

    @classmethod
    def from_dict(cls, settings: object, where: str) -> "OnlineCopyPasteSettings":
        """Validate `from`, `probability`, `mode`, `crops`, `recognizer` and the settings of the mode.

        `where` names them in messages.

        Raises:
            InputError: a key or value is invalid.
        """
        if not isinstance(settings, dict):
            raise InputError(f"{where} must be settings by name, such as {{mode: natural}}, not {settings!r}")
        sources, probability = settings.get("from", []), settings.get("probability", 1.0)
        if not isinstance(sources, list | tuple) or not all(isinstance(source, str) for source in sources):
            raise InputError(f"{where}: from must be a list of sources, not {sources!r}")
        is_number = isinstance(probability, int | float) and not isinstance(probability, bool)
        if not is_number or not 0 <= probability <= 1:
            raise InputError(f"{where}: probability must be from 0 to 1, not {probability!r}")
        other_keys = ("from", "probability", "mode", "crops", "recognizer")
        return cls(
            sources=tuple(str(expand_user(source).absolute()) for source in sources),
            probability=float(probability),
            mode=_validate_mode(str(settings.get("mode", "natural")), settings, other_keys, where),
            crops=validate_dataclass(CropRules, settings.get("crops", {}), f"{where}: crops"),
            recognizer=_validate_recognizer(settings, where),
        )

    def to_dict(self) -> SettingsDict:
        """The settings as JSON, for `from_dict`."""
        common = {"from": list(self.sources), "probability": self.probability, "mode": mode_name(self.mode)}
        own = {**_to_json(self.mode), "crops": _to_json(self.crops)}
        return {**common, **own, **_recognizer_to_json(self.recognizer)}


def _to_json(settings: Any) -> SettingsDict:
    dumped: SettingsDict = TypeAdapter(type(settings)).dump_python(settings, mode="json")
    return dumped
