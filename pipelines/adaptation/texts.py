"""The corpus of the texts that were read, and its place in a recipe."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.adaptation.text_filter import TextFilter
from pipelines.adaptation.views import Reading
from pipelines.config import SettingsDict
from synthtext.core import Charset
from synthtext.corpora import clean_text

MIN_TEXTS = 20
"""Least number of different texts of a corpus."""

_SURE_WEIGHT = 3  # lines of a text that became a pseudo-label; others have one
_MIN_AGREEMENT, _MIN_CONFIDENCE = 0.6, 0.6
_MAX_SHARE, _HALF_AT = 0.5, 100  # greatest share of the corpus in a recipe, and the number of texts for half of it


def corpus_lines(
    readings: Sequence[Reading], kept: Sequence[int], allowed: TextFilter, charset: Charset
) -> tuple[str, ...]:
    """Return the lines of the corpus: every text once, and thrice if it is the text of a pseudo-label.

    Args:
        readings: Of all lines. Texts that most views agree on are used, though the line itself may have no label.
        kept: Indices of the lines that have a pseudo-label.
        allowed: Texts that may occur.
        charset: Of the recipe; texts with other characters are left out.

    Returns:
        The sorted lines; empty if there are less than `MIN_TEXTS` different texts.
    """
    sure = {clean_text(readings[index].text) for index in kept}
    likely = {
        clean_text(reading.text)
        for reading in readings
        if reading.agreement >= _MIN_AGREEMENT
        and reading.confidence >= _MIN_CONFIDENCE
        and allowed.allows(reading.text)
    }
    texts = sorted(text for text in sure | likely if text and charset.covers(charset.fold(text)))
    if len(texts) < MIN_TEXTS:
        return ()
    return tuple(text for text in texts for _ in range(_SURE_WEIGHT if text in sure else 1))


def with_corpus(settings: SettingsDict, path: Path, texts: int) -> SettingsDict:
    """Return a recipe with a corpus beside its own ones.

    Args:
        settings: Of a resolved recipe of lines.
        path: Text file of the corpus.
        texts: Number of its different texts; its share of the generated texts grows with it, up to a half.
    """
    corpora: list[dict[str, Any]] = settings["corpus"]
    total, share = sum(float(entry["weight"]) for entry in corpora), _MAX_SHARE * texts / (texts + _HALF_AT)
    entry = {"use": "text_file", "weight": round(total * share / (1 - share), 4), "path": str(path.absolute())}
    return {**settings, "corpus": [*corpora, entry]}
