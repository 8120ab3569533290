"""What a job must know of what it draws."""

from typing import Any, Protocol

from pipelines.generate.encode import PictureFormat
from synthtext.core import Charset, Generator
from synthtext.fonts import FontFile


class JobRecipe(Protocol):
    """Says what samples a job draws, and draws them. Is pickled to workers, which draw the same from it."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def kind(self) -> str:
        """What it makes: "lines" or "scenes"."""
        ...

    @property
    def picture_format(self) -> PictureFormat:
        """How pictures are stored."""
        ...

    @property
    def charset(self) -> Charset | None:
        """The characters that it may draw; None when nobody can know them."""
        ...

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts it draws from."""
        ...

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: equal when all that decides the bytes is equal."""
        ...

    @property
    def ingredients(self) -> dict[str, str]:
        """What the digest is made of, by name."""
        ...

    def to_yaml(self) -> str:
        """Everything from which the job can be repeated."""
        ...

    def generator(self, seed: int) -> Generator[Any]:
        """A generator of its samples or scenes, for a seed from 0 to 2**32 - 1."""
        ...
