"""What every round over the queue does, for the daemon as for `tick`; one log line an event."""

import logging
from collections import deque
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handbill.domain.lateness import late_by
from handbill.domain.lifecycle import LABELS, Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import Receipt
from handbill.domain.zones import show
from handbill.errors import Problem
from handbill.services import feeds, liveness, publishing, settling, zonedata
from handbill.services.desk import Desk
from handbill.services.publishing import Ended
from handbill.services.shifts import Shift
from handbill.services.timekeeping import Timekeeper
from handbill.store import accounts, agenda, claims, leases, listings, standing
from handbill.store.engine import sqlite_file
from handbill.store.lock import sole_worker

log = logging.getLogger("handbill")


def warm_up(desk: Desk) -> None:
    """Load what the first post would otherwise have to wait for."""
    for account in accounts.listing(desk.engine):
        desk.networks(account.network)


def greet(desk: Desk) -> None:
    """One line that says what the daemon works on, and what comes next."""
    place = sqlite_file(desk.engine) or "the database server"
    waiting = listings.queue(desk.engine, [Status.QUEUED], None, limit=1)
    coming = "nothing is queued yet"
    if waiting and waiting[0].post.due_at:
        post = waiting[0].post
        due = show(waiting[0].post.due_at, ZoneInfo(post.zone))
        coming = f"next is #{post.id} on {waiting[0].account.name}, {due}"
    log.info("Ready, publishing from %s; %s.", place, coming, extra={"action": "ready"})
    if pause := standing.get(desk.engine, standing.PAUSE):
        log.warning(
            "Everything is paused, and nothing is sent until `handbill resume`: %s",
            pause.value,
            extra={"action": "paused"},
        )


def look(desk: Desk) -> bool:
    """Make one of the look-ups that are due; False when there is none."""
    looked = settling.look(desk)
    if looked is None:
        return False
    found = looked.status is Status.PUBLISHED
    words = "found it: it is out" if found else f"it is {LABELS[looked.status].lower()}"
    log.log(
        logging.INFO if found else logging.WARNING,
        "Looked for #%s on %s: %s.",
        looked.post_id,
        looked.account,
        words,
        extra={"action": "looked", "post": looked.post_id, "status": looked.status.value},
    )
    return True


def tell(ended: Ended, now: datetime) -> None:
    """One line about how a claim ended."""
    claim, outcome = ended.claim, ended.outcome
    name = f"#{claim.post_id} on {claim.account.name}"
    extra = {
        "action": outcome.kind,
        "post": claim.post_id,
        "account": claim.account.name,
        "status": ended.status.value if ended.status else None,
    }
    if isinstance(outcome, Receipt):
        late = late_by(claim.due_at, now).total_seconds()
        log.info("Published %s, %.3f s after its time: %s", name, late, outcome.url, extra=extra)
        return
    became = LABELS[ended.status].lower() if ended.status else "not yet written down"
    log.warning("%s is %s: %s", name, became, outcome.says, extra=extra)


#: How long `tick`, or a daemon that is stopping, tries to write down what it knows.
LAST_PATIENCE = timedelta(seconds=10)


def tick(desk: Desk) -> int:
    """One pass over everything that is due now; answers how many claims were made.

    Raises Problem when something is due and the clock is wrong, or nobody can say that it is right.
    """
    made = 0
    shift, timekeeper = Shift(desk), Timekeeper(desk)
    with sole_worker(desk.engine):
        shift.begin()
        with shift.alive():
            today = agenda.look_up(desk.engine, desk.clock())
            if today.posts_due or today.looks_due or leases.under_way(desk.engine):
                made = _one_pass(desk, shift, timekeeper)
            zonedata.notice_daily(desk)
            liveness.look_ahead(desk)
            feeds.look_due(desk)
        shift.end()
    if timekeeper.trouble and timekeeper.moment() is None:
        raise Problem(timekeeper.trouble)
    return made


def _one_pass(desk: Desk, shift: Shift, timekeeper: Timekeeper) -> int:
    made = 0
    unrecorded: deque[Ended] = deque()
    if timekeeper.trusted() and (now := timekeeper.moment()):
        shift.tidy(now)
    try:
        while timekeeper.trusted() and (claim := _claim(desk, shift, timekeeper.moment())):
            made += 1
            ended = publishing.publish(desk, claim)
            tell(ended, desk.clock())
            if ended.status is None:
                unrecorded.append(ended)
    finally:  # a receipt that we hold must not get lost, whatever went wrong since
        publishing.write_down(desk, unrecorded, LAST_PATIENCE)
    while timekeeper.quiet() and look(desk):
        pass
    return made


def _claim(desk: Desk, shift: Shift, now: datetime | None) -> Claim | None:
    if now is None:
        return None
    made = claims.claim(desk.engine, now, shift.name, 1, desk.pictures)
    return made[0] if made else None
