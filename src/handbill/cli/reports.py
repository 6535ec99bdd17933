"""`handbill status` and `handbill history`: what waits, what needs eyes, what became of posts."""

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import render
from handbill.cli.accounts import paused_words
from handbill.cli.door import door
from handbill.cli.pausing import pause_json, words
from handbill.domain import prices
from handbill.domain.lifecycle import LABELS, Status
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handbill.models import Attempt
    from handbill.services.history import State
    from handbill.services.pricing import MonthlyBill
    from handbill.store.listings import Entry


#: How an attempt ended, in words.
ENDINGS = {
    "receipt": "it went out",
    "refused": "refused for good",
    "busy": "the network asked to wait",
    "not_sent": "surely not sent",
    "unauthorized": "the account may not post",
    "unknown": "nobody could know",
}


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is due, late, held and paused. Exit 3 when something needs eyes."""
    from handbill.services import history as reads
    from handbill.services import pricing
    from handbill.store.lock import is_running

    here = door(context)
    state, running = reads.state(here.desk), is_running(here.desk.engine)
    bills = pricing.months(here.desk)
    if as_json:
        render.as_json({**_state_json(state, running), "months": [_bill_json(b) for b in bills]})
    else:
        render.say(f"The queue in {here.app().settings.shown_url}")
        if state.pause:
            render.say(f"! {words(here, state.pause)}\n    → {here.command('resume')}")
        _show_state(state, running, here.command("run"), bills)
    if state.needs_eyes:
        raise typer.Exit(3)


def _bill_json(bill: "MonthlyBill") -> dict[str, object]:
    cap = bill.account.monthly_cap
    return {
        "account": bill.account.name,
        "month": f"{bill.month.year}-{bill.month.month:02}",
        "zone": bill.month.zone.key,
        "spent": prices.plain(bill.known.spent),
        "promised": prices.plain(bill.known.promised),
        "cap": None if cap is None else prices.plain(cap),
        "unit": prices.CURRENCY,
        "prices_as_of": bill.as_of.isoformat(),
    }


def _show_bill(bill: "MonthlyBill") -> None:
    """Nothing is said of an account that costs nothing and has no cap."""
    known, cap = bill.known, bill.account.monthly_cap
    if cap is None and not known.spent + known.promised:
        return
    most = "" if cap is None else f" of {prices.show(cap)}"
    render.say(
        f"· {bill.account.name} in {bill.month}: {prices.show(known.spent)} spent, "
        f"{prices.show(known.promised)} promised{most}, at prices of {bill.as_of}."
    )


def _state_json(state: "State", running: bool | None) -> dict[str, object]:
    from handbill.services.history import utc

    return {
        "running": bool(state.alive) if running is None else running,
        "workers": [
            {
                "name": one.name,
                "host": one.host,
                "pid": one.pid,
                "version": one.version,
                "started_at": utc(one.started_at),
                "seen_at": utc(one.seen_at),
                "alive": one in state.alive and running is not False,
                "trouble": one.trouble,
            }
            for one in state.workers
        ],
        "counts": {status.value: state.counts.get(status, 0) for status in Status},
        "next": render.posts_json(state.next_up),
        "late": render.posts_json(state.late),
        "needs_eyes": render.posts_json(state.eyes),
        "held_beyond_limit": render.posts_json(state.held_beyond),
        "pause": pause_json(state.pause),
        "paused": [{"account": a.name, "reason": a.pause_reason} for a in state.paused],
        "resting": [{"account": a.name, "until": utc(a.rest_until)} for a in state.resting],
    }


def _show_state(
    state: "State", running: bool | None, run: str, bills: "Sequence[MonthlyBill]"
) -> None:
    _show_workers(state, running, run)
    counted = [f"{n} {LABELS[s].lower()}" for s, n in sorted(state.counts.items()) if n]
    render.say(f"Posts: {', '.join(counted) or 'none yet'}.")
    for account in state.paused:
        render.say(f"! {account.name}: {paused_words(account)}")
    for account in state.resting:
        render.say(f"· {account.name} rests until {render.time(account.rest_until, account.zone)}.")
    for bill in bills:
        _show_bill(bill)
    for entry in state.late:
        due = render.time(entry.post.due_at, entry.post.zone)
        render.say(f"! #{entry.post.id} is late: it was due {due}. {render.short(entry)}")
    for entry in state.eyes:
        label = LABELS[entry.post.status]
        render.say(f"! #{entry.post.id} {label}. {entry.post.attention}")
        missed = state.counts.get(Status.MISSED, 0)
        if (next_step := render.what_next(entry, missed)) is not None:
            render.say(f"    → {next_step}")
    for entry in state.held_beyond:
        say_held_beyond(entry)
    if state.next_up:
        first = state.next_up[0]
        due = render.time(first.post.not_before, first.post.zone)
        render.say(f"Next: #{first.post.id} to {first.account.name}, {due}.")
    if not state.needs_eyes:
        render.say("✓ Nothing needs your eyes.")


def say_held_beyond(entry: "Entry") -> None:
    """An embargo holds a post until after its limit; what to do."""
    post = entry.post
    lifts = render.time(post.embargo_until, post.embargo_zone or post.zone)
    limit = render.time(post.no_later_than, post.zone)
    render.say(f"! #{post.id} is under embargo until {lifts}, after its limit: {limit}.")
    render.say(f"    → Or it is missed: handbill queue reschedule {post.id} --at embargo+0")


def _show_workers(state: "State", running: bool | None, run: str) -> None:
    """On a file the lock knows; on a server, who has given a sign of life."""
    if not (bool(state.alive) if running is None else running):
        return render.say(f"The daemon is not running; start it with `{run}`.")
    render.say("The daemon is running.")
    for one in state.alive:
        seconds = (state.now - one.seen_at).total_seconds()
        render.say(f"· Worker {one.name}: seen {max(0, seconds):.0f} s ago.")
    for trouble in state.troubles:
        render.say(f"! {trouble}")
    return None


def history(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="From this time on, e.g. 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    review: Annotated[str | None, typer.Option(help="Only this review.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--status", help="Only this status; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many at most; 0 is all.", min=0)] = 50,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="Same as --format json.")] = False,
) -> None:
    """Show what became of posts, newest first: when, how late, where, and each attempt."""
    from handbill.services import history as reads

    form = "json" if as_json else form
    if form not in ("table", "json", "csv"):
        raise typer.BadParameter(f"'{form}' is not one of table, json, csv", param_hint="--format")
    desk = door(context).desk
    chosen = reads.Filter(
        since=reads.boundary(desk, since, account),
        until=reads.boundary(desk, until, account),
        account=account,
        review=review,
        statuses=[_status(word) for word in only] if only else reads.ENDED,
        limit=limit or None,
    )
    entries = reads.history(desk, chosen)
    if form == "json":
        return render.as_json(render.posts_json(entries))
    if form == "csv":
        return _csv(entries)
    return show_history(entries)


def _status(word: str) -> Status:
    try:
        return Status(word.lower().replace(" ", "_"))
    except ValueError:
        known = ", ".join(status.value for status in Status)
        raise InputProblem(f"There is no status '{word}'.", f"There are: {known}.") from None


def show_history(entries: "list[Entry]") -> None:
    """The history as a table."""
    if not entries:
        render.say("Nothing has gone out yet.")
        return render.hint("See what waits: handbill queue list")
    return render.table(
        ["post", "when, where, what"],
        [
            [
                f"#{entry.post.id} {render.status(entry.post.status)}",
                "\n".join(
                    [
                        *_times(entry),
                        f"{render.where(entry)}: {render.short(entry)}",
                        *links(entry),
                        *attempts(entry),
                        "",
                    ]
                ),
            ]
            for entry in entries
        ],
    )


def _times(entry: "Entry") -> list[str]:
    post = entry.post
    lines = [f"due {render.time(post.due_at, post.zone)}"]
    if post.published_at is not None and post.due_at is not None:
        lateness = render.late(post.published_at - post.due_at)
        lines.append(f"out {render.time(post.published_at, post.zone)}, {lateness}")
    return [*lines, *proof(entry)]


def proof(entry: "Entry") -> list[str]:
    """When its embargo lifted and when it left, for a post that had one."""
    from handbill.services import proofs

    found = proofs.of(entry)
    return found.lines if found else []


def links(entry: "Entry") -> list[str]:
    """Where each part can be seen."""
    return [part.url for part in entry.parts if part.url]


def attempts(entry: "Entry") -> list[str]:
    """One line for each attempt, and the reason if eyes are needed."""
    lines = [
        f"{n}. try {render.brief(a.armed_at or a.started_at, entry.post.zone)}: {_ending(a)}"
        for n, a in enumerate(entry.attempts, 1)
    ]
    attention = entry.post.attention
    known = bool(entry.attempts) and entry.attempts[-1].detail == attention
    return [*lines, f"! {attention}"] if attention and not known else lines


def _ending(attempt: "Attempt") -> str:
    words = ENDINGS[attempt.outcome] if attempt.outcome else "under way"
    if attempt.resolution:
        words += f", later {attempt.resolution}"
    return f"{words}. {attempt.detail}".rstrip()


def _csv(entries: "list[Entry]") -> None:
    columns = ["id", "status", "account", "network", "review", "due_at", "zone", "published_at"]
    columns += ["late_s", "url", "text", "attempts", "attention", "embargo"]
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for entry, row in zip(entries, render.posts_json(entries), strict=True):
        row["text"] = "\n".join(part["text"] for part in row["parts"])
        row["embargo"] = "\n".join(proof(entry))
        row["attempts"] = "\n".join(attempts(entry)) or len(row["attempts"])
        writer.writerow([_no_formula(row[column]) for column in columns])


def _no_formula(value: object) -> object:
    """A spreadsheet must not calculate what somebody wrote (CWE-1236)."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
