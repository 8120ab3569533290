"""The notebooks in `examples/` are the tutorials of the documentation, whose pictures and plots come from commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import ledger
from benchmarks.arms import Experiments
from benchmarks.result_plots import DETECTORS, RECOGNIZERS, TUNED, WORTH
from docs.make_images import IMAGES
from docs.notebooks import FOLDER, PAGES, describe_times, notebook_path, reduce_cell, to_json, to_notebook
from docs.page_code import HOME


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_notebook_agrees_with_its_page(page: Path) -> None:
    written = notebook_path(page).read_text(encoding="utf-8")
    assert written == to_json(to_notebook(page)), "run `python -m docs.notebooks write`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_a_notebook_exist(page: Path) -> None:
    cells = [cell for cell in to_notebook(page)["cells"] if cell["cell_type"] == "markdown"]
    text = "".join("".join(cell["source"]) for cell in cells)
    targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    local = [target for target in targets if not target.startswith("http") and "docs/reference-" not in target]
    assert local
    assert [target for target in local if not (FOLDER / target).exists()] == []


def test_every_notebook_has_a_page() -> None:
    assert sorted(FOLDER.glob("*.ipynb")) == sorted(map(notebook_path, PAGES))


def test_cells_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "tutorial-x.md"
    blocks = [
        "# Title\n\nSee [Scenes](scenes.md#keys) and ![a](images/a.jpg).\n",
        "```sh\nocrmill generate digits -o d -n 2000\n```\n",
        "```text\n2,000 lines\n```\n",
        "```yaml\n# r.yaml\nbase: lines\n```\n",
        "<!-- no-run: needs a cluster -->\n```sh\nray start\n```\n",
        '```python\ntrain("rec-tiny", "r", ["d"], ["d"], ["samples=4000"])\n```\n',
    ]
    page.write_text("\n".join(blocks))
    cells = json.loads(to_json(to_notebook(page)))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code", "code", "markdown", "code", "markdown"]
    assert "(../docs/scenes.md#keys) and ![a](../docs/images/a.jpg)" in texts[0]
    assert texts[2] == "%%writefile r.yaml\n# r.yaml\nbase: lines"
    assert "2,000 lines" not in "".join(texts)
    assert "```sh\nray start\n```" in texts[3]
    assert reduce_cell(texts[1], {}) == "%%bash -e\nocrmill generate digits -o d -n 24 --workers 0"
    assert "'samples=8'" in reduce_cell(texts[4], {})


def test_times_of_executed_cells() -> None:
    def cell(source: str, seconds: str) -> dict[str, Any]:
        day = "2026-01-31T23:59:00.000000Z"
        times = {"iopub.status.busy": day, "iopub.status.idle": day.replace("00.000000", seconds)}
        return {"source": source, "metadata": {"execution": times}}

    cells = [cell("%%bash -e\nocrmill train rec-tiny\nls", "21.250000"), cell("import os", "00.400000")]
    assert describe_times(cells).splitlines() == [
        "22 s in 2 cells",
        "  21 s: ocrmill train rec-tiny ...",
        "  0 s: import os",
    ]


def test_pictures_of_the_command_are_small_and_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (HOME / "docs").glob("*.md"))
    unused = [name for name in IMAGES if f"](images/{name}.jpg)" not in pages]
    large = [name for name in IMAGES if (HOME / "docs" / "images" / f"{name}.jpg").stat().st_size > 120_000]
    assert (unused, large) == ([], [])


@pytest.mark.parametrize(
    ("table", "arms"),
    [("worth", WORTH), ("detectors", DETECTORS), ("recognizers", RECOGNIZERS), ("fine-tuning", TUNED)],
)
def test_plots_show_arms_of_the_ledger(table: str, arms: dict[str, str]) -> None:
    defined, entries = Experiments.read().tables[table], ledger.read_ledger(ledger.LEDGER)
    assert [
        arm for arm in (*arms, defined.baseline) if arm not in defined.arms or not ledger.find(entries, arm, 0)
    ] == []
