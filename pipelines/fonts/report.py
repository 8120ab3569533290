"""What is found, by family."""

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.fonts.scripts import SCRIPTS
from synthtext.core import Charset
from synthtext.fonts import Face, FaceCache, FontFile, FontInventory, LetterCase

_UPRIGHT = ("Regular", "Book", "Roman", "Normal", "Text", "")


@dataclass(frozen=True)
class CharsetCoverage:
    """How much of a charset a family has.

    Attributes:
        share: 0 to 1.
        missing: what it lacks, in the charset's order.
    """

    share: float
    missing: str


@dataclass(frozen=True)
class FamilyReport:
    """A family of fonts.

    Attributes:
        family: its name.
        faces: of it, in the inventory's order.
        scripts: share of the letters of each script (0 to 1), by its name; of the face that has most.
        charset: of the face that has most; None if none was asked for.
        case: which letters all of its faces draw; "both" if they do not agree.
        axes: tags of the axes of variable fonts.
        licence: the one that most faces name, or empty.
    """

    family: str
    faces: tuple[FontFile, ...]
    scripts: dict[str, float]
    charset: CharsetCoverage | None
    case: LetterCase
    axes: tuple[str, ...]
    licence: str

    @property
    def specimen(self) -> FontFile:
        """The face to show: an upright one of normal weight, if there is one."""
        styles = [file.style for file in self.faces]
        return next((self.faces[styles.index(style)] for style in _UPRIGHT if style in styles), self.faces[0])


def describe_families(
    inventory: FontInventory,
    cache: FaceCache,
    charset: Charset | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[FamilyReport]:
    """Look at every face.

    Args:
        inventory: what was found.
        cache: opens the faces.
        charset: to compare with.
        advance: is called after every face.

    Returns:
        The families in the order of their names.
    """
    families: dict[str, list[FontFile]] = {}
    for file in inventory.fonts:
        families.setdefault(file.family, []).append(file)
    names = sorted(families, key=lambda name: (name.casefold(), name))
    return [_describe(name, families[name], cache, charset, advance) for name in names]


def _describe(
    name: str, files: list[FontFile], cache: FaceCache, charset: Charset | None, advance: Callable[[], None]
) -> FamilyReport:
    scripts = {script.name: 0.0 for script in SCRIPTS}
    cases = set[LetterCase]()
    best: str | None = None
    for file in files:
        face = cache.face(file)
        scripts = {known: max(share, scripts[known]) for known, share in _shares(face).items()}
        cases.add(face.case)
        if charset is not None:
            best = min((lack for lack in (best, face.missing("".join(charset))) if lack is not None), key=len)
        advance()
    licences = Counter(file.licence for file in files if file.licence)
    return FamilyReport(
        family=name,
        faces=tuple(files),
        scripts=scripts,
        charset=None if charset is None or best is None else CharsetCoverage(1 - len(best) / len(charset), best),
        case=cases.pop() if len(cases) == 1 else "both",
        axes=tuple(dict.fromkeys(axis.tag for file in files for axis in file.axes)),
        licence=licences.most_common(1)[0][0] if licences else "",
    )


def _shares(face: Face) -> dict[str, float]:
    missing = frozenset(face.missing(_all_letters()))
    return {script.name: script.share(missing) for script in SCRIPTS}


@functools.cache
def _all_letters() -> str:
    return "".join(sorted(frozenset().union(*(letters for script in SCRIPTS for letters in script.repertoires))))
