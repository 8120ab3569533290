"""Confusions of characters that look alike."""

import pytest

from benchmarks.look_alikes import GROUPS, Confusions, table


@pytest.mark.parametrize(
    ("label", "prediction", "expected"),
    [
        ("O0", "O0", {}),
        ("lOO", "l0O", {("O", "0"): 1}),
        ("10", "lO", {("1", "l"): 1, ("0", "O"): 1}),
        ("barn", "bam", {("rn", "m"): 1}),
        ("mum", "rnum", {("m", "rn"): 1}),
        ("cloud", "doud", {("cl", "d"): 1}),
        ("a5b", "aSSb", {("5", "S"): 1}),
        ("50 m", "SO", {("5", "S"): 1, ("0", "O"): 1}),
        ("0", "x", {}),
        ("0", "", {}),
        ("a0", "aO0", {}),  # 0 was read, and one more character
        ("Don't", "Don`t", {("'", "`"): 1}),
    ],
)
def test_confusions_of_one_line(label, prediction, expected):
    confusions = Confusions()
    confusions.add(label, prediction)
    assert {(a, b): count for (_, a, b), count in confusions.read.items()} == expected


def test_table_counts_all_members():
    confusions = Confusions()
    for label, prediction in (("0Oo", "00o"), ("corn", "com"), ("1", "1")):
        confusions.add(label, prediction)
    assert confusions.of_group(0) == (1, 4)
    assert confusions.of_group(GROUPS.index(("rn", "m"))) == (1, 1)
    rows = list(table({"first": confusions, "second": Confusions()}))
    assert len(rows) == len(GROUPS) + 3
    assert "| 1 / 4 (25.00 %) | - |" in rows[2]
    read, labelled = (sum(column) for column in zip(*map(confusions.of_group, range(len(GROUPS))), strict=True))
    assert f"{read} / {labelled}" in rows[-1]
