"""Word lists of languages, from the data files of wordfreq.

The files are read without importing wordfreq, whose tokenizers and tables of languages take a quarter of a second to
import and are not needed.
"""

import gzip
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgpack

from synthtext.core import InputError, package_file

_FORMAT = {"format": "cB", "version": 1}
_SUFFIX = ".msgpack.gz"
_CHUNK = 2**16  # bytes that are decompressed at a time
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
    """Return the relative frequency, 0 to 1, of the words at an index of a word list."""
    return float(10 ** (-centibels / 100))


def iterate_word_list(language: str) -> Iterator[list[str]]:
    """Iterate over the largest word list of a language, one of `languages()`.

    The file is read as far as the iteration goes.

    Yields:
        The words of the relative frequency `word_frequency(n)`, for n = 0, 1, ...

    Raises:
        InputError: The installed wordfreq has another format.
    """
    sizes = (_data_folder() / f"{size}_{language}{_SUFFIX}" for size in ("large", "small"))
    path = next(path for path in sizes if path.is_file())
    with gzip.open(path) as file:
        entries = msgpack.Unpacker(file, read_size=_CHUNK)
        count = entries.read_array_header()
        if entries.unpack() != _FORMAT:
            raise InputError(f"{path} is not a word list of wordfreq 3: pip install 'wordfreq>=3.1,<4'")
        for _ in range(count - 1):
            yield entries.unpack()


def _data_folder() -> Path:
    path = package_file("wordfreq", "__init__.py")
    if path is None:
        raise InputError("wordfreq, which has the word lists, is not installed: pip install wordfreq")
    return path.parent / "data"
