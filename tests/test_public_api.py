"""The names that `from pipelines import ...` gives."""

import subprocess
import sys
from pathlib import Path

import pytest

import pipelines

HOME = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", pipelines.__all__)
def test_public_names_are_documented(name: str) -> None:
    assert getattr(pipelines, name).__doc__


def test_all_public_names_are_listed() -> None:
    assert set(pipelines.__all__) <= set(dir(pipelines))
    assert pipelines._MODULES.keys() == set(pipelines.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        _ = pipelines.generat


def test_importing_pipelines_loads_neither_torch_nor_ray() -> None:
    code = "import sys, pipelines; print(sorted({'torch', 'ray', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
