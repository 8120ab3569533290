"""A memory of things that are costly to make, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_OVERHEAD = 200  # bytes that Python adds to an entry


class ByteCache(Generic[Key, Value]):
    """Keeps what was used last; the rest goes when `limit` bytes are exceeded (one entry always stays).

    Args:
        limit: in bytes.
        size: bytes of a value.
    """

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        self._limit, self._size = limit, size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self.bytes = 0

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made when it is not there."""
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
