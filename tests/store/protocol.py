"""The publish protocol as a rule machine on the real store: any order of verbs, crashes and clocks.

Two workers, people who queue, change and judge, and a network that loses requests and answers. The
steps are in `scene`, the network in `outside`, and what must hold after every step in `laws`.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status, Verb
from handbill.domain.outcomes import Busy, NotSent, Outcome, Receipt, Refused, Unauthorized
from handbill.domain.settling import QUIET, SEND_WINDOW
from handbill.store import posts
from handbill.store.claims import LEASE
from tests.conftest import emptied
from tests.factories import DAY, HOUR, MINUTE, SECOND, timing
from tests.store.crew import LEAD, WORKERS, Crew
from tests.store.outside import LANDING, Fate
from tests.store.scene import HOUSE, LEAST, NAMES, Luck, New, Step, Try

T = TypeVar("T")

NO_TIME = timedelta(0)
MOST_LIVING = 4

NAMED = st.sampled_from(WORKERS)
LUCK = st.builds(
    Luck,
    fate=st.sampled_from((*Fate, *LANDING, *LANDING, *[Fate.LANDS] * 3, Fate.IS_LOST)),
    lag=st.sampled_from((NO_TIME, 20 * SECOND, 10 * MINUTE, DAY)),
    slow=st.sampled_from((None, None, Step.SEND, *Step)),
    stall=st.sampled_from((SEND_WINDOW + LEAST, LEASE + LEAST, SEND_WINDOW, MINUTE)),
    untold=st.sampled_from((None, None, *Step)),
)
PICK = st.integers(0, 9)
DELAYS = st.sampled_from((NO_TIME, SECOND, MINUTE, HOUR))
LIMITS = st.sampled_from((DAY, DAY, HOUR, MINUTE))
ACCOUNTS = st.sampled_from(NAMES)
POSTS = st.builds(New, ACCOUNTS, DELAYS, LIMITS, parts=st.integers(1, 2), draft=st.booleans())
WAITS = st.sampled_from((SECOND, 5 * SECOND, 20 * SECOND, MINUTE, 10 * MINUTE))
LATE = st.sampled_from((NO_TIME, QUIET))
HALTS = st.sampled_from((NotSent, Refused, Busy, Unauthorized))
CHANGES = st.sampled_from(("reschedule", "edit", "approve", "reschedule", "unqueue", "cancel"))
STEPS = st.sampled_from((4, 0, 1, 4, 2, 3, 0))


def profile(examples: int, steps: int = 40, **other: object) -> settings:
    """How long the machine runs."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **other,  # type: ignore[arg-type]
    )


def one_of(some: Sequence[T], pick: int) -> T:
    """One of them, whichever number was drawn."""
    return some[pick % len(some)]


class Sending(Crew, RuleBasedStateMachine):
    """The heart of it: workers, a network, and a person who judges; they die, stall and go on."""

    def __init__(self, engine: Engine, tally: Counter[str] | None = None) -> None:
        RuleBasedStateMachine.__init__(self)
        Crew.__init__(self, emptied(engine), Counter() if tally is None else tally)
        self._trouble = sys.exc_info()[1]

    @invariant()
    def a_step_was_made(self) -> None:
        """All that must hold is checked in the steps themselves."""
        self.tally["steps"] += 1

    @initialize(more=st.lists(POSTS, max_size=2))
    def begin(self, more: list[New]) -> None:
        self.open()
        self.queue([*(New(name) for name in NAMES), *more])

    def teardown(self) -> None:
        """Let everything come to its end, unless a law is broken already."""
        if sys.exc_info()[1] is self._trouble and self.rows.posts:
            self.wind_up()
            self.tally["examples"] += 1

    # Workers

    def _anything_due(self) -> bool:
        if self.halted:
            return False
        busy = {post.account_id for post in self.rows.in_status(Status.PUBLISHING)}
        stopped = {self.accounts[name].id for name in self.stopped()}
        return any(
            post.not_before <= self.now + LEAD and post.no_later_than >= self.now
            for post in self.rows.in_status(Status.QUEUED)
            if post.account_id not in busy | stopped
        )

    def _can_work(self) -> bool:
        return bool(self.tries) or self._anything_due()

    @precondition(_can_work)
    @rule(pick=PICK, steps=STEPS, luck=LUCK)
    def north_works(self, pick: int, steps: int, luck: Luck) -> None:
        self._work("north", pick, steps, luck)

    @precondition(_can_work)
    @rule(pick=PICK, steps=STEPS, luck=LUCK)
    def south_works(self, pick: int, steps: int, luck: Luck) -> None:
        self._work("south", pick, steps, luck)

    def _work(self, worker: str, pick: int, steps: int, luck: Luck) -> None:
        """Go on with a post that the worker has claimed, or claim others."""
        mine = [one for one in self.tries if one.worker == worker]
        if pick < len(mine):
            return self.go_on(mine[pick], steps, luck)
        for one in self.claim(worker, 1 + pick % 2):
            if luck.untold is Step.CLAIM:
                self.tries.remove(one)
            else:
                self.go_on(one, steps, luck)
        return None

    @precondition(lambda self: self.tries or self.looks)
    @rule(worker=NAMED)
    def a_worker_dies(self, worker: str) -> None:
        self.tally["died with a claim"] += any(one.worker == worker for one in self.tries)
        self.tries = [one for one in self.tries if one.worker != worker]
        self.looks = [one for one in self.looks if one.worker != worker]

    @precondition(lambda self: self.rows.open_attempts)
    @rule()
    def all_die_and_one_starts_over(self) -> None:
        self.start_over()

    @precondition(lambda self: bool(self.chores()))
    @rule(worker=NAMED, pick=PICK, late=LATE, alone=st.booleans(), at_once=st.booleans())
    def a_worker_makes_its_round(
        self, worker: str, pick: int, late: timedelta, alone: bool, at_once: bool
    ) -> None:
        """When there is something to tidy or to look for, or later; looks may take long.

        `alone`: the other worker seems to be gone, be it so or not.
        """
        self.pass_to(max(self.now, one_of(self.chores(), pick)) + late)
        self.tidy(worker, [name for name in WORKERS if alone and name != worker])
        started = self.look(worker, 1)
        for look in started if at_once else ():
            self.settle(look)

    @precondition(lambda self: self.looks)
    @rule(pick=PICK, anew=st.booleans())
    def a_worker_settles(self, pick: int, anew: bool) -> None:
        """`anew`: the look-up took so long that it shows the network as it is by now."""
        look = one_of(self.looks, pick)
        if anew:
            look.sighting = self.sees(look.doubt.claim)
        self.settle(look)

    # The clock

    @rule(by=WAITS)
    def time_passes(self, by: timedelta) -> None:
        self.pass_to(self.now + by)

    @precondition(lambda self: self.moments())
    @rule(pick=PICK, off=st.sampled_from((NO_TIME, LEAST, -LEAST)))
    def time_comes_to_a_moment(self, pick: int, off: timedelta) -> None:
        """At which a rule changes, or just before or after it."""
        self.pass_to(max(self.now, one_of(self.moments(), pick) + off))

    # A person

    @precondition(lambda self: self.rows.doubts)
    @rule(pick=PICK, link=st.booleans())
    def a_person_judges(self, pick: int, link: bool) -> None:
        self.judge(one_of(self.rows.doubts, pick).post_id, link=link)


