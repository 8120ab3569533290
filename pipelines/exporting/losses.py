"""What a format of another tool cannot hold of the texts of a scene."""

from collections import Counter
from collections.abc import Sequence

from pipelines.shards import IGNORED, leaves
from synthtext.core import Origin, TextInstance

AROUND = "lines and blocks around other texts"
LEVELS = "levels other than word"
TEXT_CLUSTERS = "texts' clusters"
ORIGINS = "texts' origins"
TRANSCRIPTIONS = "transcriptions of texts to be ignored"
READ_AS_IGNORED = "texts that now read as to be ignored"


def losses_of(instances: Sequence[TextInstance]) -> Counter[str]:
    """What is lost when a scene becomes a list of texts and polygons, as PaddleOCR and ICDAR have it."""
    written = leaves(instances)
    lost = Counter({AROUND: len(instances) - len(written)})
    for leaf in written:
        lost[LEVELS] += leaf.level != "word"
        lost[TEXT_CLUSTERS] += len(leaf.clusters) > 0
        lost[ORIGINS] += leaf.origin != Origin()
        lost[TRANSCRIPTIONS] += leaf.ignore and leaf.text not in IGNORED
        lost[READ_AS_IGNORED] += not leaf.ignore and leaf.text in IGNORED
    return +lost
