"""A check of the fonts of a job's first lines: characters that look alike in them."""

from collections.abc import Mapping, Sequence

from pipelines.io.line_row import LineRow
from pipelines.jobs.preview import find_font
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext.fonts import FaceCache, find_lookalikes, group_pairs

_MAX_COMPARED = 300  # characters of a charset; of larger ones, only the characters of the first texts are compared
_MAX_GROUPS, _MAX_EXAMPLES = 8, 3  # groups of look-alike characters, and fonts of each, that are shown


def describe_first_fonts(recipe: ResolvedRecipe, rows: Sequence[LineRow]) -> str:
    """Describe which characters of the charset the fonts of lines cannot tell apart.

    Returns:
        A sentence for the user; empty if the fonts tell all characters apart, or `fonts.distinguish` is set.
    """
    if recipe.settings["fonts"]["distinguish"]:
        return ""
    charset, cache = recipe.charset, FaceCache()
    characters = None if len(charset) <= _MAX_COMPARED else sorted({c for row in rows for c in charset.fold(row.text)})
    files = {row.font: find_font(row.font, recipe.fonts) for row in rows}
    groups = {
        file.name: group_pairs(find_lookalikes(cache.face(file), charset, characters))
        for file in files.values()
        if file is not None
    }
    found = describe_lookalikes(groups)
    return found and f"fonts of the first lines: {found}; fonts.distinguish=all avoids such fonts for such texts"


def describe_lookalikes(groups_by_font: Mapping[str, Sequence[str]]) -> str:
    """Describe which groups of characters fonts cannot tell apart; empty if every font tells all apart.

    Args:
        groups_by_font: Groups of characters by the name of a font or a family.
    """
    fonts: dict[str, list[str]] = {}
    for name, groups in groups_by_font.items():
        for group in groups:
            fonts.setdefault(group, []).append(name)
    if not fonts:
        return ""
    ordered = sorted(fonts.items(), key=lambda entry: -len(entry[1]))
    shown = [f"{' '.join(group)} ({len(names):,}: {_examples(names)})" for group, names in ordered[:_MAX_GROUPS]]
    more = f", and {len(ordered) - _MAX_GROUPS:,} more groups" if len(ordered) > _MAX_GROUPS else ""
    count = sum(bool(groups) for groups in groups_by_font.values())
    return f"{count:,} of {len(groups_by_font):,} cannot tell apart {', '.join(shown)}{more}"


def _examples(names: Sequence[str]) -> str:
    return ", ".join(names[:_MAX_EXAMPLES]) + (", …" if len(names) > _MAX_EXAMPLES else "")
