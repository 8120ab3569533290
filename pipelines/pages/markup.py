"""HTML that cannot forget to escape: a plain `str` is text, only `Html` is markup."""

import html
from collections.abc import Iterable
from typing import TypeAlias

Attribute: TypeAlias = str | int | float | bool | None


class Html(str):
    """A piece of finished markup. Every other `str` that meets it is escaped first."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Text as markup; markup stays as it is."""
    return text if isinstance(text, Html) else Html(html.escape(text, quote=True))


def join(parts: Iterable[str], separator: str = "") -> Html:
    """One after the other, each text escaped, with a separator (escaped as well) between."""
    return Html(escape(separator).join(escape(part) for part in parts))


_VOID = frozenset({"br", "col", "img", "input", "meta"})


def element(tag: str, *children: str, **attributes: Attribute) -> Html:
    """An element around its children.

    Args:
        tag: name of the element.
        children: texts, which are escaped, and markup.
        attributes: a trailing underscore is dropped and the others become hyphens (`class_`, `aria_label`); `True` is
            an attribute without value, `None` and `False` leave it out.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    return Html(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{join(children)}</{tag}>")


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    plain = name.rstrip("_").replace("_", "-")
    return f" {plain}" if value is True else f' {plain}="{escape(str(value))}"'


def user_text(text: str, empty: str = "empty") -> Html:
    """A label as it is to be read: its own direction, isolated from what is around it, spaces kept."""
    if not text:
        return element("span", empty, class_="none")
    return element("bdi", text, dir="auto", lang="", class_="text")
