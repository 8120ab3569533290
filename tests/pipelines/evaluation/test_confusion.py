from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.metrics import edit_distance
from pipelines.evaluation.confusion import CONFUSABLES, count_confusions

TEXTS = st.text("abrnm01lO -", max_size=12)


def errors(*pairs):
    return {(c.label, c.prediction): c.error_count for c in count_confusions(pairs).confusions}


def test_single_errors_are_aligned():
    assert errors(("hello", "hallo")) == {("e", "a"): 1}
    assert errors(("hello", "helo")) == {("l", ""): 1}
    assert errors(("hello", "hello!")) == {("", "!"): 1}
    assert errors(("hello", "hello"), ("", "")) == {}


def test_several_characters_that_look_like_one_are_one_error():
    assert errors(("corner", "comer"), ("modern", "modem")) == {("rn", "m"): 2}
    assert errors(("comer", "corner")) == {("m", "rn"): 1}
    assert errors(("clear what", "dear vvhat")) == {("cl", "d"): 1, ("w", "vv"): 1}
    assert errors(("a turnrn b", "a tumm b")) == {("rn", "m"): 2}


def test_alignment_prefers_confusable_characters():
    assert errors(("abcde 0x", "abcde Oyx")) == {("0", "O"): 1, ("", "y"): 1}
    assert errors(("text (a )", "text (a\uff09")) == {(" ", ""): 1, (")", "\uff09"): 1}


def test_types_and_groups_of_errors():
    found = {
        (c.label, c.prediction): c
        for c in count_confusions([("Oh SOS 11 and so on", "0h sO5l1 and so on"), ("x", "x")]).confusions
    }
    types = {pair: (confusion.error_type, bool(confusion.confusables)) for pair, confusion in found.items()}
    assert types == {
        ("O", "0"): ("substitution", True),
        ("S", "s"): ("case or width", True),
        ("S", "5"): ("substitution", True),
        (" ", ""): ("deletion", False),
        ("1", "l"): ("substitution", True),
    }
    assert found["S", "5"].support == 2
    insertion = count_confusions([("aa", "aab")]).confusions[0]
    assert (insertion.error_type, insertion.support) == ("insertion", 0)


def test_lines_that_differ_too_much_are_skipped():
    found = count_confusions([("abcd", "wxyz"), ("abcd", "abyz"), ("abcd", "abcd")])
    assert (found.compared_lines, found.skipped_lines, found.num_characters, found.error_total) == (2, 1, 8, 2)
    assert found.per_character == (("a", 2, 0), ("b", 2, 0), ("c", 2, 1), ("d", 2, 1))


def test_groups_count_occurrences_and_confusions():
    pairs = [("1OO m 0", "IO0 rn 0"), ("born", "bom"), ("O", "O")]
    groups = {found.group: found for found in count_confusions(pairs).confusables}
    zeros, ones, ems = (next(g for g in groups if member in g) for member in ("0", "1", "rn"))
    assert (groups[zeros].occurrences, groups[zeros].confused) == (5, 1)  # O, O, 0, the o of born, O
    assert (groups[ones].occurrences, groups[ones].confused) == (1, 1)
    assert (groups[ems].occurrences, groups[ems].confused) == (2, 2)
    assert not any("8" in group for group in groups)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_errors_turn_labels_into_predictions_and_are_minimal(pairs):
    found = count_confusions(pairs)
    compared = [p for p in pairs if edit_distance(*p) <= 0.5 * max(map(len, p))]
    assert (found.compared_lines, found.skipped_lines) == (len(compared), len(pairs) - len(compared))
    assert found.error_total <= sum(edit_distance(*pair) for pair in compared)
    before, after = (Counter("".join(pair[side] for pair in compared)) for side in (0, 1))
    for confusion in found.confusions:
        assert confusion.label != confusion.prediction
        for _ in range(confusion.error_count):
            before.subtract(confusion.label)
            before.update(confusion.prediction)
    assert +before == +after
    assert found.num_characters == sum(len(label) for label, _ in compared)
    assert {c.character: c.total for c in found.per_character} == Counter("".join(label for label, _ in compared))
    assert all(0 <= c.errors <= c.total for c in found.per_character)
    assert sum(c.errors for c in found.per_character) <= sum(len(c.label) * c.error_count for c in found.confusions)
    assert all(confusion.support for confusion in found.confusions if confusion.label)


def test_members_of_groups_differ_and_can_be_aligned():
    for group in CONFUSABLES:
        assert len(set(group)) == len(group) > 1
        assert all(0 < len(member) <= 2 for member in group)
