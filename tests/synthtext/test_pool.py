from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Sample
from synthtext.fonts import FontFile, FontOptions, find_fonts
from synthtext.fonts.pool import FontFamily, FontPool, font_weights


def face(name: str) -> FontFile:
    return FontFile(path=Path(name), face_index=0, digest=name, family=name, style="", licence="")


def test_a_pool_has_a_font_for_every_corpus() -> None:
    many, one = [face(f"latin {i}") for i in range(200)], face("tamil")
    families = [FontFamily((font,), 0.2) for font in many] + [FontFamily((one,), 1.0)]
    pool = FontPool(families, [[one], [*many, one]])
    rng = np.random.default_rng(0)
    drawn = [pool.draw(rng, 4) for _ in range(50)]
    assert all(one in fonts for fonts in drawn)
    assert {len(fonts) for fonts in drawn} == {4, 5}


def test_pools_have_different_families_if_possible() -> None:
    families = [FontFamily((face(f"{i}"), face(f"{i} bold")), 1.0) for i in range(8)]
    drawn = FontPool(families).draw(np.random.default_rng(0), 8)
    assert len({font.family.split()[0] for font in drawn}) == 8


def test_patterns_match_the_names_of_faces() -> None:
    faces = [replace(face(family), style=style) for family in ("Lato", "Plex Mono") for style in ("Regular", "Italic")]
    patterns = {"*": 0.5, "*MONO*": 8.0, "*italic": 0.25, "none of them [0-9]": 0.0}
    assert font_weights(faces, patterns) == (0.5, 0.125, 4.0, 1.0)
    assert font_weights(faces, {**patterns, "Lato": 3.0, "Lato Italic": 2.0}) == (1.5, 0.25, 4.0, 1.0)
    assert font_weights(faces, {"*Mono*": 2.0, "*mono*": 3.0}) == (1, 1, 6, 6)
    assert font_weights(faces, {}) == (1, 1, 1, 1)


def test_faces_of_a_family_are_drawn_by_weight() -> None:
    shares = {"Regular": 0.6, "Bold": 0.3, "Italic": 0.1}
    faces = tuple(replace(face("Lato"), style=style) for style in shares)
    pool, rng = (
        FontPool([FontFamily(faces, 1.0, tuple(10 * share for share in shares.values()))]),
        np.random.default_rng(2),
    )
    drawn = [pool.draw(rng, 1)[0].style for _ in range(4000)]
    for style, share in shares.items():
        assert drawn.count(style) / 4000 == pytest.approx(share, abs=0.04)


def test_fonts_of_weight_zero_are_never_drawn() -> None:
    with pytest.raises(InputError, match="every font has the weight 0"):
        resolve_recipe("digits", ["fonts.weights={'*': 0}"]).generator(0)
    generator = resolve_recipe("digits", ["fonts.weights={'[!l]*': 0}", "fonts.pool=3"]).generator(0)
    drawn = generator.generate_many(range(0, 2048, 16))
    assert {sample.meta.font.split()[0] for sample in drawn if isinstance(sample, Sample)} == {"Lato"}


WEIGHTS = (0.2, 0.5, 1.0, 3.0)


@pytest.mark.parametrize("count", [3, 16])
def test_fonts_follow_their_weights(count: int) -> None:
    """For any size of pools, even if some families occur several times in one."""
    families = [FontFamily((face(f"{i}"), face(f"{i} bold")), 0.5, (w, 3 * w)) for i, w in enumerate(WEIGHTS * 3)]
    pool, rng, pools = FontPool(families), np.random.default_rng(1), 1500
    drawn = Counter(font.family for _ in range(pools) for font in pool.draw(rng, count))
    total = 4 * sum(WEIGHTS) * 3
    for i, weight in enumerate(WEIGHTS * 3):
        for name, share in ((f"{i}", weight / total), (f"{i} bold", 3 * weight / total)):
            expected = pools * count * share
            assert abs(drawn[name] - expected) < 4 * expected**0.5 + 4, name
    chi_square = sum(
        (drawn[f"{i}"] + drawn[f"{i} bold"] - pools * count * 4 * weight / total) ** 2
        / (pools * count * 4 * weight / total)
        for i, weight in enumerate(WEIGHTS * 3)
    )
    assert chi_square < 31  # 99.9 % of 11 degrees of freedom; systematic sampling varies less


def test_fonts_for_a_corpus_are_drawn_by_weight() -> None:
    rare = [face("light"), face("heavy")]
    families = [FontFamily((face("latin"),), 1.0, (1000.0,))]
    families += [FontFamily((font,), 1e-6, (weight,)) for font, weight in zip(rare, (1.0, 9.0), strict=True)]
    pool, rng = FontPool(families, [rare]), np.random.default_rng(0)
    drawn = Counter(font.family for _ in range(1000) for font in pool.draw(rng, 2))
    assert drawn["latin"] == 2000
    assert abs(drawn["heavy"] - 900) < 60


def test_weights_are_of_faces_or_families() -> None:
    fonts = find_fonts(FontOptions()).fonts
    one = next(font for font in fonts if font.style and font.name != font.family)
    given = {one.family: 2.0, one.name: 0.5}
    for font, weight in zip(fonts, font_weights(fonts, given), strict=True):
        assert weight == given.get(font.name, given.get(font.family, 1.0))


def test_invalid_weights_are_refused() -> None:
    fonts = find_fonts(FontOptions()).fonts
    names = {font.family for font in fonts}
    name = sorted(names)[0]
    with pytest.raises(InputError, match=f"no font '{name}x' .* did you mean '{name}"):
        font_weights(fonts, {f"{name}x": 2})
    with pytest.raises(InputError, match="ocrmill fonts"):
        font_weights(fonts, {"q": 2})
    with pytest.raises(InputError, match="every font"):
        font_weights(fonts, dict.fromkeys(names, 0))
    with pytest.raises(InputError, match=r"weights: 'Lato' -1 must be from 0"):
        FontOptions(weights={"Lato": -1})
    with pytest.raises(InputError, match="must be from 0"):
        FontOptions(weights={"Lato": float("nan")})
