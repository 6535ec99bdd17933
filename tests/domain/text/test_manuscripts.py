"""Reviews as critics type them: what stands on top and at the end is found, the rest is kept."""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.text import dates, languages, manuscripts, titles

BODY = (
    "Skerry Light is the best film that was ever made about a lighthouse and the two people "
    "who keep it, and it knows this. The camera is in love with the rain, and so was I.\n\n"
    "In the end Skerry Light asks who may lie to whom, and it does not let you go before you "
    "have thought about it. I have not slept well since."
)
SAMPLE = Path(__file__).parents[3] / ".." / "shared" / "samples" / "salyut-7.txt"


def found(text: str, *, markdown: bool = False) -> dict[str, object]:
    made = manuscripts.read(text, markdown=markdown)
    return {name: one.value for name, one in made.found.items()}


def unsure(text: str) -> set[str]:
    return {name for name, one in manuscripts.read(text).found.items() if not one.sure}


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the folder of samples is not here")
def test_a_real_festival_review_is_understood() -> None:
    text = SAMPLE.read_text("utf-8")
    assert found(text) == {
        "outlet": "Ain't It Cool News",
        "title": "The Diva Del Mar Salutes Salyut-7 at Fantastic Fest!",
        "work": "Salyut-7",
        "author": "The Diva Del Mar",
        "handle": "@thedivadelmar",
        "language": "en",
    }
    assert unsure(text) == {"outlet", "title", "work"}
    kept = manuscripts.read(text).text
    assert kept.startswith("As my second film of Fantastic Fest")
    assert kept.endswith("Follow me on Twitter @thedivadelmar")
    assert kept in text


def test_a_headline_alone_is_the_title() -> None:
    text = f"A lamp and two liars\n\n{BODY}"
    assert found(text) == {
        "title": "A lamp and two liars", "work": "Skerry Light", "language": "en",
    }  # fmt: skip
    assert unsure(text) == {"work"}
    assert manuscripts.read(text).text == BODY


def test_labels_are_believed() -> None:
    head = (
        "Title: A lamp\nBy Ines Vale\nOutlet: The Gazette\nDate: 12 October 2017\n"
        "Link: https://gazette.example/lamp\nFilm: Skerry Light\nRating: 3.5/5\nTwitter: @ines\n\n"
    )
    assert found(head + BODY) == {
        "title": "A lamp", "author": "Ines Vale", "outlet": "The Gazette",
        "published_on": date(2017, 10, 12), "link": "https://gazette.example/lamp",
        "work": "Skerry Light", "rating": "3.5/5", "handle": "@ines", "language": "en",
    }  # fmt: skip
    assert unsure(head + BODY) == set()


def test_without_a_head_the_first_words_are_an_unsure_title() -> None:
    made = manuscripts.read(BODY)
    assert made.text == BODY
    assert not made.found["title"].sure
    assert BODY.startswith(str(made.found["title"].value).rstrip("…"))


def test_markdown_loses_its_marks_and_no_word() -> None:
    text = (
        '---\ntitle: "A lamp"\nauthor: Ines\n---\n\n## By night\n\n'
        "**Skerry Light** is _not_ [a film](https://a.example/b) for snake_case people.\n\n"
        "> Quoted\n\n![alt](a.png)\n\n* one\n* two\n\n---\n\nGrade: B+ and 2 \\* 3"
    )
    made = manuscripts.read(text, markdown=True)
    assert made.found.told("title") == "A lamp"
    assert made.found.told("author") == "Ines"
    assert "Skerry Light is not a film for snake_case people." in made.text
    for mark in ("**", "](", "> ", "---", "![", "\\*"):
        assert mark not in made.text


def test_a_heading_of_markdown_is_the_title() -> None:
    text = f"# A *lamp* and two liars\n\n{BODY}\n\n★★★½☆"
    assert found(text, markdown=True) == {
        "title": "A lamp and two liars", "work": "Skerry Light", "language": "en",
        "rating": "3.5/5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("end", "handle", "author"),
    [
        ("Follow me on Twitter @ines", "@ines", None),
        ("– Ines Vale\n@ines", "@ines", "Ines Vale"),
        ("Ines Vale is on Mastodon: follow @ines@social.example.", "@ines@social.example", None),
        ("Write to ines@gazette.example", None, None),
        ("Thanks for reading!", None, None),
    ],
)
def test_handle_and_name_at_the_end(end: str, handle: str | None, author: str | None) -> None:
    made = found(f"A lamp\n\n{BODY}\n\n{end}")
    assert (made.get("handle"), made.get("author")) == (handle, author)


@pytest.mark.parametrize(
    ("headline", "text", "work"),
    [
        ("“Skerry Light”: a lamp", "", "Skerry Light"),
        ("Review: Skerry Light", "", "Skerry Light"),
        ("Skerry Light review – a lamp", "", "Skerry Light"),
        ("Film Review: Skerry Light", "", "Skerry Light"),
        ("Skerry Light (2026)", "", "Skerry Light"),
        ("Two Liars Shine in Skerry Light", BODY, "Skerry Light"),
        ("A lamp", BODY.replace("knows", "Skerry Light knows"), "Skerry Light"),
        ("A lamp", "He saw it. He left.", ""),
        ("", "", ""),
    ],
)
def test_the_work_is_guessed(headline: str, text: str, work: str) -> None:
    assert titles.guess(headline, text) == work


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (BODY, "en"),
        ("Der Film ist nicht das, was die Kritik mit ihm gemacht hat, und er weiß das auch.", "de"),
        ("Le film est un des plus beaux de la saison, et il ne le sait pas. Les acteurs sont "
         "dans la lumière.", "fr"),
        ("La película es una de las más bellas del año y no lo sabe. El actor se pierde en la "
         "niebla como los demás.", "es"),
        ("Skerry Light", None), ("", None), ("Ночь и туман", None),
    ],
)  # fmt: skip
def test_the_language_is_told_or_left_open(text: str, language: str | None) -> None:
    assert languages.guess(text) == language


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2017-10-12", date(2017, 10, 12)), ("2017-10-12T09:00Z", date(2017, 10, 12)),
        ("12 October 2017", date(2017, 10, 12)), ("Oct. 12, 2017", date(2017, 10, 12)),
        ("October 12th, 2017 by Ines", date(2017, 10, 12)), ("1st of May 2017", date(2017, 5, 1)),
        ("10/12/2017", None), ("2017-13-40", None), ("31 February 2017", None), ("", None),
        ("someday", None),
    ],
)  # fmt: skip
def test_days_are_read_when_there_is_one_way_to_read_them(words: str, day: date | None) -> None:
    assert dates.day(words) == day


def test_an_instant_needs_its_offset() -> None:
    assert dates.instant("2017-10-12T09:00") is None
    assert str(dates.instant("2017-10-12T09:00+02:00")) == "2017-10-12 09:00:00+02:00"


@given(st.text(alphabet="aA .\n#*_[](>)-@:/“”'1½★By", max_size=300), st.booleans())
def test_any_manuscript_is_read(text: str, markdown: bool) -> None:
    made = manuscripts.read(text, markdown=markdown)
    for one in made.found.values():
        assert one.value


@pytest.mark.parametrize("piece", ["Aa. ", "A ", "[a](", "**a", "@a ", "“A", "a\n", "- A\n", "# "])
@pytest.mark.parametrize("markdown", [False, True])
def test_two_megabytes_are_read_in_seconds(piece: str, markdown: bool) -> None:
    begun = time.monotonic()
    manuscripts.read(piece * (2_000_000 // len(piece)), markdown=markdown)
    assert time.monotonic() - begun < 8
