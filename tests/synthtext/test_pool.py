from pathlib import Path

import numpy as np

from synthtext.fonts import FontFile
from synthtext.fonts.pool import Family, FontPool


def face(name: str) -> FontFile:
    return FontFile(path=Path(name), face=0, digest=name, family=name, style="", licence="")


def test_a_pool_has_a_font_for_every_corpus() -> None:
    many, one = [face(f"latin {i}") for i in range(200)], face("tamil")
    families = [Family((font,), 0.2) for font in many] + [Family((one,), 1.0)]
    pool = FontPool(families, [[one], [*many, one]])
    rng = np.random.default_rng(0)
    drawn = [pool.draw(rng, 4) for _ in range(50)]
    assert all(one in fonts for fonts in drawn)
    assert {len(fonts) for fonts in drawn} == {4, 5}


def test_a_pool_is_of_different_families_while_there_are_some() -> None:
    families = [Family((face(f"{i}"), face(f"{i} bold")), 1.0) for i in range(8)]
    drawn = FontPool(families).draw(np.random.default_rng(0), 8)
    assert len({font.family.split()[0] for font in drawn}) == 8
