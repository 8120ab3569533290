import html
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reports.charts import Histogram, bar_chart, character_grid, format_percent, histogram_chart
from pipelines.reports.page import Section, element, escape, render_page, user_text
from pipelines.reports.picture import MAX_INLINE_BYTES, line_image
from pipelines.reports.scores import MisreadLine, count_facts, diff_markup, misread_table, scores_section

HOSTILE = [
    "<script>document.title='gone'</script>",
    '"><img src=//x.example onerror=alert(1)>',
    "&lt;b&gt;",
    "</style>",
]


class Parsed(HTMLParser):
    """Checks that every element is closed in order, and collects texts and attributes."""

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


def row(truth="lime", reading="time", **changes) -> MisreadLine:
    values = {"image": encoded(), "mime": "image/png", "confidence": 0.75, "source": "photos, 7"} | changes
    return MisreadLine(truth=truth, reading=reading, **values)


@given(st.text())
def test_a_text_comes_out_of_the_markup_as_it_went_in(text):
    parsed = Parsed(element("p", element("b", text, title=text), text))
    assert parsed.tags == ["p", "b"]
    assert parsed.text == text + text
    assert parsed.attributes == [("title", text)]


def test_markup_is_not_escaped_twice_and_attributes_can_be_left_out():
    inner = element("i", "a & b")
    assert escape(inner) == inner
    assert element("p", inner, class_="x", hidden=True, lang=None) == '<p class="x" hidden><i>a &amp; b</i></p>'


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_page_runs_no_script_but_its_own_and_asks_for_nothing(hostile):
    written = render_page(hostile, hostile, {hostile: hostile}, [Section(hostile, user_text(hostile), hostile)])
    parsed = Parsed(written)
    assert parsed.tags.count("script") == parsed.tags.count("style") == 1
    assert "img" not in parsed.tags
    assert parsed.text.count(hostile) == 9  # title twice, kind, heading, fact, value, section, note, body
    assert not [value for name, value in parsed.attributes if name in ("src", "href")]
    assert "url(" not in written
    assert "@import" not in written


def test_the_worst_page_holds_everything_that_it_was_given():
    rows = [row(text, text[::-1], source=text, confidence=0.5) for text in HOSTILE]
    summary = {"samples": 1234, "accuracy": 0.5, "a_b/c: accuracy_without_spaces": 1.0}
    sections = [scores_section(summary), Section("Worst", misread_table(rows))]
    written = render_page("test", HOSTILE[0], count_facts(summary), sections)
    parsed = Parsed(written)
    assert parsed.tags.count("script") == 1
    assert parsed.tags.count("img") == len(rows)
    assert all(value.startswith("data:image/") for name, value in parsed.attributes if name == "src")
    for text in ("1,234", "50.00", "100.00", "a_b/c: accuracy without spaces", *HOSTILE):
        assert text in parsed.text
    assert [value for name, value in parsed.attributes if name == "data-distance"] == [str(r.distance) for r in rows]


def test_a_page_of_no_misread_line_says_so():
    assert "Every line was read as it is labelled" in misread_table([])


def test_a_broken_picture_is_named_and_does_not_stop_the_page():
    assert "cannot be decoded" in misread_table([row(image=b"no picture"), row(image=b"")])


@given(st.text("abc é̈", max_size=12), st.text("abc é̈", max_size=12))
def test_marks_change_no_text_and_what_is_not_marked_is_common(truth, reading):
    left, right = diff_markup(truth, reading)
    if truth:
        assert Parsed(left).text == truth
    if reading:
        assert Parsed(right).text == reading
    if truth and reading:
        common = [re.sub(r"<(del|ins)>.*?</\1>", "", part, flags=re.S) for part in (left, right)]
        assert Parsed(common[0]).text == Parsed(common[1]).text


def test_an_accent_is_marked_together_with_its_letter():
    left, _ = diff_markup("cafe\u0301", "cafe")
    assert "<del>e\u0301</del>" in left


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=300))
def test_a_histogram_counts_every_value_once(values):
    histogram = Histogram.of(np.array(values))
    assert sum(histogram.counts) == len(values)
    assert len(histogram.counts) <= 32
    assert histogram.label(0).startswith(str(min(values)))
    assert histogram.median == f"{np.median(values):g}"
    drawn = Parsed(histogram_chart("widths", histogram))
    if len(set(values)) > 1:
        assert drawn.tags.count("rect") == sum(count > 0 for count in histogram.counts)
    else:
        assert f"always {values[0]}" in drawn.text


def test_a_value_far_out_does_not_flatten_a_histogram():
    histogram = Histogram.of(np.array([*range(10)] * 100 + [100_000]))
    assert len(histogram.counts) == 10
    assert histogram.label(9) == "9 or more"


def test_binned_counts_keep_their_gaps():
    histogram = Histogram.from_bins({32: 3, 64: 1}, 16)
    assert histogram.counts == (3, 0, 1)
    assert histogram.label(1) == "48 to 63"
    assert histogram.median == "32 to 47"


def test_bars_show_the_most_frequent_and_sum_up_the_others():
    counts = {f"font {i}": i + 1 for i in range(20)}
    text = Parsed(bar_chart("Fonts", counts, sum(counts.values()), limit=5)).text
    assert "font 19" in text
    assert "font 3" not in text
    assert "15 more" in text


def test_characters_that_cannot_be_seen_are_named():
    parsed = Parsed(character_grid("Characters", [(" ", 2500), ("\u200b", 1), ("<", 0)], ""))
    assert "␣" in parsed.text
    assert "2.5k" in parsed.text
    assert "U+200B" in parsed.text
    assert ("class", "never") in parsed.attributes


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (1e-6, "< 0.1 %"), (0.123, "12.3 %"), (0.99999, "99.9 %")])
def test_a_share_is_never_rounded_to_nothing_or_to_all(share, text):
    assert format_percent(share) == text


def test_heavy_and_unusual_pictures_are_made_small_and_showable():
    heavy = encoded(2000, 300, noise=True)
    assert len(heavy) > MAX_INLINE_BYTES
    assert len(line_image(heavy, "image/png", "x")) < 2 * MAX_INLINE_BYTES + 1000
    tiff = line_image(encoded(suffix=".tiff"), "image/jpeg", "x")
    assert 'src="data:image/jpeg' in tiff
    light = encoded()
    assert "data:image/png" in line_image(light, "image/png", "x")


def test_a_picture_has_an_alternative_text_and_outlines_in_its_own_pixels():
    quad = np.array([[1, 2], [30, 2], [30, 18], [1, 18]], np.float32)
    parsed = Parsed(line_image(encoded(60, 20), "image/png", 'a "b"', [quad]))
    attributes = dict(parsed.attributes)
    assert attributes["alt"] == 'a "b"'
    assert attributes["viewbox"] == "0 0 60 20"
    assert attributes["d"] == "M1.0 2.0L30.0 2.0L30.0 18.0L1.0 18.0Z"


def test_labels_have_their_own_direction():
    assert 'dir="auto"' in user_text("שלום")
    assert html.unescape(user_text("")).count("empty") == 1
