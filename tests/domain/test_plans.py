"""Plans as they are written: read strictly, with errors that name file, step and field."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handbill.domain import offsets, plans
from handbill.domain.embargo import Kind
from handbill.domain.spoilers import Spoiler
from handbill.errors import InputProblem

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
STEP = {"name": "first", "when": "wide+0 12:00", "text": "Hello."}


def read(**fields: Any) -> plans.Plan:
    return plans.read("mine", {"step": [STEP | fields]}, "mine.toml")


def test_a_step_has_defaults_for_all_but_name_time_and_text() -> None:
    (step,) = read().steps
    assert (step.accounts, step.kind, step.quote, step.times) == ((), Kind.REVIEW, False, 1)
    assert (step.spoiler, step.no_later_than, step.texts) == (Spoiler.NONE, None, ("Hello.",))


def test_a_step_keeps_what_it_says() -> None:
    (step,) = read(
        when=["embargo+0", "slot after wide+2d"], text=["A.", "B."], accounts=["ines"],
        kind="reaction", quote=True, spoiler="mild", no_later_than="3h", times=4, every="3d",
    ).steps  # fmt: skip
    assert [str(when) for when in step.when] == ["embargo+0", "slot after wide+2d"]
    assert (step.kind, step.spoiler, step.quote) == (Kind.REACTION, Spoiler.MILD, True)
    assert (step.no_later_than, step.every) == (timedelta(hours=3), timedelta(days=3))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"when": "someday"}, "step first, field when: 'someday' is not a time of a plan."),
        ({"when": []}, "field when: there must be 1 to 10."),
        ({"when": "wide+2h 12:00"}, "field when: 'wide+2h 12:00' has both"),
        ({"text": 3}, "field text: it is not a text."),
        ({"kind": "gossip"}, "field kind: 'gossip' is none."),
        ({"spoiler": "some"}, "field spoiler: 'some' is none."),
        ({"quote": "yes"}, "field quote: it is neither true nor false."),
        ({"no_later_than": "late"}, "field no_later_than: 'late' is not a length of time."),
        ({"times": 0, "every": "1d"}, "field times: it is not a number of times."),
        ({"times": True, "every": "1d"}, "field times: it is not a number of times."),
        ({"times": 3}, "field every: is missing."),
        ({"every": "3d"}, "field times: is missing."),
        ({"times": 3, "every": "5h"}, "field every: whole days go with a time of day."),
        ({"name": "First Look"}, "step 1, field name: is missing or not a name."),
        ({"colour": "red"}, "step first, field colour: there is no such field."),
    ],
)
def test_what_is_wrong_is_named_with_file_step_and_field(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InputProblem) as refused:
        read(**fields)
    assert refused.value.says.startswith("mine.toml, ")
    assert told in refused.value.says
    assert refused.value.cure


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("mine", {}, "a plan has 1 to 50 steps."),
        ("mine", {"step": [STEP] * 51}, "a plan has 1 to 50 steps."),
        ("mine", {"step": [STEP], "stepp": 1}, "field stepp: there is no such field."),
        ("mine", {"step": [3]}, "step 1: is not a table."),
        ("mine", {"step": [{"name": "a", "when": "slot"}]}, "field text: is missing."),
        ("mine", {"step": [STEP, STEP]}, "step first, field name: two steps are called so."),
        (
            "mine",
            {"step": [STEP | {"times": 2, "every": "1d"}, STEP | {"name": "first-2"}]},
            "step first-2, field name: two steps are called so.",
        ),
        ("Mine!", {"step": [STEP]}, "cannot be the name of a plan."),
    ],
)
def test_a_plan_that_cannot_be_is_refused(name: str, values: dict[str, Any], told: str) -> None:
    with pytest.raises(InputProblem) as refused:
        plans.read(name, values, "mine.toml")
    assert told in refused.value.says


def test_a_spread_has_a_turn_for_each_time_and_the_first_keeps_the_steps_name() -> None:
    turns = [*read(when=["wide+1d 09:30", "slot"], times=3, every="2d").turns()]
    assert [turn.name for turn in turns] == ["first", "first-2", "first-3"]
    assert [str(turn.when[0]) for turn in turns] == [
        "wide+1d 09:30", "wide+3d 09:30", "wide+5d 09:30",
    ]  # fmt: skip
    assert [turn.when[1].later.days for turn in turns] == [0, 2, 4]


@pytest.mark.parametrize(
    "text", ["embargo+0", "wide-1d 18:00", "published+3h", "slot", "slot after wide+2d"]
)
def test_a_time_is_kept_as_it_is_written(text: str) -> None:
    assert str(plans.parse_when(text)) == text
    if "slot" not in text:
        assert str(offsets.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("slot", "2026-11-20 11:00"),
        ("slot after wide+2d", "2026-12-05 23:00"),
        ("slot after wide", "2026-12-03 23:00"),
        ("slot after release+1d", "2026-12-04 23:00"),
        ("slot after wide+2d 18:00", "2026-12-06 17:00"),
        ("slot after embargo+3h", "2026-11-25 15:00"),
    ],
)
def test_a_slot_is_looked_for_from_an_instant_on(text: str, instant: str) -> None:
    anchors = {"wide": date(2026, 12, 4), "embargo": datetime(2026, 11, 25, 12, tzinfo=UTC)}
    found = plans.base(plans.parse_when(text), anchors, PARIS, NOW)
    assert f"{found:%Y-%m-%d %H:%M}" == instant


def test_a_slot_after_what_is_not_known_is_refused() -> None:
    with pytest.raises(InputProblem, match="not known when 'streaming' is"):
        plans.base(plans.parse_when("slot after streaming+2d"), {}, PARIS, NOW)
