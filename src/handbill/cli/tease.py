"""`handbill tease`: what of a review could be quoted, best first. The critic picks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import door

if TYPE_CHECKING:
    from handbill.services.teasing import Tease, Teaser


def tease(
    context: typer.Context,
    review: Annotated[str, typer.Argument(help="The review's short name.")],
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 10,
    why: Annotated[bool, typer.Option("--why", help="Say what each point is for.")] = False,
    as_json: AsJson = False,
) -> None:
    """Propose sentences of a review to quote, word for word, each with its length."""
    from handbill import networks
    from handbill.services import teasing

    found = teasing.tease(door(context).desk, review, limit, networks.names())
    if as_json:
        return render.as_json(_json(found))
    return _show(found, why)


def _show(found: "Tease", why: bool) -> None:
    if not found.teasers:
        render.say(f"Nothing in {found.review.slug} can be quoted alone.")
    else:
        cells = [[str(one.number), _quote(one, why), _notes(one)] for one in found.teasers]
        render.table(["", "quote", "length, and what to know"], cells)
    if found.found > len(found.teasers):
        render.hint(f"{found.found - len(found.teasers)} more: --limit {found.found}")
    for remark in found.remarks:
        render.hint(remark)


def _quote(one: "Teaser", why: bool) -> str:
    if not why:
        return one.candidate.shown
    reasons = [f"{reason.points:+g} {reason.words}" for reason in one.candidate.reasons]
    return "\n".join([one.candidate.shown, f"{one.candidate.score:g} points:", *reasons])


def _notes(one: "Teaser") -> str:
    """Its lengths, marks and posts, a line each."""
    lengths = [
        f"{render.network(name)} {length.counted} of {length.allowed}"
        + (", too long" if length.counted > length.allowed else "")
        for name, length in one.lengths.items()
    ]
    used = [f"quoted in {', '.join(f'#{number}' for number in one.used_in)}"]
    return "\n".join([*lengths, *sorted(one.candidate.marks), *(used if one.used_in else [])])


def _json(found: "Tease") -> dict[str, Any]:
    return {
        "review": found.review.slug,
        "found": found.found,
        "remarks": list(found.remarks),
        "quotes": [_teaser_json(one) for one in found.teasers],
    }


def _teaser_json(one: "Teaser") -> dict[str, Any]:
    candidate = one.candidate
    return {
        "number": one.number,
        "quote": candidate.text,
        "shown": candidate.shown,
        "start": candidate.start,
        "end": candidate.end,
        "score": candidate.score,
        "reasons": [
            {"words": reason.words, "points": reason.points} for reason in candidate.reasons
        ],
        "marks": sorted(candidate.marks),
        "lengths": {
            name: {"counted": length.counted, "allowed": length.allowed}
            for name, length in one.lengths.items()
        },
        "used_in": list(one.used_in),
    }
