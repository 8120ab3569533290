"""Picture files of an export, and what is lost on the way."""

from collections import Counter
from pathlib import Path

from pipelines.exporting.names import file_name, one_line


class PictureFolder:
    """Writes pictures to `images/`.

    Args:
        folder: to be made.

    Attributes:
        folder: where everything is written.
        lost: what the format does not hold, by what it is.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        self.folder = folder
        self.lost: Counter[str] = Counter()
        self._count = 0

    def write_picture(self, key: str, image: bytes) -> Path:
        """Write an encoded picture; returns where, seen from the folder."""
        self._count += 1
        path = Path("images", file_name(key, self._count, image))
        (self.folder / path).write_bytes(image)
        return path

    def in_one_line(self, text: str) -> str:
        """A text without line breaks."""
        whole, broken = one_line(text)
        self.lost.update(broken)
        return whole
