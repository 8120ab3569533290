"""Building the bank of a job from its sources."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from augment.copy_paste import BankBuilder, Crop, CropBank, CutRules, crop_of_line, cut_crops
from pipelines.copypaste.outlines import line_outline
from pipelines.copypaste.sources import CropSource, is_lines
from pipelines.counts import describe_counts
from pipelines.progress import progress
from pipelines.reader import EncodedLine, EncodedScene, decode, read_row
from pipelines.reader.source import BROKEN
from synthtext.core import Image, InputError, Polygon


def cut_bank(sources: Sequence[tuple[str, CropSource]], rules: CutRules) -> tuple[CropBank, "Counter[str]"]:
    """Cut the crops of all sources.

    Args:
        sources: scenes or lines, each under the name that goes into origins.
        rules: what is cut.

    Returns:
        The bank, and why texts were left out, counted.

    Raises:
        InputError: there is not one crop.
    """
    builder, reasons = BankBuilder(), Counter[str]()
    with progress("cutting", total=sum(len(source) for _, source in sources), unit="pictures") as bar:
        for name, source in sources:
            builder.add_source(name)
            for row in range(len(source)):
                labelled, crops = _crops(source, row, rules, reasons)
                builder.add_picture(row, labelled, crops)
                bar.advance(1)
    if not len(builder):
        told = describe_counts(reasons) or "there is no text"
        names = ", ".join(name for name, _ in sources)
        raise InputError(f"{names}: not one text can be cut out to be pasted: {told}; name another source with --from")
    return builder.build(), reasons


def _crops(source: CropSource, row: int, rules: CutRules, reasons: "Counter[str]") -> tuple[int, Iterator[Crop]]:
    """How many texts a picture has, and its crops."""
    item: EncodedScene | EncodedLine | str = read_row(source, row)
    if isinstance(item, str):
        reasons[item] += 1
        return 0, iter(())
    if isinstance(item, EncodedScene) and not item.instances:
        return 0, iter(())
    try:
        image = decode(item.image, item.key)
    except InputError:
        reasons[BROKEN] += 1
        return 0, iter(())
    if isinstance(item, EncodedLine):
        text = unicodedata.normalize("NFC", item.text)
        outline = line_outline(source, row, text) if is_lines(source) else None
        return 1, _line_crop(image, text, outline, rules, reasons)
    return len(item.instances), cut_crops(image, item.instances, rules, reasons)


def _line_crop(
    image: Image, text: str, outline: Polygon | None, rules: CutRules, reasons: "Counter[str]"
) -> Iterator[Crop]:
    if not text.strip():
        reasons["empty label"] += 1
        return
    try:
        yield crop_of_line(image, text, rules, outline)
    except InputError:
        reasons["too small"] += 1
