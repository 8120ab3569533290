"""Whether stored pictures are whole."""

import io
import struct
from collections.abc import Sequence

from PIL import Image as Pictures

from pipelines.check.rows import StoredRow
from pipelines.complaints import complaints
from pipelines.importing.job import whole_picture
from pipelines.reader import picture_size
from synthtext.core import InputError

_DAMAGE = (b"Corrupt JPEG data", b"Premature end of JPEG", b"libpng")
"""How what the decoders say of damage begins."""


def picture_flaws(rows: Sequence[StoredRow], ours: bool) -> list[str]:
    """What is wrong with the pictures of rows, one entry each; empty for nothing.

    Damage that leaves something to decode is only seen by what the decoder says of it; a checksum sees it always.

    Args:
        rows: at least their `image`, `width` and `height`.
        ours: we encoded them, and so a decoder has nothing to say; real ones are kept as they came.
    """
    with complaints(_tells_of_damage) as said:
        found = [_flaw_of(row) for row in rows]
    if not (said and ours):
        return found
    for place, row in enumerate(rows):
        with complaints(_tells_of_damage) as said:
            _flaw_of(row)
        found[place] = found[place] or (said[0] if said else "")
    return found


def _tells_of_damage(line: bytes) -> bool:
    return line.startswith(_DAMAGE)


def _flaw_of(row: StoredRow) -> str:
    data, size = row.get("image"), (row.get("width"), row.get("height"))
    if not isinstance(data, bytes) or not data:
        return "there are no bytes"
    try:
        found = picture_size(data, "")
        if found != size:
            return f"it is {found[0]} x {found[1]} pixels, the row says {size[0]} x {size[1]}"
        with Pictures.open(io.BytesIO(data)) as picture:
            if picture.format == "PNG":
                picture.verify()  # the checksum of every chunk
        whole_picture(data, "")
    except (InputError, OSError, SyntaxError, ValueError, struct.error, Pictures.DecompressionBombError) as error:
        return f"it cannot be decoded ({str(error).strip(': ') or type(error).__name__})"
    return ""
