"""Every path by which a post under embargo could leave, tried against a real rehearsal server.

It must receive not one byte of a text or a picture before the lift, by its own ledger; also when
our clock is ahead and the timekeeper believes it.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.clock import now
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.when import Moment
from handbill.domain.zones import zone
from handbill.errors import InputProblem
from handbill.inputs import ImageIn, PartIn, PostIn, ReviewIn, TimeIn
from handbill.models import Post, Review
from handbill.services import (
    backups,
    batches,
    embargoes,
    pausing,
    publishing,
    queueing,
    requeueing,
    restoring,
    reviewing,
    rounds,
    settling,
    works,
)
from handbill.services.desk import Desk
from handbill.store import claims, leases, listings, overdue, posts, records
from handbill.store import embargoes as store
from handbill.store.embargoes import Said, Which
from handbill.store.posts import Timing
from tests.factories import not_sent, nothing, png

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEXT = "The twist in the lighthouse is a canary."


def no(_text: str, _moment: Moment) -> bool:
    return False


@dataclass(frozen=True)
class House:
    """A home, a review that is under embargo for half an hour, and the ledger of the network."""

    app: App
    stage: rig.Stage
    review: Review
    lift: datetime

    @property
    def desk(self) -> Desk:
        return self.app.desk

    def post(self, at: str = "now", **fields: object) -> int:
        """A post with a picture, queued before there was an embargo."""
        file = self.app.settings.home / "lamp.png"
        file.write_bytes(png(8, 8))
        part = PartIn(text=TEXT, images=[ImageIn(file=str(file), alt="A canary.")])
        new = PostIn.model_validate(
            {
                "account": "ada",
                "at": at,
                "parts": [part],
                "review": self.review.slug,
                "no_later_than": "2d",
            }
            | fields
        )
        (entry,) = queueing.queue(self.desk, [("", new)], no)
        return entry.post.id or 0

    def embargo(self) -> None:
        """Set the embargo, and move nothing."""
        asked = TimeIn(at=self.lift.isoformat(), zone="UTC")
        change = embargoes.plan(self.desk, self.review.slug, Kind.REVIEW, asked)
        embargoes.keep(self.desk, change, move=False)

    def status(self, number: int) -> Status:
        return listings.get(self.desk.engine, number).post.status

    def bytes_received(self) -> int:
        """Of whatever could hold a text or a picture, by the network's own book."""
        return sum(request["bytes"] for request in self.stage.ledger()["requests"])

    def publishing_requests(self) -> list[str]:
        found = self.stage.ledger()["requests"]
        return [one["path"] for one in found if one["method"] != "GET"]


@pytest.fixture
def house(home: Path, stage: rig.Stage) -> Generator[House]:
    app = rig.make_home(home, stage.url, "ada")
    review = reviewing.add(app.desk, ReviewIn(title="A lamp and two liars", work="Skerry Light"))
    stage.reset()
    lift = (now() + 30 * MINUTE).replace(microsecond=0)
    yield House(app, stage, review, lift)
    app.desk.engine.dispose()


# The paths: each brings a post to where it would leave at once, if it were not under embargo


def _edit(house: House) -> None:
    number = house.post()
    house.embargo()
    queueing.edit(house.desk, number, f"{TEXT} Edited.", None)


def _now(house: House) -> None:
    house.embargo()
    with pytest.raises(InputProblem, match="under embargo"):
        house.post("now")
    number = house.post("+31m")
    posts.change(house.desk.engine, number, posts.reschedule(at_once()))  # past the door


def _retry(house: House) -> None:
    house.post()
    (claim,) = claims.claim(house.desk.engine, now(), "w", 1, house.desk.pictures)
    house.embargo()
    records.record(house.desk.engine, claim, not_sent(), now())


def _import(house: House) -> None:
    house.embargo()
    file = house.app.settings.home / "posts.csv"
    file.write_text(f"account,text,at,review\nada,{TEXT},now,{house.review.slug}\n")
    with pytest.raises(InputProblem, match="under embargo"):
        queueing.queue(house.desk, batches.read(file), no)


def _reschedule(house: House) -> None:
    number = house.post("+31m")
    house.embargo()
    with pytest.raises(InputProblem, match="under embargo"):
        queueing.reschedule(house.desk, number, TimeIn(at="now"), no)
    posts.change(house.desk.engine, number, posts.reschedule(at_once()))


def _approve(house: House) -> None:
    number = house.post(draft=True)
    house.embargo()
    with pytest.raises(InputProblem, match="under embargo"):
        queueing.approve(house.desk, number)
    posts.change(house.desk.engine, number, posts.approve)


def _plan_anchor(house: House) -> None:
    """A release date moves to where the post would be due now."""
    number = house.post("+31m")
    rig.overwrite(house.app, Post, number, anchor="festival+0")
    house.embargo()
    soon = Moment.of(now() + SECOND, zone("UTC"))
    asked = TimeIn(at=soon.at.isoformat(), zone="UTC")
    change = works.plan(house.desk, "Skerry Light", "festival", asked)
    assert [one.entry.post.id for one in change.diff.moves] == [number]
    works.keep(house.desk, change)


def _requeue(house: House) -> None:
    number = house.post("now", no_later_than="1s")
    house.embargo()
    overdue.miss(house.desk.engine, house.lift + SECOND)
    entries = requeueing.named(house.desk, [number])
    with pytest.raises(InputProblem, match="under embargo"):
        requeueing.plan(house.desk, entries, TimeIn(at="now"), None, no)
    posts.change(house.desk.engine, number, posts.requeue(at_once()))


