"""A review is taken from wherever it is; what is unsure is told, what cannot be read is one clear
sentence, and nothing is dropped without a word."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from handbill.errors import InputProblem, NotFound
from handbill.services import importing, reviewing
from handbill.services.desk import Desk
from tests.web import Site, here, serving

pytest.importorskip("trafilatura")

PARAGRAPHS = [
    "Skerry Light is the best film that was ever made about a lighthouse and the two people who "
    "keep it, and it knows this. The camera is in love with the rain, and so was I, for a while.",
    "In the end Skerry Light asks who may lie to whom, and it does not let you go before you have "
    "thought about it. I have not slept well since; the café below my window was no help.",
]
BODY = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
DATA = {
    "@context": "https://schema.org",
    "@type": "Review",
    "headline": "A lamp and two liars",
    "author": {"@type": "Person", "name": "Ines Vale"},
    "publisher": {"@type": "Organization", "name": "The Gazette"},
    "datePublished": "2026-11-20T09:30:00+01:00",
    "itemReviewed": {"@type": "Movie", "name": "The Keeper of Skerry Light"},
    "reviewRating": {"@type": "Rating", "ratingValue": 3.5, "bestRating": 5},
}


def page(head: str = "", body: str = BODY, lang: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head>{head}</head><body><nav>Home | Shop</nav>'
        f"<article>{body}</article><footer>Imprint</footer></body></html>"
    )


def with_data(**changes: object) -> str:
    data = json.dumps({k: v for k, v in (DATA | changes).items() if v is not None})
    return page(f'<script type="application/ld+json">{data}</script>')


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


@pytest.fixture
def online(desk: Desk) -> Desk:
    return replace(desk, fetch=here())


def test_a_page_tells_all_by_its_data(online: Desk, site: Site) -> None:
    url = site.page("/lamp", with_data())
    taken = importing.take(online, url)
    review = taken.review()
    assert (review.title, review.work) == ("A lamp and two liars", "The Keeper of Skerry Light")
    assert (review.author, review.outlet) == ("Ines Vale", "The Gazette")
    assert (review.rating, review.language, review.link) == ("3.5/5", "en", url)
    assert review.published_on == date(2026, 11, 20)
    assert review.published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert review.text == "\n\n".join(PARAGRAPHS)
    assert (review.unsure, review.check_link, review.source) == ([], True, url)
    assert taken.remarks == []


def test_a_page_without_data_is_read_by_its_head(online: Desk, site: Site) -> None:
    head = (
        '<meta property="og:site_name" content="The Gazette">'
        '<meta property="og:title" content="Skerry Light review: a lamp – The Gazette">'
        '<meta name="author" content="Ines Vale"><meta name="twitter:creator" content="@ines">'
        '<meta property="article:published_time" content="2026-11-20T09:30:00+01:00">'
        '<link rel="canonical" href="/lamp">'
    )
    url = site.page("/lamp?from=mail", page(head, BODY + "<p>Grade: B+</p>"))
    review = importing.take(online, url).review()
    assert (review.title, review.work) == ("Skerry Light review: a lamp", "Skerry Light")
    assert (review.author, review.handle) == ("Ines Vale", "@ines")
    assert (review.outlet, review.rating) == ("The Gazette", "B+")
    assert review.link == site.address("/lamp")
    assert review.unsure == ["work"]


@pytest.mark.parametrize(
    ("rating", "kept", "unsure"),
    [
        ({"ratingValue": "4"}, "4/5", True),
        ({"ratingValue": "B+"}, "B+", False),
        ({"ratingValue": 8, "bestRating": "10"}, "8/10", False),
        ({"ratingValue": "4,5", "bestRating": 5}, "4.5/5", False),
        ({"ratingValue": 7, "bestRating": 5}, None, False),
        ({"ratingValue": "7"}, None, False),
        ({"ratingValue": None}, None, False),
        ("4/5", None, False),
        ([], None, False),
    ],
)
def test_a_pages_rating_is_kept_as_told_or_not_at_all(
    online: Desk, site: Site, rating: object, kept: str | None, unsure: bool
) -> None:
    review = importing.take(online, site.page("/", with_data(reviewRating=rating))).review()
    assert review.rating == kept
    assert ("rating" in review.unsure) is unsure


def test_a_canonical_address_on_another_host_is_not_believed(online: Desk, site: Site) -> None:
    url = site.page("/", page('<link rel="canonical" href="https://elsewhere.example/a">'))
    assert importing.take(online, url).review().link == url


def test_what_was_typed_goes_before_what_was_read_and_is_sure(online: Desk, site: Site) -> None:
    taken = importing.take(online, site.page("/", page("<title>A lamp</title>")))
    assert "title" in taken.unsure
    review = taken.review(title="Another", check_link=False)
    assert (review.title, review.check_link) == ("Another", False)
    assert "title" not in review.unsure


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("a.txt", "A lamp\n\n" + "\n\n".join(PARAGRAPHS), "A lamp"),
        ("a.md", "# A *lamp*\n\n" + "\n\n".join(PARAGRAPHS), "A lamp"),
        ("a.html", with_data(), "A lamp and two liars"),
        ("no_suffix", with_data(), "A lamp and two liars"),
        ("a.HTM", page("<title>A lamp</title>"), "A lamp"),
    ],
)
def test_files_are_read_by_what_they_are(
    desk: Desk, tmp_path: Path, name: str, content: str, title: str
) -> None:
    (tmp_path / name).write_text(content)
    review = importing.take(desk, str(tmp_path / name)).review()
    assert review.title == title
    assert review.text == "\n\n".join(PARAGRAPHS)
    assert (review.check_link, review.source) == (False, str(tmp_path / name))


def test_text_of_windows_is_taken_with_a_word(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(("A lamp\n\n" + "\n\n".join(PARAGRAPHS)).encode("cp1252"))
    taken = importing.take(desk, str(file))
    assert "café" in taken.fields["text"]
    assert any("windows-1252" in remark for remark in taken.remarks)


def test_characters_that_no_network_takes_are_left_out_with_a_word() -> None:
    taken = importing.from_input(("A lamp\n\n" + PARAGRAPHS[0] + "\x0c\x1b\nEnd.").encode())
    assert taken.fields["text"].endswith("while.\nEnd.")
    assert "2 character(s)" in taken.remarks[0]


def test_a_value_that_is_too_long_is_told_and_left_out(online: Desk, site: Site) -> None:
    taken = importing.take(
        online, site.page("/", with_data(author={"name": "x" * 400}, headline="y" * 900))
    )
    review = taken.review()
    assert review.author is None
    assert review.title == "y" * 500
    assert any(remark.startswith("author was left out") for remark in taken.remarks)
    assert "title" in review.unsure


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.html", b"<html><head><title>A</title></head></html>", "no running text"),
        ("a.html", b"", "is empty"),
        ("a.txt", b" \n ", "is empty"),
        ("a.txt", b"\xef\xbb\xbf", "is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0", "is no text"),
        ("a.txt", b"x" * 10_000_001, "larger than 10 MB"),
        ("a.html", b"<html>" + b"x" * 2_000_001, "larger than 2 MB"),
    ],
)
def test_what_cannot_be_read_is_one_clear_sentence(
    desk: Desk, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputProblem, match=says) as problem:
        importing.take(desk, str(tmp_path / name))
    assert problem.value.cure
    assert reviewing.listing(desk) == []


def test_a_file_that_is_not_there_and_a_folder_are_told(desk: Desk, tmp_path: Path) -> None:
    for name in (tmp_path / "nothing.txt", tmp_path):
        with pytest.raises(InputProblem, match="cannot be read"):
            importing.take(desk, str(name))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_page_that_is_not_there_is_told(online: Desk, site: Site, status: int) -> None:
    with pytest.raises(InputProblem, match=f"answers {status}"):
        importing.take(online, site.page("/", with_data(), status))


def test_a_picture_on_the_web_is_no_review(online: Desk, site: Site) -> None:
    with pytest.raises(InputProblem, match="image/png"):
        importing.take(online, site.page("/", b"\x89PNG", content_type="image/png"))


def test_plain_text_on_the_web_is_read(online: Desk, site: Site) -> None:
    url = site.page("/a.txt", "A lamp\n\n" + PARAGRAPHS[0], content_type="text/plain")
    review = importing.take(online, url).review()
    assert (review.title, review.link) == ("A lamp", url)


@pytest.mark.parametrize("piece", ["<p>a", "<div>", "<a href=x>y", "<table><tr><td>", "&amp;"])
def test_a_huge_page_is_read_or_refused_in_reasonable_time(
    online: Desk, site: Site, piece: str
) -> None:
    url = site.page("/", "<html><body>" + piece * (1_900_000 // len(piece)))
    begun = time.monotonic()
    with suppress(InputProblem):
        importing.take(online, url)
    assert time.monotonic() - begun < 30


# Reading again


def test_reading_again_takes_the_text_and_what_was_open(online: Desk, site: Site) -> None:
    first = importing.from_input(("A lamp\n\n" + "\n\n".join(PARAGRAPHS[::-1])).encode())
    review = reviewing.add(online, first.review(author="I. Vale", slug="lamp"))
    assert "work" in review.unsure
    taken = importing.take(online, site.page("/", with_data()))
    renewed, remarks = reviewing.renew(online, "lamp", taken, {"outlet": "Another"})
    assert renewed.text == "\n\n".join(PARAGRAPHS)
    assert renewed.work == "The Keeper of Skerry Light"
    assert (renewed.author, renewed.outlet, renewed.title) == ("I. Vale", "Another", "A lamp")
    assert (renewed.rating, renewed.unsure) == ("3.5/5", [])
    assert remarks == [
        "title is 'A lamp and two liars' there, and 'A lamp' is kept.",
        "author is 'Ines Vale' there, and 'I. Vale' is kept.",
    ]
    with pytest.raises(NotFound):
        reviewing.renew(online, "nothing", taken, {})
