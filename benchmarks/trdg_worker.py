"""Generates words with TRDG into a folder with a label file. Imports nothing of this project.

    python trdg_worker.py OUT COUNT SEED CHARACTERS

Runs in its own environment, because TRDG needs old versions of Pillow and numpy. Its options are those of a user who
wants variety: its own fonts, dictionary and photographs, all of its backgrounds, colours, slant, blur, waves, strokes
and spacing, drawn for every image. Words with characters outside of CHARACTERS are skipped.
"""

import contextlib
import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEIGHT = 48
_MAX_FAILURES = 1000
_SOURCES = {"words": 8, "numbers": 1, "codes": 1}  # how often
_CASES = {"as_is": 3, "title": 3, "upper": 4}
_BACKGROUNDS = {0: 3, 1: 2, 2: 1, 3: 4}  # noise, white, waves (slow), photographs
_WAVES = {0: 7, 1: 1.5, 2: 1.5}  # none, sine, cosine


def save_lines(folder: Path, lines: Iterator[tuple[Any, str]], count: int) -> None:
    """Write images and, when all are complete, labels.tsv."""
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        image, text = next(lines)
        image.convert("RGB").save(pictures / f"{number:06d}.jpg", quality=90)
        rows.append(f"images/{number:06d}.jpg\t{text}\n")
    unfinished = folder / "labels.tsv.part"
    unfinished.write_text("".join(rows), encoding="utf-8")
    unfinished.rename(folder / "labels.tsv")


def draw_lines(seed: int, characters: str) -> Iterator[tuple[Any, str]]:
    """Generate images and texts endlessly; texts for which TRDG or its Pillow fails are skipped.

    Raises:
        RuntimeError: A thousand attempts in a row failed.
    """
    import cv2
    import numpy as np
    import trdg
    from trdg.data_generator import FakeTextDataGenerator
    from trdg.utils import load_dict, load_fonts

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (TRDG draws from it)
    cv2.setRNGSeed(seed)
    home = Path(trdg.__file__).parent
    words = [word for word in load_dict(str(home / "dicts" / "en.txt")) if set(word) <= set(characters)]
    fonts = sorted(load_fonts("en"))
    failures = 0
    while failures < _MAX_FAILURES:
        text, image = _text(words), None
        options = _options(str(home / "images"))
        # TRDG prints every failure; Pillow cannot stroke some outlines.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(OSError):
            image = FakeTextDataGenerator.generate(0, text, random.choice(fonts), **options)
        failures = failures + 1 if image is None else 0
        if image is not None:
            yield image, text
    raise RuntimeError(f"TRDG failed at {_MAX_FAILURES} texts in a row")


def _text(words: list[str]) -> str:
    source = _pick(_SOURCES)
    if source == "numbers":
        return "".join(random.choices("0123456789", k=random.randint(1, 6)))
    if source == "codes":
        return "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=random.randint(3, 8)))
    word, case = random.choice(words), _pick(_CASES)
    return word.upper() if case == "upper" else word.title() if case == "title" else word


def _options(photographs: str) -> dict[str, Any]:
    """The arguments of an image, named as in TRDG."""
    colour, stroke = ("#" + "".join(random.choices("0123456789abcdef", k=6)) for _ in range(2))
    return {
        "out_dir": None,
        "size": HEIGHT,
        "extension": None,
        "skewing_angle": 6,
        "random_skew": True,
        "blur": 2,
        "random_blur": True,
        "background_type": _pick(_BACKGROUNDS),
        "distorsion_type": _pick(_WAVES),
        "distorsion_orientation": random.randrange(3),
        "is_handwritten": False,
        "name_format": 0,
        "width": -1,
        "alignment": 1,
        "text_color": colour,
        "orientation": 0,
        "space_width": 1.0,
        "character_spacing": random.choice((0, 0, 0, 1, 2, 4)),
        "margins": tuple(random.randint(1, 7) for _ in range(4)),
        "fit": random.random() < 0.5,
        "output_mask": False,
        "word_split": False,
        "image_dir": photographs,
        "stroke_width": random.choice((0, 0, 0, 0, 0, 1, 2)),
        "stroke_fill": stroke,
    }


def _pick(weights: dict[Any, float]) -> Any:
    return random.choices(list(weights), list(weights.values()))[0]


if __name__ == "__main__":
    out, count, seed, characters = sys.argv[1:]
    save_lines(Path(out), draw_lines(int(seed), characters), int(count))
