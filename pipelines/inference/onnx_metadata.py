"""The metadata of ONNX files: charset, preprocessing and postprocessing."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from models.ctc import BLANK
from models.db.boxes import PostprocessSettings
from pipelines.config import validate_dataclass
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.published import DICTIONARY_FILE, published_file
from synthtext.core import Charset, InputError

PreprocessingT = TypeVar("PreprocessingT", RecognizerPreprocessing, DetectorPreprocessing)

CHARSET_KEY = "character"
"""The charset, one character per line. RapidOCR reads this key."""

PREPROCESSING_KEY, POSTPROCESSING_KEY = "preprocessing", "postprocessing"

MEAN_KEY, STD_KEY, PADDING_KEY, BLANK_KEY = "mean", "std", "padding", "blank"
"""For programs of others, as JSON: mean and standard deviation of the channels (pixels become (x / 255 - mean) / std),
the value of padding after that, and the class of the blank of CTC. The class of character i is blank + 1 + i."""

_RECOGNIZER_CONSTANTS = {
    MEAN_KEY: "[0.5, 0.5, 0.5]",
    STD_KEY: "[0.5, 0.5, 0.5]",
    PADDING_KEY: "0.0",
    BLANK_KEY: str(BLANK),
}

PUBLISHED_CLASSES = 6625
"""Classes of the published recognizer: the blank, 6,623 characters, and the space."""

PUBLISHED_PREPROCESSING = RecognizerPreprocessing(min_width=320, width_step=1)
"""Preprocessing of the published recognizer, whose inputs are never narrower (released configuration)."""


def recognizer_metadata(charset: Charset, preprocessing: RecognizerPreprocessing) -> dict[str, str]:
    """Return the metadata of a recognizer's file."""
    return {CHARSET_KEY: "\n".join(charset), PREPROCESSING_KEY: preprocessing.to_json(), **_RECOGNIZER_CONSTANTS}


def detector_metadata(preprocessing: DetectorPreprocessing, postprocessing: PostprocessSettings) -> dict[str, str]:
    """Return the metadata of a detector's file."""
    return {
        PREPROCESSING_KEY: preprocessing.to_json(),
        POSTPROCESSING_KEY: json.dumps(asdict(postprocessing)),
        MEAN_KEY: json.dumps(preprocessing.mean),
        STD_KEY: json.dumps(preprocessing.std),
    }


def resolve_model_charset(metadata: Mapping[str, str], classes: int, dictionary: Path | None, file: Path) -> Charset:
    """Return the charset of a recognizer: that in its file, that in a given dictionary, or the published one.

    Args:
        metadata: of `file`.
        classes: of the network, including the blank.
        dictionary: one character per line, or None.

    Raises:
        InputError: the dictionary cannot be read, does not fit the number of classes or contradicts the file, or the
            characters are unknown.
    """
    characters = metadata.get(CHARSET_KEY)
    own = None if characters is None else charset_for_classes(tuple(characters.split("\n")), classes, str(file))
    if dictionary is not None:
        entries = Charset.from_file(dictionary, add_space=False).characters
        given = charset_for_classes(entries, classes, f"{file} with {dictionary}")
        if own is not None and given != own:
            raise InputError(f"{file} contains its charset, and {dictionary} has other characters: leave out --charset")
        return given
    if own is not None:
        return own
    if classes == PUBLISHED_CLASSES:
        return Charset.from_file(published_file(DICTIONARY_FILE))
    raise InputError(
        f"{file} does not contain its charset of {classes - 1:,} characters: give its dictionary with --charset FILE"
    )


def charset_for_classes(characters: tuple[str, ...], classes: int, where: str) -> Charset:
    """Return the charset of a network with so many classes, including the blank; `where` starts error messages.

    A dictionary may omit the space (`use_space_char` of PaddleOCR), which is added if exactly one class remains.
    """
    if len(characters) == classes - 2 and " " not in characters:
        characters = (*characters, " ")
    if len(characters) != classes - 1:
        raise InputError(
            f"{where}: the network has {classes - 1:,} classes besides the blank, but the charset has "
            f"{len(characters):,} characters; give the dictionary that the network was trained with"
        )
    try:
        return Charset(characters)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def read_postprocessing(metadata: Mapping[str, str], file: Path) -> PostprocessSettings:
    """Return the postprocessing in the metadata of a detector's file; without one, that of PaddleOCR's code.

    Raises:
        InputError: the metadata are invalid; the message names the file.
    """
    if POSTPROCESSING_KEY not in metadata:
        return PostprocessSettings(paddle_compat=True)
    try:
        settings = json.loads(metadata[POSTPROCESSING_KEY])
    except ValueError as error:
        raise InputError(f"{file}: the metadata {POSTPROCESSING_KEY!r} are not JSON: {error}") from None
    return validate_dataclass(PostprocessSettings, settings, f"{file}, metadata {POSTPROCESSING_KEY!r}")


def read_preprocessing(metadata: Mapping[str, str], file: Path, published: PreprocessingT) -> PreprocessingT:
    """Return the preprocessing in the metadata; without one, the published one. Raises as `read_postprocessing`."""
    text = metadata.get(PREPROCESSING_KEY)
    return published if text is None else type(published).from_json(text, f"{file}: ")
