"""What a worker does before anything of ours is known to be there.

Travels by value, so it may use nothing but the standard library and Ray until it has seen that the code is the same.
"""

import hashlib
import importlib.metadata
import importlib.util
import pickle
from pathlib import Path
from typing import Any, NamedTuple

_PACKAGES = ("synthtext", "augment", "models", "pipelines")

_checked: dict["CodeVersion", str] = {}  # of this process


class CodeVersion(NamedTuple):
    """The ocrmill that a process would import.

    Attributes:
        version: that is installed, or empty.
        digest: SHA-256 of all of its modules; empty if some of its packages are missing.
    """

    version: str
    digest: str


class TaskResult(NamedTuple):
    """What became of a task.

    Attributes:
        node: where it was.
        incompatibility: why that node must not do it; None where it did.
        result: of the task; or what came with the refusal.
        passing: the node may do it at another time.
    """

    node: str
    incompatibility: str | None
    result: Any
    transient: bool = False


def installed_code_version() -> CodeVersion:
    """The ocrmill that this process would import."""
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
    """Do a task if this process has the same code as the one that wants it done.

    Args:
        packed: the pickled function and what it is called with.
        code: of who wants it.

    Returns:
        The fields of an `Outcome`.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    if code not in _checked:
        _checked[code] = describe_code_difference(code, installed_code_version())
    if _checked[code]:
        return node, _checked[code], None, False
    try:
        function, task = pickle.loads(packed)
    except Exception as error:  # a module or a file of the user's is missing
        return node, f"what it should do cannot be read there ({type(error).__name__}: {error})", None, False
    from pipelines.errors import IncompatibleNodeError

    try:
        return node, None, function(task), False
    except IncompatibleNodeError as error:
        return node, str(error), error.fingerprint, error.passing


def describe_code_difference(wanted: CodeVersion, found: CodeVersion) -> str:
    """How an ocrmill differs from the one that is wanted; empty where it does not."""
    if found.digest == wanted.digest:
        return ""
    if not found.digest:
        return "it has no ocrmill: install it there, for the same Python"
    if found.version != wanted.version:
        return f"it has ocrmill {found.version or 'of no version'}, not {wanted.version or 'of no version'}"
    return f"its ocrmill {found.version} has other code: install the same there"
