"""Plans: named lists of steps that turn one review into posts. Read strictly, from a table of TOML.

A step leaves at an offset (`wide+2d 09:30`), at the next free slot (`slot`), or at the next free
slot after an offset (`slot after wide+2d`); with `times` and `every`, several times over.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handbill.domain import offsets, zones
from handbill.domain.durations import parse_duration
from handbill.domain.embargo import Kind
from handbill.domain.offsets import Anchor, Offset
from handbill.domain.spoilers import Spoiler
from handbill.errors import InputProblem

MOST_STEPS, MOST_TIMES, MOST_TEXTS = 50, 52, 10
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class When:
    """A time that hangs on something; with `slot`, the next free slot later than that."""

    slot: bool
    #: None: now.
    offset: Offset | None
    #: How much later than that a turn of a spread is.
    later: timedelta = timedelta(0)

    def __str__(self) -> str:
        """As it is kept with a post; an offset alone is read back by `offsets.parse`."""
        if not self.slot:
            return str(self.offset)
        return f"slot after {self.offset}" if self.offset else "slot"


@dataclass(frozen=True)
class Step:
    """One post of a plan for each account, or several, spread out."""

    name: str
    #: The first whose anchor is known is taken.
    when: tuple[When, ...]
    #: The first that can be filled in and fits is taken.
    texts: tuple[str, ...]
    #: Empty: all.
    accounts: tuple[str, ...] = ()
    kind: Kind = Kind.REVIEW
    quote: bool = False
    spoiler: Spoiler = Spoiler.NONE
    #: How late it may leave; None: as the account says.
    no_later_than: timedelta | None = None
    times: int = 1
    every: timedelta = timedelta(0)


@dataclass(frozen=True)
class Turn:
    """One post of a step: the only one, or one of a spread. Its name is unique in the plan."""

    name: str
    number: int
    step: Step
    when: tuple[When, ...]


@dataclass(frozen=True)
class Plan:
    """Steps in order, under a name."""

    name: str
    about: str
    steps: tuple[Step, ...]
    #: Where it was read from.
    file: str = ""

    def turns(self) -> Iterator[Turn]:
        """Every post of the plan. The first turn of a step has its name, so that a step which
        becomes a spread keeps the post that it has made."""
        for step in self.steps:
            for number in range(1, step.times + 1):
                name = step.name if number == 1 else f"{step.name}-{number}"
                later = (number - 1) * step.every
                yield Turn(name, number, step, tuple(_later(when, later) for when in step.when))


def _later(when: When, by: timedelta) -> When:
    if when.offset is None:
        return replace(when, later=by)
    return replace(when, offset=replace(when.offset, shift=when.offset.shift + by))


def parse_when(text: str) -> When:
    """Read `wide+2d 09:30`, `slot` or `slot after wide+2d`. Raises InputProblem."""
    words = " ".join(text.split())
    if words.lower() == "slot":
        return When(True, None)
    if words.lower().startswith("slot after "):
        rest = words[len("slot after ") :]
        offset = offsets.parse(rest) or offsets.parse(f"{rest}+0")
        if offset is not None:
            return When(True, offset)
    elif (offset := offsets.parse(words)) is not None:
        return When(False, offset)
    raise InputProblem(
        f"{text[:60]!r} is not a time of a plan.",
        "Write it like embargo+0, wide+2d 09:30, slot, or slot after wide+2d.",
    )


def anchor_of(kept: str | None) -> str | None:
    """The name on which a post's time hangs, by what is kept with the post; None: on none."""
    if kept is None:
        return None
    offset = parse_when(kept).offset
    return offset.anchor if offset else None


def base(when: When, anchors: Mapping[str, Anchor], zone: ZoneInfo, now: datetime) -> datetime:
    """The instant after which a slot is looked for. Raises InputProblem for an unknown anchor."""
    if when.offset is None:
        return now + when.later
    name = when.offset.anchor
    anchor = anchors.get(name)
    if anchor is None or isinstance(anchor, datetime) or when.offset.clock:
        try:
            return offsets.resolve(when.offset, anchors, zone, now).at
        except InputProblem:
            if name != "release" or when.offset.clock:
                raise
            anchor = next((anchors[one] for one in offsets.RELEASES if one in anchors), None)
            if anchor is None or isinstance(anchor, datetime):
                raise
    return _begins(anchor, when.offset.shift, zone)


def _begins(day: date, shift: timedelta, zone: ZoneInfo) -> datetime:
    """The first instant of a day, so much later."""
    try:
        naive = datetime.combine(day, datetime.min.time()) + shift
        return zones.first(naive, zone)
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give a shorter length.") from None


# Reading


