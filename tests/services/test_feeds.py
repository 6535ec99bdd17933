"""Feeds: each new entry becomes one draft, and a broken feed is one clear sentence."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.errors import InputProblem, NotFound
from handbill.services import feeds, reviewing
from handbill.services.desk import Desk
from handbill.store.feeds import draft, named, take_turn
from tests.factories import MINUTE, NOW, Hands, make_desk, review_in
from tests.web import Site, here, serving

pytest.importorskip("feedparser")

WORDS = (
    "Skerry Light is the best film about a lighthouse. It is not the only one, but the rain in "
    "Skerry Light is for the ages."
)


def item(number: int, **changes: str) -> str:
    fields = {
        "title": f"Skerry Light review {number}",
        "link": f"https://gazette.example/{number}",
        "guid": f"tag:{number}",
        "pubDate": "Fri, 20 Nov 2026 09:30:00 +0100",
        "content:encoded": f"<![CDATA[<p>{WORDS}</p><script>alert(1)</script><p>★★★½☆</p>]]>",
    } | changes
    return "<item>" + "".join(f"<{k}>{v}</{k}>" for k, v in fields.items() if v) + "</item>"


def rss(*items: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>The Gazette</title><language>en-gb</language>{''.join(items)}</channel></rss>"
    )


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


@pytest.fixture
def online(engine: Engine, hands: Hands) -> Desk:
    return make_desk(engine, hands, fetch=here())


def put(site: Site, *numbers: int, **headers: str) -> str:
    """The newest entry is on top, as in real feeds."""
    items = [item(number) for number in reversed(numbers)]
    return site.page("/feed", rss(*items), 200, content_type="application/rss+xml", **headers)


def drafts(desk: Desk) -> list[str]:
    return [review.title for review in reversed(reviewing.listing(desk))]


def test_what_is_there_already_is_left_alone_and_counted(online: Desk, site: Site) -> None:
    looked, skipped = feeds.add(online, put(site, 1, 2, 3))
    assert (looked.drafts, skipped) == ([], 3)
    assert looked.feed.title == "The Gazette"
    assert drafts(online) == []


def test_all_are_drafted_when_asked_for_oldest_first(online: Desk, site: Site) -> None:
    looked, skipped = feeds.add(online, put(site, 1, 2), everything=True)
    assert skipped == 0
    assert drafts(online) == ["Skerry Light review 1", "Skerry Light review 2"]
    assert [review.slug for review in looked.drafts] == ["skerry-light", "skerry-light-2"]


def test_each_new_entry_is_drafted_once(online: Desk, site: Site) -> None:
    feeds.add(online, put(site, 1))
    put(site, 1, 2, 3)
    assert [len(one.drafts) for one in feeds.look(online)] == [2]
    assert [len(one.drafts) for one in feeds.look(online)] == [0]
    put(site, 3)
    feeds.look(online)
    put(site, 1, 2, 3)
    feeds.look(online)
    assert drafts(online) == ["Skerry Light review 2", "Skerry Light review 3"]


def test_a_draft_has_what_the_feed_says_and_marks_what_is_unsure(online: Desk, site: Site) -> None:
    feeds.add(online, put(site, 1), everything=True)
    (review,) = reviewing.listing(online)
    assert (review.work, review.link) == ("Skerry Light", "https://gazette.example/1")
    assert (review.outlet, review.rating, review.language) == ("The Gazette", "3.5/5", "en")
    assert review.published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert review.text == f"{WORDS}\n\n★★★½☆"
    assert (review.draft, review.check_link) == (True, True)
    assert set(review.unsure) == {"outlet", "work"}
    kept = reviewing.keep(online, review.slug)
    assert (kept.draft, kept.unsure) == (False, [])


def test_of_a_summary_alone_the_text_is_unsure(online: Desk, site: Site) -> None:
    entry = item(1, **{"content:encoded": "", "description": WORDS})
    site.page("/feed", rss(entry))
    feeds.add(online, site.address("/feed"), everything=True)
    (review,) = reviewing.listing(online)
    assert review.text == WORDS
    assert "text" in review.unsure


def test_atom_is_read_too(online: Desk, site: Site) -> None:
    site.page(
        "/atom",
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>The Gazette</title><entry><id>a</id>'
        '<title type="html">A &lt;i&gt;lamp&lt;/i&gt;</title><author><name>Ines</name></author>'
        '<link href="/lamp"/><published>2026-11-20T09:30:00Z</published>'
        f'<content type="html">&lt;p&gt;{WORDS}&lt;/p&gt;</content></entry></feed>',
        content_type="application/atom+xml",
    )
    feeds.add(online, site.address("/atom"), everything=True)
    (review,) = reviewing.listing(online)
    assert (review.title, review.author) == ("A lamp", "Ines")
    assert review.link == site.address("/lamp")


def test_a_server_is_told_what_we_have_and_need_not_send_it_again(
    online: Desk, site: Site, hands: Hands
) -> None:
    feeds.add(online, put(site, 1, etag='"one"', last_modified="Fri, 20 Nov 2026 08:00:00 GMT"))
    site.page("/feed", "", 304)
    hands.forward(MINUTE)
    (looked,) = feeds.look(online)
    assert (looked.drafts, looked.trouble) == ([], None)
    assert site.requests[-1]["if-none-match"] == '"one"'
    assert site.requests[-1]["if-modified-since"] == "Fri, 20 Nov 2026 08:00:00 GMT"
    (feed,) = feeds.listing(online)
    assert (feed.etag, feed.looked_at) == ('"one"', NOW + MINUTE)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("", 200, "no feed"), ("nonsense", 200, "no feed"), ("{}", 200, "no feed"),
        ("<html><body>Hello</body></html>", 200, "no feed"), ("gone", 410, "answers 410"),
        ("<?xml version='1.0'?><rss", 200, "no feed"), ("\0\0\0", 200, "no feed"),
        ("<rss version='2.0'><channel><item><title>A</ti", 200, ""), ("x", 503, "answers 503"),
    ],
)  # fmt: skip
def test_a_broken_feed_is_a_clear_sentence_until_it_is_mended(
    online: Desk, site: Site, body: str, status: int, says: str
) -> None:
    feeds.add(online, put(site, 1, etag='"one"'))
    site.page("/feed", body, status)
    (looked,) = feeds.look(online)
    (feed,) = feeds.listing(online)
    assert feed.trouble == looked.trouble
    assert says in (feed.trouble or "")
    assert bool(feed.trouble) is bool(says)
    put(site, 1, 2)
    feeds.look(online)
    assert "Skerry Light review 2" in drafts(online)
    assert feeds.listing(online)[0].trouble is None


def test_a_feed_that_breaks_off_gives_what_it_has(online: Desk, site: Site) -> None:
    site.page("/feed", rss(item(1), item(2))[:-60])
    looked, _ = feeds.add(online, site.address("/feed"), everything=True)
    assert looked.drafts


BOMB = "<!DOCTYPE r [<!ENTITY a0 'lol'>{}]>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
)


def test_bombs_and_files_within_a_feed_do_nothing(online: Desk, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a secret")
    with serving() as other:
        entities = f'x SYSTEM "{file.as_uri()}"><!ENTITY y SYSTEM "{other.address()}"'
        secret = f"<!DOCTYPE r [<!ENTITY {entities}>]>"
        for number, (head, word) in enumerate([(BOMB, "&a11;"), (secret, "&x;"), (secret, "&y;")]):
            site.page(f"/{number}", rss(item(number, title=f"A lamp {word}"), head=head))
            with suppress(InputProblem):
                feeds.add(online, site.address(f"/{number}"), everything=True)
        assert other.connections == 0
    for review in reviewing.listing(online):
        assert "a secret" not in review.title + review.text
        assert len(review.title) < 100


def test_a_page_that_is_no_feed_names_the_feed_that_it_offers(online: Desk, site: Site) -> None:
    url = site.page("/", '<link rel="alternate" type="application/rss+xml" href="/feed.xml">')
    with pytest.raises(InputProblem, match="not its feed") as problem:
        feeds.add(online, url)
    assert problem.value.cure == f"handbill feed add {site.address('/feed.xml')}"
    assert feeds.listing(online) == []


def test_a_feed_is_watched_once_and_removed_by_number_or_address(online: Desk, site: Site) -> None:
    url = put(site, 1)
    for which in ("number", "address"):
        looked, _ = feeds.add(online, url, everything=True)
        with pytest.raises(InputProblem, match="already"):
            feeds.add(online, url)
        feeds.remove(online, str(looked.feed.id) if which == "number" else url)
        with pytest.raises(NotFound):
            feeds.remove(online, url)
    assert len(drafts(online)) == 2


def test_housekeeping_looks_when_half_an_hour_has_passed(
    online: Desk, site: Site, hands: Hands
) -> None:
    feeds.add(online, put(site, 1))
    put(site, 1, 2)
    hands.forward(29 * MINUTE)
    assert feeds.look_due(online) is None
    hands.forward(MINUTE)
    looked = feeds.look_due(online)
    assert looked is not None
    assert len(looked.drafts) == 1
    assert feeds.look_due(online) is None


def test_one_worker_takes_the_turn(online: Desk, site: Site) -> None:
    feeds.add(online, put(site, 1))
    later = NOW + timedelta(hours=1)
    assert take_turn(online.engine, later, later - feeds.EVERY) is not None
    assert take_turn(online.engine, later, later - feeds.EVERY) is None


def test_of_two_workers_with_the_same_entry_one_drafts_it(online: Desk, site: Site) -> None:
    looked, _ = feeds.add(online, put(site, 1))
    both = [draft(online.engine, looked.feed, "new", (review_in(), "a"), NOW) for _ in range(2)]
    assert [one is None for one in both] == [False, True]
    assert len(drafts(online)) == 1


def test_a_feed_that_cannot_be_reached_is_a_trouble_of_its_own(online: Desk, site: Site) -> None:
    feeds.add(online, put(site, 1))
    feeds.add(online, site.page("/other", rss(item(9))))
    put(site, 1, 2)
    site.pages["/other"] = b""
    first, second = feeds.look(online)
    assert (len(first.drafts), first.trouble) == (1, None)
    assert "broke off" in (second.trouble or "")
    assert named(online.engine, second.feed.url).trouble == second.trouble


def test_without_the_libraries_the_command_that_brings_them_is_named(
    online: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from handbill.errors import SettingsProblem

    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(SettingsProblem) as problem:
        feeds.add(replace(online), put(site, 1))
    assert "pip install 'handbill[import]'" in problem.value.cure
