"""Accounts: added, asked who they are, paused and resumed. The line to the network is a small one
of our own: it keeps the Protocol and answers what a test tells it to."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from handbill.app import build
from handbill.domain.network import AccountRef, Claim, Evidence, Identity, Network, Sighting
from handbill.domain.outcomes import Busy, Halted, NotSent, Outcome, Refused, Unauthorized
from handbill.errors import InputProblem, NotFound, SettingsProblem
from handbill.inputs import AccountIn
from handbill.services import connecting
from handbill.services.connecting import Checked
from handbill.services.desk import Desk
from handbill.settings import load
from tests.factories import (
    NOW,
    account_in,
    account_of,
    add_account,
    add_post,
    busy,
    get,
    not_sent,
    unauthorized,
)

INES = Identity("77", "@ines")


@dataclass
class Line:
    """A line that knows who it is, or cannot say."""

    who: Identity = INES
    trouble: Refused | Busy | NotSent | Unauthorized | None = None
    asked: list[str] = field(default_factory=list)

    def connect(self, account: AccountRef) -> Network:
        """The same line for every account."""
        self.asked.append(account.name)
        return self

    def whoami(self) -> Identity:
        if self.trouble is not None:
            raise Halted(self.trouble)
        return self.who

    def hour(self) -> datetime | None:
        raise NotImplementedError

    def asks(self, claim: Claim) -> bool:
        raise NotImplementedError

    def prepare(self, claim: Claim) -> Evidence:
        raise NotImplementedError

    def publish(self, claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
        raise NotImplementedError

    def find(self, claim: Claim) -> Sighting:
        raise NotImplementedError


Check = Callable[[Line], Checked]


@pytest.fixture
def check(desk: Desk) -> Check:
    """Checks the account called ines over a line."""
    add_account(desk.engine)
    return lambda line: connecting.check(replace(desk, connect=line.connect), "ines")


# Added


def test_an_account_is_added_as_given(desk: Desk) -> None:
    added = connecting.add(desk, account_in(server="https://x.test/", zone="Asia/Tokyo"))
    assert (added.name, added.network, added.zone) == ("ines", "x", "Asia/Tokyo")
    assert added.server == "https://x.test"
    assert added.created_at == NOW
    assert [one.name for one in connecting.listing(desk)] == ["ines"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"network": "myspace"}, "myspace"), ({"zone": "Europe/Pairs"}, "Europe/Paris")],
)
def test_a_network_or_zone_that_is_none_is_refused(
    desk: Desk, fields: dict[str, str], named: str
) -> None:
    with pytest.raises(InputProblem) as problem:
        connecting.add(desk, account_in(**fields))
    assert named in str(problem.value)
    assert connecting.listing(desk) == []


def test_a_name_that_is_taken_is_refused(desk: Desk) -> None:
    connecting.add(desk, account_in())
    with pytest.raises(InputProblem, match="already an account named ines"):
        connecting.add(desk, account_in(zone="UTC"))
    assert account_of(desk.engine).zone == "Europe/Paris"


@pytest.mark.parametrize("name", ["ines", "my_blog", "a1", "a_1_b", "x" * 32])
def test_a_name_that_a_variable_can_have_is_accepted(name: str) -> None:
    assert account_in(name).name == name


@pytest.mark.parametrize(
    "name", ["", "Ines", "1a", "_a", "a_", "a__b", "a-b", "a b", "é", "a.b", "x" * 33]
)
def test_a_name_that_no_variable_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        AccountIn(name=name, network="x")


@pytest.mark.parametrize(
    "server",
    [
        "https://x.test",
        "https://x.test:8443",
        "http://127.0.0.1:8765",
        "http://localhost",
        "http://[::1]:1",
    ],
)
def test_a_server_is_an_origin(server: str) -> None:
    assert account_in(server=server).server == server


@pytest.mark.parametrize(
    "server",
    [
        "x.test",
        "http://x.test",
        "http://127.0.0.1.evil.test",
        "https://x.test/path",
        "https://x.test?a=b",
        "https://x.test#a",
        "https://me@x.test",
        "https://me:canary@x.test",
        "ftp://127.0.0.1",
        "https://",
        "http://[::1",
        "http://127.0.0.1:notaport",
        "http://127.0.0.1:99999",
        "file:///etc/passwd",
    ],
)
def test_a_server_that_is_more_or_less_than_an_origin_is_refused(server: str) -> None:
    with pytest.raises(ValidationError) as error:
        account_in(server=server)
    told = error.value.errors(include_input=False, include_context=False, include_url=False)
    assert "canary" not in str(told)


# Changed


def test_what_is_given_is_changed_and_the_rest_is_kept(desk: Desk) -> None:
    add_account(desk.engine)
    changed = connecting.edit(desk, "ines", "https://x.test/", None, "2h")
    assert (changed.server, changed.zone) == ("https://x.test", "Europe/Paris")
    assert changed.lateness_limit == timedelta(hours=2)
    changed = connecting.edit(desk, "ines", "", "Asia/Tokyo", None)
    assert (changed.server, changed.zone) == (None, "Asia/Tokyo")
    assert changed.lateness_limit == timedelta(hours=2)


def test_a_change_leaves_queued_posts_alone(desk: Desk) -> None:
    number = add_post(desk.engine)
    before = get(desk.engine, number).post
    connecting.edit(desk, "ines", None, "Asia/Tokyo", "2h")
    assert get(desk.engine, number).post == before


@pytest.mark.parametrize(
    "change",
    [("http://x.test", None, None), (None, "Europe/Pairs", None), (None, None, "soon")],
)
def test_a_change_that_cannot_be_is_refused(
    desk: Desk, change: tuple[str | None, str | None, str | None]
) -> None:
    before = add_account(desk.engine)
    with pytest.raises(InputProblem):
        connecting.edit(desk, "ines", *change)
    assert account_of(desk.engine) == before


def test_an_unknown_account_cannot_be_changed(desk: Desk) -> None:
    with pytest.raises(NotFound):
        connecting.edit(desk, "nobody", None, "UTC", None)


# Asked who they are


def test_who_an_account_is_is_asked_and_kept(desk: Desk, check: Check) -> None:
    line = Line()
    found = check(line)
    assert line.asked == ["ines"]
    assert found.identity == INES
    assert (found.account.handle, found.account.remote_id) == ("@ines", "77")
    assert account_of(desk.engine).handle == "@ines"


def test_an_account_that_may_not_post_is_told_with_the_cure(desk: Desk, check: Check) -> None:
    found = check(Line(trouble=unauthorized("X does not take the tokens.", "make new ones")))
    assert (found.identity, found.says, found.cure) == (
        None,
        "X does not take the tokens.",
        "make new ones",
    )
    kept = account_of(desk.engine)
    assert (kept.remote_id, kept.paused_at) == (None, None)


@pytest.mark.parametrize("trouble", [busy(), not_sent()])
def test_a_network_that_cannot_answer_is_told_without_a_change(
    desk: Desk, check: Check, trouble: Busy | NotSent
) -> None:
    found = check(Line(trouble=trouble))
    assert (found.identity, found.says) == (None, trouble.says)
    assert found.cure
    assert account_of(desk.engine).remote_id is None


def test_a_check_that_fails_keeps_what_was_known(desk: Desk, check: Check) -> None:
    check(Line())
    check(Line(trouble=not_sent()))
    assert account_of(desk.engine).handle == "@ines"


def test_missing_keys_are_told_by_the_names_of_their_variables(desk: Desk) -> None:
    add_account(desk.engine)
    app = build(load(desk.pictures.parent / "home"))
    add_account(app.desk.engine)
    found = connecting.check(app.desk, "ines")
    assert found.identity is None
    for name in ("HANDBILL_APPS__X__API_KEY", "HANDBILL_TOKENS__INES__ACCESS_TOKEN"):
        assert name in found.cure
    app.desk.engine.dispose()


def test_an_unknown_account_cannot_be_checked(desk: Desk) -> None:
    with pytest.raises(NotFound):
        connecting.check(desk, "nobody")


def test_the_app_names_the_variables_that_an_account_lacks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_APPS__X__API_KEY", "key")
    app = build(load(desk.pictures.parent / "home"))
    account = add_account(app.desk.engine)
    assert set(app.missing_variables(account)) == {
        "HANDBILL_APPS__X__API_SECRET",
        "HANDBILL_TOKENS__INES__ACCESS_TOKEN",
        "HANDBILL_TOKENS__INES__ACCESS_TOKEN_SECRET",
    }
    app.desk.engine.dispose()


def test_a_practice_account_may_bring_the_apps_keys_along(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"):
        monkeypatch.setenv(f"HANDBILL_TOKENS__INES__{key}", "canary-4f1d")
    app = build(load(desk.pictures.parent / "home"))
    assert app.missing_variables(add_account(app.desk.engine)) == {}
    assert "canary-4f1d" not in repr(app)
    app.desk.engine.dispose()


def test_an_app_key_that_no_network_knows_stops_the_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_APPS__X__API_KEYS", "key")
    with pytest.raises(SettingsProblem, match="HANDBILL_APPS__X__API_KEYS"):
        build(load(desk.pictures.parent / "home"))


# Paused and resumed


def test_a_pause_has_a_reason_and_an_end(desk: Desk) -> None:
    add_account(desk.engine)
    paused = connecting.pause(desk, "ines", "On holiday.")
    assert (paused.paused_at, paused.pause_reason) == (NOW, "On holiday.")
    resumed = connecting.resume(desk, "ines")
    assert (resumed.paused_at, resumed.pause_reason) == (None, None)


def test_an_unknown_account_can_be_neither_paused_nor_resumed(desk: Desk) -> None:
    with pytest.raises(NotFound):
        connecting.pause(desk, "nobody", "Why not.")
    with pytest.raises(NotFound):
        connecting.resume(desk, "nobody")
