"""The hard words of a label file: turned, narrow or tilted.

    python -m benchmarks.hard_words LABELS OUT.tsv

A word of two or more characters is turned if its image is higher than wide, and narrow if a character has less than
0.3 heights on average. It is tilted if the ink rises or falls by more than 20 degrees.
"""

import argparse
from pathlib import Path

from pipelines.datasets.image import decode_image
from pipelines.domain_gap.features import measure_line
from pipelines.io.atomic import write_atomic

_NARROW = 0.3  # heights of the image for each character
_TILTED = 20.0  # degrees


def is_hard(text: str, width: int, height: int, tilt: float | None) -> bool:
    """Return whether a word is turned, narrow or tilted.

    Args:
        text: The label.
        width: Of the image, in pixels.
        height: Of the image, in pixels.
        tilt: Angle of the line in degrees, or None if it cannot be measured.
    """
    if tilt is not None and abs(tilt) > _TILTED:
        return True
    return len(text) >= 2 and (height > width or width / len(text) < _NARROW * height)


def select_hard(labels: Path) -> list[str]:
    """Return the rows of the hard words of a label file, with absolute paths of their images."""
    rows = []
    for row in labels.read_text(encoding="utf-8-sig").splitlines():
        name, _, text = row.partition("\t")
        path = (labels.parent / name).absolute()
        image = decode_image(path.read_bytes(), name)
        if is_hard(text, image.shape[1], image.shape[0], measure_line(image).get("tilt")):
            rows.append(f"{path}\t{text}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    rows = select_hard(options.labels)
    write_atomic(options.out, "".join(f"{row}\n" for row in rows))
    print(f"{options.out}: {len(rows):,} hard words")


if __name__ == "__main__":
    main()
