"""Characters that a font cannot tell apart, and fonts that are left out for such texts."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from pipelines.jobs.generation import generate, iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Charset, InputError, Sample, SkippedSample
from synthtext.fonts import Face, FontOptions, bundled_fonts, find_lookalikes, group_pairs, read_font_file
from synthtext.fonts.lookalikes import GlyphDistinction

Box = tuple[int, int, int, int]
RING: list[Box] = [(50, 0, 150, 700), (350, 0, 450, 700), (150, 0, 350, 100), (150, 600, 350, 700)]
SHAPES: dict[str, list[Box]] = {
    "0": RING,
    "O": [(40, 0, 150, 700), (350, 0, 460, 700), (150, 0, 350, 100), (150, 600, 350, 700)],
    "8": [*RING, (150, 300, 350, 400)],
    "Q": [*RING, (350, -150, 450, 0)],
    "I": [(200, 0, 300, 700)],
    "l": [(200, 0, 300, 720)],
    "i": [(200, 0, 300, 500), (200, 540, 300, 700)],
    "-": [(50, 300, 450, 380)],
    "_": [(50, -100, 450, -20)],
}
CHARSET = Charset(tuple(SHAPES))


def build_font(path: Path, family: str, shapes: dict[str, list[Box]]) -> Path:
    """A font whose characters are made of boxes: left, bottom, right, top."""
    builder = FontBuilder(1000, isTTF=True)
    names = {character: f"u{ord(character):04x}" for character in shapes}
    builder.setupGlyphOrder([".notdef", "space", *names.values()])
    builder.setupCharacterMap({32: "space", **{ord(character): name for character, name in names.items()}})
    drawn = {".notdef": Glyph(), "space": Glyph()}
    for character, boxes in shapes.items():
        pen = TTGlyphPen(None)
        for left, bottom, right, top in boxes:
            pen.moveTo((left, bottom))
            for point in ((left, top), (right, top), (right, bottom)):
                pen.lineTo(point)
            pen.closePath()
        drawn[names[character]] = pen.glyph()
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({name: (500, getattr(glyph, "xMin", 0)) for name, glyph in drawn.items()})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fonts: in "Alike" 0 and O look alike, and so do I and l; in "Clear" 0 has a bar."""
    path = tmp_path_factory.mktemp("fonts")
    build_font(path / "alike.ttf", "Alike", SHAPES)
    build_font(
        path / "clear.ttf",
        "Clear",
        {**SHAPES, "0": [*RING, (200, 250, 300, 450)], "I": [*SHAPES["I"], (100, 0, 400, 80)]},
    )
    return path


def face(name: str) -> Face:
    return Face(read_font_file(next(path for path in bundled_fonts() if path.stem == name))[0])


def test_characters_of_the_same_shape_are_found_and_others_are_not(folder: Path) -> None:
    alike, clear = (Face(read_font_file(folder / f"{name}.ttf")[0]) for name in ("alike", "clear"))
    assert find_lookalikes(alike, CHARSET) == [("0", "O"), ("I", "l")]
    assert find_lookalikes(clear, CHARSET) == []
    assert find_lookalikes(alike, CHARSET, "0Oi") == [("0", "O")]


def test_bundled_fonts_confuse_what_readers_confuse() -> None:
    ascii_charset = Charset.named("ascii")
    assert find_lookalikes(face("DejaVuSans"), ascii_charset) == [("I", "l")]
    assert find_lookalikes(face("SourceSansPro-Regular"), ascii_charset) == []
    assert ("I", "l") in find_lookalikes(face("Lato-Regular"), ascii_charset)


def test_one_character_in_two_cases_is_no_pair() -> None:
    """In a font of capitals, o is displayed and labelled as O."""
    capitals = face("AmaticSC-Regular")
    assert capitals.case == "upper"
    pairs = find_lookalikes(capitals, Charset.named("alphanumeric"))
    assert not any(first.lower() == second.lower() for first, second in pairs)
    folded = find_lookalikes(face("DejaVuSans"), Charset.named("alphanumeric_lower"))
    assert folded == [("l", "I")]  # I is the label i


def test_pairs_with_a_common_character_are_one_group() -> None:
    assert group_pairs([("I", "l"), ("0", "O"), ("l", "|"), ("5", "S")]) == ["0O", "Il|", "5S"]
    assert group_pairs([("a", "b"), ("c", "d"), ("b", "c")]) == ["abcd"]
    assert group_pairs([]) == []


