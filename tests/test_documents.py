"""Files that the documents name exist."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
DOCUMENTS = [HOME / "README.md", HOME / "CONTRIBUTING.md", *sorted((HOME / "docs").glob("*.md"))]
_TOP = ("synthtext", "augment", "models", "pipelines", "tests", "benchmarks", "docs")
_PATH = re.compile(r"(?<![\w/.-])((?:[\w-]+/)+[\w-]+\.(?:py|md|yaml|jsonl?|html|jpg|png|svg))\b")
_GENERATED = {f"{name}.md" for name in ("changelog", "results")} | {
    f"reference-{name}.md" for name in ("commands", "components", "settings")
}
_PACKAGES = sorted(path.name for path in (HOME / "pipelines").iterdir() if path.is_dir())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_of_the_repository_exist(document: Path) -> None:
    missing = []
    for name in set(_PATH.findall(document.read_text())):
        first = name.split("/")[0]
        if (first in _TOP and not (HOME / name).exists()) or (
            first in _PACKAGES and name.endswith(".py") and not (HOME / "pipelines" / name).exists()
        ):
            missing.append(name)
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_of_the_repository_exist(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text())
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not [target for target in missing if target not in _GENERATED]  # docs/reference_pages.py makes these
