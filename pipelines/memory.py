"""Memory that stays with the process. Imports nothing, so that it can come before torch."""

import ctypes
import os

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def keep_memory() -> None:
    """Let the C library keep freed memory rather than hand it back, and let torch ask for huge pages.

    Every training step takes and frees hundreds of megabytes; by default the system hands out fresh pages each time,
    which on virtual machines costs as much as the arithmetic. Does nothing where the C library is not glibc.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch reads it at its first allocation
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, -1)
