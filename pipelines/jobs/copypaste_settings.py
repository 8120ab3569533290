"""The settings of a CopyPaste job, and of pasting while training."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from pydantic import TypeAdapter

from augment.copy_paste import CropRules, NaturalPaste, PaddlePaste, PasteMode
from pipelines.config import SettingsDict, apply_overrides, suggest_key, validate_dataclass
from pipelines.io.encode import ImageFormat
from pipelines.io.paths import expand_user
from synthtext.core import InputError, check_range

PasteModeName: TypeAlias = Literal["natural", "released"]

_MODES: dict[str, type[NaturalPaste] | type[PaddlePaste]] = {"natural": NaturalPaste, "released": PaddlePaste}


@dataclass(frozen=True)
class ImageOutput:
    """How pictures are stored.

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
    """What is cut, how it is pasted, how it is stored.

    Attributes:
        mode: how it is pasted.
        crops: what is cut.
        output: how pictures are stored.
    """

    mode: PasteMode
    crops: CropRules
    output: ImageOutput

    @property
    def mode_name(self) -> PasteModeName:
        """What the mode is called."""
        return "released" if isinstance(self.mode, PaddlePaste) else "natural"

    def to_dict(self) -> SettingsDict:
        """All settings as JSON, the mode's among the rest, as `read_settings` takes them."""
        return {**_json(self.mode), "crops": _json(self.crops), "output": _json(self.output)}


def parse_settings(mode: str, assignments: Sequence[str]) -> CopyPasteSettings:
    """Settings from a mode's name and assignments of the form `key=value`: the mode's own, `crops.*` and `output.*`.

    Raises:
        InputError: there is no such mode or key, or a value is wrong.
    """
    return settings_from_dict(mode, apply_overrides({}, assignments))


def settings_from_dict(mode: str, tree: SettingsDict) -> CopyPasteSettings:
    """Settings from a mode's name and a tree as `CopyPasteSettings.tree` gives it, or a part of one.

    Raises:
        InputError: there is no such mode or key, or a value is wrong.
    """
    where = "copypaste"
    read = _read_mode(mode, tree, ("crops", "output"), where)
    return CopyPasteSettings(
        mode=read,
        crops=validate_dataclass(CropRules, tree.get("crops", {}), f"{where}: crops"),
        output=validate_dataclass(ImageOutput, tree.get("output", {}), f"{where}: output"),
    )


def _read_mode(mode: str, tree: SettingsDict, others: Sequence[str], where: str) -> PasteMode:
    """A mode of that name with its settings, which lie among the `others` in a tree."""
    if mode not in _MODES:
        raise InputError(f"there is no mode {mode!r}; known are {', '.join(get_args(PasteModeName))}")
    own = [field.name for field in fields(_MODES[mode])]
    for key in tree:
        if key not in (*own, *others):
            raise InputError(f"{where}, mode {mode}: unknown key {key!r}; {suggest_key(key, [*own, *others])}")
    return validate_dataclass(_MODES[mode], {key: tree[key] for key in own if key in tree}, f"{where}, mode {mode}")


@dataclass(frozen=True)
class OnlineCopyPasteSettings:
    """What is pasted into pictures while a detector learns from them.

    Attributes:
        sources: absolute paths of what crops are cut from; none: what is learnt from.
        probability: that texts are pasted into a picture.
        mode: how they are pasted.
        crops: what is cut.
    """

    sources: tuple[str, ...]
    probability: float
    mode: PasteMode
    crops: CropRules

    @classmethod
    def from_dict(cls, tree: object, where: str) -> "OnlineCopyPasteSettings":
        """Settings as a training has them: `from`, `probability`, `mode`, `crops` and the mode's own.

        Raises:
            InputError: a key is unknown, or a value is wrong.
        """
        if not isinstance(tree, dict):
            raise InputError(f"{where} must be settings by name, such as {{mode: natural}}, not {tree!r}")
        sources, probability = tree.get("from", []), tree.get("probability", 1.0)
        if not isinstance(sources, list | tuple) or not all(isinstance(source, str) for source in sources):
            raise InputError(f"{where}: from must be a list of sources, not {sources!r}")
        is_number = isinstance(probability, int | float) and not isinstance(probability, bool)
        if not is_number or not 0 <= probability <= 1:
            raise InputError(f"{where}: probability must be from 0 to 1, not {probability!r}")
        others = ("from", "probability", "mode", "crops")
        return cls(
            sources=tuple(str(expand_user(source).absolute()) for source in sources),
            probability=float(probability),
            mode=_read_mode(str(tree.get("mode", "natural")), tree, others, where),
            crops=validate_dataclass(CropRules, tree.get("crops", {}), f"{where}: crops"),
        )

    def to_dict(self) -> SettingsDict:
        """All settings as JSON, as `read` takes them."""
        name = next(name for name, kind in _MODES.items() if isinstance(self.mode, kind))
        common = {"from": list(self.sources), "probability": self.probability, "mode": name}
        return {**common, **_json(self.mode), "crops": _json(self.crops)}


def _json(part: Any) -> SettingsDict:
    dumped: SettingsDict = TypeAdapter(type(part)).dump_python(part, mode="json")
    return dumped