def _deny(house: House) -> None:
    """It was in doubt when the embargo was set, and a person says that it is not out."""
    house.stage.faults({"do": "drop", "path": "/2/tweets"})
    number = plain(house)
    rounds.tick(house.desk)
    assert house.status(number) is Status.IN_DOUBT
    house.stage.reset()
    house.embargo()
    settling.deny(replace(house.desk, clock=lambda: now() + 2 * MINUTE), number)
    assert house.status(number) is Status.QUEUED


def plain(house: House) -> int:
    """A post without a picture."""
    new = PostIn(
        account="ada",
        at="now",
        parts=[PartIn(text=TEXT)],
        review=house.review.slug,
        no_later_than="2d",
    )
    (entry,) = queueing.queue(house.desk, [("", new)], no)
    return entry.post.id or 0


def _restore(house: House) -> None:
    """The backup is older than the embargo."""
    house.post("+2s")
    file = house.app.settings.home / "handbill.zip"
    backups.backup(house.desk, file, nothing)
    house.embargo()
    restoring.restore(house.desk, file, nothing, force=True)
    pausing.resume(house.desk)
    rig.until(lambda: now() > house.lift - 30 * MINUTE + 3 * SECOND, "the old due time")


def _lease(house: House) -> None:
    house.post()
    claims.claim(house.desk.engine, now(), "w", 1, house.desk.pictures)
    house.embargo()
    leases.expire_all(house.desk.engine, now())


def _claimed(house: House) -> None:
    """A worker has it in hand when the embargo is set."""
    house.post()
    (claim,) = claims.claim(house.desk.engine, now(), "w", 1, house.desk.pictures)
    house.embargo()
    publishing.publish(house.desk, claim)


def _by_hand(house: House) -> None:
    """Somebody takes the mark off the post, past the program."""
    number = house.post()
    house.embargo()
    rig.overwrite(house.app, Post, number, embargo_until=None, not_before=now())


def _moved_later(house: House) -> None:
    """An embargo of a second is moved while it is about to lift."""
    house.post()
    asked = TimeIn(at=(now() + 2 * SECOND).replace(microsecond=0).isoformat(), zone="UTC")
    short = embargoes.plan(house.desk, house.review.slug, Kind.REVIEW, asked)
    embargoes.keep(house.desk, short, move=True)
    house.embargo()


def at_once() -> Timing:
    """Now, for two days."""
    moment = now() - SECOND
    return Timing(moment, "", "UTC", moment + 48 * HOUR)


PATHS: dict[str, Callable[[House], None]] = {
    "edit": _edit,
    "now": _now,
    "retry": _retry,
    "import": _import,
    "reschedule": _reschedule,
    "approve": _approve,
    "a plan's anchor": _plan_anchor,
    "requeue": _requeue,
    "deny": _deny,
    "restore": _restore,
    "a lease that ran out": _lease,
    "claimed before": _claimed,
    "by hand": _by_hand,
    "moved later": _moved_later,
}


def by_a_clock_ahead(house: House, by: timedelta) -> Desk:
    """A clock that is wrong, and a timekeeper that has found nobody to say so."""
    return replace(house.desk, clock=lambda: now() + by)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_no_path_brings_a_byte_out_before_the_lift(
    house: House, path: Callable[[House], None]
) -> None:
    path(house)
    rounds.tick(house.desk)
    for ahead in (31 * MINUTE, HOUR):
        wrong = by_a_clock_ahead(house, ahead)
        for claim in claimed(wrong):
            publishing.publish(wrong, claim)
        rounds.tick(rig.timeless(wrong))
    assert now() < house.lift
    assert house.publishing_requests() == []
    assert house.bytes_received() == 0
    assert house.stage.accepted() == []


def claimed(desk: Desk) -> list[Claim]:
    """What a worker takes by that clock."""
    return claims.claim(desk.engine, desk.clock(), "wrong", 5, desk.pictures)


def test_by_a_clock_that_is_ahead_the_post_is_held_with_attention_and_goes_out_later(
    house: House,
) -> None:
    number = house.post()
    house.embargo()
    wrong = by_a_clock_ahead(house, 31 * MINUTE)
    (claim,) = claimed(wrong)
    publishing.publish(wrong, claim)
    attention = listings.get(house.desk.engine, number).post.attention or ""
    assert re.match(r"Our clock is 3[01] min .*ahead of X's\. ", attention)
    assert TEXT not in attention
    assert house.bytes_received() == 0
    store.lift(
        house.desk.engine,
        Which(house.review.id or 0, Kind.REVIEW),
        [],
        Said(now(), "ines", "So it is."),
    )
    later = replace(house.desk, clock=lambda: now() + 20 * SECOND)
    rig.overwrite(house.app, Post, number, not_before=now())
    (claim,) = claims.claim(later.engine, later.clock(), "right", 1, later.pictures)
    publishing.publish(later, claim)
    entry = listings.get(house.desk.engine, number)
    assert (entry.post.status, entry.post.attention) == (Status.PUBLISHED, None)
    assert [post["text"] for post in house.stage.accepted()] == [TEXT]


def test_text_and_picture_leave_after_the_lift_and_not_a_byte_before(house: House) -> None:
    """The true clock, from a while before the lift until the post is out."""
    number = house.post()
    lift = (now() + 3 * SECOND).replace(microsecond=0)
    replace(house, lift=lift).embargo()
    rig.until(lambda: rounds.tick(house.desk) and house.stage.accepted(), "the post")
    requests = house.stage.ledger()["requests"]
    early = [one for one in requests if datetime.fromisoformat(one["at"]) < lift]
    assert [one for one in early if one["bytes"] or one["method"] != "GET"] == []
    assert sum(one["bytes"] for one in requests) > len(TEXT)
    (post,) = house.stage.accepted()
    assert datetime.fromisoformat(post["accepted_at"]) >= lift
    assert len(post["media"]) == 1
    assert house.status(number) is Status.PUBLISHED
