"""Word lists of languages, from the data files of wordfreq.

The files are read without importing wordfreq, whose tokenizers and tables of languages take a quarter of a second to
import and are not needed.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import msgpack

from synthtext.core import InputError, package_file

WordList: TypeAlias = list[list[str]]
"""Words by frequency: entry n has those of a relative frequency of `word_frequency(n)`."""

_FORMAT = {"format": "cB", "version": 1}
_SUFFIX = ".msgpack.gz"
_SCRIPTS = {
    **{"ar": "Arab", "bg": "Cyrl", "bn": "Beng", "el": "Grek", "fa": "Arab", "he": "Hebr", "hi": "Deva", "ja": "Jpan"},
    **{"ko": "Kore", "mk": "Cyrl", "ru": "Cyrl", "ta": "Taml", "uk": "Cyrl", "ur": "Arab", "zh": "Hans"},
}
"""ISO 15924 codes of the scripts of the word lists that are not in Latin script."""


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the codes of the languages with a word list in wordfreq, sorted."""
    # Files whose names begin with an underscore are tables of wordfreq itself.
    names = (path.name.removesuffix(_SUFFIX) for path in _data_folder().glob(f"[!_]*{_SUFFIX}"))
    return tuple(sorted({name.partition("_")[2] for name in names}))


def language_script(language: str) -> str:
    """Return the ISO 15924 code of the script of a language with a word list."""
    return _SCRIPTS.get(language, "Latn")


def word_frequency(centibels: int) -> float:
    """Return the relative frequency, 0 to 1, of words at an index of a word list."""
    return float(10 ** (-centibels / 100))


@lru_cache(maxsize=2)
def read_word_list(language: str) -> WordList:
    """Return the largest word list of a language, one of `languages()`.

    Raises:
        InputError: The installed wordfreq has another format.
    """
    sizes = (_data_folder() / f"{size}_{language}{_SUFFIX}" for size in ("large", "small"))
    path = next(path for path in sizes if path.is_file())
    with gzip.open(path) as file:
        data = msgpack.load(file)
    if data[0] != _FORMAT:
        raise InputError(f"{path} is not a word list of wordfreq 3: pip install 'wordfreq>=3.1,<4'")
    words: WordList = data[1:]
    return words


def _data_folder() -> Path:
    path = package_file("wordfreq", "__init__.py")
    if path is None:
        raise InputError("wordfreq, which has the word lists, is not installed: pip install wordfreq")
    return path.parent / "data"
