"""The part of a task that runs on a worker before the code of ocrmill there has been checked.

This module is pickled by value, so it may import only the standard library and Ray at its top.
"""

import hashlib
import importlib.metadata
import importlib.util
import pickle
from pathlib import Path
from typing import Any, NamedTuple

_PACKAGES = ("synthtext", "augment", "models", "pipelines")

_differences: dict["CodeVersion", str] = {}  # from the code of this process, cached


class CodeVersion(NamedTuple):
    """The ocrmill that a process would import.

    Attributes:
        version: of the installed package, or empty.
        digest: SHA-256 of all modules; empty if a package is missing.
    """

    version: str
    digest: str


class TaskResult(NamedTuple):
    """The result of a task.

    Attributes:
        node: id of the node.
        incompatibility: why the task must not run on this node; None where it did.
        result: of the task; for an incompatible node, its fingerprint or None.
        transient: the node may become compatible later.
    """

    node: str
    incompatibility: str | None
    result: Any
    transient: bool = False


def installed_code_version() -> CodeVersion:
    """Return the version of the ocrmill that this process would import."""
    try:
        version = importlib.metadata.version("ocrmill")
    except importlib.metadata.PackageNotFoundError:
        version = ""
    total = hashlib.sha256()
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return CodeVersion(version, "")
        home = Path(next(iter(spec.submodule_search_locations)))
        for file in sorted(home.rglob("*.py")):
            total.update(file.relative_to(home.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return CodeVersion(version, total.hexdigest())


def run_task(packed: bytes, code: CodeVersion) -> tuple[str, str | None, Any, bool]:
    """Run a pickled function with its argument if the code of this process equals that of the driver.

    Returns:
        The fields of a `TaskResult`.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    if code not in _differences:
        _differences[code] = describe_code_difference(code, installed_code_version())
    if _differences[code]:
        return node, _differences[code], None, False
    try:
        function, task = pickle.loads(packed)
    except Exception as error:  # a module or a file of the user is missing
        return node, f"the task cannot be unpickled there ({type(error).__name__}: {error})", None, False
    from pipelines.errors import IncompatibleNodeError

    try:
        return node, None, function(task), False
    except IncompatibleNodeError as error:
        return node, str(error), error.fingerprint, error.transient


def describe_code_difference(expected: CodeVersion, found: CodeVersion) -> str:
    """Describe the difference of an ocrmill from the expected one; empty where there is none."""
    if found.digest == expected.digest:
        return ""
    if not found.digest:
        return "it has no ocrmill: install it there, for the same Python"
    if found.version != expected.version:
        return f"it has ocrmill {found.version or 'of no version'}, not {expected.version or 'of no version'}"
    return f"its ocrmill {found.version} has other code: install the same there"
