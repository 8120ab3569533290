import shutil
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import InputError
from synthtext.fonts import (
    Face,
    FaceCache,
    FontOptions,
    bundled_fonts,
    find_fonts,
    raster_size,
    read_font_file,
    system_fonts,
)
from synthtext.typesetting.itemize import itemize
from synthtext.typesetting.shaping import shape_line


def embedded(stem: str) -> Path:
    return next(path for path in bundled_fonts() if path.stem == stem)


def face(stem: str = "DejaVuSans") -> Face:
    return Face(read_font_file(embedded(stem))[0])


def shaped(opened: Face, text: str) -> list[int]:
    """Glyphs of a text with a single run."""
    (run,) = itemize(text)
    return opened.shape(text, run).glyphs


def test_bundled_fonts_are_found_without_system_fonts() -> None:
    inventory = find_fonts(FontOptions(system=False))
    families = {font.family for font in inventory.fonts}
    assert {"Lato", "Source Sans Pro", "Source Serif Pro", "Caladea", "Amatic SC", "DejaVu Sans"} <= families
    assert all(font.licence for font in inventory.fonts if font.family == "Lato")


def test_the_same_font_in_two_places_counts_once(tmp_path: Path) -> None:
    path = bundled_fonts()[0]
    shutil.copy(path, tmp_path / "a.ttf")
    shutil.copy(path, tmp_path / "b.ttf")
    assert len(find_fonts(FontOptions(folders=(tmp_path,), bundled=False)).fonts) == 1


def test_order_does_not_depend_on_the_path(tmp_path: Path) -> None:
    for i, path in enumerate(reversed(bundled_fonts()[:6])):
        shutil.copy(path, tmp_path / f"{i}.ttf")
    digests = [font.digest for font in find_fonts(FontOptions(folders=(tmp_path,), bundled=False)).fonts]
    assert digests == sorted(digests)


