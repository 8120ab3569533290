"""From a preset, sources and overrides to the settings of a training."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import get_args

from pipelines.config import SettingsDict, apply_overrides, name_argument, read_yaml, suggest_key, validate_model
from pipelines.inference.run import DetectorRun, ModelKind, RecognizerRun
from pipelines.io.paths import absolute_path, wrap_read_errors
from pipelines.recipes.presets import is_recipe
from pipelines.training.configs import AnyTrainConfig, DetectorTrainConfig, RecognizerTrainConfig, complete_settings
from pipelines.training.network_group import apply_teacher_setting
from pipelines.training.settings import DataSettings
from synthtext.core import InputError

FINE_TUNING_LR = 3e-4
"""Default of `optim.lr` with `init`."""

_PRESETS = Path(__file__).parent / "presets"


def training_preset_names() -> tuple[str, ...]:
    """Return the names of the presets of `ocrmill train`."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.yaml")))


def resolve_config(
    preset: str, data: Sequence[str] = (), val: Sequence[str] = (), overrides: Sequence[str] = ()
) -> AnyTrainConfig:
    """Return the settings of a preset or of a YAML file, with sources and `key.sub=value` overrides applied.

    The key `kind` of the file, recognizer (the default) or detector, selects the kind of settings. With `init`, the
    network and its preprocessing are those of that run (for a recognizer the charset, too; `input.min_width` follows
    from the data), the learning rate is `FINE_TUNING_LR`, and a detector keeps its batch statistics
    (`freeze_batch_norm`), unless the YAML file or an override sets them.

    Args:
        preset: name of a preset, or path of a file.
        data: sources to train on, "SOURCE" or "SOURCE=weight"; a source of lines may be a recipe.
        val: sources to validate on.
        overrides: assignments.

    Raises:
        InputError: there is no such preset, or a setting is unknown or wrong; the message names its path.
    """
    return name_argument(partial(_resolve, preset, data, val), overrides)


def _resolve(preset: str, data: Sequence[str], val: Sequence[str], overrides: Sequence[str]) -> AnyTrainConfig:
    path, where = _find_preset(preset), f"training {preset}"
    is_preset = preset in training_preset_names()
    settings = read_yaml(path)
    kind: ModelKind = settings.pop("kind", "recognizer")
    if kind not in get_args(ModelKind):
        raise InputError(f"{where}: kind must be recognizer or detector, not {kind!r}")
    init = apply_overrides(settings, overrides).get("init")
    if isinstance(init, str):
        folder = Path(init).absolute()
        settings = _with_init(settings, is_preset, _init_settings(kind, folder))
        overrides = [*overrides, f"init={json.dumps(str(folder))}"]
    if data:
        settings["data"] = [parse_source(entry).model_dump() for entry in data]
    if val:
        settings["val"] = [_absolute_source(entry) for entry in val]
    settings = apply_teacher_setting(apply_overrides(settings, overrides), kind, where)
    if kind == "detector":
        folder = Path.cwd() if is_preset else path.absolute().parent
        return validate_model(DetectorTrainConfig, complete_settings(settings, folder, where), where)
    return validate_model(RecognizerTrainConfig, settings, where)


def _init_settings(kind: ModelKind, folder: Path) -> SettingsDict:
    """Return the settings that `init` implies: those of the network in the run directory."""
    if kind == "detector":
        detector = DetectorRun.open(folder)
        sizes, preprocessing = detector.settings.model_dump(), asdict(detector.preprocessing)
        return {"network": sizes, "preprocessing": preprocessing, "freeze_batch_norm": True}
    run = RecognizerRun.open(folder)
    sizes, preprocessing = run.settings.model_dump(), {**asdict(run.preprocessing), "min_width": None}
    return {"charset": str(folder), "network": sizes, "input": preprocessing, "spacing_samples": 0}


def _with_init(settings: SettingsDict, is_preset: bool, implied: SettingsDict) -> SettingsDict:
    """Merge settings with those that `init` implies, which replace a preset's but not those of a user's file."""
    if is_preset:
        return {**settings, **implied, "optim": {**settings.get("optim", {}), "lr": FINE_TUNING_LR}}
    return {**implied, **settings, "optim": {"lr": FINE_TUNING_LR, **settings.get("optim", {})}}


def _find_preset(preset: str) -> Path:
    if preset in training_preset_names():
        return _PRESETS / f"{preset}.yaml"
    if Path(preset).suffix in {".yaml", ".yml"}:
        return Path(preset)
    raise InputError(
        f"there is no preset {preset!r}; {suggest_key(preset, training_preset_names())} (or name a YAML file)"
    )


def parse_source(text: str) -> DataSettings:
    """Parse "SOURCE" or "SOURCE=weight"; an existing path that contains an equals sign is a source.

    Options of a URI contain equals signs, too: what follows the last one is a weight if it is a number.

    Raises:
        InputError: the weight is not a positive number.
    """
    path, separator, weight = text.rpartition("=")
    with wrap_read_errors(text):
        is_path = "://" not in text and Path(text).exists()
    if not separator or is_path or ("://" in text and not _is_number(weight)):
        return DataSettings(source=_absolute_source(text))
    return validate_model(DataSettings, {"source": _absolute_source(path), "weight": weight}, f"source {text!r}")


def _absolute_source(source: str) -> str:
    """Return the name of a recipe preset unchanged, any other source as an absolute path or URI."""
    return source if is_recipe(source) and not Path(source).suffix else absolute_path(source)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
