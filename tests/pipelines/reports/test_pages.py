"""Rendering of pages: escaping, charts, tables and embedded images."""

from collections import Counter
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.outcomes import MisreadLine
from pipelines.evaluation.slices import SliceAttribute, group_by_name
from pipelines.reports.charts import BarChart, CharacterGrid, Histogram
from pipelines.reports.findings import Finding, Severity
from pipelines.reports.formatting import compact_count, format_percent, visible_character
from pipelines.reports.page import render_page
from pipelines.reports.picture import MAX_INLINE_BYTES, encode_thumbnail, line_image, svg_path
from pipelines.reports.recognizer_report import diff_texts
from pipelines.reports.slice_tables import ShareColumn, SliceChart, merge_scores

HOSTILE = [
    "<script>document.title='gone'</script>",
    '"><img src=//x.example onerror=alert(1)>',
    "&lt;b&gt;",
    "</style>",
]
CHART = SliceChart("things", (("good", "good"),), "bad", (ShareColumn("good", "good"),))


class Parsed(HTMLParser):
    """Checks that every element is closed in order, and collects texts, tags and attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.tags, self.attributes, self._open = "", [], [], []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img", "input", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


def encoded(width=60, height=20, suffix=".png", noise=False) -> bytes:
    pixels = np.full((height, width, 3), 200, np.uint8)
    if noise:
        pixels = np.random.default_rng(0).integers(0, 256, pixels.shape, np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


def inspect_page(title="data", facts=None, findings=(), histograms=(), bar_charts=(), characters=None) -> str:
    return render_page(
        "lines.html",
        "test",
        title,
        facts or {},
        findings=findings,
        sampled="",
        histograms=histograms,
        bar_charts=bar_charts,
        characters=characters,
        examples=[],
        has_contrast=False,
        has_clusters=False,
        total=0,
    )


def evaluate_page(title="run", lines=(), sources=(), scores=None) -> str:
    return render_page(
        "recognizer.html",
        "test",
        title,
        {},
        scores=scores or {},
        sources=[{"heading": "", "summary": "", "tables": [], **source} for source in sources],
        chart=CHART,
        lines=lines,
        diff_texts=diff_texts,
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_page_escapes_every_value_and_loads_nothing(hostile):
    findings = [Finding(hostile, Severity.ERROR, hostile, (hostile,)), Finding(hostile)]
    bars = [BarChart.from_counts(hostile, {hostile: 1}, 1)]
    page = inspect_page(hostile, {hostile: hostile}, findings, [Histogram(hostile, "", 1, 1, (1,), 1, "1")], bars)
    parsed = Parsed(page)
    assert parsed.tags.count("script") == parsed.tags.count("style") == 1
    assert "img" not in parsed.tags
    assert parsed.text.count(hostile) == 11
    assert not [value for name, value in parsed.attributes if name in ("src", "href")]
    assert "url(" not in page
    assert "@import" not in page


def test_misread_lines_are_escaped_and_have_their_numbers():
    lines = [MisreadLine(encoded(), text, text[::-1], 0.5, text) for text in HOSTILE]
    parsed = Parsed(evaluate_page(HOSTILE[0], lines, scores={"accuracy": 0.5}))
    assert parsed.tags.count("script") == 1
    assert parsed.tags.count("img") == len(lines)
    assert all(value.startswith("data:image/") for name, value in parsed.attributes if name == "src")
    for text in ("50.00", *HOSTILE):
        assert text in parsed.text
    distances = [value for name, value in parsed.attributes if name == "data-distance"]
    assert distances == [str(line.distance) for line in lines]


def test_page_without_misread_lines():
    assert "Every line was read correctly" in evaluate_page()


def test_undecodable_image_is_named():
    lines = [MisreadLine(image, "a", "b", 0.5, "key") for image in (b"no image", b"")]
    assert evaluate_page(lines=lines).count("cannot be decoded") == 2


def test_labels_have_their_own_direction():
    page = evaluate_page(lines=[MisreadLine(encoded(), "שלום", "", 0.5, "key")])
    assert '<bdi dir="auto" lang="" class="text"><del>שלום</del></bdi>' in page
    assert '<span class="none">nothing</span>' in page


@given(st.text("abc é̈", max_size=12), st.text("abc é̈", max_size=12))
def test_diff_keeps_both_texts_and_unmarked_segments_are_equal(label, prediction):
    deleted, inserted = diff_texts(label, prediction)
    assert "".join(text for text, _ in deleted) == label
    assert "".join(text for text, _ in inserted) == prediction
    common = ["".join(text for text, differs in part if not differs) for part in (deleted, inserted)]
    assert common[0] == common[1]


def test_diff_does_not_separate_a_combining_character():
    assert diff_texts("cafe\u0301", "cafe")[0] == [("caf", False), ("e\u0301", True)]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=300))
def test_histogram_counts_every_value_once(values):
    histogram = Histogram.from_values("widths", np.array(values))
    assert sum(histogram.counts) == len(values)
    assert len(histogram.counts) <= 32
    assert histogram.label(0).startswith(str(min(values)))
    assert histogram.median == f"{np.median(values):g}"


def test_histogram_is_drawn_with_a_column_for_each_count():
    varied = Histogram.from_values("widths", np.array([1, 1, 5]), " px")
    parsed = Parsed(inspect_page(histograms=[varied]))
    assert parsed.tags.count("rect") == 2
    assert ("aria-label", "widths: from 1 to 5 px, median 1") in parsed.attributes
    constant = Histogram.from_values("widths", np.array([7, 7]), " px")
    assert "always 7 px" in Parsed(inspect_page(histograms=[constant])).text


def test_outlier_does_not_compress_a_histogram():
    histogram = Histogram.from_values("", np.array([*range(10)] * 100 + [100_000]))
    assert len(histogram.counts) == 10
    assert histogram.label(9) == "9 or more"


def test_histogram_of_bins_keeps_empty_bins():
    histogram = Histogram.from_bins("", {32: 3, 64: 1}, 16)
    assert histogram.counts == (3, 0, 1)
    assert histogram.label(1) == "48 to 63"
    assert histogram.median == "32 to 47"


def test_bar_chart_sums_up_rare_names():
    counts = {f"font {i}": i + 1 for i in range(20)}
    chart = BarChart.from_counts("Fonts", counts, sum(counts.values()))
    assert [bar.name for bar in chart.bars] == [*(f"font {i}" for i in range(19, 7, -1)), "8 more"]
    assert sum(bar.share for bar in chart.bars) == pytest.approx(1)


def test_character_grid_shows_missing_and_invisible_characters():
    grid = CharacterGrid.from_counts(Counter({" ": 2500, "\u200b": 1}), "< ")
    assert grid.counts == ((" ", 2500), ("\u200b", 1), ("<", 0))
    parsed = Parsed(inspect_page(characters=grid))
    for text in ("␣", "2.5k", "U+200B"):
        assert text in parsed.text
    assert ("class", "missing") in parsed.attributes


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (1e-6, "< 0.1 %"), (0.123, "12.3 %"), (0.99999, "99.9 %")])
def test_share_is_never_rounded_to_none_or_all(share, text):
    assert format_percent(share) == text


def test_counts_and_characters_are_formatted():
    assert [compact_count(count) for count in (999, 1500, 25_000, 3_000_000)] == ["999", "1.5k", "25k", "3.0M"]
    assert visible_character("\t") == "U+0009"


def test_scores_of_several_sources_are_prefixed():
    scores = {"samples": 1234, "accuracy_without_spaces": 1.0}
    assert merge_scores([("a", scores)]) == ({"samples": "1,234"}, {"accuracy without spaces": 1.0})
    assert set(merge_scores([("a", scores), ("b_c", scores)])[0]) == {"a: samples", "b_c: samples"}


def test_slice_tables_show_every_bin_and_put_the_worst_names_first():
    rng = np.random.default_rng(0)
    names = [f"font {number:02}" for number in rng.integers(0, 20, 2000)]
    good = np.array([rng.random() < int(name[-2:]) / 20 for name in names])
    constant = group_by_name(SliceAttribute("one", "One"), ["x"] * 2000, {"good": good})
    fonts = group_by_name(SliceAttribute("font", "Font <b>"), names, {"good": good})
    page = evaluate_page(sources=[{"slices": [fonts, constant]}])
    assert page.count('<th scope="row"') == 20
    assert page.index(">font 01<") < page.index(">font 10<") < page.index(">font 19<")
    assert "8 more" in page
    assert "Same for all: one: x." in page
    assert "Font &lt;b&gt;" in page
    Parsed(page)


def test_large_and_unusual_images_are_reencoded():
    large = encoded(2000, 300, noise=True)
    assert len(large) > MAX_INLINE_BYTES
    assert len(line_image(large).src) < 2 * MAX_INLINE_BYTES
    assert line_image(encoded(suffix=".tiff")).src.startswith("data:image/jpeg")
    assert line_image(encoded()).src.startswith("data:image/png")
    assert line_image(b"") is None


def test_thumbnail_keeps_the_aspect_ratio():
    image = encode_thumbnail(encoded(200, 100), 50)
    assert image[1:] == (50, 25, 200, 100)


def test_svg_path_is_closed_or_open():
    line = np.array([[1, 2], [30.25, 2]], np.float32)
    assert svg_path([line]) == "M1.0 2.0L30.2 2.0Z"
    assert svg_path([line], closed=False) == "M1.0 2.0L30.2 2.0"
