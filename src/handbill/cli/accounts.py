"""`handbill account …`: the critic's logins."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.door import door
from handbill.clock import now
from handbill.domain.durations import spell
from handbill.domain.prices import plain, show
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from handbill.models import Account

group = typer.Typer(help="The accounts that posts go to.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account's name in Handbill, e.g. my_blog.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@group.command("add")
def add(
    context: typer.Context,
    name: Name,
    network: Annotated[str, typer.Option(help="The network, e.g. x.")],
    server: Annotated[
        str | None, typer.Option(help="Another server than the network's own, e.g. a rehearsal.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of its posts, e.g. Europe/Paris.")
    ] = None,
    no_later_than: Annotated[
        str | None, typer.Option(help="How late its posts may leave, e.g. 2h.")
    ] = None,
) -> None:
    """Add an account. Its keys and tokens go into .env; the answer says under which names."""
    from pydantic import ValidationError

    from handbill.domain.durations import parse_duration
    from handbill.inputs import AccountIn, explain
    from handbill.services import connecting

    here = door(context)
    settings = here.app().settings
    limit = parse_duration(no_later_than) if no_later_than else settings.no_later_than
    try:
        new = AccountIn(
            name=name,
            network=network,
            server=server,
            zone=zone or here.zone,
            lateness_limit=limit,
        )
    except ValidationError as error:
        raise InputProblem(f"The account was not added: {explain(error)}.") from None
    account = connecting.add(here.desk, new)
    missing = here.app().missing_variables(account)
    where = render.network(account.network)
    render.say(f"Added {account.name} on {where}, with times in {account.zone}.")
    if missing:
        render.hint(f"Put its keys into {settings.home / '.env'}:")
        for variable, words in missing.items():
            typer.echo(f"      {variable}=…    {words}", err=True)
    render.hint(f"Then: {here.command(f'account check {account.name}')}")


@group.command("edit")
def edit(
    context: typer.Context,
    name: Name,
    server: Annotated[str | None, typer.Option(help="Another server; '' is the own.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of posts queued from now on.")] = None,
    no_later_than: Annotated[
        str | None, typer.Option(help="How late posts queued from now on may leave.")
    ] = None,
) -> None:
    """Change an account. Posts that are queued already keep their times and limits."""
    from handbill.services import connecting

    if (server, zone, no_later_than) == (None, None, None):
        raise typer.BadParameter("give --server, --zone or --no-later-than", param_hint="--zone")
    here = door(context)
    account = connecting.edit(here.desk, name, server, zone, no_later_than)
    place = account.server or render.network(account.network)
    limit = spell(account.lateness_limit)
    render.say(f"{name} is on {place}, with times in {account.zone}; {limit} late at most.")


@group.command("cap")
def cap(
    context: typer.Context,
    name: Name,
    dollars: Annotated[str, typer.Argument(help="US dollars a calendar month, or none.")],
    as_json: AsJson = False,
) -> None:
    """Say what an account's posts may cost in a month; past that nothing is queued or sent."""
    from handbill.services import pricing

    account = pricing.cap(door(context).desk, name, dollars)
    if as_json:
        return render.as_json(_json(account))
    if account.monthly_cap is None:
        return render.say(f"{name} has no cap.")
    return render.say(f"{name} may cost {show(account.monthly_cap)} a month.")


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts."""
    from handbill.services import connecting

    accounts = connecting.listing(door(context).desk)
    if as_json:
        return render.as_json([_json(account) for account in accounts])
    if not accounts:
        render.say("No accounts yet.")
        return render.hint("handbill account add my_blog --network x")
    render.table(
        ["account", "network", "who", "zone", "state"],
        [
            [a.name, render.network(a.network), a.handle or "not asked yet", a.zone, _state(a)]
            for a in accounts
        ],
    )
    return None


def _state(account: "Account") -> str:
    cap = account.monthly_cap
    return state_of(account) + (f"\n{show(cap)} a month at most" if cap is not None else "")


def state_of(account: "Account") -> str:
    """Whether the account posts, rests or is paused, in words."""
    if account.paused_at:
        return f"paused: {account.pause_reason}"
    if account.rest_until and account.rest_until > now():
        return f"resting until {render.time(account.rest_until, account.zone)}"
    return "ready"


def paused_words(account: "Account") -> str:
    """Why an account is paused, and the way out."""
    resume = f"`handbill account resume {account.name}`"
    if not account.pause_cure:
        return f"{account.pause_reason} It goes on with {resume}."
    who = account.handle or account.name
    cure = account.pause_cure[0].lower() + account.pause_cure[1:].rstrip(".")
    return f"{account.pause_reason} Handbill has paused {who}; {cure}, then {resume}."


def _json(account: "Account") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "name": account.name,
        "network": account.network,
        "server": account.server,
        "handle": account.handle,
        "remote_id": account.remote_id,
        "zone": account.zone,
        "no_later_than_s": account.lateness_limit.total_seconds(),
        "rest_until": utc(account.rest_until),
        "paused_at": utc(account.paused_at),
        "pause_reason": account.pause_reason,
        "monthly_cap": None if account.monthly_cap is None else plain(account.monthly_cap),
    }


@group.command("check")
def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the network who each account is. Exit 1 when one cannot post."""
    from handbill.services import connecting

    desk = door(context).desk
    names = [name] if name else [account.name for account in connecting.listing(desk)]
    found = [connecting.check(desk, one) for one in names]
    if as_json:
        render.as_json(
            [
                {**_json(one.account), "ok": one.identity is not None, "says": one.says or None}
                for one in found
            ]
        )
    else:
        for one in found:
            if one.identity:
                render.say(
                    f"✓ {one.account.name} is {one.identity.handle} "
                    f"on {render.network(one.account.network)}."
                )
            else:
                render.say(f"✗ {one.account.name}: {one.says}")
                render.hint(one.cure)
        if not found:
            render.hint("No accounts yet: handbill account add my_blog --network x")
    if any(one.identity is None for one in found):
        raise typer.Exit(1)


@group.command("pause")
def pause(
    context: typer.Context,
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for those who wonder.")] = "Paused by hand.",
) -> None:
    """Stop an account. Its posts stay queued, and are missed if it lasts past their limit."""
    from handbill.services import connecting

    connecting.pause(door(context).desk, name, reason)
    render.say(f"{name} is paused: nothing leaves until `handbill account resume {name}`.")


@group.command("resume")
def resume(context: typer.Context, name: Name) -> None:
    """Let an account post again."""
    from handbill.services import connecting

    connecting.resume(door(context).desk, name)
    render.say(f"{name} posts again.")
