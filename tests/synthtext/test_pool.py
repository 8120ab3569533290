from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.recipe import resolve_recipe
from synthtext.core import InputError, Sample
from synthtext.fonts import FontFile, FontOptions
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


def test_weights_are_factors_by_the_names_of_fonts() -> None:
    options = FontOptions(weights={"*": 0.5, "*MONO*": 8, "*italic": 0.25, "none of them": 0})
    names = {"Lato Regular": 0.5, "Lato Italic": 0.125, "Plex Mono Regular": 4.0, "Plex Mono Italic": 1.0}
    assert {name: options.weight(name) for name in names} == names
    assert FontOptions().weight("Lato Regular") == 1
    with pytest.raises(InputError, match=r"weights\.\*"):
        FontOptions(weights={"*": -1})


def test_faces_of_a_family_are_drawn_by_weight() -> None:
    shares = {"Regular": 0.6, "Bold": 0.3, "Italic": 0.1}
    faces = tuple(replace(face("Lato"), style=style) for style in shares)
    pool, rng = FontPool([Family(faces, 1.0, tuple(10 * share for share in shares.values()))]), np.random.default_rng(2)
    drawn = [pool.draw(rng, 1)[0].style for _ in range(4000)]
    for style, share in shares.items():
        assert drawn.count(style) / 4000 == pytest.approx(share, abs=0.04)


def test_fonts_without_weight_are_never_drawn_and_not_all_may_be() -> None:
    with pytest.raises(InputError, match=r"fonts\.weights leaves out all"):
        resolve_recipe("digits", ["fonts.weights={'*': 0}"]).generator(0)
    generator = resolve_recipe("digits", ["fonts.weights={'[!l]*': 0}", "fonts.pool=3"]).generator(0)
    drawn = generator.draw_many(range(0, 2048, 16))
    assert {sample.meta.font.split()[0] for sample in drawn if isinstance(sample, Sample)} == {"Lato"}
