"""Texts from templates: fixed text with fields."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import ClassVar

import numpy as np

from synthtext.core import InputError
from synthtext.corpora.corpus import Corpus
from synthtext.corpora.fields import Code, Date, Email, Number, Price, WebAddress
from synthtext.corpora.words import Words

_KNOWN: Mapping[str, Callable[[], Corpus]] = {
    "number": Number,
    "date": Date,
    "price": Price,
    "code": Code,
    "email": Email,
    "web_address": WebAddress,
    "word": Words,
}
_MAX_FIELDS = 50


@dataclass(frozen=True)
class Template:
    """Draws texts such as `Invoice 2041 of 3 May 2021`.

    Attributes:
        template: Such as "Invoice {number} of {date}"; literal braces are doubled.
        fields: Corpora by field name. The fields number, date, price, code, email, web_address and word (English) are
            predefined.
    """

    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    template: str
    fields: Mapping[str, Corpus] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for _, name in self._parts if name is not None]
        if not names:
            raise InputError(f"template {self.template!r} has no field; write one in braces, such as {{number}}")
        if len(names) > _MAX_FIELDS:
            raise InputError(f"template {self.template[:40]!r}... has {len(names)} fields; at most {_MAX_FIELDS}")
        known = sorted({*_KNOWN, *self.fields})
        for name in names:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                hint = (
                    f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}; add others to 'fields'"
                )
                raise InputError(f"template {self.template!r}: there is no field {name!r}; {hint}")
        for name in self.fields:
            if name not in names:
                raise InputError(f"template {self.template!r} has no {{{name}}}, but 'fields' defines it")

    def draw(self, rng: np.random.Generator) -> str:
        """Fill in the fields of the template; raises the errors of their corpora."""
        return "".join(text + (self._corpora[name].draw(rng) if name else "") for text, name in self._parts)

    @cached_property
    def _corpora(self) -> dict[str, Corpus]:
        names = {name for _, name in self._parts if name is not None}
        return {name: self.fields[name] if name in self.fields else _KNOWN[name]() for name in names}

    @cached_property
    def _parts(self) -> list[tuple[str, str | None]]:
        """Fixed texts, each with the field that follows it."""
        try:
            parts = list(string.Formatter().parse(self.template))
        except ValueError as error:
            raise InputError(f"template {self.template!r}: {error}; double literal braces") from None
        for _, name, form, conversion in parts:
            if name == "" or form or conversion:
                raise InputError(f"template {self.template!r}: a field is a name in braces and nothing else")
        return [(text, name) for text, name, _, _ in parts]
