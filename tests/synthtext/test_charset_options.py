"""Charsets as settings write them, and names that do not exist."""

from pathlib import Path

import pytest

from synthtext.core import InputError, charset_names
from synthtext.corpora import CharsetOptions, resolve_charset


@pytest.mark.parametrize(
    ("written", "characters"),
    [
        ("0-9A-Z-", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"),
        ("-a-c", "-abc"),
        ("aab", "ab"),
        ("a-a", "a"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_characters_with_ranges(written: str, characters: str) -> None:
    assert "".join(resolve_charset(CharsetOptions(written), Path())) == characters


def test_the_space_is_added_only_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text("x\ny\n")
    for options in (CharsetOptions("xy"), CharsetOptions(file="keys.txt")):
        assert resolve_charset(options, tmp_path).characters == ("x", "y")
    for options in (
        CharsetOptions("xy", space=True),
        CharsetOptions(file="keys.txt", space=True),
        CharsetOptions("xy "),
    ):
        assert resolve_charset(options, tmp_path).characters == ("x", "y", " ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "either characters"),
        ({"characters": "a", "file": "b"}, "either"),
        ({"characters": "z-a"}, "z-a runs"),
        ({"characters": ""}, "empty"),
    ],
)
def test_invalid_charsets_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CharsetOptions(**settings)  # type: ignore[arg-type]


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"did you mean 'letters'\?") as caught:
        resolve_charset("lettres", tmp_path)
    assert all(name in str(caught.value) for name in (*charset_names(), "published", "words:de"))
