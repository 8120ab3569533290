"""The index of the lines of a text file, in memory and in the cache folder."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import InputError
from synthtext.corpora import line_index
from synthtext.corpora.text_file import TextFile


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every file is large."""
    monkeypatch.setattr(line_index, "MIN_STORED_BYTES", 1)
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "corpora"


def stored(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.lines"))


def expected(data: bytes) -> list[int]:
    starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == ord("\n"))]
    lines = zip(starts, data.split(b"\n"), strict=True)
    return [start for start, line in lines if any(byte > ord(" ") for byte in line)]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 21])
def test_the_index_has_the_lines_that_are_not_blank(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(line_index, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    for number in range(30):
        pieces = rng.choice(["a", "ä", "文", " ", "\n", "\n", "\r\n", "\t"], size=rng.integers(1, 40))
        path = tmp_path / f"{number}.txt"
        path.write_bytes(data := "".join(pieces).encode())
        assert line_index.line_starts(path).tolist() == expected(data)
        assert line_index.line_starts(path).tolist() == expected(data)  # mapped
    assert len(stored(cache)) == 30


def test_stored_and_held_indices_give_the_same_texts(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\ufeffone\n\n  \ntwo x\r\nthree\nfour x")

    def texts() -> list[str | None]:
        corpus, rng = TextFile(path), np.random.default_rng(0)
        return [*(corpus.draw(rng) for _ in range(40)), *(corpus.draw_containing(rng, "x") for _ in range(40))]

    mapped = texts()
    assert {text.strip() for text in mapped if text} == {"one", "two x", "three", "four x"}
    (index,) = stored(cache)
    written = index.stat().st_mtime_ns
    assert texts() == mapped
    assert index.stat().st_mtime_ns == written
    monkeypatch.setattr(line_index, "MIN_STORED_BYTES", 1 << 24)
    assert texts() == mapped


def test_a_changed_file_is_indexed_again(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    for content in ("one\ntwo\n", "one\ntwo\nthree\n"):
        path.write_text(content)
        assert len(line_index.line_starts(path)) == content.count("\n")
        assert len(stored(cache)) == 1


def test_without_a_cache_folder_the_index_is_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    (tmp_path / "file").write_text("one\ntwo\n")
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "file"))
    assert line_index.line_starts(tmp_path / "file").tolist() == [0, 4]


def test_a_file_that_is_no_text_leaves_no_index(cache: Path, tmp_path: Path) -> None:
    for content, reason in ((b"one\ntwo\n\xff", "byte 8, line 3"), (b"one\n\0", "zero byte after line 1")):
        (tmp_path / "words.txt").write_bytes(content)
        with pytest.raises(InputError, match=reason):
            TextFile(tmp_path / "words.txt").draw(np.random.default_rng(0))
        assert not stored(cache)
    assert not list(cache.glob(".tmp-*"))


def test_memory_does_not_grow_with_the_file(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_index, "_CHUNK", 1 << 14)
    peaks = []
    for lines in (20_000, 200_000):
        path = tmp_path / f"{lines}.txt"
        path.write_bytes(b"a line\n" * lines)
        tracemalloc.start()
        assert len(line_index.line_starts(path)) == lines
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 50_000
