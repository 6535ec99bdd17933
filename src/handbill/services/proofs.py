"""The proof that an embargo was kept: when it lifted, when the post left, on every clock asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handbill.domain.durations import spell
from handbill.domain.zones import show
from handbill.store.listings import Entry

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Early:
    """A person let it lift before its time."""

    #: When it would have lifted else.
    instead_of: datetime
    by: str
    why: str


@dataclass(frozen=True)
class Proof:
    """What is known of a post that was, or is, under embargo."""

    lift: datetime
    #: When its first part was out; None while none is.
    left: datetime | None
    #: Of the account, and in which the embargo was set.
    zones: tuple[str, str]
    early: Early | None = None

    @property
    def after(self) -> timedelta | None:
        """How long after the lift it left; below zero: before it."""
        return None if self.left is None else self.left - self.lift

    @property
    def lines(self) -> list[str]:
        """For people: each instant in UTC, in the account's zone and in the embargo's."""
        found = [f"embargo lifts {self._everywhere(self.lift)}"]
        if self.left is not None and self.after is not None:
            found = [f"embargo lifted {self._everywhere(self.lift)}"]
            way = "after" if self.after >= timedelta(0) else "BEFORE"
            found.append(
                f"left {self._everywhere(self.left)}, {_length(self.after)} {way} the lift"
            )
        if self.early is not None:
            instead = self._everywhere(self.early.instead_of)
            found.append(f"lifted early by {self.early.by}, not {instead}: {self.early.why}")
        return found

    def _everywhere(self, moment: datetime) -> str:
        stamp = moment.replace(tzinfo=None).isoformat(" ", "milliseconds").removesuffix(".000")
        places = [show(moment, ZoneInfo(name)) for name in dict.fromkeys(self.zones)]
        return " = ".join([f"{stamp} UTC", *places])


def _length(after: timedelta) -> str:
    return spell(timedelta(milliseconds=abs(after) // timedelta(milliseconds=1)))


def of(entry: Entry) -> Proof | None:
    """The proof of a post that had an embargo."""
    post = entry.post
    if post.embargo_until is None:
        return None
    out = [part.published_at for part in entry.parts if part.published_at]
    zones = (entry.account.zone, post.embargo_zone or _UTC.key)
    return Proof(post.embargo_until, min(out, default=None), zones, _early(entry))


def _early(entry: Entry) -> Early | None:
    for embargo in entry.embargoes:
        for event in embargo.events:
            at, until = (datetime.fromisoformat(event[name] or "") for name in ("at", "until"))
            if event["what"] == "lifted" and at == entry.post.embargo_until:
                return Early(until, event["by"] or "", event["why"] or "")
    return None


def as_json(proof: Proof | None) -> dict[str, Any] | None:
    """Instants as ISO 8601 in UTC and with the offset of each zone; the rest in seconds."""
    if proof is None:
        return None
    return {
        "lifts_at": _on_clocks(proof.lift, proof.zones),
        "left_at": _on_clocks(proof.left, proof.zones),
        "after_s": None if proof.after is None else round(proof.after.total_seconds(), 3),
        "zone": proof.zones[1],
        "lifted_early": proof.early
        and {
            "instead_of": _on_clocks(proof.early.instead_of, proof.zones),
            "by": proof.early.by,
            "why": proof.early.why,
        },
    }


def _on_clocks(moment: datetime | None, zones: tuple[str, str]) -> dict[str, str] | None:
    if moment is None:
        return None
    stamps = [moment.astimezone(ZoneInfo(name)) for name in ("UTC", *zones)]
    words = [stamp.isoformat(timespec="milliseconds") for stamp in stamps]
    return {"utc": words[0].replace("+00:00", "Z"), "account": words[1], "embargo": words[2]}
