"""The names that `from pipelines import ...` gives: listed, typed, documented, and with examples that run."""

import contextlib
import doctest
import inspect
import io
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import pipelines

HOME = Path(__file__).resolve().parent.parent
TRAINED = ("train", "evaluate", "export", "Reader")  # their examples use a network


def functions() -> list[tuple[str, typing.Callable[..., object]]]:
    """The public functions, and the methods of public classes that are defined in this project."""
    found = []
    for name in pipelines.__all__:
        value = getattr(pipelines, name)
        if inspect.isclass(value):
            members = [member for member in vars(value) if not member.startswith("_")]
            found += [(f"{name}.{member}", getattr(value, member)) for member in members]
        else:
            found.append((name, value))
    return [(name, value) for name, value in found if callable(value)]


@pytest.mark.parametrize("name", pipelines.__all__)
def test_public_names_are_described_in_the_reference(name: str) -> None:
    assert inspect.getdoc(getattr(pipelines, name))
    assert f"::: pipelines.{name}\n" in (HOME / "docs" / "api.md").read_text()
    assert f"`{name}" in (pipelines.__doc__ or "")


@pytest.mark.parametrize(("name", "function"), functions(), ids=lambda value: value if isinstance(value, str) else "")
def test_public_functions_are_typed_and_their_arguments_described(
    name: str, function: typing.Callable[..., object]
) -> None:
    signature = inspect.signature(function)
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name not in ("self", "cls")]
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in parameters)
    text = inspect.getdoc(function) or ""
    if len(parameters) > 1:
        assert [p.name for p in parameters if f"    {p.name}: " not in text] == []


def test_all_public_names_are_listed() -> None:
    assert set(pipelines.__all__) <= set(dir(pipelines))
    assert pipelines._MODULES.keys() == set(pipelines.__all__)
    assert pipelines.__all__ == sorted(pipelines.__all__)


def test_help_lists_every_name() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        help(pipelines)
    assert all(name in shown.getvalue() for name in pipelines.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        _ = pipelines.generat


def test_importing_pipelines_loads_neither_torch_nor_ray() -> None:
    code = "import sys, pipelines; print(sorted({'torch', 'ray', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples of docstrings use: two datasets of digits, scenes, and an image."""
    folder = tmp_path_factory.mktemp("examples")
    with contextlib.chdir(folder):
        pipelines.generate("digits", "data/digits", 48, workers=0)
        pipelines.generate("digits", "data/digits-val", 16, seed=1, workers=0)
        pipelines.generate("scenes-receipt", "data/scenes", 2, overrides=["fonts.system=false"], workers=0)
        image = pipelines.open_dataset("data/scenes")[0].image
        Path("photo.jpg").write_bytes(image)
    return folder


def run_examples(name: str) -> None:
    tests = doctest.DocTestFinder(recurse=True).find(getattr(pipelines, name), name, globs={})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    examples = [test for test in tests if test.examples]
    assert examples, f"{name} has no example"
    output = io.StringIO()
    for test in examples:
        runner.run(test, out=output.write)
    assert not runner.failures, output.getvalue()


@pytest.mark.parametrize("name", [name for name in pipelines.__all__ if name not in TRAINED])
def test_the_examples_of_docstrings_run(name: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    run_examples(name)


@pytest.mark.train
def test_the_examples_of_networks_run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    for name in TRAINED:
        run_examples(name)
