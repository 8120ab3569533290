"""A source as a plain torch data set."""

from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from pipelines.reader.opening import open_source
from pipelines.reader.picture import decode
from synthtext.core import Image


class LinesDataset(Dataset[tuple[Image, str]]):
    """Pictures and labels, by number: a data set of ours, a label file or an LMDB."""

    def __init__(self, source: str | Path) -> None:
        """Open a source.

        Raises:
            InputError: it cannot be opened.
        """
        self._source = open_source(source)

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> tuple[Image, str]:
        """Picture (H, W, 3) uint8 RGB and label of a line.

        Raises:
            IndexError: there is no such line.
            InputError: its picture is missing or broken.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        (line,) = self._source.read(np.array([index % len(self)]))
        return decode(line.image, line.key), line.text
