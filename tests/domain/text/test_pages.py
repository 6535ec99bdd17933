"""What a page says about itself, however it is written, and in linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.text import pages

PAGE = """<!doctype html><html lang="en-GB"><head>
<title>A lamp &amp; two liars | The Gazette</title>
<meta property="og:title" content='He said "a > b"'><META NAME=author CONTENT=Ines>
<meta name="author" content="Another"><link rel="canonical" href="/a?b=c&amp;d">
<link rel=alternate type="application/atom+xml" href="/feed">
<script type="application/ld+json">{"@graph": [{"@type": ["Review"], "author": {"@id": "#me"},
"itemReviewed": {"@type": "https://schema.org/Movie", "name": "Skerry Light"}},
{"@type": "Person", "@id": "#me", "name": "Ines Vale"}]}</script>
<script type='application/ld+json'>not json</script>
<style>p { content: "hidden style" }</style></head>
<body><h1>A <em>lamp</em></h1><!-- hidden remark --><p>It shines.<br>Twice.</p>
<script>var a = "hidden script </p>"</script><input type=password></body></html>"""


def test_a_head_is_read() -> None:
    head = pages.head(PAGE)
    assert head.title == "A lamp & two liars | The Gazette"
    assert head.headline == "A lamp"
    assert head.language == "en-GB"
    assert head.canonical == "/a?b=c&d"
    assert head.feeds == ["/feed"]
    assert head.meta == {"og:title": 'He said "a > b"', "author": "Ines"}
    assert head.inputs == ["password"]


def test_json_ld_is_read_with_what_it_refers_to() -> None:
    head = pages.head(PAGE)
    review = head.typed("Review")
    assert head.named(review["author"]) == "Ines Vale"
    assert head.named(review["itemReviewed"]) == "Skerry Light"
    assert pages.kinds(review["itemReviewed"]) == ["Movie"]
    assert head.named([{"name": "A"}, "B", 3]) == "A, B"
    assert head.typed("Recipe") == {}


def test_words_are_what_is_seen() -> None:
    words = pages.words(PAGE)
    assert "It shines. Twice." in words
    assert "hidden" not in words


def test_paragraphs_stay_apart() -> None:
    assert pages.paragraphs("<p>It <i>shine</i>s.</p>\n<p>Twice &amp; more.</p><ul><li>3") == (
        "It shines.\n\nTwice & more.\n\n3"
    )


@pytest.mark.parametrize(
    "piece",
    ["<meta ", '<meta content="', "<meta content='a", "<script type=application/ld+json>", "<",
     '<script type="application/ld+json">{"a":[', "<!--", "<h1>", "<title", "&amp", "<style>",
     "</scrip", "<link rel=canonical href=", "<p", '<meta a="<', "<svg"],
)  # fmt: skip
def test_no_page_takes_long(piece: str) -> None:
    page = piece * (2_000_000 // len(piece))
    begun = time.monotonic()
    pages.head(page)
    pages.words(page)
    assert time.monotonic() - begun < 8


def test_json_ld_may_be_as_deep_as_it_likes() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    wide = '{"a":' * 200 + "1" + "}" * 200
    for data in (deep, wide):
        head = pages.head(f'<script type="application/ld+json">{data}</script><title>A</title>')
        assert head.title == "A"


@given(st.text(alphabet="<>/!-\"'= &;abmetscriptlndjo+h1", max_size=200))
def test_any_page_is_read(page: str) -> None:
    pages.head(page)
    assert "\n" not in pages.words(page)
