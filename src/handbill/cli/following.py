"""Asks whether posts shall follow the dates of a changed review, and tells what they do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handbill.cli import render
from handbill.cli.embargoes import agreed, keeps_json, show_loose, show_moves
from handbill.domain.lifecycle import LABELS

if TYPE_CHECKING:
    from handbill.domain.offsets import Anchor
    from handbill.models import Review
    from handbill.services.desk import Desk
    from handbill.services.retiming import Diff
    from handbill.store.listings import Entry


def follow(
    desk: "Desk", review: "Review", before: "Mapping[str, Anchor]", *, yes: bool, quiet: bool
) -> dict[str, Any]:
    """Move the posts if the person wants it, else say which keep their times; answers both, for
    programs. Nobody there to ask means no."""
    from handbill.services import reviewing

    diff = reviewing.follow(desk, review, before)
    if not quiet:
        _show(diff)
    moves = [moving.entry.post.id for moving in diff.moves]
    keeps = []
    if moves and agreed(len(moves), yes):
        reviewing.move(desk, diff)
    else:
        moves, keeps = [], _unmoved(diff)
    if moves and not quiet:
        render.say(f"Moved: {', '.join(f'#{number}' for number in moves)}.")
    if not quiet:
        show_loose(keeps)
    return {"moved": moves, "keeps": keeps_json([*diff.loose, *keeps])}


def _show(diff: "Diff") -> None:
    if diff.moves:
        render.say("These hang on a date that is another now, and can move with it:")
        show_moves(diff.moves)
    for entry in diff.stay:
        render.say(f"#{entry.post.id} stays as it is: it is {LABELS[entry.post.status].lower()}.")
    show_loose(diff.loose)


def _unmoved(diff: "Diff") -> "list[tuple[Entry, str]]":
    """The posts that could have moved, each with how it still can."""
    return [
        (one.entry, f"Move it: handbill queue reschedule {one.entry.post.id} --at '{anchor}'")
        for one in diff.moves
        if (anchor := one.entry.post.anchor)
    ]