@pytest.mark.parametrize("content", [b"", b"no font at all", None])
def test_broken_user_fonts_are_named(tmp_path: Path, content: bytes | None) -> None:
    whole = bundled_fonts()[0].read_bytes()
    (tmp_path / "broken.ttf").write_bytes(whole[: len(whole) // 50] if content is None else content)
    with pytest.raises(InputError, match=r"broken\.ttf"):
        find_fonts(FontOptions(folders=(tmp_path,)))


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_fonts(FontOptions(folders=(tmp_path / "absent",)))
    with pytest.raises(InputError, match="contains no font"):
        find_fonts(FontOptions(folders=(tmp_path,)))


def test_accents_form_one_cluster_with_their_letter() -> None:
    text = "x\u0323a"  # no composed form exists: two glyphs, one cluster
    assert face().shape(text, itemize(text)[0]).clusters == [0, 0, 2]


@pytest.mark.parametrize("character", "\u200d\u200c\u00ad\ufe0f\u2060\U000e0100")
def test_characters_that_are_not_drawn_are_covered_by_any_font(character: str) -> None:
    opened = face("Caladea-Regular")
    text = f"a{character}b"
    assert opened.covers(text)
    assert opened.missing(text + "漢") == "漢"
    joined, plain = shape_line(text, opened), shape_line("ab", opened)
    drawn = [i for i, glyph in enumerate(joined.glyphs) if opened.boxes[glyph]]
    assert [joined.glyphs[i] for i in drawn] == plain.glyphs
    assert [joined.x[i] for i in drawn] == plain.x
    assert list(joined.clusters.texts(text)) == [f"a{character}", "b"]


def test_missing_characters_are_reported() -> None:
    assert face().covers("Añ Ж")
    assert face().missing("a漢b字") == "漢字"
    assert shaped(face(), "漢") == [0]


def test_rasters_lie_within_the_outlines_box() -> None:
    opened, size = face(), 48
    for character in "AgjÅ.|W":
        (glyph,) = shaped(opened, character)
        raster, box = opened.rasterize(glyph, size), opened.boxes[glyph]
        assert box is not None
        left, top, right, bottom = (side * size / opened.units_per_em for side in box)
        assert raster.coverage.shape == (raster.height, raster.width)
        assert raster.left >= np.floor(left) - 1
        assert raster.left + raster.width <= np.ceil(right) + 1
        assert raster.top >= np.floor(top) - 1
        assert raster.top + raster.height <= np.ceil(bottom) + 1
        assert raster.coverage.max() > 200
    assert opened.boxes[shaped(opened, " ")[0]] is None


def test_glyphs_are_scaled_down_and_hardly_enlarged() -> None:
    for size in np.linspace(9, 300, 200):
        assert 0.94 <= raster_size(size) / size <= 1.45


def test_the_cache_returns_the_same_raster_within_its_limit() -> None:
    limit = 60_000
    cache, opened = FaceCache(limit=limit), face()
    glyphs = shaped(opened, "The quick brown fox jumps over the lazy dog")
    for size in (17, 34, 48, 17):
        for glyph in glyphs:
            assert (cache.rasters(opened, size)[glyph].coverage == opened.rasterize(glyph, size).coverage).all()
        assert cache.raster_bytes <= limit
    largest = cache.rasters(opened, 96)  # the size in use is never evicted
    assert sum(largest[glyph].coverage.nbytes for glyph in set(glyphs)) > limit
    assert cache.raster_bytes > limit
    cache.rasters(opened, 17)[shaped(opened, "q")[0]]
    assert cache.raster_bytes <= limit


@pytest.mark.parametrize("suffix", [".woff", ".woff2"])
def test_compressed_fonts_draw_what_their_source_does(tmp_path: Path, compress, suffix: str) -> None:
    source = embedded("Caladea-Regular")
    (file,) = find_fonts(
        FontOptions(folders=(compress(source, tmp_path / f"some{suffix}").parent,), bundled=False)
    ).fonts
    packed, plain = Face(file), face("Caladea-Regular")
    assert packed.file.name == plain.file.name
    assert packed.file.digest != plain.file.digest  # digest of the compressed file
    assert shaped(packed, "Affig") == shaped(plain, "Affig")
    for glyph in shaped(plain, "Affig"):
        assert (packed.rasterize(glyph, 45).coverage == plain.rasterize(glyph, 45).coverage).all()


@pytest.mark.parametrize("suffix", [".woff", ".woff2"])
def test_broken_compressed_fonts_are_named(tmp_path: Path, compress, suffix: str) -> None:
    path = compress(embedded("Caladea-Regular"), tmp_path / f"some{suffix}")
    whole = path.read_bytes()
    for content in (whole[:4], whole[:60], whole[: len(whole) // 2], whole[:100] + bytes(len(whole) - 100)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"some\{suffix}"):
            read_font_file(path)


@pytest.mark.parametrize("name", ["some.ttc", "some.otc"])
def test_every_face_of_a_collection_is_found(tmp_path: Path, collect, name: str) -> None:
    sources = [embedded("DejaVuSans"), embedded("AmaticSC-Regular"), embedded("Caladea-Regular")]
    path = collect(sources, tmp_path / name)
    files = find_fonts(FontOptions(folders=(tmp_path,), bundled=False)).fonts
    assert [(file.face_index, file.family) for file in files] == [(0, "DejaVu Sans"), (1, "Amatic SC"), (2, "Caladea")]
    cache = FaceCache()
    for file, source in zip(files, sources, strict=True):
        assert file.path == path
        one, other = cache.face(file), face(source.stem)
        (glyph,) = shaped(other, "g")
        assert shaped(one, "Ag") == shaped(other, "Ag")
        assert (cache.rasters(one, 45)[glyph].coverage == other.rasterize(glyph, 45).coverage).all()


@pytest.fixture(scope="module")
def ascii_font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ASCII characters of DejaVu Sans."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font, path = TTFont(embedded("DejaVuSans")), tmp_path_factory.mktemp("ascii") / "ascii.ttf"
    subsetter = Subsetter(Options(layout_features=[], name_IDs=["*"], glyph_names=True, notdef_outline=True))
    subsetter.populate(unicodes=range(0x20, 0x7F))
    subsetter.subset(font)
    font.save(path)
    return path


def renamed(source: Path, path: Path, pattern: str) -> Path:
    """A font with other glyph names."""
    from fontTools.ttLib import TTFont

    font = TTFont(source)
    order, tables = font.getGlyphOrder(), font["cmap"].tables
    codes = [{code: order.index(name) for code, name in table.cmap.items()} for table in tables]
    font.setGlyphOrder([pattern.format(i) for i in range(len(order))])
    font["post"].formatType = 2.0
    font["post"].extraNames, font["post"].mapping = [], {}
    for table, glyphs in zip(tables, codes, strict=True):
        table.cmap = {code: pattern.format(glyph) for code, glyph in glyphs.items()}
    for tag in ("GSUB", "GPOS", "GDEF", "kern"):
        if tag in font:
            del font[tag]
    font.save(path)
    return path


@pytest.mark.parametrize("pattern", ["star{}", "gamma{}"])
def test_symbol_fonts_are_refused(ascii_font: Path, tmp_path: Path, pattern: str) -> None:
    """The glyph of "A" has the name of another character."""
    with pytest.raises(InputError, match="symbols"):
        read_font_file(renamed(ascii_font, tmp_path / "stars.ttf", pattern))


@pytest.mark.parametrize("pattern", ["aj{}", "NameMe.{}", ".null{}", "glyph{:05}"])
def test_generic_glyph_names_are_accepted(ascii_font: Path, tmp_path: Path, pattern: str) -> None:
    """As in the IPA, PakType and Baekmuk fonts."""
    assert read_font_file(renamed(ascii_font, tmp_path / "some.ttf", pattern))[0].family == "DejaVu Sans"


def broken_tables(tmp_path: Path, table: str) -> Path:
    from fontTools.ttLib import TTFont

    font = TTFont(embedded("DejaVuSans"))
    del font[table]
    font.save(tmp_path / "odd.ttf", reorderTables=False)
    return tmp_path / "odd.ttf"


def test_fonts_that_only_one_library_opens_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"odd\.ttf"):
        read_font_file(broken_tables(tmp_path, "hhea"))


def test_embedded_bitmaps_are_ignored() -> None:
    paths = [path for path in system_fonts() if path.name in ("cmuntt.ttf", "cmunbmr.ttf")]
    if not paths:
        pytest.skip("no font with embedded bitmaps here: `make fonts` installs fonts-cmu")
    opened = Face(read_font_file(paths[0])[0])
    for size in (13, 16):
        for character in "AB8":
            coverage = opened.rasterize(shaped(opened, character)[0], size).coverage
            assert len(np.unique(coverage)) > 8  # grey levels of antialiased outlines
            assert coverage.max() > 150


def test_no_dotted_circle_is_inserted() -> None:
    paths = [path for path in system_fonts() if "Devanagari" in path.name]
    if not paths:
        pytest.skip("no Devanagari font here: `make fonts` installs some")
    opened = Face(read_font_file(paths[0])[0])
    assert shaped(opened, "\u25cc")[0] not in shaped(opened, "\u093f")
