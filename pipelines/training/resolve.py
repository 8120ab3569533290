"""From a preset, sources and overrides to the settings of a training."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.config import SettingsDict, apply_overrides, read_yaml, suggest_key, validate_model
from pipelines.inference.run import ModelKind
from pipelines.io.paths import absolute_path as absolute_place
from pipelines.io.paths import wrap_read_errors
from pipelines.recipes.presets import is_recipe
from pipelines.training import detector_config, recognizer_config
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.network_group import apply_teacher_setting
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.settings import DataSettings
from synthtext.core import InputError

FINE_TUNING_LR = 3e-4
"""Highest learning rate from the weights of another RUN."""

_PRESETS = Path(__file__).parent / "presets"
_IMPLIED: dict[ModelKind, Callable[[Path], SettingsDict]] = {
    "recognizer": recognizer_config.recognizer_init_settings,
    "detector": detector_config.detector_init_settings,
}


def training_preset_names() -> tuple[str, ...]:
    """The presets of `ocrmill train`."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.yaml")))


def resolve_config(
    preset: str, data: Sequence[str] = (), val: Sequence[str] = (), overrides: Sequence[str] = ()
) -> RecognizerTrainConfig | DetectorTrainConfig:
    """Settings of a preset or of a YAML file, with the sources and `key.sub=value` overrides on top.

    The file's key `kind`, recognizer (the default) or detector, says which settings there are. With `init`, the sizes
    of the network and what it wants to see are those of that RUN (of a recognizer the charset, too), the highest
    learning rate is that of a network that reads already, and a detector keeps its statistics (`freeze_batch_norm`), unless
    the YAML file or an override says otherwise.

    Args:
        preset: a name, or the path of a file.
        data: sources to learn from, "SOURCE" or "SOURCE=weight"; a SOURCE of lines may be a recipe.
        val: sources to validate on.
        overrides: assignments.

    Raises:
        InputError: there is no such preset, or a setting is unknown or wrong; the sentence names its path.
    """
    path = _find(preset)
    tree = read_yaml(path)
    kind = _kind(tree, preset)
    init = apply_overrides(tree, overrides).get("init")
    if isinstance(init, str):
        folder = Path(init).absolute()
        tree = _with_init(tree, preset in training_preset_names(), _IMPLIED[kind](folder))
        overrides = [*overrides, f"init={json.dumps(str(folder))}"]
    if data:
        tree["data"] = [parse_source(entry).model_dump() for entry in data]
    if val:
        tree["val"] = [_located(entry) for entry in val]
    where = f"training {preset}"
    tree = apply_teacher_setting(apply_overrides(tree, overrides), kind, where)
    if kind == "detector":
        folder = Path.cwd() if preset in training_preset_names() else path.absolute().parent
        return validate_model(DetectorTrainConfig, detector_config.resolve_settings(tree, folder, where), where)
    return validate_model(RecognizerTrainConfig, tree, where)


def _kind(tree: SettingsDict, preset: str) -> ModelKind:
    kind: ModelKind = tree.pop("kind", "recognizer")
    if kind not in _IMPLIED:
        raise InputError(f"training {preset}: kind must be recognizer or detector, not {kind!r}")
    return kind


def _with_init(tree: SettingsDict, is_preset: bool, implied: SettingsDict) -> SettingsDict:
    """The settings of a preset, or of a user's file which has the last word, with what starting from a RUN implies."""
    if is_preset:
        return {**tree, **implied, "optim": {**tree.get("optim", {}), "lr": FINE_TUNING_LR}}
    return {**implied, **tree, "optim": {"lr": FINE_TUNING_LR, **tree.get("optim", {})}}


def _find(preset: str) -> Path:
    path = _PRESETS / f"{preset}.yaml"
    if preset in training_preset_names():
        return path
    if Path(preset).suffix in {".yaml", ".yml"}:
        return Path(preset)
    raise InputError(
        f"there is no preset {preset!r}; {suggest_key(preset, training_preset_names())} (or name a YAML file)"
    )


def parse_source(text: str) -> DataSettings:
    """Read "SOURCE" or "SOURCE=weight"; a path that has an equals sign and exists is a source.

    The options of a URI have equals signs, too: what follows the last one is a weight if it is a number.

    Raises:
        InputError: the weight is no positive number.
    """
    path, separator, weight = text.rpartition("=")
    with wrap_read_errors(text):
        is_path = "://" not in text and Path(text).exists()
    if not separator or is_path or ("://" in text and not _is_number(weight)):
        return DataSettings(source=_located(text))
    return validate_model(DataSettings, {"source": _located(path), "weight": weight}, f"source {text!r}")


def _located(source: str) -> str:
    """A source as it is written down: by its absolute path, or by its name if it is a preset of recipes."""
    return source if is_recipe(source) and not Path(source).suffix else absolute_data_path(source)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def absolute_data_path(path: str) -> str:
    """An absolute path, or a URI: the same command from another folder must mean the same data."""
    return absolute_place(path)
