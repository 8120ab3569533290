"""The keys of a shard: every one of its samples once, or counted as a gap."""

from collections.abc import Iterator

from pipelines.check.labels import Flaw


class Keys:
    """Looks at the keys of a shard one after the other.

    Shards have samples of their own, so a key that is in the range of its shard can be doubled within it alone.

    Args:
        prefix: that keys begin with, 8 characters.
        samples: of the shard; None: its rows come from another data set, and each key has to be there once.
    """

    def __init__(self, prefix: str, samples: range | None) -> None:
        self._prefix, self._samples = prefix, samples
        self._seen: set[int | str] = set()

    def flaws(self, key: object) -> Iterator[Flaw]:
        """What is wrong with the next key."""
        if self._samples is None:
            yield from self._flaws_of_any(key)
            return
        number = key.removeprefix(self._prefix) if isinstance(key, str) and key.startswith(self._prefix) else ""
        if not (len(number) == 10 and number.isascii() and number.isdecimal()):
            yield "key is wrong", f"it should be {self._prefix} and a number of ten digits"
        elif int(number) not in self._samples:
            first, last = self._samples.start, self._samples.stop - 1
            yield "key is wrong", f"sample {int(number)} is none of {first} to {last}"
        elif int(number) in self._seen:
            yield "key doubled", f"sample {int(number)} was there already"
        else:
            self._seen.add(int(number))

    def _flaws_of_any(self, key: object) -> Iterator[Flaw]:
        if not isinstance(key, str) or not key:
            yield "key is wrong", "there is none"
        elif key in self._seen:
            yield "key doubled", "it was there already"
        else:
            self._seen.add(key)
