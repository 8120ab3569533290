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
    texts = {source.name: list(source.texts()) for source in val}
    validated, shared = {charset.fold(text) for each in texts.values() for text in each}, set[str]()
    trained = charset.coverage(_noticed(selections, validated, shared, charset))
    yield from _gaps("the training labels", trained)
    if trained.unseen:
        yield f"{len(trained.unseen)} of {len(charset)} characters are in no training label: {_few(trained.unseen)}"
    for source in val:
        yield f"validate {source.name}: {len(source):,} lines"
        yield from _gaps("its labels", charset.coverage(texts[source.name]))
        count = sum(charset.fold(text) in shared for text in texts[source.name])
        yield f"  {count:,} of them have a text that is also trained on"


def _gaps(labels: str, coverage: Coverage) -> Iterator[str]:
    if coverage.discarded:
        outside = [f"{character} ({count:,})" for character, count in coverage.outside.items()]
        yield f"  {coverage.discarded:,} of {labels} use characters outside the charset: {_few(outside)}"


def _few(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return " ".join("space" if entry == " " else entry for entry in entries[:_SHOWN]) + more


def _noticed(selections: Sequence[Selection], validated: set[str], shared: set[str], charset: Charset) -> Iterator[str]:
    """The training labels, in one pass; those that are validated on, too, are put into `shared` on their way."""
    for selection in selections:
        for text in selection.source.texts():
            if (folded := charset.fold(text)) in validated:
                shared.add(folded)
            yield text
