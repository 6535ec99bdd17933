"""`handbill slots …`: the weekly times at which an account posts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import Door, door

if TYPE_CHECKING:
    from handbill.domain.when import Moment
    from handbill.models import Account

group = typer.Typer(help="The weekly times at which accounts post.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account.", metavar="ACCOUNT")]


@group.command("set")
def set_(
    context: typer.Context,
    account: Name,
    slot: Annotated[
        list[str],
        typer.Argument(help="'mon 09:00', 'mon,wed 9am', 'weekdays 18:00', 'daily 9am'; several."),
    ],
    as_json: AsJson = False,
) -> None:
    """Set all slots of an account, on the clocks of its zone; those it had are gone."""
    from handbill.services import slotting

    here = door(context)
    kept = slotting.keep(here.desk, account, slot)
    if as_json:
        return render.as_json(_json(here, kept))
    return _show(here, [kept])


@group.command("list")
def listing(
    context: typer.Context,
    account: Annotated[
        str | None, typer.Argument(help="Only this account.", metavar="ACCOUNT")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the slots of accounts, and the next free one of each."""
    from handbill.services import connecting

    here = door(context)
    chosen = [one for one in connecting.listing(here.desk) if account in (None, one.name)]
    if account and not chosen:
        from handbill.store import accounts

        accounts.named(here.desk.engine, account)
    if as_json:
        return render.as_json([_json(here, one) for one in chosen])
    return _show(here, chosen)


@group.command("clear")
def clear(context: typer.Context, account: Name, as_json: AsJson = False) -> None:
    """Take all slots of an account away. Posts that were given one keep their time."""
    from handbill.services import slotting

    here = door(context)
    kept = slotting.keep(here.desk, account, [])
    if as_json:
        return render.as_json(_json(here, kept))
    return render.say(f"{account} has no slots.")


def _next(here: Door, account: "Account") -> "Moment | None":
    from handbill.services import slotting

    if not account.slots:
        return None
    return slotting.next_free(here.desk, account, here.desk.clock())


def _json(here: Door, account: "Account") -> dict[str, Any]:
    from handbill.services.history import utc

    found = _next(here, account)
    return {
        "account": account.name,
        "zone": account.zone,
        "slots": account.slots,
        "next_free": utc(found.at) if found else None,
    }


def _show(here: Door, accounts: "list[Account]") -> None:
    if not accounts:
        render.say("No accounts yet.")
        return render.hint("handbill account add my_blog --network x")
    rows = []
    for account in accounts:
        found = _next(here, account)
        free = render.time(found.at, found.zone) if found else "–"
        rows.append([account.name, "\n".join(account.slots) or "none", account.zone, free])
    return render.table(["account", "slots", "zone", "next free"], rows)
