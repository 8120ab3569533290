"""Text formatting of shares, counts and characters."""


def format_percent(share: float) -> str:
    """Format a share as a percentage; a share that is neither 0 nor 1 is never rounded to 0 % or 100 %."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.9995 or share == 1 else "99.9 %"


def format_ratio(count: int, total: int) -> str:
    """Format `count` of `total` as a percentage; a dash if `total` is 0."""
    return format_percent(min(count / total, 1)) if total else "–"


def compact_count(count: int) -> str:
    """Abbreviate a count, as in 2.5k."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)


def visible_character(character: str) -> str:
    """Return a printable form of a character: a sign for the space, the code point of a control character."""
    if character == " ":
        return "␣"
    return character if character.isprintable() else code_point(character)


def code_point(character: str) -> str:
    """Format the code point of a character, as in U+0041."""
    return f"U+{ord(character):04X}"
