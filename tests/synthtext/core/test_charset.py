from pathlib import Path

import pytest

from synthtext.core import Charset, InputError, charset_names


@pytest.mark.parametrize("name", charset_names())
def test_named_charsets_index_every_character_once(name: str) -> None:
    charset = Charset.named(name)
    assert sorted(charset.index.values()) == list(range(len(charset)))
    assert charset.covers("".join(charset))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_dictionaries_of_paddleocr_are_read(tmp_path: Path, end: str, bom: bytes, last: bool) -> None:
    path = tmp_path / "dict.txt"
    path.write_bytes(bom + (end.join("aé汉") + (end if last else "")).encode())
    assert Charset.from_file(path).characters == ("a", "é", "汉", " ")


def test_a_dictionary_with_a_space_gets_no_second_one(tmp_path: Path) -> None:
    path = tmp_path / "dict.txt"
    path.write_text("a\n \nb\n")
    assert Charset.from_file(path).characters == ("a", " ", "b")


def test_written_charsets_are_read_back(tmp_path: Path) -> None:
    for name in ("digits", "ascii"):
        Charset.named(name).write(tmp_path / "charset.txt")
        assert Charset.from_file(tmp_path / "charset.txt", add_space=False) == Charset.named(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a\nbc\n", "line 2"), (b"a\n\nb", "line 2"), (b"a\nb\na", "twice"), (b"\xff\xfe", "UTF-8")],
)
def test_invalid_dictionaries_are_refused_with_the_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "dict.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        Charset.from_file(path)
    assert "dict.txt" in str(caught.value)


def test_a_missing_name_is_refused() -> None:
    with pytest.raises(InputError, match="no charset 'klingon'"):
        Charset.named("klingon")


def test_case_is_folded_only_without_capitals() -> None:
    assert Charset.named("alphanumeric_lower").fold("AbC1") == "abc1"
    assert Charset.named("alphanumeric").fold("AbC1") == "AbC1"
    assert Charset.named("digits").fold("A") == "A"


def test_labels_are_composed() -> None:
    assert Charset.named("latin1").fold("e\u0301") == "é"


def test_comparison_counts_unused_and_missing_characters() -> None:
    coverage = Charset(("a", "b", "c")).compare_with(["ab", "ax", "xx"])
    assert coverage.unused == ("c",)
    assert coverage.out_of_charset == {"x": 3}
    assert (coverage.discarded_texts, coverage.total) == (2, 3)