@pytest.mark.parametrize(
    ("distinguished", "refused"), [("all", "0OIl"), (("0O",), "0O"), (("0O8", "I|"), "0O"), (("0I",), ""), ((), "")]
)
def test_texts_with_look_alikes_are_refused(folder: Path, distinguished: object, refused: str) -> None:
    alike = Face(read_font_file(folder / "alike.ttf")[0])
    distinction = GlyphDistinction(CHARSET, distinguished)  # type: ignore[arg-type]
    assert {character for character in SHAPES if not distinction.allows(alike, f"8{character}")} == set(refused)


def settings(folder: Path, *more: str) -> list[str]:
    corpus = "corpus=[{use: pattern, pattern: '[0O]{1,3}|[8Q]{1,3}'}]"
    return [f"fonts={{folders: [{folder}], bundled: false, size_range: [26, 40]}}", "charset=ascii", corpus, *more]


def drawn(recipe: Sequence[str], count: int = 80) -> list[Sample]:
    return [one for one in iterate_samples(resolve_recipe("digits", recipe), count) if isinstance(one, Sample)]


def test_fonts_are_left_out_for_texts_that_they_cannot_tell_apart(folder: Path) -> None:
    free, strict = (drawn(settings(folder, *more)) for more in ((), ("fonts.distinguish=all",)))
    assert {one.meta.font for one in free if set(one.text) & {"0", "O"}} == {"Alike Regular", "Clear Regular"}
    assert {one.meta.font for one in strict if set(one.text) & {"0", "O"}} == {"Clear Regular"}
    assert {one.meta.font for one in strict if not set(one.text) & {"0", "O"}} == {"Alike Regular", "Clear Regular"}
    groups = drawn(settings(folder, "fonts.distinguish=['8Q']"))
    assert [(one.text, one.meta.font) for one in groups] == [(one.text, one.meta.font) for one in free]


def test_required_characters_are_drawn_in_fonts_that_tell_them_apart(folder: Path) -> None:
    coverage = ("coverage={share: 0.5, characters: '0O'}", "fonts.distinguish=['0O']")
    required = [one for one in drawn(settings(folder, *coverage)) if "required_character" in one.meta.parameters]
    assert len(required) > 30
    assert {one.meta.font for one in required} == {"Clear Regular"}


def test_scenes_leave_the_same_fonts_out(folder: Path) -> None:
    small = ["output={width_range: [200, 240], height_range: [160, 200]}", "fonts.distinguish=all"]
    fonts = f"fonts={{folders: [{folder}], bundled: false, size_range: [12, 30]}}"
    corpus = "corpus=[{use: pattern, pattern: '[8Q]{2,4}'}]"
    scenes = list(iterate_samples(resolve_recipe("scenes", [fonts, corpus, "charset=ascii", *small]), 2))
    assert all(scene.instances for scene in scenes)


def test_a_recipe_that_no_font_can_show_says_so(folder: Path) -> None:
    only = "corpus=[{use: pattern, pattern: '0[O0]'}]"
    alike = folder.parent / "alike_only"
    alike.mkdir(exist_ok=True)
    build_font(alike / "alike.ttf", "Alike", SHAPES)
    with pytest.raises(InputError, match=r"look like others of fonts.distinguish; name fewer, or add fonts"):
        resolve_recipe("digits", settings(alike, only, "fonts.distinguish=all")).generator(0)


def test_a_block_without_a_suitable_font_is_told_apart_from_one_that_lacks_characters(folder: Path) -> None:
    recipe = resolve_recipe(
        "digits", settings(folder, "fonts.distinguish=all", "fonts.weights={Clear: 0.000001}", "fonts.pool=1")
    )
    generator = recipe.generator(0)
    assert isinstance(generator, LineGenerator)
    reasons = {
        reason
        for one in generator.generate_many(range(60))
        for reason in (one.reasons if isinstance(one, SkippedSample) else one.meta.rejected)
    }
    assert reasons <= {"no font of the block tells the characters apart"}


@pytest.mark.parametrize("wrong", ["['0']", "['OO']", "every", "['']"])
def test_wrong_groups_are_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="distinguish"):
        resolve_recipe("digits", [f"fonts.distinguish={wrong}"])
    assert FontOptions(distinguish=("0O",)).distinguish == ("0O",)


def test_a_job_names_the_look_alikes_of_its_first_fonts(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "pipelines.jobs"):
        generate("digits", tmp_path / "a", 8, overrides=settings(folder), workers=0)
    assert "1 of 2 cannot tell apart 0 O (1: Alike Regular)" in caplog.text
    assert "fonts.distinguish=all" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO, "pipelines.jobs"):
        generate("digits", tmp_path / "b", 8, overrides=settings(folder, "fonts.distinguish=all"), workers=0)
        generate("digits", tmp_path / "c", 8, workers=0)
    assert not caplog.text
