"""Self-contained HTML pages rendered from the Jinja2 templates in `templates/`."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.io.location import RemotePath
from pipelines.io.paths import parse_path
from pipelines.reports.formatting import code_point, compact_count, format_percent, format_ratio, visible_character
from pipelines.reports.picture import encode_thumbnail, line_image, svg_path

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = {"edit.html": ("edit_state", "edit")}  # in their order, of templates that do not use page.js


def render_page(template: str, kind: str, title: str, facts: Mapping[str, str], **context: object) -> str:
    """Render a page that loads nothing and runs no script but its own. Every value is escaped.

    Args:
        template: File name of a template that extends `base.html`.
        kind: Command that writes the page, shown above the title.
        title: Title of the page.
        facts: Values shown below the title, by name.
        **context: Further variables of the template.
    """
    context |= _assets(_SCRIPTS.get(template, ("page",)))
    return _environment().get_template(template).render(kind=kind, title=title, facts=facts, **context)


@cache
def _assets(scripts: tuple[str, ...]) -> dict[str, str]:
    """Return the joined scripts, the styles of all pages and of the last script, and the policy that permits them."""
    script, css = _join(f"{name}.js" for name in scripts), _join(dict.fromkeys(["page.css", f"{scripts[-1]}.css"]))
    return {"css": Markup(css), "script": Markup(script), "policy": _content_security_policy(script)}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters = (code_point, compact_count, encode_thumbnail, format_percent, line_image, svg_path, visible_character)
    environment.filters |= {function.__name__: function for function in filters}
    environment.filters["thousands"] = "{:,}".format
    environment.globals |= {"format_ratio": format_ratio, "search_text": search_text}
    return environment


def _join(names: Iterable[str]) -> str:
    return "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _content_security_policy(script: str) -> str:
    # The hash permits this script only: a label that is not escaped by mistake would still not run.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def search_text(*texts: str) -> str:
    """Return the text that the filter of a page searches for an item."""
    return " ".join(filter(None, texts)).lower()


def source_title(name: str) -> str:
    """Return the title of a page about the source at this path or URI."""
    path = parse_path(name)
    if isinstance(path, RemotePath):
        return path.name or path.bucket
    resolved = path.resolve()
    return resolved.name if resolved.is_dir() else f"{resolved.parent.name}/{resolved.name}"
