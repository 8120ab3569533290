"""Reading the texts in pictures."""

from pipelines.read.draw import draw_page
from pipelines.read.order import reading_order
from pipelines.read.page import Page, ReadLine
from pipelines.read.pictures import find_pictures
from pipelines.read.reader import Reader, load_picture
from pipelines.read.rectify import rectify

__all__ = [
    "Page",
    "ReadLine",
    "Reader",
    "draw_page",
    "find_pictures",
    "load_picture",
    "reading_order",
    "rectify",
]
