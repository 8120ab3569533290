"""An LRU cache bounded in bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_OVERHEAD = 200  # bytes of an entry besides its value


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
