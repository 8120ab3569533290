"""What sources that lie at one place have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.storage import Place


@dataclass(frozen=True)
class PlaceSource(ABC):
    """N labelled pictures at a path or a URI.

    Attributes:
        path: of the file or folder, or its URI.
    """

    path: Place

    TOGETHER: ClassVar[int] = 1024
    """Rows that are read together where the format has no row groups of its own."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def name(self) -> str:
        """The path or the URI."""
        return str(self.path)

    @property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which runs begin that are read together, and N; reading one row alone costs no more."""
        return np.append(np.arange(0, len(self), self.TOGETHER), len(self))


@dataclass(frozen=True)
class PathSource(PlaceSource):
    """N labelled pictures at a path.

    Attributes:
        path: of the file or folder.
    """

    path: Path
