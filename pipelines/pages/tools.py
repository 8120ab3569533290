"""The bar above a list: a filter, an order, and what is drawn over the pictures. page.js makes it work."""

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.pages.markup import Html, element


class Order(NamedTuple):
    """An order by a number that every item has as `data-<key>`, the largest first."""

    key: str
    label: str


def tools(orders: Sequence[Order], first: str, filtered: str, overlay: str = "", *, drawn: bool = False) -> Html:
    """The bar; hidden until the script runs.

    Args:
        orders: that can be chosen.
        first: what the order of the page is called.
        filtered: what the filter looks in.
        overlay: what can be drawn over the pictures; empty for nothing.
        drawn: it is drawn to begin with.
    """
    options = [element("option", first, value=""), *(element("option", o.label, value=o.key) for o in orders)]
    parts = [
        element("input", type="search", name="filter", placeholder=f"filter by {filtered}", aria_label="filter"),
        element("label", "order ", element("select", *options, name="order")),
    ]
    if overlay:
        parts.append(element("label", element("input", type="checkbox", name="overlay", checked=drawn), overlay))
    return element("div", *parts, element("output"), class_="tools", role="search", hidden=True)


def words(*texts: str) -> str:
    """What the filter of an item looks in, as an attribute."""
    return " ".join(filter(None, texts)).lower()
