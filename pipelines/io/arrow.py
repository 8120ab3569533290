"""Arrow arrays from Python values.

`pyarrow.array` does the same, but first imports pandas where it is installed, for half a second in every process.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

_NUMBERS: dict[pa.DataType, type[np.generic]] = {pa.int32(): np.int32, pa.float32(): np.float32}


def arrow_array(values: Sequence[Any], data_type: pa.DataType) -> pa.Array:
    """Return values as an Arrow array.

    Args:
        values: Without None. A value of a struct is a dict.
        data_type: Strings, binary, booleans, int32, float32, and lists and structs of these.

    Raises:
        TypeError: The type is another one.
    """
    if pa.types.is_struct(data_type):
        children = [arrow_array([value[field.name] for value in values], field.type) for field in data_type]
        return pa.Array.from_buffers(data_type, len(values), [None], children=children)
    if pa.types.is_list(data_type):
        child, buffers = _concatenate(values, data_type.value_type), [None, _offsets(values)]
        return pa.Array.from_buffers(data_type, len(values), buffers, children=[child])
    if pa.types.is_string(data_type) or pa.types.is_binary(data_type):
        encoded = [value.encode() for value in values] if pa.types.is_string(data_type) else values
        buffers = [None, _offsets(encoded), pa.py_buffer(b"".join(encoded))]
        return pa.Array.from_buffers(data_type, len(values), buffers)
    return _plain(values, len(values), data_type)


def _concatenate(lists: Sequence[Any], data_type: pa.DataType) -> pa.Array:
    """Return the elements of lists as one array."""
    if data_type not in _NUMBERS:
        return arrow_array(list(chain.from_iterable(lists)), data_type)
    numbers = np.concatenate(lists) if lists else np.zeros(0)
    return _plain(numbers, len(numbers), data_type)


def _plain(values: ArrayLike, count: int, data_type: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(data_type):
        content = np.packbits(np.asarray(values, np.bool_), bitorder="little")
    elif data_type in _NUMBERS:
        content = np.asarray(values, _NUMBERS[data_type])
    else:
        raise TypeError(f"{data_type} is not supported")
    return pa.Array.from_buffers(data_type, count, [None, pa.py_buffer(np.ascontiguousarray(content))])


def _offsets(parts: Sequence[Any]) -> pa.Buffer:
    offsets = np.array([0, *accumulate(map(len, parts))], np.int64)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError("a column of a row group is larger than 2 GiB")
    return pa.py_buffer(offsets.astype(np.int32))
