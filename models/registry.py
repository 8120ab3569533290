"""A registry: classes by the names that settings give them."""

import difflib
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, TypeVar

from synthtext.core import InputError

EntryT = TypeVar("EntryT")
ClassT = TypeVar("ClassT")


class Registry(Generic[EntryT]):
    """Classes by name. A class registers itself with the decorator `register`.

    Args:
        kind: what the classes are, for error messages.
        package: package whose modules register classes; they are imported at the first lookup.

    Example:
        >>> SHAPES: Registry[type] = Registry("shape", "models.backbones")
        >>> @SHAPES.register("circle")
        ... class Circle:
        ...     pass
        >>> SHAPES["circle"].__name__
        'Circle'
    """

    def __init__(self, kind: str, package: str) -> None:
        self._kind, self._package = kind, package
        self._entries: dict[str, Any] = {}
        self._is_loaded = False

    def register(self, name: str) -> Callable[[ClassT], ClassT]:
        """Return a class decorator that registers the class under a name."""

        def decorate(entry: ClassT) -> ClassT:
            if name in self._entries:
                raise ValueError(f"{self._kind} {name!r} is registered twice")
            self._entries[name] = entry
            return entry

        return decorate

    def __getitem__(self, name: str) -> EntryT:
        """Return the class of a name.

        Raises:
            InputError: nothing is registered under this name; the message suggests the most similar one.
        """
        entry: EntryT = self._entries[self.check(name)]
        return entry

    def check(self, name: str) -> str:
        """Return the name if a class is registered under it; raise InputError otherwise."""
        names = self.names()
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
            raise InputError(f"there is no {self._kind} {name!r}; {hint}")
        return name

    def names(self) -> tuple[str, ...]:
        """Return all registered names, sorted."""
        if not self._is_loaded:
            self._is_loaded = True
            for module in pkgutil.iter_modules(import_module(self._package).__path__):
                import_module(f"{self._package}.{module.name}")
        return tuple(sorted(self._entries))
