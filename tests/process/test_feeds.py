"""The real daemon looks at feeds while nothing is due, and a dead server does not hold it up."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bench import rig
from handbill.clock import now
from handbill.daemon import Daemon
from handbill.services import feeds, reviewing
from tests.factories import make_desk
from tests.web import here, serving

pytest.importorskip("feedparser")

pytestmark = pytest.mark.process

FEED = "<rss version='2.0'><channel><title>The Gazette</title>{}</channel></rss>"
ITEM = "<item><title>A lamp</title><link>https://gazette.example/a</link></item>"


def test_a_daemon_drafts_what_is_new_and_goes_on_after_a_dead_feed(own_file: Engine) -> None:
    with serving() as site:
        earlier = make_desk(own_file, lambda: now() - timedelta(hours=1), fetch=here())
        for path in ("/dead", "/feed"):
            site.page(path, FEED.format(""))
            feeds.add(earlier, site.address(path))
        site.pages["/dead"] = b""
        site.page("/feed", FEED.format(ITEM))
        desk = replace(earlier, clock=now)
        daemon = Daemon(desk, 1)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            rig.until(lambda: reviewing.listing(desk), "the draft", 60)
        finally:
            daemon.stop()
            thread.join(20)
    (draft,) = reviewing.listing(desk)
    assert (draft.title, draft.draft) == ("A lamp", True)
    dead, alive = feeds.listing(desk)
    assert "broke off" in (dead.trouble or "")
    assert alive.trouble is None