class Protocol(Sending):
    """Whatever else happens, in any order."""

    # People

    def _living(self) -> list[int]:
        gone = (Status.PUBLISHED, Status.CANCELLED)
        return sorted(n for n, post in self.rows.posts.items() if post.status not in gone)

    @precondition(lambda self: len(self._living()) < MOST_LIVING)
    @rule(new=POSTS)
    def a_person_queues(self, new: New) -> None:
        self.queue([new])

    @precondition(lambda self: bool(self._living()))
    @rule(pick=PICK, how=CHANGES, delay=DELAYS, limit=LIMITS)
    def a_person_changes(self, pick: int, how: str, delay: timedelta, limit: timedelta) -> None:
        acts: dict[str, tuple[Callable[..., None], Verb | None]] = {
            "reschedule": (posts.reschedule(timing(self.now + delay, limit)), Verb.QUEUE),
            "edit": (posts.edit(self.text(), None), None),
            "approve": (posts.approve, Verb.QUEUE),
            "unqueue": (posts.unqueue, Verb.UNQUEUE),
            "cancel": (posts.cancel, Verb.CANCEL),
        }
        self.change(one_of(self._living(), pick), how, *acts[how])

    def _over(self) -> list[int]:
        return sorted(post.id for post in self.rows.in_status(Status.MISSED, Status.FAILED))

    @precondition(lambda self: bool(self._over()))
    @rule(pick=PICK, delay=DELAYS, limit=LIMITS)
    def a_person_requeues(self, pick: int, delay: timedelta, limit: timedelta) -> None:
        again = posts.requeue(timing(self.now + delay, limit))
        self.change(one_of(self._over(), pick), "requeue", again, Verb.QUEUE)

    @precondition(lambda self: self.rows.open_attempts)
    @rule(name=st.sampled_from((*NAMES, HOUSE)))
    def a_person_pauses(self, name: str) -> None:
        self.pause(name)

    @precondition(lambda self: self.stopped())
    @rule(pick=PICK)
    def a_person_resumes(self, pick: int) -> None:
        self.resume(one_of(self.stopped(), pick))

    # Workers

    @precondition(lambda self: self.at(Step.ARM))
    @rule(pick=PICK, kind=HALTS)
    def a_worker_cannot_prepare(self, pick: int, kind: type[Outcome]) -> None:
        outcomes: dict[type[Outcome], Outcome] = {
            NotSent: NotSent("The network could not be reached."),
            Refused: Refused("The picture is refused."),
            Busy: Busy("The network asks to rest.", self.now + 2 * MINUTE),
            Unauthorized: Unauthorized("The tokens are not taken.", "renew"),
        }
        one_of(self.at(Step.ARM), pick).outcome = outcomes[kind]
        self.tally["halted"] += 1

    @precondition(lambda self: self.at(Step.ARM))
    @rule(pick=PICK)
    def a_worker_has_a_clock_that_is_behind(self, pick: int) -> None:
        self.arm_behind(one_of(self.at(Step.ARM), pick), HOUR)

    def _misled(self) -> list[tuple[Try, Receipt]]:
        """Tries whose answer could name a post of the account that is known already."""
        known = {part.remote_id for part in self.rows.of["part"].values()}
        said = [said for said in self.outside.public if said.remote_id in known]
        return [
            (one, other.receipt())
            for one in self.at(Step.HEAR)
            for other in said
            if other.claim.account.id == one.claim.account.id
            and other.claim.part_id != one.claim.part_id
        ]

    @precondition(lambda self: bool(self._misled()))
    @rule(pick=PICK)
    def a_worker_hears_of_another_post(self, pick: int) -> None:
        one, receipt = one_of(self._misled(), pick)
        one.outcome = receipt
        self.tally["heard of another"] += 1

    @precondition(lambda self: self.looks)
    @rule(pick=PICK)
    def a_worker_cannot_look(self, pick: int) -> None:
        self.postpone(one_of(self.looks, pick))