def read(name: str, values: Mapping[str, Any], file: str) -> Plan:
    """A plan of a TOML table. Raises InputProblem that names file, step and field."""
    if not NAME.fullmatch(name) or len(name) > 64:
        raise InputProblem(
            f"{file}: {name[:80]!r} cannot be the name of a plan.",
            "Name the file with lower-case letters, digits and hyphens, e.g. my-plan.toml.",
        )
    _refuse_unknown(values, {"about", "step"}, file)
    steps = values.get("step")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise InputProblem(
            f"{file}: a plan has 1 to {MOST_STEPS} steps.", "Write each as [[step]]."
        )
    about = _string(values.get("about", ""), f"{file}, field about")
    plan = Plan(name, about, tuple(_step(one, n, file) for n, one in enumerate(steps, 1)), file)
    names = [turn.name for turn in plan.turns()]
    for twice in (one for one in names if names.count(one) > 1):
        raise InputProblem(f"{file}, step {twice}, field name: two steps are called so.", "Rename.")
    return plan


def _step(values: object, number: int, file: str) -> Step:
    where = f"{file}, step {number}"
    if not isinstance(values, dict):
        raise InputProblem(f"{where}: is not a table.", "Write each step as [[step]].")
    name = values.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > 60:
        raise InputProblem(
            f"{where}, field name: is missing or not a name.", 'Write it like name = "first-look".'
        )
    where = f"{file}, step {name}"
    _refuse_unknown(values, {"name", *_FIELDS}, where)
    fields: dict[str, Any] = {}
    for field, (attribute, parse) in _FIELDS.items():
        if field in values:
            fields[attribute] = _field(f"{where}, field {field}", values[field], parse)
        elif field in ("when", "text"):
            raise InputProblem(f"{where}, field {field}: is missing.", "Every step needs it.")
    step = Step(name=name, **fields)
    _refuse_odd_spread(step, where)
    return step


def _field(where: str, value: object, parse: Callable[[Any], object]) -> object:
    try:
        return parse(value)
    except InputProblem as problem:
        raise InputProblem(f"{where}: {problem.says}", problem.cure) from None


def _refuse_odd_spread(step: Step, where: str) -> None:
    if (step.times > 1) != bool(step.every):
        raise InputProblem(
            f"{where}, field {'every' if step.times > 1 else 'times'}: is missing.",
            'A spread has both: times = 4 and every = "3d".',
        )
    if step.every % _DAY and any(when.offset and when.offset.clock for when in step.when):
        raise InputProblem(
            f"{where}, field every: whole days go with a time of day.", 'Write every = "3d".'
        )


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in values.keys() - known:
        raise InputProblem(
            f"{where}, field {key}: there is no such field.",
            f"There are: {', '.join(sorted(known))}.",
        )


def _string(value: object, where: str = "") -> str:
    if not isinstance(value, str):
        raise InputProblem(f"{where}: is not a text." if where else "it is not a text.", 'Use "…".')
    return value


def _strings(value: object) -> tuple[str, ...]:
    some = value if isinstance(value, list) else [value]
    if not 1 <= len(some) <= MOST_TEXTS:
        raise InputProblem(f"there must be 1 to {MOST_TEXTS}.", "Leave some out.")
    return tuple(_string(one) for one in some)


def _whens(value: object) -> tuple[When, ...]:
    return tuple(parse_when(text) for text in _strings(value))


def _choice(kind: type[Kind] | type[Spoiler]) -> Callable[[object], object]:
    def parse(value: object) -> object:
        names = [one.value for one in kind]
        if value not in names:
            raise InputProblem(f"{str(value)[:40]!r} is none.", f"There are: {', '.join(names)}.")
        return kind(value)

    return parse


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InputProblem("it is neither true nor false.", "Write true or false.")
    return value


def _times(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TIMES:
        raise InputProblem("it is not a number of times.", f"Write 1 to {MOST_TIMES}.")
    return value


def _length(value: object) -> timedelta:
    return parse_duration(_string(value))


#: Of each field in the file: which attribute of Step it sets, and how it is read.
_FIELDS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "when": ("when", _whens),
    "text": ("texts", _strings),
    "accounts": ("accounts", _strings),
    "kind": ("kind", _choice(Kind)),
    "quote": ("quote", _flag),
    "spoiler": ("spoiler", _choice(Spoiler)),
    "no_later_than": ("no_later_than", _length),
    "times": ("times", _times),
    "every": ("every", _length),
}


def remarks_on_clock(wall: datetime, zone: ZoneInfo) -> Sequence[str]:
    """What a change of the clocks does to a time of day."""
    first, second = zones.readings(wall, zone)
    return ["This time comes twice that night; the later is meant."] if first < second else []
