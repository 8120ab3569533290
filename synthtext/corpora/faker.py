"""Names, addresses, firms and the like, as the package Faker makes them."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from synthtext.core import InputError

_CLOCK = "faker.providers.date_time"  # what it makes depends on the day it is made
_OF_THE_MOMENT = {"now", "today", "time", "time_ns", "urandom", "getnode"}
_TRIALS = 20


@dataclass(frozen=True)
class Faker:
    """Draws what a provider of the package Faker makes; several lines become one.

    Dates, and whatever else depends on the day on which it is made, is refused: a sample must be the same tomorrow.

    Attributes:
        provider: what is made: "name", "address", "company", "job", "iban", ...
        locale: of a country, "de_DE".
        settings: what the provider is called with.
    """

    provider: str
    locale: str = "en_US"
    settings: Mapping[str, Any] = field(default_factory=dict)

    LIBRARIES: ClassVar[tuple[str, ...]] = ("faker",)
    """Installed packages whose version decides what is drawn."""

    def draw(self, rng: np.random.Generator) -> str:
        """A text.

        Raises:
            InputError: Faker is not installed, has no such provider or locale, or the provider makes no text.
        """
        made = self._made(int(rng.integers(1 << 32)))
        if isinstance(made, bool) or not isinstance(made, str | int | float):
            raise InputError(f"faker: provider {self.provider!r} makes {type(made).__name__}, not a text; take another")
        return " ".join(str(made).split())

    def check(self) -> None:
        """Draw a few texts.

        Raises:
            InputError: as `draw` does.
        """
        first, again = np.random.default_rng(0), np.random.default_rng(0)
        if [self.draw(first) for _ in range(_TRIALS)] != [self.draw(again) for _ in range(_TRIALS)]:
            raise InputError(f"faker: provider {self.provider!r} is not the same for the same seed; take another")

    def _made(self, seed: int) -> object:
        fake, make = self._fake, self._make
        fake.seed_instance(seed)
        try:
            return make(**self.settings)
        except Exception as error:  # whatever a provider raises
            why = " (dates are left out)" if isinstance(error, AttributeError) else ""
            raise InputError(
                f"faker: provider {self.provider!r} of {self.locale} fails: {' '.join(str(error).split())}{why}"
            ) from None

    @cached_property
    def _fake(self) -> Any:
        try:
            library, config = importlib.import_module("faker"), importlib.import_module("faker.config")
        except ImportError:
            raise InputError("the corpus 'faker' needs the package Faker: pip install 'ocrmill[corpora]'") from None
        if self.locale not in config.AVAILABLE_LOCALES:
            raise InputError(
                f"faker: there is no locale {self.locale!r}; {_nearest(self.locale, config.AVAILABLE_LOCALES)}"
            )
        return library.Factory.create(self.locale, [name for name in config.PROVIDERS if name != _CLOCK])

    @cached_property
    def _make(self) -> Any:
        own = {
            name: getattr(provider, name)
            for provider in self._fake.get_providers()
            for name in dir(provider)
            if not name.startswith("_") and callable(getattr(provider, name))
        }
        if self.provider not in own:
            raise InputError(
                f"faker: there is no provider {self.provider!r} in {self.locale} (dates are left out: they depend on "
                f"today; use the corpus 'date'); {_nearest(self.provider, own)}"
            )
        code = getattr(own[self.provider], "__code__", None)
        if code is not None and _OF_THE_MOMENT & set(code.co_names):
            raise InputError(f"faker: provider {self.provider!r} of {self.locale} depends on the clock; take another")
        return own[self.provider]

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("provider", "locale", "settings")}


def _nearest(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "see the documentation of Faker for what it has"
