"""Who may import whom."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.guard import check_package_shadowing

HOME = Path(__file__).resolve().parent.parent
OURS = {"synthtext", "augment", "models", "pipelines"}
HEAVY = {"torch", "ray", "pyarrow", "lmdb", "pydantic", "typer", "rich", "imgaug", "sklearn"}
RULES = {
    "synthtext/core": ({"synthtext.core"}, {"numpy", "cv2"}),
    "synthtext": (
        {"synthtext"},
        {"numpy", "cv2", "PIL", "fontTools", "brotli", "uharfbuzz", "freetype", "msgpack", "bidi"},
    ),
    "augment": ({"augment", "synthtext.core"}, {"numpy", "cv2", "pyclipper", "imgaug"}),
    "models": ({"models", "synthtext.core"}, {"numpy", "torch", "cv2", "pyclipper", "shapely", "rapidfuzz"}),
    "pipelines": (OURS, None),
}
PACKAGES = {  # of pipelines: which of its other packages each may import, from the bottom up
    "io": set[str](),
    "cluster": set[str](),
    "recipes": {"io"},
    "datasets": {"io", "recipes"},
    "inference": {"io", "recipes", "datasets"},
    "evaluation": {"io", "recipes", "datasets", "inference"},
    "active": {"io", "datasets", "inference"},
    "jobs": {"io", "cluster", "recipes", "datasets", "inference"},
    "domain_gap": {"io", "recipes", "datasets", "inference", "evaluation"},
    "training": {"io", "cluster", "recipes", "datasets", "inference", "evaluation", "jobs"},
    "adaptation": {"io", "recipes", "datasets", "inference", "evaluation", "jobs", "domain_gap", "training"},
    "reports": {"io", "datasets", "evaluation", "domain_gap", "adaptation"},
    "cli": {
        *("io", "recipes", "datasets", "inference", "evaluation"),
        *("active", "jobs", "domain_gap", "training", "adaptation", "reports"),
    },
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules(folder: str) -> list[Path]:
    """The files to which the rule of a folder applies: those of the first rule that fits."""
    files = sorted((HOME / folder).rglob("*.py"))
    names = ((path, path.relative_to(HOME).as_posix()) for path in files)
    return [path for path, name in names if next(rule for rule in RULES if name.startswith(f"{rule}/")) == folder]


def check_module(module: str, name: str, folder: str) -> None:
    siblings, libraries = RULES[folder]
    top = module.split(".")[0]
    if top in OURS:
        assert any(module == sibling or module.startswith(f"{sibling}.") for sibling in siblings), (name, module)
    elif libraries is not None:
        assert top in libraries or top in sys.stdlib_module_names, (name, module)
    if top == "ray":
        assert name.startswith("pipelines/cluster/"), f"{name} imports ray outside of pipelines/cluster"
    if top == "sklearn":
        assert name.startswith("pipelines/domain_gap/"), f"{name} imports sklearn outside of pipelines/domain_gap"
    if top == "imgaug":
        assert name == "augment/imgaug_effect.py", f"{name} imports imgaug outside of its one file"


@pytest.mark.parametrize("folder", RULES)
def test_imports_keep_to_the_rule(folder: str) -> None:
    files = modules(folder)
    assert files
    for path in files:
        for module in imports(path):
            check_module(module, path.relative_to(HOME).as_posix(), folder)


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_of_pipelines_form_layers(package: str) -> None:
    for path in sorted((HOME / "pipelines" / package).rglob("*.py")):
        for module in imports(path):
            if module.startswith("pipelines."):
                other = module.split(".")[1]
                assert other == package or other not in PACKAGES or other in PACKAGES[package], f"{path}: {module}"


def test_every_package_of_pipelines_has_a_rule() -> None:
    assert {path.parent.name for path in HOME.glob("pipelines/*/__init__.py")} == PACKAGES.keys()


def test_importing_the_command_or_a_generator_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pipelines.cli.main import main; assert 'synthtext.fonts' not in sys.modules;"
        f"known = {HEAVY!r} - {{'typer', 'rich'}}; assert not known & set(sys.modules), known & set(sys.modules);"
        "import augment, synthtext.scenes; from synthtext import LineGenerator; loaded = set(sys.modules);"
        "print(sorted(known & loaded), 'wordfreq' in loaded, 'synthtext.fonts' in loaded)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False True"


def test_every_name_of_a_package_can_be_imported() -> None:
    import synthtext

    assert all(getattr(synthtext, name).__name__ == name for name in synthtext.__all__)
    assert set(synthtext.__all__) <= set(dir(synthtext))
    with pytest.raises(AttributeError, match="no attribute 'LineGenerators'"):
        _ = synthtext.LineGenerators


def test_a_shadowed_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(HOME)!r}]; import pipelines"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{tmp_path / 'models.py'} shadows ocrmill's package 'models'" in done.stderr


def test_the_siblings_beside_us_pass() -> None:
    check_package_shadowing(HOME)


BENCHMARKS = [
    path for path in sorted(HOME.glob("benchmarks/*.py")) if path.stem != "rapidocr_worker"
]  # RapidOCR's side


def test_benchmarks_find_what_they_measure() -> None:
    for path in BENCHMARKS:
        importlib.import_module(f"benchmarks.{path.stem}")
