"""Arrow arrays of Python values: those of pyarrow, without pandas."""

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.io.arrow import arrow_array
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import SceneRow

VALUES: dict[str, list[Any]] = {
    "string": ["", "é", "שלום", "\0", "\U0001f600"],
    "binary": [b"", b"\0\xff", b"x"],
    "bool": [True, False, *[True] * 9],
    "int32": [-(2**31), 0, 2**31 - 1],
    "float": [0.1, float("nan"), float("inf"), -1e30],
}


def sample(data_type: pa.DataType, count: int) -> list[Any]:
    if pa.types.is_list(data_type):
        return [sample(data_type.value_type, length) for length in (0, 2, 1, 0, 3, *range(count))][:count]
    if pa.types.is_struct(data_type):
        columns = [sample(field.type, count) for field in data_type]
        return [dict(zip((field.name for field in data_type), row, strict=True)) for row in zip(*columns, strict=True)]
    values = VALUES[str(data_type)]
    return [values[index % len(values)] for index in range(count)]


@pytest.mark.parametrize("field", [*LineRow.SCHEMA, *SceneRow.SCHEMA], ids=lambda field: field.name)
@pytest.mark.parametrize("count", [0, 1, 12])
def test_columns_are_those_of_pyarrow(field: pa.Field, count: int) -> None:
    values = sample(field.type, count)
    found = arrow_array(values, field.type)
    found.validate(full=True)
    assert found.type == field.type
    assert str(found.to_pylist()) == str(pa.array(values, field.type).to_pylist())  # "nan" equals "nan"


def test_lists_may_be_numpy_arrays() -> None:
    lists = [np.arange(3, dtype=np.float32) / 3, np.zeros(0, np.float32), np.float32([1e-9])]
    assert arrow_array(lists, pa.list_(pa.float32())).equals(pa.array(lists, pa.list_(pa.float32())))


@pytest.mark.parametrize(("value", "data_type"), [(2**31, pa.int32()), (None, pa.string()), ("x", pa.date32())])
def test_unsupported_values_are_not_stored(value: object, data_type: pa.DataType) -> None:
    with pytest.raises((OverflowError, AttributeError, TypeError)):
        arrow_array([value], data_type)


def test_a_generation_does_not_import_pandas(tmp_path: Any) -> None:
    code = "import sys; from pipelines import generate; generate('digits', sys.argv[1], 3, workers=0); "
    code += "sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "data")], check=True, capture_output=True)
