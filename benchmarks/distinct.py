"""Count the distinct images, texts, and texts with fonts of a data set.

python -m benchmarks.distinct SOURCE
"""

import argparse
import sys
from hashlib import blake2b

import numpy as np

from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from synthtext.core import InputError

_BATCH_SIZE = 256  # rows that are read at once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    options = parser.parse_args()
    try:
        source = open_line_source(options.source)
        texts, fonts = list(source.texts()), source.columns(["font"]).get("font", [])
        pictures = set()
        for start in range(0, len(source), _BATCH_SIZE):
            for line in source.read(np.arange(start, min(start + _BATCH_SIZE, len(source)))):
                image = decode_image(line.image, line.key)
                pictures.add((image.shape, blake2b(image.tobytes(), digest_size=16).digest()))
    except InputError as error:
        sys.exit(f"benchmarks.distinct: {error}")
    for what, found in (
        ("pictures", pictures),
        ("texts", set(texts)),
        ("texts in a font", set(zip(texts, fonts, strict=False))),
    ):
        print(f"{what}: {len(found):,} of {len(texts):,} distinct ({len(found) / len(texts):.2%})")


if __name__ == "__main__":
    main()
