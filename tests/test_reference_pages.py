"""Pages of the documentation that are generated from the code."""

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from pipelines.cli.main import COMMANDS

pytest.importorskip("mkdocs", reason="the extra docs is not installed")
FILE = Path(__file__).resolve().parent.parent / "docs" / "reference_pages.py"


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_pages", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_documented(pages: ModuleType) -> None:
    assert list(pages.undocumented_names()) == []


def test_an_undocumented_name_fails_the_build(pages: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def bare(first: int, second: int) -> None:
        """Do something.

        Args:
            first: A number.
        """

    def silent() -> None: ...

    module = SimpleNamespace(__all__=["bare", "silent"], bare=bare, silent=silent)
    monkeypatch.setattr(pages.importlib, "import_module", lambda name: module)
    monkeypatch.setattr(pages, "PACKAGES", ("pipelines",))
    with pytest.raises(pages.PluginError, match=r"pipelines\.bare\(second\), pipelines\.silent$"):
        pages.check_documented()


def test_every_command_and_option_is_on_the_page(pages: ModuleType) -> None:
    page = pages.commands_page()
    assert all(f"### `ocrmill {name}`" in page for commands in COMMANDS.values() for name in commands)
    assert page.count("```sh\nocrmill ") >= sum(map(len, COMMANDS.values()))
    assert "| `-n`, `--count` `N` | Samples of the whole dataset. |  |" in page


@pytest.mark.parametrize("page", ["settings_page", "components_page"])
def test_every_setting_has_a_meaning(pages: ModuleType, page: str) -> None:
    rows = [line.split(" | ") for line in getattr(pages, page)().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row[0] for row in rows if not row[-1].strip(" |")] == []
