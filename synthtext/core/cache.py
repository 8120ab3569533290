"""An LRU cache bounded in bytes, and the folder of files that are derived or downloaded once."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

from synthtext.core.errors import InputError

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_OVERHEAD = 200  # bytes of an entry besides its value


def cache_folder() -> Path:
    """Return the folder of cached files: `OCRMILL_CACHE`, or `ocrmill` in the cache folder of the user.

    Raises:
        InputError: The home folder is unknown.
    """
    path = os.environ.get("OCRMILL_CACHE") or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/ocrmill"
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no such home folder; set OCRMILL_CACHE to a folder for caches") from None


class ByteCache(Generic[Key, Value]):
    """Caches the most recently used values, up to `limit` bytes (at least one entry), which `size` counts."""

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        self._limit, self._size = limit, size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self.bytes = 0

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, created by `make` if it is not cached."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
            return value
        value = self._entries[key] = make()
        self.bytes += self._size(value) + _OVERHEAD
        while self.bytes > self._limit and len(self._entries) > 1:
            _, oldest = self._entries.popitem(last=False)
            self.bytes -= self._size(oldest) + _OVERHEAD
        return value
