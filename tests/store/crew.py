"""What workers do at the store, step by step, and how everything comes to its end.

Each worker may stop after any step, for ever or for long; what it says and hears may be lost.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from handbill.domain.lateness import DEFAULT_GAP, OUTAGE, late_by, was_outage
from handbill.domain.lifecycle import Status, Verb
from handbill.domain.network import Claim, Found, NotSeen, Sighting
from handbill.domain.outcomes import NotSent, Outcome
from handbill.domain.settling import SEND_WINDOW
from handbill.store import arming, claims, doubts, leases, overdue, records
from tests.factories import DAY, MINUTE, PICTURES
from tests.store import laws
from tests.store.outside import PROVING, SILENCE, Fate
from tests.store.scene import HOUSE, NAMES, Look, Luck, Scene, Step, Try

#: So much before its time a worker may claim a post.
LEAD = timedelta(milliseconds=100)
#: By then every lease has run out, and every request has landed or never will.
LONG = 20 * MINUTE
WORKERS = ("north", "south")
#: Where an attempt can lead, and where one leads that nobody can end any more.
ENDS = (Verb.DEFER, Verb.DOUBT, Verb.CONFIRM, Verb.FAIL)
GIVEN_UP = (Verb.DEFER, Verb.DOUBT, Verb.FAIL)


class Crew(Scene):
    """A scene with workers."""

    # What a worker that breaks a rule does otherwise

    def gets_leave(self, claim: Claim) -> bool:
        """Arm the claim."""
        return arming.arm(self.engine, claim, self.outside.evidence(claim), self.now)

    def dares(self, armed_at: datetime) -> bool:
        """Whether an armed request may still leave."""
        return self.now <= armed_at + SEND_WINDOW

    def understands(self, answer: Outcome) -> Outcome:
        """What a worker makes of the network's answer."""
        return answer

    def sees(self, claim: Claim) -> Sighting:
        """What a look-up shows."""
        return self.outside.find(claim, self.now)

    # Sending

    def due(self) -> bool:
        """Whether a post waits whose time has come."""
        queued = self.rows.in_status(Status.QUEUED)
        return any(post.not_before <= self.now for post in queued)

    def at(self, step: Step) -> list[Try]:
        """Tries whose next step this is."""
        return [one for one in self.tries if one.next is step]

    def claim(self, worker: str, limit: int) -> list[Try]:
        """Take what is due."""
        got = claims.claim(self.engine, self.now, worker, limit, PICTURES, LEAD)
        assert not (got and self.halted), "claimed though everything is stopped"
        laws.claims_are_fair(got, self.rows, self.now + LEAD, self.now)
        mine = [Try(worker, claim) for claim in got]
        self.tries += mine
        self.did("claimed", Verb.CLAIM, count=len(mine))
        return mine

    def arm(self, one: Try, *, told: bool) -> None:
        """Ask for leave to send; `told`: whether the worker learns that it was given."""
        if late_by(one.claim.due_at, self.now) >= OUTAGE:
            moved = overdue.keep_apart(self.engine, one.claim, self.now, DEFAULT_GAP)
            self.did("kept apart", count=moved)
        armed = self.gets_leave(one.claim)
        self.did("armed" if armed else "not armed")
        if armed:
            assert not self.halted, "armed though everything is stopped"
            laws.may_leave(one.claim, self.rows, self.now)
        if armed and told:
            one.armed_at = self.now
        else:
            one.outcome = NotSent("Nothing was sent.")

    def arm_behind(self, one: Try, by: timedelta) -> None:
        """Ask for leave by a clock that is behind; who gets it dies before it sends.

        By such a clock a request would count as landed long before it could have. That nobody sends
        by it is for the comparison with the network's clock to see to, not for arming. But arming
        must refuse what is not due by the clock that it is given.
        """
        claim, clock = one.claim, self.now - by
        if arming.arm(self.engine, claim, self.outside.evidence(claim), clock):
            laws.may_leave(claim, self.rows, clock)
            self.tries.remove(one)
            self.did("armed behind")
        else:
            one.outcome = NotSent("Nothing was sent.")
            self.did("not armed behind")

    def send(self, one: Try, fate: Fate, lag: timedelta) -> None:
        """Make the creating request, if there is leave and still time."""
        if one.armed_at is None:
            return
        if not self.dares(one.armed_at):
            one.outcome = NotSent("Too late to send.")
            self.tally["too late to send"] += 1
            return
        laws.leaves_lawfully(one.claim, self.rows, self.now)
        one.request = self.outside.take(one.claim, one.armed_at, self.now, fate, lag)
        self.did("sent")

    def hear(self, one: Try, *, told: bool) -> None:
        """Listen to the network; `told`: whether its answer comes through."""
        if one.request is None:
            return
        answer = one.request.answer(self.now) if told else SILENCE
        one.outcome = self.understands(answer)
        self.tally[f"heard {answer.kind}"] += 1

    def record(self, one: Try, *, told: bool) -> None:
        """Write down how it ended; twice, unless the worker is told that it is written."""
        if one.outcome is None:
            return
        self.tries.remove(one)
        late = self.rows.of["attempt"][one.claim.attempt_id].ended_at is not None
        for _ in range(1 if told else 2):
            records.record(self.engine, one.claim, one.outcome, now=self.now)
            self.did("recorded late" if late else "recorded", *ENDS)

    def go_on(self, one: Try, steps: int, luck: Luck) -> None:
        """Take a try some steps further."""
        for _ in range(steps):
            step = one.next
            if step is luck.slow:
                self.pass_to(self.now + luck.stall)
                self.expire()
            told = step is not luck.untold
            if step is Step.ARM:
                self.arm(one, told=told)
            elif step is Step.SEND:
                self.send(one, luck.fate, luck.lag)
            elif step is Step.HEAR:
                self.hear(one, told=told)
            else:
                return self.record(one, told=told)
        return None

    # Tidying

    def expire(self, gone: Collection[str] = ()) -> None:
        """Take back claims whose lease ran out, and those of workers that seem to be gone."""
        taken = leases.expire(self.engine, now=self.now, gone=gone)
        self.did("expired", *GIVEN_UP, count=len(taken))

    def start_over(self) -> None:
        """All workers are dead, and one begins anew: whatever is claimed belonged to the dead."""
        self.tries.clear()
        self.looks.clear()
        taken = leases.expire_all(self.engine, now=self.now)
        self.did("started over", *GIVEN_UP, count=len(taken))

    def forsake(self, worker: str) -> None:
        """A worker gives back what it has claimed without hearing of it."""
        kept = [one.claim.attempt_id for one in self.tries if one.worker == worker]
        taken = leases.forsake(self.engine, worker, kept, now=self.now)
        self.did("forsaken", Verb.DEFER, count=len(taken))

    def miss(self) -> None:
        """Give up what can no longer leave in time."""
        self.did("missed", Verb.MISS, count=len(overdue.miss(self.engine, now=self.now)))

    def tidy(self, worker: str, gone: Collection[str]) -> None:
        """What every worker does now and then; after an outage, overdue posts are spaced out."""
        self.forsake(worker)
        self.expire(gone)
        self.miss()
        if was_outage(self.last_sign, self.now):
            moved = overdue.space_out(self.engine, now=self.now, gap=DEFAULT_GAP)
            self.did("spaced out", count=moved)
        self.last_sign = self.now

    # Looking

    def look(self, worker: str, limit: int) -> list[Look]:
        """Start the look-ups that are due."""
        due = doubts.due(self.engine, self.now, PICTURES, limit)
        started = [Look(worker, doubt, self.now, self.sees(doubt.claim)) for doubt in due]
        self.looks += started
        self.did("looked", count=len(started))
        return started

    def postpone(self, look: Look) -> None:
        """The network could not be asked."""
        self.looks.remove(look)
        doubts.postpone(self.engine, look.doubt, "Could not look.", self.now + MINUTE)
        self.did("postponed")

    def settle(self, look: Look) -> None:
        """Apply what a look-up has shown."""
        self.looks.remove(look)
        doubts.settle(self.engine, look.doubt, look.sighting, look.started_at, self.now)
        what = "found" if isinstance(look.sighting, Found) else "not seen"
        if isinstance(look.sighting, NotSeen) and look.sighting.proof:
            what = "absent"
        self.did(what, Verb.CONFIRM, Verb.DEFER, Verb.FAIL)

    # The end

    def wind_up(self) -> None:
        """All workers die, what is under way lands; then others work on until nothing is left."""
        self.tries.clear()
        self.looks.clear()
        self.pass_to(self.now + LONG)
        self.outside.show_all(self.now)
        self.tidy("east", WORKERS)
        self.work_on()
        for name in (*NAMES, HOUSE):
            self.resume(name)
        self.work_on()
        for post in self.rows.in_status(Status.IN_DOUBT):
            name = self.rows.of["account"][post.account_id].name
            assert name not in PROVING, f"#{post.id} is in doubt though a look-up can tell"
            self.judge(post.id, link=False)
        self.work_on()
        self.pass_to(self.now + 9 * DAY)
        self.tidy("east", WORKERS)
        left = self.rows.in_status(Status.QUEUED, Status.PUBLISHING, Status.IN_DOUBT)
        assert not left, f"in the end still waiting: {left}"

    def work_on(self) -> None:
        """Look, miss and publish, with a network that is well, as long as there is any to do."""
        while moments := [a.next_look_at for a in self.rows.doubts if a.next_look_at]:
            self.pass_to(max(self.now, min(moments)))
            for look in self.look("east", 50):
                self.settle(look)
        self.miss()
        good = Luck(Fate.LANDS)
        while self.due() and (tries := self.claim("east", 50)):
            for one in tries:
                self.go_on(one, 4, good)
        if not self.halted:
            laws.nothing_waits_in_vain(self.rows, self.now)
