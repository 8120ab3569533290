"""What folding of case took away: wordfreq writes Greek without its final sigma and German without its sharp s."""

import re

LOST = {"de": "ß", "el": "ς"}
"""Characters of a language that its list cannot hold."""

# Roots in which ss can hardly be anything else; compounds as Preissenkung and Aussage keep it.
_SHARP_S = re.compile(
    "stra(ss)|gr[oöuü](ss)|f[uü](ss)|spa(ss)|sü(ss)|sto(ss)|blo(ss)|preu(ss)|gemä(ss)|mä(ss)ig|ma(ss)n|[aä]u(ss)er"
    "|au(ss)en(?!d)|[dhwblm]ei(ss)|(?<![pk])rei(ss)|ie(ss)"
)


def restored(word: str, language: str) -> str:
    """A word of a list as it is spelt, as far as a rule can tell."""
    if language == "el" and len(word) > 1 and word.endswith("σ"):
        return f"{word[:-1]}ς"
    if language == "de" and "ss" in word:
        return _SHARP_S.sub(lambda found: found.group().replace("ss", "ß"), word)
    return word
