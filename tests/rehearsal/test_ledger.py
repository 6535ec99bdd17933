"""The ledger's own promises: rising ids, bounded memory."""

from datetime import UTC, datetime, timedelta

from handbill.rehearsal.ledger import (
    EPOCH_MS,
    PICTURE_BYTES_KEPT,
    REQUESTS_KEPT,
    Ledger,
    Medium,
    Snowflakes,
)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_an_id_holds_the_millisecond_and_a_sequence() -> None:
    ids = Snowflakes()
    first, second = int(ids.next(NOON)), int(ids.next(NOON))
    assert (first >> 22) + EPOCH_MS == NOON.timestamp() * 1000
    assert second == first + 1


def test_ids_rise_even_if_the_clock_is_set_back() -> None:
    ids = Snowflakes()
    before = int(ids.next(NOON))
    assert int(ids.next(NOON - timedelta(hours=1))) > before


def test_only_the_last_requests_are_kept_and_still_numbered() -> None:
    ledger = Ledger(lambda: NOON)
    for _ in range(REQUESTS_KEPT + 5):
        ledger.arrive(NOON, "GET", "/2/users/me")
    lines = ledger.report()["requests"]
    assert (len(lines), lines[0]["n"], lines[-1]["n"]) == (REQUESTS_KEPT, 6, REQUESTS_KEPT + 5)


def test_old_pictures_are_let_go_but_not_their_facts() -> None:
    ledger = Ledger(lambda: NOON)
    content = b"\0" * (PICTURE_BYTES_KEPT // 2)
    for number in range(3):
        medium = Medium(
            id=str(number), account="mira", created_at=NOON, type="image/png", category="x"
        )
        ledger.media[medium.id] = medium
        ledger.keep(medium, content)
    assert [medium.content is None for medium in ledger.media.values()] == [True, False, False]
    assert {line["bytes"] for line in ledger.report()["media"]} == {len(content)}
