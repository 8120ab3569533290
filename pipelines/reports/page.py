"""HTML that cannot forget to escape: a plain `str` is text, only `Html` is markup."""

import base64
import hashlib
import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image
from pipelines.datasets.source import LineSource
from synthtext.core import InputError

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


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading; `note` stands in small print beside the heading."""

    heading: str
    body: Html
    note: str = ""


def render_page(kind: str, title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """A whole page: it asks for nothing from outside and runs no script but its own.

    Args:
        kind: what sort of page this is, above the title.
        title: of the page; text.
        facts: what the page is about, by name; texts, or markup.
        sections: in order.
    """
    script = _asset("page.js")
    head = join(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"{title} – {kind}"),
            element("style", Html(_asset("page.css"))),
        )
    )
    header = element("header", element("p", kind, class_="kind"), element("h1", escape(title)), _facts(facts))
    body = element("body", header, element("main", *map(_section, sections)), element("script", Html(script)))
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def data_uri(mime: str, content: bytes) -> str:
    """Content inside an address."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _facts(facts: Mapping[str, str]) -> Html:
    entries = (element("div", element("dt", name), element("dd", value)) for name, value in facts.items())
    return element("dl", *entries, class_="facts")


def _section(section: Section) -> Html:
    note = element("small", section.note) if section.note else ""
    return element("section", element("h2", section.heading, note and Html(" "), note), section.body)


@cache
def _asset(name: str) -> str:
    return files("pipelines.reports").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    # The script is allowed by its hash: were a label ever to get in unescaped, it would still not run.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


MAX_INSPECTED_IMAGES = 20_000
"""Most pictures that are looked at."""

_CHUNK = 256


@dataclass(frozen=True, eq=False)
class ImageStatistics:
    """M of a source's pictures.

    Attributes:
        rows: (M,) int64, which ones, rising.
        digests: (M,) int64, equal for equal files.
        luminance_range: (M,) float32, luminance of the brightest hundredth less that of the darkest, 0 to 255; NaN where the
            picture cannot be decoded.
    """

    rows: NDArray[np.int64]
    digests: NDArray[np.int64]
    luminance_range: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def measure(
        cls,
        source: LineSource,
        rng: np.random.Generator,
        max_pictures: int = MAX_INSPECTED_IMAGES,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "ImageStatistics":
        """Look at all pictures, or at a random choice of whole groups when there are more than `most`.

        Args:
            source: where they are.
            rng: chooses.
            most: pictures.
            advance: is told how many were looked at, now and then.
        """
        rows = sample_rows(source.group_offsets, rng, max_pictures)
        seen: list[tuple[int, float]] = []
        for start in range(0, len(rows), _CHUNK):
            lines = source.read(rows[start : start + _CHUNK])
            seen += [(content_hash(line.image), _spread(line.image)) for line in lines]
            advance(len(lines))
        digests, spread = zip(*seen, strict=True)
        return cls(rows, np.array(digests, np.int64), np.array(spread, np.float32))


def sample_rows(groups: NDArray[np.int64], rng: np.random.Generator, max_pictures: int) -> NDArray[np.int64]:
    """All rows, or a random choice of whole groups when there are more than `most`; rising.

    Args:
        groups: (G + 1,) rows at which groups begin, and the number of rows.
        rng: chooses.
        most: rows.
    """
    if groups[-1] <= max_pictures:
        return np.arange(groups[-1])
    order = rng.permutation(len(groups) - 1)
    rows = np.concatenate([np.arange(groups[group], groups[group + 1]) for group in order[: max_pictures + 1]])
    return np.sort(rows[:max_pictures])


def content_hash(data: bytes) -> int:
    """A number that is equal for equal files."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


def _spread(data: bytes) -> float:
    try:
        grey = cv2.cvtColor(decode_image(data, ""), cv2.COLOR_RGB2GRAY)
    except InputError:
        return float("nan")
    dark, bright = np.percentile(grey, (1, 99))
    return float(bright - dark)
