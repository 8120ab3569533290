"""What all pages share: one self-contained file, its look, and its small script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipelines.pages.markup import Html, element, escape, join


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading; `note` stands in small print beside the heading."""

    heading: str
    body: Html
    note: str = ""


def page(kind: str, title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
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
    return files("pipelines.pages").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    # The script is allowed by its hash: were a label ever to get in unescaped, it would still not run.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
