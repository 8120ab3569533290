"""`ocrmill read`."""

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import check_writable_file
from pipelines.errors import JobError
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.inference.reader import Page, Reader


class RuntimeOption(StrEnum):
    """What runs the network of a RUN."""

    auto = "auto"
    onnxruntime = "onnxruntime"
    torch = "torch"


def read_command(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Pictures, folders of them, or globs.")],
    det: Annotated[
        Path | None, typer.Option(metavar="RUN_OR_ONNX", help="Detector. \\[the published one of PP-OCRv2]")
    ] = None,
    rec: Annotated[
        Path | None, typer.Option(metavar="RUN_OR_ONNX", help="Recognizer. \\[the published one of PP-OCRv2]")
    ] = None,
    charset: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dictionary of --rec FILE.onnx, one character a line, if it has none."),
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
        RuntimeOption, typer.Option(help="What runs the network of a RUN; auto: onnxruntime where it is installed.")
    ] = RuntimeOption.auto,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of onnxruntime. \\[all]")] = None,
) -> None:
    """Read the texts in pictures.

    Without --det and --rec it reads Chinese and English with the published models, which the extra ocrmill\\[ppocrv2]
    installs. Texts are printed in reading order. A picture that cannot be read is reported, the others are read, and
    the status is 1.

    Example: ocrmill read photos/ "scans/**/*.png" --draw drawn --json texts.json
    """
    from pipelines.inference.reader import Reader, find_images
    from pipelines.progress import progress_bar

    if json is not None:
        check_writable_file(json)
    pictures = find_images(images)
    drawings = {} if draw is None else {path: draw / name for path, name in drawing_names(pictures).items()}
    _spare_pictures(pictures, json, drawings)
    if draw is not None:
        _make_folder(draw)
    reader = Reader.open(
        det,
        rec,
        charset=charset,
        runtime=runtime.value,
        threads=threads,
        detect_orientation=turn,
        min_confidence=min_confidence,
        min_side=min_side,
        max_side=max_side,
    )
    typer.echo(f"{_counted(len(pictures))}; {reader.detector.preprocessing}", err=True)
    pages: dict[str, Page] = {}
    failed = 0
    with progress_bar("reading", total=len(pictures), unit="pictures") as bar:
        for path in pictures:
            try:
                pages[str(path)] = _read_one(reader, path, drawings.get(path), titled=len(pictures) > 1)
            except InputError as error:
                failed += 1
                typer.echo(f"ocrmill: {error}", err=True)
            bar.advance()
    if json is not None:
        _write_json(json, pages)
    if failed:
        raise JobError(f"{failed:,} of {_counted(len(pictures))} could not be read, see above")


def _counted(pictures: int) -> str:
    return f"{pictures:,} picture{'' if pictures == 1 else 's'}"


def _read_one(reader: "Reader", path: Path, drawing: Path | None, *, titled: bool) -> "Page":
    from pipelines.inference.draw import draw_page
    from pipelines.inference.reader import load_image
    from pipelines.reports.picture import encode_jpeg

    image = load_image(path)
    page = reader.read(image, str(path))
    if titled:
        print(f"== {path}")
    print(page.text, flush=True)
    if drawing is not None:
        _write(drawing, encode_jpeg(draw_page(image, page)))
    return page


def drawing_names(pictures: Sequence[Path]) -> dict[Path, str]:
    """A name for the drawing of each picture: its stem, numbered where several have the same.

    All names differ, also where a file system takes capitals and small letters for the same.
    """
    stems = {path.stem.casefold() for path in pictures}
    taken: set[str] = set()
    names = {}
    for path in pictures:
        numbered = (f"{path.stem}-{number}" for number in count(2))
        # A numbered name is not taken from the picture that is called so.
        free = (name for name in numbered if name.casefold() not in taken | stems)
        stem = path.stem if path.stem.casefold() not in taken else next(free)
        taken.add(stem.casefold())
        names[path] = f"{stem}.jpg"
    return names


def _spare_pictures(pictures: Sequence[Path], json: Path | None, drawings: Mapping[Path, Path]) -> None:
    """Refuse outputs that would replace a picture or each other, or that a folder is in the way of."""
    read = {_identity(path): path for path in pictures}
    for option, out in (*(("--json", path) for path in (json,) if path), *(("--draw", p) for p in drawings.values())):
        if out.is_dir():
            raise InputError(f"{out} cannot be written: it is a folder; name another one with {option}")
        picture = read.get(_identity(out)) if out.exists() else None
        if picture is not None:
            raise InputError(f"{option}: {out} would replace the picture {picture}; name another place")
    drawn = {path.resolve() for drawing in drawings.values() for path in (drawing, drawing.parent)}
    if json is not None and json.resolve() in drawn:
        raise InputError(f"{json} is where drawings go, too: name another file with --json")


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used for drawings: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"{folder} cannot be used for drawings: you may not write to it")


def _write(path: Path, content: str | bytes) -> None:
    from pipelines.io.atomic import write_atomic

    try:
        write_atomic(path, content)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error.strerror}") from None


def _write_json(path: Path, pages: "Mapping[str, Page]") -> None:
    import json

    tree = {name: page.to_dict() for name, page in pages.items()}
    _write(path, json.dumps(tree, ensure_ascii=False, indent=1) + "\n")
