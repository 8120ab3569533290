"""What differs between real and generated samples, in words, and which settings of a recipe change it."""

from pipelines.domain_gap.advice import read_advice
from pipelines.domain_gap.distance import FeatureDistance

SIMILAR = 0.2
"""Distance below which a feature is called similar."""

_POSITION = 0.6  # share of a distance that a shift explains, from which the sentence describes the shift


def describe_difference(found: FeatureDistance) -> tuple[str, str]:
    """Return what differs as a sentence, and what to change; both are short for a feature that is similar."""
    subject = found.feature.subject
    advice = read_advice()[subject][found.name]
    if found.distance < SIMILAR:
        return "Similar.", ""
    if abs(found.shift) >= _POSITION * found.distance:
        if found.shift > 0:
            return f"Real {subject} {advice.more}.", advice.increase
        return f"Real {subject} {advice.less}.", advice.decrease
    if found.widening > 0:
        return f"Real {subject} vary more in {advice.noun}.", f"more variety by {advice.settings}"
    return f"Real {subject} vary less in {advice.noun}.", f"less variety by {advice.settings}"
