"""Digest of a recognizer."""

from pathlib import Path

from pipelines.io.atomic import file_sha256
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import InputError


def recognizer_digest(path: Path | None, charset: Path | None) -> str:
    """Return the SHA-256 of everything that decides what a recognizer reads; empty for no recognizer.

    Args:
        path: Run directory or ONNX file.
        charset: Dictionary of an ONNX file that does not hold its characters, or None.

    Raises:
        InputError: There is no such recognizer.
    """
    from pipelines.inference.run import CHARSET_FILE, PREPROCESSING_FILE, open_run

    if path is None:
        return ""
    if path.is_dir():
        files = [open_run(path).weights_path(), path / CHARSET_FILE, path / PREPROCESSING_FILE]
    elif path.is_file():
        files = [path, *([charset] if charset else [])]
    else:
        raise InputError(f"{path}: there is no such run directory; name a run directory or an ONNX file")
    return fingerprint_digest({str(i): file_sha256(file) for i, file in enumerate(files)})
