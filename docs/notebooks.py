"""The tutorials as notebooks.

    python -m docs.notebooks write                       # examples/*.ipynb, from the pages docs/tutorial-*.md
    python -m docs.notebooks run [-o build/notebooks]    # execute them in miniature, keep outputs, print times
    python -m docs.notebooks run --full                  # the same with all samples, without a time limit

A notebook has the text of its page as Markdown and its blocks of code as cells. Outputs that a page prints are left
out, since the cells make them.
"""

import argparse
import importlib
import json
import os
import re
import shlex
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from docs.page_code import HOME, PORTS, SHELLS, Block, read_blocks, reduce_python, reduce_shell

PAGES = sorted((HOME / "docs").glob("tutorial-*.md"))
FOLDER = HOME / "examples"
_SHELL, _FILE = "%%bash -e\n", "%%writefile "
_ELSEWHERE = {"results.md": "../benchmarks/RESULTS.md", "changelog.md": "../CHANGELOG.md"}
_TIMEOUT = 900  # seconds of a cell in miniature
_SLOWEST = 3  # cells whose times are printed


def notebook_path(page: Path) -> Path:
    """Return the notebook of a page."""
    return FOLDER / f"{page.stem.removeprefix('tutorial-')}.ipynb"


def to_notebook(page: Path) -> dict[str, Any]:
    """Return a page as a notebook (nbformat 4.5) without outputs."""
    cells = [_cell(kind, text, number) for number, (kind, text) in enumerate(_parts(page))]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _parts(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the cells of a page: "markdown" or "code", and their text."""
    content, end, text = page.read_text(encoding="utf-8"), 0, ""
    for block in read_blocks(page):
        text, end = text + content[end : block.span[0]], block.span[1]
        if block.language == "text":
            continue
        if not block.runs or (block.language == "yaml" and block.file is None):
            text += content[slice(*block.span)]
            continue
        if text.strip():
            yield "markdown", _as_markdown(text)
        yield "code", _as_code(block)
        text = ""
    note = f"Made from [docs/{page.name}](../docs/{page.name}) by `python -m docs.notebooks write`."
    yield "markdown", _as_markdown(text + content[end:]) + f"\n\n{note}"


def _as_markdown(text: str) -> str:
    text = re.sub(r"\{[^{}\n]*width=[^{}\n]*\}", "", re.sub(r"<!-- .*? -->\n", "", text))
    return re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", _link, re.sub(r"\n{3,}", "\n\n", text).strip())


def _link(match: re.Match[str]) -> str:
    name, hash_sign, anchor = match[1].partition("#")
    return f"]({_ELSEWHERE.get(name, f'../docs/{name}')}{hash_sign}{anchor})"


def _as_code(block: Block) -> str:
    if block.file:
        return f"{_FILE}{block.file}\n{block.text}".rstrip()
    return (_SHELL if block.language in SHELLS else "") + block.text.rstrip()


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}


def to_json(notebook: dict[str, Any]) -> str:
    """Return the content of the file of a notebook."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def reduce_cell(source: str, ports: dict[str, str]) -> str:
    """Return the source of a cell of code with few samples."""
    if source.startswith(_FILE):
        return source
    if source.startswith(_SHELL):
        return _SHELL + "\n".join(map(shlex.join, reduce_shell(source.removeprefix(_SHELL), ports)))
    return reduce_python(source, ports)


def run_notebook(path: Path, out: Path, *, full: bool = False) -> None:
    """Execute a notebook in an empty folder, write it with its outputs, and print the times.

    Args:
        path: of the notebook.
        out: folder to write to.
        full: with all samples and the ports of the page, instead of in miniature.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; the message has its source and the error.
    """
    nbformat: Any = importlib.import_module("nbformat")  # of the extra docs
    nbclient: Any = importlib.import_module("nbclient")
    notebook = nbformat.read(path, as_version=4)
    ports = {port: str(free_port()) for port in PORTS}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not full:
            cell.source = reduce_cell(cell.source, ports)
    folder = Path(tempfile.mkdtemp(prefix="nb-"))  # a short path, as Ray keeps sockets in it
    try:
        os.environ["RAY_TMPDIR"] = str(folder / "ray")
        timeout, resources = None if full else _TIMEOUT, {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, timeout=timeout, resources=resources).execute()
        print(describe_times(cell for cell in notebook.cells if cell.cell_type == "code"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, out / path.name)


def describe_times(cells: Iterable[Mapping[str, Any]]) -> str:
    """Return the seconds that executed cells of code took together, and the slowest cells, as lines of text."""
    seconds = [(_seconds(cell["metadata"]["execution"]), cell["source"].strip()) for cell in cells]
    slowest = sorted(seconds, key=lambda entry: entry[0], reverse=True)[:_SLOWEST]
    lines = [f"  {time:,.0f} s: {_first_command(source)}" for time, source in slowest]
    return "\n".join([f"{sum(time for time, _ in seconds):,.0f} s in {len(seconds)} cells", *lines])


def _seconds(execution: Mapping[str, str]) -> float:
    start, end = (datetime.fromisoformat(execution[f"iopub.status.{status}"]) for status in ("busy", "idle"))
    return (end - start).total_seconds()


def _first_command(source: str) -> str:
    first, *others = (line for line in source.splitlines() if not line.startswith("%%"))
    return first[:100] + (" ..." if others else "")


def free_port() -> int:
    """Return a port of this machine that no program uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="write examples/*.ipynb from the pages")
    execute = commands.add_parser("run", help="execute the notebooks")
    execute.add_argument("--full", action="store_true", help="with all samples instead of in miniature")
    execute.add_argument("-o", "--out", type=Path, default=HOME / "build" / "notebooks")
    execute.add_argument("names", nargs="*", metavar="NAME", help="notebooks, such as signs (all of them)")
    options = parser.parse_args()
    if options.command == "write":
        FOLDER.mkdir(exist_ok=True)
        for page in PAGES:
            notebook_path(page).write_text(to_json(to_notebook(page)), encoding="utf-8")
        return
    for page in PAGES:
        path = notebook_path(page)
        if not options.names or path.stem in options.names:
            print(f"executing {path.relative_to(HOME)}", flush=True)
            run_notebook(path, options.out, full=options.full)


if __name__ == "__main__":
    main()
