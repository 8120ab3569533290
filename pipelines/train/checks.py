"""What is said about the data before the first step."""

from collections.abc import Iterator, Sequence

from pipelines.reader import RecognitionSource, Selection
from synthtext.core import Charset, Coverage

_SHOWN = 20


def describe_data(selections: Sequence[Selection], val: Sequence[RecognitionSource], charset: Charset) -> Iterator[str]:
    """Counts of what can be learnt from, what charset and labels lack of each other, and what validation shares.

    Args:
        selections: usable training lines.
        val: validation sources.
        charset: of the recognizer.

    Yields:
        Lines of text.
    """
    for selection in selections:
        yield f"train {selection.source.name}: {len(selection.rows):,} lines; {selection.discards}"
    trained = charset.coverage(text for selection in selections for text in selection.source.texts())
    yield from _gaps("the training labels", trained)
    if trained.unseen:
        yield f"{len(trained.unseen)} of {len(charset)} characters are in no training label: {_few(trained.unseen)}"
    texts = {source.name: {charset.fold(text) for text in source.texts()} for source in val}
    shared = _shared(selections, set().union(*texts.values()), charset)
    for source in val:
        yield f"validate {source.name}: {len(source):,} lines"
        yield from _gaps("its labels", charset.coverage(source.texts()))
        count = sum(charset.fold(text) in shared for text in source.texts())
        yield f"  {count:,} of them have a text that is also trained on"


def _gaps(labels: str, coverage: Coverage) -> Iterator[str]:
    if coverage.discarded:
        outside = [f"{character} ({count:,})" for character, count in coverage.outside.items()]
        yield f"  {coverage.discarded:,} of {labels} use characters outside the charset: {_few(outside)}"


def _few(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return " ".join("space" if entry == " " else entry for entry in entries[:_SHOWN]) + more


def _shared(selections: Sequence[Selection], validated: set[str], charset: Charset) -> set[str]:
    trained = (charset.fold(text) for selection in selections for text in selection.source.texts())
    return {text for text in trained if text in validated}
