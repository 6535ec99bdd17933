"""Settles posts in doubt: asks the network when a look-up is due, or takes a person's word."""

from dataclasses import dataclass

from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import Busy, Halted, Receipt, Unauthorized
from handbill.domain.settling import COME_BACK
from handbill.errors import InputProblem, SettingsProblem, TooLate
from handbill.services.desk import Desk
from handbill.store import accounts, doubts, listings


@dataclass(frozen=True)
class Looked:
    """One look-up and the status it left the post in."""

    post_id: int
    account: str
    status: Status


def look(desk: Desk) -> Looked | None:
    """Make one of the look-ups that are due; None when there is none."""
    for doubt in doubts.due(desk.engine, desk.clock(), desk.pictures, limit=1):
        return Looked(doubt.claim.post_id, doubt.claim.account.name, _look(desk, doubt))
    return None


def _look(desk: Desk, doubt: doubts.Doubt) -> Status:
    engine, clock = desk.engine, desk.clock
    started_at = clock()
    try:
        sighting = desk.connect(doubt.claim.account).find(doubt.claim)
    except Halted as halted:
        outcome = halted.outcome
        if isinstance(outcome, Unauthorized):
            name = doubt.claim.account.name
            accounts.pause(engine, name, outcome.says, outcome.cure, clock())
        until = outcome.until if isinstance(outcome, Busy) else clock() + COME_BACK
        doubts.postpone(engine, doubt, f"Handbill could not look: {outcome.says}", until)
        return Status.IN_DOUBT
    except SettingsProblem as problem:
        doubts.postpone(engine, doubt, f"Handbill could not look: {problem}", clock() + COME_BACK)
        return Status.IN_DOUBT
    return doubts.settle(engine, doubt, sighting, started_at, clock())


def confirm(desk: Desk, post_id: int, url: str | None) -> Status:
    """A person says that the post is out. Raises NotFound, TooLate, InputProblem."""
    if url is None:
        return _judge(desk, post_id, Receipt("", ""))
    network = listings.get(desk.engine, post_id).account.network
    remote_id = desk.networks(network).remote_id(url)
    if remote_id is None:
        raise InputProblem(
            f"{url} is not the link of a post.",
            "Open the post itself and copy its address, or leave --url away.",
        )
    return _judge(desk, post_id, Receipt(remote_id, url))


def deny(desk: Desk, post_id: int) -> Status:
    """A person says that the post is not out: it is queued again.

    Raises NotFound, TooLate, and InputProblem while a request may still be on its way.
    """
    return _judge(desk, post_id, None)


def _judge(desk: Desk, post_id: int, receipt: Receipt | None) -> Status:
    status = doubts.judge(desk.engine, post_id, receipt, desk.clock())
    if status is None:
        entry = listings.get(desk.engine, post_id)
        raise TooLate(
            f"Post #{post_id} is not in doubt; it is {entry.post.status}.",
            f"See: handbill queue show {post_id}",
        )
    return status
