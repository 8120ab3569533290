"""What libraries write to the error stream when something is wrong, and nowhere else."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def complaints(wanted: Callable[[bytes], bool]) -> Iterator[list[str]]:
    """Collect lines that libraries write to the error stream of the process meanwhile.

    What others write there meanwhile is handed on afterwards.

    Args:
        wanted: says of a line whether it is collected.
    """
    found: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield found
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if wanted(line):
                    found.append(line.decode(errors="replace").strip())
                else:
                    os.write(kept, line)
            os.close(kept)
