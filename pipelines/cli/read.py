"""`ocrmill read`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import JobError
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.read import Page, Reader


class Runtime(StrEnum):
    """What runs the network of a RUN."""

    auto = "auto"
    onnxruntime = "onnxruntime"
    torch = "torch"


def read(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Pictures, folders of them, or globs.")],
    det: Annotated[
        Path | None, typer.Option(metavar="RUN_OR_ONNX", help="Detector. \\[the published one of PP-OCRv2]")
    ] = None,
    rec: Annotated[
        Path | None, typer.Option(metavar="RUN_OR_ONNX", help="Recognizer. \\[the published one of PP-OCRv2]")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write texts and polygons there.")] = None,
    draw: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each picture beside what was read in it there.")
    ] = None,
    min_side: Annotated[
        int | None, typer.Option(min=32, help="Enlarge pictures whose shorter side is below it. \\[736]")
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(min=32, help="Shrink pictures whose longer side is above it, instead.")
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out texts that the recognizer is less sure of.")
    ] = 0.5,
    turn: Annotated[bool, typer.Option("--turn", help="Look for lines that are upside down.")] = False,
    runtime: Annotated[
        Runtime, typer.Option(help="What runs the network of a RUN; auto: onnxruntime where it is installed.")
    ] = Runtime.auto,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of onnxruntime. \\[all]")] = None,
) -> None:
    """Read the texts in pictures.

    Without --det and --rec it reads Chinese and English with the published models, which the extra ocrmill\\[ppocrv2]
    installs. Texts are printed in reading order. A picture that cannot be read is reported, the others are read, and
    the status is 1.

    Example: ocrmill read photos/ "scans/**/*.png" --draw drawn --json texts.json
    """
    from pipelines.progress import progress
    from pipelines.read import Reader, find_pictures

    if json is not None and not json.absolute().parent.is_dir():
        raise InputError(f"{json} cannot be written: there is no folder {json.absolute().parent}")
    pictures = find_pictures(images)
    if draw is not None:
        _make_folder(draw)
    reader = Reader.open(
        det,
        rec,
        runtime=runtime.value,
        threads=threads,
        turn=turn,
        min_confidence=min_confidence,
        min_side=min_side,
        max_side=max_side,
    )
    typer.echo(f"{_counted(len(pictures))}; {reader.detector.preprocessing}", err=True)
    pages: dict[str, Page] = {}
    names, failed = _drawing_names(pictures), 0
    with progress("reading", total=len(pictures), unit="pictures") as bar:
        for path in pictures:
            try:
                drawing = draw / names[path] if draw is not None else None
                pages[str(path)] = _read_one(reader, path, drawing, titled=len(pictures) > 1)
            except InputError as error:
                failed += 1
                typer.echo(f"ocrmill: {error}", err=True)
            bar.advance()
    if json is not None:
        _write(json, pages)
    if failed:
        raise JobError(f"{failed:,} of {_counted(len(pictures))} could not be read, see above")


def _counted(pictures: int) -> str:
    return f"{pictures:,} picture{'' if pictures == 1 else 's'}"


def _read_one(reader: "Reader", path: Path, drawing: Path | None, *, titled: bool) -> "Page":
    from pipelines.pages.picture import jpeg
    from pipelines.read import draw_page, load_picture
    from pipelines.shards.files import write_file

    image = load_picture(path)
    page = reader.read(image, str(path))
    if titled:
        print(f"== {path}")
    print(page.text, flush=True)
    if drawing is not None:
        write_file(drawing, jpeg(draw_page(image, page)))
    return page


def _drawing_names(pictures: Iterable[Path]) -> dict[Path, str]:
    """The stems of the pictures, numbered where several have the same."""
    seen: Counter[str] = Counter()
    names = {}
    for path in pictures:
        seen[path.stem] += 1
        names[path] = f"{path.stem}{f'-{seen[path.stem]}' if seen[path.stem] > 1 else ''}.jpg"
    return names


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used for drawings: {error.strerror}") from None


def _write(path: Path, pages: "Mapping[str, Page]") -> None:
    import json

    from pipelines.shards.files import write_file

    tree = {name: page.to_dict() for name, page in pages.items()}
    write_file(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")
