"""The part of the density ratios of scenes that their settings explain."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipelines.domain_gap.fitted_scene_settings import Mixture, SceneValue, Span
from pipelines.domain_gap.fitted_settings import Choice, Number, Setting, ValueRange
from pipelines.domain_gap.fitted_values import Floats

_STRENGTHS = np.logspace(0, 4, 9)  # of the regularization that are tried


def explained_log_ratios(
    settings: Mapping[str, Setting], values: Sequence[Mapping[str, SceneValue]], log_ratios: Floats
) -> Floats:
    """Predict the logarithms of the density ratios of scenes from the settings that they were drawn with.

    A scene is drawn with hundreds of random numbers, of which the settings are a few. A ridge regression on all
    settings removes the rest, so that 200 scenes are enough. Its strength is the one with the least leave-one-out
    error.

    Args:
        settings: By path.
        values: Of N scenes, those that had an effect.
        log_ratios: (N,).

    Returns:
        (N,) predictions.
    """
    from sklearn.linear_model import RidgeCV

    columns = [_standardized(column) for path, s in settings.items() for column in _columns(path, s, values)]
    inputs = np.stack([column for column in columns if column.any()], axis=1)
    model = RidgeCV(alphas=_STRENGTHS).fit(inputs, log_ratios)
    return np.asarray(model.predict(inputs), np.float64)


def _columns(path: str, setting: Setting, values: Sequence[Mapping[str, SceneValue]]) -> Iterator[Floats]:
    """Yield what a setting contributes to the inputs, each (N,); NaN where it had no effect."""
    own = [found.get(path) for found in values]
    if isinstance(setting, Span | Mixture):
        width = 2 if isinstance(setting, Span) else len(setting.weights)
        yield from np.array([value if isinstance(value, tuple) else (np.nan,) * width for value in own], np.float64).T
    elif isinstance(setting, Choice):
        yield from (np.array([float(value == name) for value in own]) for name in setting.weights)
    else:
        numbers = np.array([np.nan if value is None else _number(value) for value in own], np.float64)
        yield np.log(numbers) if isinstance(setting, Number) else numbers
        if isinstance(setting, ValueRange):
            yield _standardized(numbers) ** 2


def _number(value: SceneValue) -> float:
    assert isinstance(value, bool | float)
    return float(value)


def _standardized(column: Floats) -> Floats:
    """Return values with mean 0 and deviation 1; 0 where they are unknown."""
    known = column[np.isfinite(column)]
    if len(known) < 2 or not known.std():
        return np.zeros(len(column))
    return np.asarray(np.nan_to_num((column - known.mean()) / known.std()), np.float64)
