"""User files are never unpickled: that would run any code in them."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# Unpickles the task of a job on a worker, after a check of the code there.
ALLOWED = "pipelines/cluster/remote.py"


def test_nothing_is_unpickled() -> None:
    """No module imports or calls an unpickler."""
    found = []
    for package in ("synthtext", "augment", "models", "pipelines"):
        for path in sorted({*(ROOT / package).rglob("*.py")} - {ROOT / ALLOWED}):
            for node in ast.walk(ast.parse(path.read_text())):
                found += [f"{path.relative_to(ROOT)}, line {node.lineno}: {name}" for name in unpickles(node)]  # type: ignore[attr-defined]
    assert found == []


UNPICKLERS = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "shelve", "joblib", "marshal"})


def unpickles(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.partition(".")[0] in UNPICKLERS]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if (node.module or "").partition(".")[0] in UNPICKLERS else []
    if not isinstance(node, ast.Call):
        return []
    called = ast.unparse(node.func)
    keywords = {keyword.arg for keyword in node.keywords}
    unsafe = called in ("torch.load", "eval", "exec", "yaml.load", "yaml.unsafe_load") or "allow_pickle" in keywords
    return [called] if unsafe or called.endswith("read_pickle") else []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
    ],
)
def test_unpicklers_are_found(code: str) -> None:
    assert [name for node in ast.walk(ast.parse(code)) for name in unpickles(node)]
