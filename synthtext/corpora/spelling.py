"""What folding of case took away: wordfreq writes Greek without its final sigma and German without its sharp s."""

import re

LOST = {"de": "ß", "el": "ς"}
"""Characters of a language that its list cannot hold."""

# Where ss can hardly be anything else; Swiss spelling and compounds (Preissenkung, Aussage) keep it.
_SHARP_S = re.compile(r"(?<=stra)ss|(?<=gr[oöuü])ss|(?<=f[uü])ss|(?<=spa)ss|(?<=[dhwblm]ei)ss|(?<![pk])(rei)ss|(iess)")


def restored(word: str, language: str) -> str:
    """A word of a list as it is spelt, as far as a rule can tell."""
    if language == "el" and len(word) > 1 and word.endswith("σ"):
        return f"{word[:-1]}ς"
    if language == "de" and "ss" in word:
        return _SHARP_S.sub(lambda found: found.group().replace("ss", "ß"), word)
    return word
