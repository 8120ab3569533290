"""Evaluated texts, detections and lines together with their images: what an error report shows."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from models.detection_outcomes import DetectionOutcome
from models.metrics import edit_distance
from synthtext.core import Polygon

OverlayClass: TypeAlias = Literal[
    "matched",
    "covered",
    "false_negative",
    "ignored",
    "matched_detection",
    "merged",
    "other",
    "false_positive",
    "ignored_detection",
]
"""Category of an outline; the first four are texts, the others are detections."""

_DETECTION_CLASSES: dict[DetectionOutcome, OverlayClass] = {
    DetectionOutcome.IGNORED: "ignored_detection",
    DetectionOutcome.MATCHED: "matched_detection",
    DetectionOutcome.MERGED: "merged",
    DetectionOutcome.NO_OVERLAP: "false_positive",
}


@dataclass(frozen=True, eq=False)
class EvaluatedInstance:
    """A labelled text or a detection in an image.

    Attributes:
        polygon: (P, 2) float32, pixels of the image.
        label: Transcription of a text, or confidence of a detection.
        covered: Whether a text is covered, or a detection is on text.
        contained_texts: Number of texts that a detection contains.
    """

    role: Literal["text", "detection"]
    outcome: DetectionOutcome
    polygon: Polygon
    label: str
    covered: bool
    contained_texts: int = 0

    @property
    def overlay_class(self) -> OverlayClass:
        """Category by which the outline is drawn."""
        if self.role == "detection":
            return _DETECTION_CLASSES.get(self.outcome, "other")
        if self.outcome in (DetectionOutcome.IGNORED, DetectionOutcome.MATCHED):
            return "ignored" if self.outcome == DetectionOutcome.IGNORED else "matched"
        return "covered" if self.covered else "false_negative"


@dataclass(frozen=True, eq=False)
class WorstPicture:
    """An encoded image with all of its texts and detections, and the names of its source and scene."""

    source: str
    key: str
    image: bytes
    instances: tuple[EvaluatedInstance, ...]


@dataclass(frozen=True, slots=True)
class MisreadLine:
    """A misread line: encoded image, texts, confidence (0 to 1), and the names of its source and the line."""

    image: bytes
    label: str
    prediction: str
    confidence: float
    source: str

    @property
    def distance(self) -> int:
        """Edit distance between the prediction and the label."""
        return edit_distance(self.label, self.prediction)
