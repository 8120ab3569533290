"""Names of files, and texts that fit into one line of a file."""

import re

from pipelines.reader.picture import suffix_of

BREAKS = "line breaks in texts, now spaces"

_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # all that Python's splitlines takes for one


def stem(key: str, number: int) -> str:
    """What a picture is called: by its key if that is plain letters and digits, not a path; else by its number."""
    return key if key.isascii() and key.isalnum() else f"img_{number}"


def file_name(key: str, number: int, image: bytes) -> str:
    """What a picture's file is called."""
    return stem(key, number) + suffix_of(image)


def one_line(text: str) -> tuple[str, list[str]]:
    """A text without line breaks, and what was lost of it."""
    whole = _BREAK.sub(" ", text)
    return whole, [BREAKS] if whole != text else []
