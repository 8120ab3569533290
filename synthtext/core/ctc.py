"""Whether CTC can align a text with an image."""

from synthtext.core.geometry import Size

INPUT_HEIGHT, STEP_WIDTH = 32, 4
"""Height to which recognizers resize a line, and the width of one time step then, in pixels (PP-OCRv2, section 2.2)."""


TALL = 1.5
"""Ratio of height to width from which readers turn a line by a quarter before recognition (PaddleOCR's code)."""


def required_steps(text: str) -> int:
    """Return the smallest number of time steps in which CTC emits a text: its length, plus one blank between equals.

    Examples:
        >>> required_steps("book")
        5
    """
    return len(text) + sum(map(str.__eq__, text, text[1:]))


def time_steps(size: Size) -> int:
    """Return the number of time steps of an image of a line: a quarter of its width at a height of 32 pixels.

    Examples:
        >>> time_steps(Size(100, 48))
        16
    """
    return -(-int(size.width) * INPUT_HEIGHT // max(int(size.height), 1)) // STEP_WIDTH
