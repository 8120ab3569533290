"""What counts as taking a character for another one."""

import pytest

from benchmarks.look_alikes import GROUPS, Confusions, table


@pytest.mark.parametrize(
    ("truth", "reading", "expected"),
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
        ("a0", "aO0", {}),  # 0 was read, and something besides
        ("Don't", "Don`t", {("'", "`"): 1}),
    ],
)
def test_what_was_read_in_place_of_a_label(truth, reading, expected):
    found = Confusions()
    found.add(truth, reading)
    assert {(a, b): count for (_, a, b), count in found.read.items()} == expected


def test_all_members_are_counted_and_the_table_adds_up():
    found = Confusions()
    for truth, reading in (("0Oo", "00o"), ("corn", "com"), ("1", "1")):
        found.add(truth, reading)
    assert found.of_group(0) == (1, 4)
    assert found.of_group(GROUPS.index(("rn", "m"))) == (1, 1)
    rows = list(table({"first": found, "second": Confusions()}))
    assert len(rows) == len(GROUPS) + 3
    assert "| 1 / 4 (25.00 %) | - |" in rows[2]
    read, labelled = (sum(column) for column in zip(*map(found.of_group, range(len(GROUPS))), strict=True))
    assert f"{read} / {labelled}" in rows[-1]
