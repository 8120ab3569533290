"""What was read in a picture."""

from dataclasses import dataclass
from typing import Any

from synthtext.core import Polygon


@dataclass(frozen=True, slots=True, eq=False)
class ReadLine:
    """One text of a picture.

    Attributes:
        text: what it says, logical order.
        confidence: of the recognizer, 0 to 1.
        polygon: where it is, (P, 2) float32, pixels of the upright picture, clockwise from the text's top-left.
        score: of the detector, 0 to 1.
    """

    text: str
    confidence: float
    polygon: Polygon
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The texts of a picture.

    Attributes:
        name: of the picture.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        lines: in reading order.
    """

    name: str
    width: int
    height: int
    lines: tuple[ReadLine, ...]

    @property
    def text(self) -> str:
        """All texts, a line each."""
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """As `ocrmill read --json` writes it."""
        lines = [
            {
                "text": line.text,
                "confidence": round(line.confidence, 4),
                "score": round(line.score, 4),
                "polygon": [[round(float(x), 2), round(float(y), 2)] for x, y in line.polygon],
            }
            for line in self.lines
        ]
        return {"width": self.width, "height": self.height, "lines": lines}
