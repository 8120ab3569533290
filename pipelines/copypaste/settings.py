"""The settings of a CopyPaste job."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from pydantic import TypeAdapter

from augment.copy_paste import CutRules, NaturalPaste, PasteMode, ReleasedPaste
from pipelines.config import Tree, nearest, override, validated_part
from pipelines.generate.encode import PictureFormat
from synthtext.core import InputError, check_range

ModeName: TypeAlias = Literal["natural", "released"]

_MODES: dict[str, type[NaturalPaste] | type[ReleasedPaste]] = {"natural": NaturalPaste, "released": ReleasedPaste}


@dataclass(frozen=True)
class PictureOutput:
    """How pictures are stored.

    Attributes:
        format: "jpeg" or "png".
        quality_range: of JPEG, 1 to 100.
    """

    format: PictureFormat = "jpeg"
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
    crops: CutRules
    output: PictureOutput

    @property
    def mode_name(self) -> ModeName:
        """What the mode is called."""
        return "released" if isinstance(self.mode, ReleasedPaste) else "natural"

    def tree(self) -> Tree:
        """All settings as JSON, the mode's among the rest, as `read_settings` takes them."""
        return {**_json(self.mode), "crops": _json(self.crops), "output": _json(self.output)}


def read_settings(mode: str, assignments: Sequence[str]) -> CopyPasteSettings:
    """Settings from a mode's name and assignments of the form `key=value`: the mode's own, `crops.*` and `output.*`.

    Raises:
        InputError: there is no such mode or key, or a value is wrong.
    """
    if mode not in _MODES:
        raise InputError(f"there is no mode {mode!r}; known are {', '.join(get_args(ModeName))}")
    kind = _MODES[mode]
    tree = override({}, assignments)
    own = [field.name for field in fields(kind)]
    for key in tree:
        if key not in (*own, "crops", "output"):
            raise InputError(f"copypaste, mode {mode}: unknown key {key!r}; {nearest(key, [*own, 'crops', 'output'])}")
    where = "copypaste"
    return CopyPasteSettings(
        mode=validated_part(kind, {key: tree[key] for key in own if key in tree}, f"{where}, mode {mode}"),
        crops=validated_part(CutRules, tree.get("crops", {}), f"{where}: crops"),
        output=validated_part(PictureOutput, tree.get("output", {}), f"{where}: output"),
    )


def _json(part: Any) -> Tree:
    dumped: Tree = TypeAdapter(type(part)).dump_python(part, mode="json")
    return dumped
