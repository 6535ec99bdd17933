"""What posts cost, what an account has spent in a month, and the cap that it is held to."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.prices import Prices
from handbill.errors import InputProblem
from handbill.inputs import TimeIn
from handbill.models import Account, Part, Post
from handbill.services import pricing, queueing
from handbill.services.desk import Desk
from handbill.store import spending
from handbill.store.spending import Spending
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    Hands,
    account_of,
    add_account,
    add_in,
    add_post,
    attempt,
    claim_and_arm,
    get,
    make_desk,
    overwrite,
    post_in,
    unknown,
)

CENT = Decimal("0.01")
LINK = "Read it: https://example.com/skerry"


def no(_text: str, _moment: object) -> bool:
    return False


@pytest.fixture
def both(engine: Engine, hands: Hands) -> Desk:
    """A desk on each kind of database, with an account."""
    add_account(engine)
    return make_desk(engine, hands)


def ines(desk: Desk) -> Account:
    return account_of(desk.engine)


def november(desk: Desk) -> Spending:
    (bill,) = pricing.months(desk)
    assert str(bill.month) == "Nov 2026 (Europe/Paris)"
    return bill.known


@pytest.mark.parametrize(
    ("parts", "dollars"),
    [
        ([("A lamp and two liars.", 0)], "0.015"),
        ([(LINK, 0)], "0.20"),
        ([("As README.md says.", 0)], "0.20"),
        ([("A lamp.", 2), (LINK, 0)], "0.225"),
    ],
)
def test_a_post_is_priced_by_what_its_network_takes_for_a_link(
    both: Desk, parts: list[tuple[str, int]], dollars: str
) -> None:
    assert pricing.priced(both, ines(both), parts) == Decimal(dollars)


def test_the_settings_go_before_what_the_network_published(both: Desk) -> None:
    dear = Prices(date(2027, 1, 1), Decimal(1), Decimal(2), Decimal(3))
    desk = make_desk(both.engine, prices={"x": dear})
    assert pricing.priced(desk, ines(desk), [(LINK, 1)]) == 5


def test_where_a_network_charges_nothing_there_is_no_price_and_no_bill(both: Desk) -> None:
    desk = replace(both, prices=lambda _network: None)
    assert pricing.priced(desk, ines(desk), [(LINK, 1)]) is None
    assert pricing.months(desk) == []


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.IN_DOUBT, Status.PUBLISHING])
def test_queued_posts_are_promised_and_what_may_be_out_is_spent(both: Desk, status: Status) -> None:
    add_in(both.engine, status, price=CENT)
    add_post(both.engine, price=8 * CENT, at=NOW + HOUR)
    for over in (Status.DRAFT, Status.CANCELLED):
        add_in(both.engine, over, price=Decimal(50), at=NOW + HOUR)
    add_post(both.engine, at=NOW + HOUR)
    assert november(both) == Spending(CENT, 8 * CENT)


def test_another_account_and_another_month_are_left_out(both: Desk) -> None:
    sol = add_account(both.engine, "sol")
    add_post(both.engine, sol, price=CENT)
    end = NOW.replace(day=30, hour=23)
    add_post(both.engine, ines(both), price=CENT, at=end)
    add_post(both.engine, ines(both), price=2 * CENT, at=end - HOUR / 60)
    bills = {bill.account.name: bill.known for bill in pricing.months(both)}
    assert bills == {"ines": Spending(promised=2 * CENT), "sol": Spending(promised=CENT)}


def test_a_post_is_spent_in_the_month_in_which_it_went_out(both: Desk, hands: Hands) -> None:
    due = NOW.replace(day=30, hour=22, minute=50)
    add_post(both.engine, at=due, price=CENT)
    attempt(both.engine, unknown(), due + 20 * HOUR / 60)
    assert november(both) == Spending()
    hands.forward(11 * DAY)
    (bill,) = pricing.months(both)
    assert bill.known == Spending(spent=CENT)


def test_a_failed_post_is_spent_if_a_part_of_it_is_out(both: Desk) -> None:
    number = add_in(both.engine, Status.FAILED, price=CENT)
    assert november(both) == Spending()
    part = get(both.engine, number).parts[0]
    overwrite(both.engine, Part, part.id or 0, remote_id="1", published_at=NOW)
    assert november(both) == Spending(spent=CENT)


def test_some_posts_can_be_left_out(both: Desk) -> None:
    number = add_post(both.engine, price=CENT)
    add_post(both.engine, price=2 * CENT)
    found = spending.between(both.engine, ines(both).id or 0, NOW, NOW + HOUR, [number])
    assert found.promised == 2 * CENT


@pytest.mark.parametrize(("given", "kept"), [("5", "5"), ("$0.50", "0.5"), ("0", "0")])
def test_a_cap_is_kept_and_taken_away(both: Desk, given: str, kept: str) -> None:
    assert pricing.cap(both, "ines", given).monthly_cap == Decimal(kept)
    assert pricing.cap(both, "ines", "None").monthly_cap is None


@pytest.mark.parametrize("given", ["", "five", "-1", "0.001", "nan", "inf", "1e9", "5 €"])
def test_what_is_no_amount_is_refused(both: Desk, given: str) -> None:
    with pytest.raises(InputProblem, match="amount of dollars"):
        pricing.cap(both, "ines", given)


def test_queueing_up_to_the_cap_is_fine_and_past_it_is_refused_with_the_sums(both: Desk) -> None:
    pricing.cap(both, "ines", "0.40")
    add_in(both.engine, Status.PUBLISHED, price=Decimal("0.185"))
    queueing.queue(both, [("", post_in(LINK))], no)
    queueing.queue(both, [("", post_in("Plain."))], no)
    with pytest.raises(InputProblem) as refused:
        queueing.queue(both, [("", post_in("Plain again."))], no)
    assert refused.value.says == (
        "It costs $0.015, and ines may cost $0.40 in Nov 2026 (Europe/Paris): $0.185 is spent, "
        "$0.215 is promised to queued posts."
    )
    assert refused.value.cure.endswith("handbill account cap ines 0.42")
    queueing.queue(both, [("", post_in("Next month.", at="2026-12-02 12:00"))], no)
    queueing.queue(both, [("", post_in("A draft.", draft=True))], no)
    assert november(both) == Spending(Decimal("0.185"), Decimal("0.215"))


def test_the_posts_of_one_batch_count_together(both: Desk) -> None:
    pricing.cap(both, "ines", "0.03")
    three = [(f"line {n}", post_in(f"Post {n}.")) for n in (1, 2, 3)]
    with pytest.raises(InputProblem, match="line 3: It costs"):
        queueing.queue(both, three, no)
    assert len(queueing.queue(both, three[:2], no)) == 2


def test_a_draft_is_refused_when_it_is_approved(both: Desk) -> None:
    (draft,) = queueing.queue(both, [("", post_in("A draft.", draft=True))], no)
    pricing.cap(both, "ines", "0.01")
    with pytest.raises(InputProblem, match="It costs"):
        queueing.approve(both, draft.post.id or 0)
    pricing.cap(both, "ines", "0.02")
    assert queueing.approve(both, draft.post.id or 0).post.status is Status.QUEUED


def test_a_post_does_not_count_twice_when_it_is_moved_or_edited(both: Desk) -> None:
    (entry,) = queueing.queue(both, [("", post_in("Plain."))], no)
    number = entry.post.id or 0
    pricing.cap(both, "ines", "0.02")
    queueing.reschedule(both, number, TimeIn(at="+3h"), no)
    assert queueing.edit(both, number, "Plainer.", None).post.price == Decimal("0.015")
    with pytest.raises(InputProblem, match=r"It costs \$0.20"):
        queueing.edit(both, number, LINK, None)
    assert get(both.engine, number).parts[0].text == "Plainer."
    pricing.cap(both, "ines", "none")
    assert queueing.edit(both, number, LINK, None).post.price == Decimal("0.20")


def test_sending_past_the_cap_is_said_in_a_sentence(both: Desk) -> None:
    number = add_post(both.engine, price=Decimal("0.20"))
    free = claim_and_arm(both.engine)
    assert pricing.may_spend(both, free) is None
    cap = Decimal("0.19")
    pricing.cap(both, "ines", str(cap))
    claim = replace(free, account=replace(free.account, monthly_cap=cap))
    assert pricing.may_spend(both, claim) == (
        "It costs $0.20, and ines has spent $0.00 of the $0.19 that it may cost in "
        "Nov 2026 (Europe/Paris)."
    )
    assert pricing.may_spend(both, replace(claim, position=2)) is None
    overwrite(both.engine, Post, number, price=None)  # queued before there were prices
    says = pricing.may_spend(both, claim)
    assert says is None
    pricing.cap(both, "ines", "0.01")
    assert (pricing.may_spend(both, claim) or "").startswith("It costs $0.015,")


def test_what_is_out_already_leaves_less_for_the_next(both: Desk) -> None:
    pricing.cap(both, "ines", "0.03")
    for _ in range(2):
        add_in(both.engine, Status.PUBLISHED, price=Decimal("0.015"))
    add_post(both.engine, price=Decimal("0.015"))
    assert "has spent $0.03 of the $0.03" in (
        pricing.may_spend(both, claim_and_arm(both.engine)) or ""
    )
