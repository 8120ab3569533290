"""What an ONNX file of ours says about itself."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from models.db.boxes import PostprocessSettings
from pipelines.config import validate_dataclass
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.published import DICTIONARY_FILE, published_file
from synthtext.core import Charset, InputError

CHARSET_KEY = "character"
"""The charset, one character a line: where RapidOCR looks for it."""

PREPROCESSING_KEY, POSTPROCESSING_KEY = "preprocessing", "boxes"


def recognizer_metadata(charset: Charset, preprocessing: RecognizerPreprocessing) -> dict[str, str]:
    """Metadata of a recognizer's file."""
    return {CHARSET_KEY: "\n".join(charset), PREPROCESSING_KEY: preprocessing.to_json()}


def detector_metadata(preprocessing: DetectorPreprocessing, boxes: PostprocessSettings) -> dict[str, str]:
    """Metadata of a detector's file."""
    return {PREPROCESSING_KEY: preprocessing.to_json(), POSTPROCESSING_KEY: json.dumps(asdict(boxes))}


def resolve_model_charset(metadata: Mapping[str, str], classes: int, dictionary: Path | None, file: Path) -> Charset:
    """The charset of a recognizer: from its file, from the dictionary that a user gives, or the published one.

    Args:
        metadata: of the file.
        classes: of the network, the blank among them.
        dictionary: one character a line, or None.
        file: of the network, for errors.

    Raises:
        InputError: the dictionary is unreadable, has not as many characters as the network or others than the file
            names, or there is none.
    """
    named = metadata.get(CHARSET_KEY)
    own = None if named is None else charset_for_classes(tuple(named.split("\n")), classes, str(file))
    if dictionary is not None:
        characters = Charset.from_file(dictionary, add_space=False).characters
        given = charset_for_classes(characters, classes, f"{file} with {dictionary}")
        if own is not None and given != own:
            raise InputError(f"{file} names its characters, and {dictionary} has others: leave out --charset")
        return given
    if own is not None:
        return own
    if classes == PUBLISHED_CLASSES:
        return Charset.from_file(published_file(DICTIONARY_FILE))
    raise InputError(f"{file} does not name its {classes - 1:,} characters: give its dictionary with --charset FILE")


def charset_for_classes(characters: tuple[str, ...], classes: int, where: str) -> Charset:
    """The charset of a network: the characters, and the space where exactly one class is left over.

    Args:
        characters: of a dictionary, the space perhaps left out (PaddleOCR's `use_space_char`).
        classes: of the network, the blank among them.
        where: names file and dictionary in errors.

    Raises:
        InputError: there are more or fewer characters than classes.
    """
    if len(characters) == classes - 2 and " " not in characters:
        characters = (*characters, " ")
    if len(characters) != classes - 1:
        raise InputError(
            f"{where}: the network tells {classes - 1:,} characters apart (and the blank), but the charset has "
            f"{len(characters):,}; give the dictionary that it was trained with"
        )
    try:
        return Charset(characters)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def read_postprocessing(metadata: Mapping[str, str], file: Path) -> PostprocessSettings:
    """How maps become boxes; as the released code has it for a file that does not say, which learnt from such boxes.

    Raises:
        InputError: what the file says cannot be; the sentence names it, and so do those of the functions below.
    """
    if POSTPROCESSING_KEY not in metadata:
        return PostprocessSettings(paddle_compat=True)
    try:
        settings = json.loads(metadata[POSTPROCESSING_KEY])
    except ValueError as error:
        raise InputError(f"{file}: the metadata 'boxes' are no JSON: {error}") from None
    return validate_dataclass(PostprocessSettings, settings, f"{file}, metadata 'boxes'")


def read_recognizer_preprocessing(metadata: Mapping[str, str], file: Path) -> RecognizerPreprocessing:
    """What the file says; the published one for a file that does not say."""
    text = metadata.get(PREPROCESSING_KEY)
    return PUBLISHED_PREPROCESSING if text is None else RecognizerPreprocessing.from_json(text, f"{file}: ")


def read_detector_preprocessing(metadata: Mapping[str, str], file: Path) -> DetectorPreprocessing:
    """What the file says; the published one for a file that does not say."""
    text = metadata.get(PREPROCESSING_KEY)
    return DetectorPreprocessing() if text is None else DetectorPreprocessing.from_json(text, f"{file}: ")


PUBLISHED_CLASSES = 6625
"""Of the published recognizer: the blank, 6,623 characters, the space."""

PUBLISHED_PREPROCESSING = RecognizerPreprocessing(min_width=320, width_step=1)
"""Of the published recognizer, which never saw a narrower input (released configuration)."""
