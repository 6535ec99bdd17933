"""The fault plan: which requests a rule hits, and what is said about a wrong plan."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from handbill.errors import InputProblem, SettingsProblem
from handbill.rehearsal.faults import Plan
from handbill.rehearsal.kinds import KINDS
from tests.rehearsal.driving import Json, StandIn

BUSY: Json = {"do": "error", "shape": "unavailable"}


def struck(plan: Plan, *requests: tuple[str, str, str]) -> list[str | None]:
    hits = [plan.strike(*request) for request in requests]
    return [hit.do if hit else None for hit in hits]


def of(*rules: Json, **more: Any) -> Plan:
    plan = Plan()
    plan.replace({"faults": list(rules), **more})
    return plan


POST = ("POST", "/2/tweets", "mira")


def test_a_rule_hits_the_next_post_and_no_more() -> None:
    assert struck(of({"do": "drop"}), POST, POST) == ["drop", None]


def test_after_lets_some_pass_and_times_hits_so_many() -> None:
    plan = of({"do": "drop", "after": 2, "times": 2})
    assert struck(plan, *[POST] * 6) == [None, None, "drop", "drop", None, None]


def test_a_cut_goes_before_all_others_and_is_no_ordinary_strike() -> None:
    plan = of({"do": "drop"}, {"do": "cut", "account": "mira"})
    assert plan.cut("POST", "/2/tweets", "joe") is None
    hit = plan.cut(*POST)
    assert hit is not None
    assert hit.do == "cut"
    assert plan.cut(*POST) is None
    assert struck(plan, POST, POST) == ["drop", None]


@pytest.mark.parametrize("forever", [None, "always"])
def test_for_ever(forever: str | None) -> None:
    assert struck(of({"do": "drop", "times": forever}), *[POST] * 50) == ["drop"] * 50


def test_method_path_and_account_must_fit() -> None:
    others = [
        ("GET", "/2/tweets", "mira"),
        ("POST", "/2/media/upload", "mira"),
        ("POST", "/2/tweets", "joe"),
    ]
    plan = of({"do": "drop", "account": "mira"})
    assert struck(plan, *others, POST) == [None, None, None, "drop"]
    wide = of({"do": "drop", "method": "*", "path": "/2/*", "times": None})
    assert struck(wide, *others) == ["drop"] * 3


def test_the_first_rule_that_fires_wins_and_the_next_takes_over() -> None:
    plan = of({"do": "drop"}, {"do": "half"})
    assert struck(plan, POST, POST, POST) == ["drop", "half", None]


def test_chance_is_the_same_each_time_for_a_seed() -> None:
    rule = {"do": "drop", "chance": 0.3, "times": None}
    first, again, other = (struck(of(rule, seed=seed), *[POST] * 200) for seed in (1, 1, 2))
    assert first == again != other
    assert 30 < first.count("drop") < 90


def test_the_report_counts_what_matched_and_fired(stand_in: StandIn) -> None:
    stand_in.plan({**BUSY, "after": 1}, timeline_lag=2)
    for number in range(3):
        stand_in.post("mira", f"post {number}")
    report = stand_in.get("/_rehearsal/faults")
    assert report["settings"]["timeline_lag"] == 2
    (rule,) = report["faults"]
    assert rule == {**BUSY, "after": 1, "accept": False, "seen": 3, "fired": 1}


def test_a_new_plan_replaces_the_whole_old_one(stand_in: StandIn) -> None:
    stand_in.plan({**BUSY, "times": None}, timeline_lag=900)
    report = stand_in.plan()
    assert (report["faults"], report["settings"]["timeline_lag"]) == ([], 0)
    assert stand_in.post("mira", "a").status_code == 201


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ([], "A fault plan is an object"),
        ({"fault": []}, "allowed are faults, seed, settings"),
        ({"faults": {}}, "'faults' in the plan cannot be"),
        ({"faults": ["drop"]}, "at least `do`"),
        ({"faults": [{"do": "explode"}]}, "allowed are error, status, drop"),
        ({"faults": [{}]}, "allowed are error, status, drop"),
        ({"faults": [{"do": "error"}]}, "needs `shape`"),
        ({"faults": [{"do": "error", "shape": "odd"}]}, "Allowed are duplicate, oauth1"),
        ({"faults": [{"do": "error", "shape": []}]}, "Allowed are duplicate, oauth1"),
        ({"faults": [{"do": "drop", "seconds": 1}]}, "allowed are accept, account, after"),
        ({"faults": [{"do": "drop", "times": -1}]}, "'times' in fault 'drop' cannot be -1"),
        ({"faults": [{"do": "drop", "times": True}]}, "cannot be True"),
        ({"faults": [{"do": "drop", "chance": 1.5}]}, "cannot be 1.5"),
        ({"faults": [{"do": "drop", "accept": 1}]}, "cannot be 1"),
        ({"faults": [{"do": "drip", "bytes_per_second": 0}]}, "cannot be 0"),
        ({"faults": [{"do": "delay", "seconds": 1e300}]}, "cannot be 1e"),
        ({"faults": [{"do": "status", "status": 99}]}, "cannot be 99"),
        ({"faults": [{"do": "status", "status": 500, "headers": {"a": "b\r\nc"}}]}, "headers"),
        ({"faults": [{"do": "redirect", "status": 200}]}, "cannot be 200"),
        ({"faults": [{"do": "forget", "accept": False}]}, "always makes the post"),
        ({"faults": [{"do": "cut", "accept": True}]}, "never makes the post"),
        ({"faults": [{"do": "cut", "after_request_bytes": -1}]}, "cannot be -1"),
        ({"settings": {"lag": 1}}, "allowed are duplicate_check"),
        ({"settings": {"limit_15min": "many"}}, "cannot be 'many'"),
        ({"settings": {"duplicate_check": 0}}, "cannot be 0"),
    ],
)
def test_a_wrong_plan_is_refused_in_a_sentence_and_changes_nothing(
    stand_in: StandIn, plan: Any, words: str
) -> None:
    stand_in.plan(BUSY)
    before = stand_in.get("/_rehearsal/faults")
    answer = requests.post(f"{stand_in.base}/_rehearsal/faults", json=plan, timeout=5)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert stand_in.get("/_rehearsal/faults") == before


def test_what_is_no_json_is_refused(stand_in: StandIn) -> None:
    answer = requests.post(f"{stand_in.base}/_rehearsal/faults", data=b"{", timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "The fault plan is not valid JSON."},
    )


def test_a_plan_from_toml_and_from_json(tmp_path: Path) -> None:
    toml, as_json = tmp_path / "plan.toml", tmp_path / "plan.json"
    toml.write_text(
        'seed = 3\n[settings]\ntimeline_lag = 2.5\n[[faults]]\ndo = "drop"\ntimes = "always"\n'
    )
    given = {
        "seed": 3,
        "settings": {"timeline_lag": 2.5},
        "faults": [{"do": "drop", "times": "always"}],
    }
    as_json.write_text(json.dumps(given))
    reports = []
    for path in (toml, as_json):
        plan = Plan()
        plan.load(path)
        reports.append(plan.report())
    assert reports[0] == reports[1]
    assert reports[0]["settings"]["timeline_lag"] == 2.5


@pytest.mark.parametrize("text", ["faults = ", "\xff", None])
def test_an_unreadable_file_is_a_problem_that_names_it(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "plan.toml"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsProblem, match=r"plan\.toml cannot be read"):
        Plan().load(path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_needs_no_more_than_its_needs(kind: str) -> None:
    needs = {"shape": "unavailable", "status": 500}
    given = {"do": kind, **{name: needs[name] for name in KINDS[kind].needs}}
    plan = of(given)
    hit = plan.cut(*POST) or plan.strike(*POST)
    assert hit is not None
    assert hit.do == kind
    with pytest.raises(InputProblem, match="Unknown key 'colour'"):
        of({**given, "colour": 1})
