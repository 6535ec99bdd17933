"""`handbill feed …`."""

from collections.abc import Iterator

import pytest

from handbill import egress
from tests.cli.shell import Shell
from tests.web import Site, here, serving

pytest.importorskip("feedparser")

FEED = "<rss version='2.0'><channel><title>The Gazette</title>{}</channel></rss>"
ITEM = (
    "<item><title>A lamp {0}</title><link>https://gazette.example/{0}</link>"
    "<description>It shines.</description></item>"
)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server on this machine; the shell's way out leads there, by the App's own seam."""
    monkeypatch.setattr(egress, "fetch", here())
    with serving() as made:
        made.page("/feed", FEED.format(ITEM.format(1)))
        yield made


def test_a_feed_is_added_looked_at_listed_and_removed(shell: Shell, site: Site) -> None:
    url = site.address("/feed")
    added = shell.fine("feed", "add", url)
    assert "Watching The Gazette." in added.out
    assert "1 older entries were left alone" in added.out
    assert "Nothing new." in shell.fine("feed", "look").out
    site.page("/feed", FEED.format(ITEM.format(1) + ITEM.format(2)))
    assert "Drafted a-lamp-2: A lamp 2" in shell.fine("feed", "look").out
    assert "draft" in shell.fine("review", "list").out
    site.page("/feed", "", 410)
    assert "answers 410" in shell.fine("feed", "look").out
    assert "answers 410" in shell.fine("feed", "list").out
    (listed,) = shell.fine("feed", "list", "--json").json
    assert set(listed) == {"id", "url", "title", "looked_at", "trouble"}
    assert shell.fine("feed", "remove", "1").out == f"{url} is not watched any more.\n"
    assert "handbill feed add" in shell.fine("feed", "list").err
    assert len(shell.fine("review", "list", "--json").json) == 1


def test_json_tells_the_drafts_and_what_was_skipped(shell: Shell, site: Site) -> None:
    added = shell.fine("feed", "add", site.address("/feed"), "--all", "--json").json
    assert (added["drafts"], added["skipped"], added["trouble"]) == (["a-lamp-1"], 0, None)
    (looked,) = shell.fine("feed", "look", "--json").json
    assert looked["drafts"] == []
    assert shell.fine("feed", "remove", "1", "--json").json["id"] == 1


def test_the_real_way_out_does_not_lead_to_this_machine(shell: Shell) -> None:
    with serving() as site:
        answer = shell("feed", "add", site.address("/feed"))
        assert (answer.code, site.connections) == (1, 0)
        assert "private" in answer.err
    assert shell("feed", "remove", "7").code == 1
