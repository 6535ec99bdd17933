"""What is queued and what is refused early, because it could never go out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill.domain.lifecycle import Status
from handbill.domain.when import Moment
from handbill.domain.zones import Fold
from handbill.errors import InputProblem, NotFound, Problem, TooLate
from handbill.inputs import ImageIn, PartIn, PostIn, TimeIn
from handbill.services import queueing
from handbill.services.desk import Desk
from handbill.store import accounts, listings
from handbill.store.claims import images_of
from handbill.store.listings import Entry
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Hands,
    account_of,
    add_account,
    add_in,
    add_review,
    get,
    png,
    post_in,
)

#: Both of these Sundays' nights have an hour that is not like the others, in Paris.
SPRING, AUTUMN = "2027-03-28 02:30", "2027-10-31 02:30"


def no(_text: str, _moment: Moment) -> bool:
    """Nobody is there to confirm a guess."""
    return False


def yes(_text: str, _moment: Moment) -> bool:
    """Whatever was guessed is right."""
    return True


@pytest.fixture(autouse=True)
def _account(desk: Desk) -> None:
    add_account(desk.engine)


def queue(desk: Desk, *new: PostIn) -> list[Entry]:
    """Queue these as if they stood in a file."""
    return queueing.queue(desk, [(f"line {n}", one) for n, one in enumerate(new, 2)], no)


def queue_one(desk: Desk, text: str = "See it.", *images: ImageIn, **fields: object) -> Entry:
    """Queue one as if it were typed."""
    (entry,) = queueing.queue(desk, [("", post_in(text, *images, **fields))], no)
    return entry


def refusal(desk: Desk, text: str = "See it.", *images: ImageIn, **fields: object) -> Problem:
    """Why this one is not queued; nothing of it may be kept."""
    with pytest.raises(Problem) as problem:
        queue_one(desk, text, *images, **fields)
    assert everything(desk) == []
    return problem.value


def everything(desk: Desk) -> list[Entry]:
    return listings.queue(desk.engine, list(Status), None)


@pytest.fixture
def picture(tmp_path: Path) -> ImageIn:
    """A real picture, with its description."""
    (tmp_path / "lamp.png").write_bytes(png())
    return ImageIn(file=str(tmp_path / "lamp.png"), alt="A lamp.")


# Queued


def test_a_post_is_queued_for_its_time_in_the_accounts_zone(desk: Desk) -> None:
    entry = queue_one(desk, at="2026-11-27 18:30")
    post = entry.post
    assert post.status is Status.QUEUED
    assert post.due_at == datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    assert (post.due_wall, post.zone) == ("2026-11-27 18:30", "Europe/Paris")
    assert post.not_before == post.due_at
    assert post.no_later_than == post.due_at + HOUR


def test_a_zone_of_its_own_goes_before_the_accounts(desk: Desk) -> None:
    post = queue_one(desk, at="2026-11-27 18:30", zone="America/New_York").post
    assert post.due_at == datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert post.zone == "America/New_York"


def test_a_limit_of_its_own_goes_before_the_accounts(desk: Desk) -> None:
    post = queue_one(desk, at="+2h", no_later_than="1d12h").post
    assert post.due_at == NOW + 2 * HOUR
    assert post.no_later_than == post.due_at + 36 * HOUR


def test_the_accounts_limit_goes_before_the_default(desk: Desk) -> None:
    add_account(desk.engine, "sol", lateness_limit=timedelta(minutes=5))
    post = queue_one(desk, account="sol").post
    assert post.no_later_than == NOW + 2 * HOUR + 5 * MINUTE


def test_now_is_this_very_moment(desk: Desk, hands: Hands) -> None:
    hands.forward(timedelta(microseconds=123_456))
    assert queue_one(desk, at="now").post.due_at == hands.now


def test_a_draft_may_have_a_time_or_none(desk: Desk) -> None:
    timed, undated = queue_one(desk, draft=True), queue_one(desk, at=None, draft=True)
    assert (timed.post.status, timed.post.due_at) == (Status.DRAFT, NOW + 2 * HOUR)
    assert (undated.post.status, undated.post.due_at) == (Status.DRAFT, None)
    assert undated.post.zone == "Europe/Paris"


def test_a_post_about_a_review_is_kept_with_it(desk: Desk) -> None:
    add_review(desk.engine)
    entry = queue_one(desk, review="skerry-light")
    assert entry.review is not None
    assert entry.review.slug == "skerry-light"


def test_a_post_may_have_several_parts(desk: Desk) -> None:
    entry = queue_one(desk, parts=[PartIn(text="One."), PartIn(text="Two.")])
    assert [part.text for part in entry.parts] == ["One.", "Two."]


def test_text_is_kept_to_the_letter(desk: Desk) -> None:
    text = "  ★★★½ (3.5/5)\n\n“Lamp”\tand 👩‍🚀 \u202eodd\u202c "
    assert queue_one(desk, text).parts[0].text == text


def test_windows_line_ends_are_kept_as_line_ends(desk: Desk) -> None:
    assert queue_one(desk, "One.\r\nTwo.").parts[0].text == "One.\nTwo."


# Times


def test_the_past_is_refused_with_the_time_it_is(desk: Desk) -> None:
    problem = refusal(desk, at="2026-11-20 11:59")
    assert "is past; it is Fri 20 Nov 2026 12:00 CET (Europe/Paris)" in problem.says
    assert "--now" in problem.cure


def test_this_very_second_is_not_past(desk: Desk) -> None:
    assert queue_one(desk, at="2026-11-20 12:00").post.due_at == NOW


def test_a_post_without_a_time_is_refused(desk: Desk) -> None:
    assert "--at" in refusal(desk, at=None).cure


@pytest.mark.parametrize("at", ["", "   "])
def test_an_empty_time_is_no_time(desk: Desk, at: str) -> None:
    assert isinstance(refusal(desk, at=at), InputProblem)


def test_a_skipped_hour_is_refused_with_two_proposals(desk: Desk) -> None:
    problem = refusal(desk, at=SPRING)
    assert "does not exist in Europe/Paris" in problem.says
    assert '"2027-03-28 01:59" or "2027-03-28 03:30"' in problem.cure


def test_a_doubled_hour_must_be_chosen(desk: Desk) -> None:
    problem = refusal(desk, at=AUTUMN)
    assert "happens twice" in problem.says
    assert "--fold earlier or --fold later" in problem.cure


@pytest.mark.parametrize(("fold", "utc_hour"), [(Fold.EARLIER, 0), (Fold.LATER, 1)])
def test_a_chosen_doubled_hour_is_the_chosen_one(desk: Desk, fold: Fold, utc_hour: int) -> None:
    post = queue_one(desk, at=AUTUMN, fold=fold.value).post
    assert post.due_at == datetime(2027, 10, 31, utc_hour, 30, tzinfo=UTC)


def test_a_fold_that_is_none_is_refused(desk: Desk) -> None:
    assert "earlier or later" in refusal(desk, fold="first").cure


@pytest.mark.parametrize(
    "fields",
    [
        {"no_later_than": "3000000d"},
        {"at": "9999-12-31 23:59", "zone": "UTC"},
        {"at": "+3000000d"},
        {"at": "9999-12-31 23:30", "zone": "America/New_York"},
    ],
    ids=str,
)
def test_a_time_beyond_all_calendars_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    assert isinstance(refusal(desk, **fields), InputProblem)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "nobody"),
        ("review", "nothing"),
        ("zone", "Europe/Pairs"),
        ("at", "whenever"),
        ("no_later_than", "soon"),
    ],
)
def test_what_does_not_exist_is_refused_by_its_name(desk: Desk, field: str, value: str) -> None:
    problem = refusal(desk, **{field: value})
    assert value in problem.says
    assert problem.cure


@pytest.mark.parametrize("field", ["account", "review"])
@pytest.mark.parametrize("value", ["nul\x00", "lone\ud800"])
def test_a_name_that_no_database_takes_is_not_found(desk: Desk, field: str, value: str) -> None:
    with pytest.raises((Problem, ValueError)) as problem:
        queue_one(desk, **{field: value})
    assert not isinstance(problem.value, UnicodeError)
    assert everything(desk) == []


# Guessed times


def test_a_guessed_time_needs_a_yes(desk: Desk) -> None:
    asked = list[tuple[str, Moment]]()

    def hear(text: str, moment: Moment) -> bool:
        asked.append((text, moment))
        return True

    (entry,) = queueing.queue(desk, [("", post_in(at="next friday 18:30"))], hear)
    ((text, moment),) = asked
    assert text == "next friday 18:30"
    assert entry.post.due_at == moment.at == datetime(2026, 11, 27, 17, 30, tzinfo=UTC)


def test_a_guessed_time_without_a_yes_is_refused_and_shown(desk: Desk) -> None:
    problem = refusal(desk, at="next friday 18:30")
    assert "Fri 27 Nov 2026 18:30 CET (Europe/Paris)" in problem.says
    assert "fri 18:30" in problem.cure


def test_an_exact_time_is_not_asked_about(desk: Desk) -> None:
    def never(text: str, moment: Moment) -> bool:
        raise AssertionError

    assert queueing.queue(desk, [("", post_in(at="fri 18:30"))], never)


def test_a_guess_of_the_past_is_refused_though_confirmed(desk: Desk, hands: Hands) -> None:
    with pytest.raises(InputProblem, match="is past"):
        queueing.queue(desk, [("", post_in(at="Fri, 20 Nov 2026 08:00:00 +0000"))], yes)


# Texts


def test_a_text_that_is_too_long_is_refused_with_its_count(desk: Desk) -> None:
    problem = refusal(desk, "a" * 281)
    assert "counts 281 of 280" in problem.says
    assert "by 1" in problem.says


def test_a_text_that_just_fits_is_queued(desk: Desk) -> None:
    link = "https://gazette.example.com/" + "a" * 200
    assert queue_one(desk, "a" * (280 - 24) + " " + link)


@pytest.mark.parametrize("text", ["", " ", "\n\t\n", "\u3000"])
def test_an_empty_text_is_refused(desk: Desk, text: str) -> None:
    assert "empty" in refusal(desk, text).says


def test_a_picture_may_stand_alone(desk: Desk, picture: ImageIn) -> None:
    assert queue_one(desk, "", picture).parts[0].images


def test_two_cashtags_are_refused_with_their_places(desk: Desk) -> None:
    says = refusal(desk, "Buy $AAPL and $GOOG.").says
    assert "$AAPL at character 5" in says
    assert "$GOOG at character 15" in says


@pytest.mark.parametrize(
    ("text", "position"),
    [("a\x00b", 2), ("ab\ud800", 3), ("\x1b[31m", 1), ("abc\x9b", 4), ("a\rb", 2), ("\ufeffa", 1)],
)
def test_a_forbidden_character_is_refused_with_its_position(
    desk: Desk, text: str, position: int
) -> None:
    assert f"Character {position} " in refusal(desk, text).says


def test_every_fault_of_a_text_is_told_at_once(desk: Desk) -> None:
    says = refusal(desk, "$AAPL $GOOG " + "a" * 280).says
    assert "Too long" in says
    assert "cashtag" in says


def test_every_part_is_looked_at(desk: Desk) -> None:
    problem = refusal(desk, parts=[PartIn(text="Fine."), PartIn(text="a" * 281)])
    assert "281 of 280" in problem.says


@given(st.text(max_size=300))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_queued_to_the_letter_or_refused(desk: Desk, text: str) -> None:
    try:
        entry = queue_one(desk, text)
    except InputProblem:
        return
    assert entry.parts[0].text == text.replace("\r\n", "\n")


# Pictures


def test_a_picture_is_kept_by_its_content_once(
    desk: Desk, tmp_path: Path, picture: ImageIn
) -> None:
    (tmp_path / "same.png").write_bytes(png())
    same = ImageIn(file=str(tmp_path / "same.png"), alt="The same lamp.")
    first = queue_one(desk, "One.", picture).parts[0].images
    second = queue_one(desk, "Two.", same).parts[0].images
    assert first[0]["file"] == second[0]["file"]
    assert (first[0]["alt"], second[0]["alt"]) == ("A lamp.", "The same lamp.")
    assert (first[0]["media_type"], first[0]["size_bytes"]) == ("image/png", len(png()))
    (kept,) = desk.pictures.iterdir()
    assert kept.name == first[0]["file"]
    assert kept.read_bytes() == png()


def test_a_kept_picture_outlives_its_original(desk: Desk, picture: ImageIn) -> None:
    entry = queue_one(desk, "One.", picture)
    Path(picture.file).unlink()
    (image,) = images_of(entry.parts[0].images, desk.pictures)
    assert image.path.read_bytes() == png()


def test_the_pictures_folder_is_for_its_owner_only(desk: Desk, picture: ImageIn) -> None:
    queue_one(desk, "One.", picture)
    assert desk.pictures.stat().st_mode & 0o077 == 0


def test_a_picture_is_told_by_its_content_and_not_by_its_name(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "lamp.png").write_bytes(b"\xff\xd8\xff\xe0" + b"\x00" * 20)
    entry = queue_one(desk, "One.", ImageIn(file=str(tmp_path / "lamp.png"), alt="A lamp."))
    assert entry.parts[0].images[0]["media_type"] == "image/jpeg"
    assert entry.parts[0].images[0]["file"].endswith(".jpg")


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"%PDF-1.7 ..........", b"GIF"])
def test_what_is_no_picture_is_refused(desk: Desk, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lamp.png").write_bytes(content)
    problem = refusal(desk, "One.", ImageIn(file=str(tmp_path / "lamp.png"), alt="A lamp."))
    assert "is not a picture" in problem.says


def test_a_picture_that_is_not_there_is_refused(desk: Desk, tmp_path: Path) -> None:
    problem = refusal(desk, "One.", ImageIn(file=str(tmp_path / "none.png"), alt="A lamp."))
    assert "none.png" in problem.says


@pytest.mark.parametrize("name", ["nul\x00.png", "x" * 300 + ".png", "~nobody_at_all/lamp.png"])
def test_a_path_that_no_file_can_have_is_refused(desk: Desk, name: str) -> None:
    assert isinstance(refusal(desk, "One.", ImageIn(file=name, alt="A lamp.")), InputProblem)


def test_a_folder_is_no_picture(desk: Desk, tmp_path: Path) -> None:
    problem = refusal(desk, "One.", ImageIn(file=str(tmp_path), alt="A lamp."))
    assert isinstance(problem, InputProblem)


def test_a_picture_that_is_too_large_to_look_at_is_refused(desk: Desk, tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(20_000_001)
    problem = refusal(desk, "One.", ImageIn(file=str(tmp_path / "huge.png"), alt="A lamp."))
    assert "larger than 20 MB" in problem.says


def test_a_picture_without_a_description_is_no_input(picture: ImageIn) -> None:
    for alt in ("", "   ", None):
        with pytest.raises(ValueError, match="alt"):
            ImageIn.model_validate({"file": picture.file, "alt": alt})


@pytest.mark.parametrize("alt", ["A \x00 lamp.", "A \x1b[31m lamp."])
def test_a_description_with_a_forbidden_character_is_refused(
    desk: Desk, picture: ImageIn, alt: str
) -> None:
    problem = refusal(desk, "One.", picture.model_copy(update={"alt": alt}))
    assert "3" in problem.says


def test_five_pictures_are_one_too_many(desk: Desk, picture: ImageIn) -> None:
    assert "5" in refusal(desk, "One.", *[picture] * 5).says
    assert queue_one(desk, "One.", *[picture] * 4)


# Many at once


def test_many_are_queued_together(desk: Desk) -> None:
    entries = queue(desk, *(post_in(str(n)) for n in range(30)))
    assert [entry.parts[0].text for entry in entries] == [str(n) for n in range(30)]


def test_one_fault_keeps_all_of_them_out_and_each_fault_is_named_with_its_line(desk: Desk) -> None:
    with pytest.raises(InputProblem) as problem:
        queue(
            desk,
            post_in("Fine."),
            post_in("a" * 281),
            post_in(account="nobody"),
            post_in("Fine."),
            post_in(at="2020-01-01 10:00"),
            post_in(review="nothing"),
        )
    first, *lines = problem.value.says.splitlines()
    assert first == "Nothing was queued. 4 of 6:"
    assert [line.split(":")[0] for line in lines] == ["line 3", "line 4", "line 6", "line 7"]
    assert everything(desk) == []


def test_all_of_them_are_queued_at_one_moment(desk: Desk) -> None:
    entries = queue(desk, *(post_in(at="now") for _ in range(3)))
    assert {entry.post.due_at for entry in entries} == {NOW}


# Changes


def test_an_edit_is_checked_as_a_new_text_is(desk: Desk) -> None:
    number = queue_one(desk).post.id or 0
    with pytest.raises(InputProblem, match="281 of 280"):
        queueing.edit(desk, number, "a" * 281, None)
    assert get(desk.engine, number).parts[0].text == "See it."
    assert queueing.edit(desk, number, "Better.", None).parts[0].text == "Better."


def test_an_edit_of_the_text_is_checked_with_the_pictures_it_keeps(
    desk: Desk, picture: ImageIn
) -> None:
    number = queue_one(desk, "One.", picture).post.id or 0
    assert queueing.edit(desk, number, "", None).parts[0].text == ""
    with pytest.raises(InputProblem, match="empty"):
        queueing.edit(desk, number, None, [])


def test_an_edit_can_give_other_pictures_or_none(desk: Desk, picture: ImageIn) -> None:
    number = queue_one(desk).post.id or 0
    assert len(queueing.edit(desk, number, None, [picture]).parts[0].images) == 1
    assert queueing.edit(desk, number, None, []).parts[0].images == []


def test_a_new_time_keeps_the_zone_and_the_posts_own_limit(desk: Desk) -> None:
    number = queue_one(desk, zone="Asia/Tokyo", no_later_than="3h").post.id or 0
    post = queueing.reschedule(desk, number, TimeIn(at="2026-11-27 18:30"), no).post
    assert post.due_at == datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    assert post.zone == "Asia/Tokyo"
    assert post.no_later_than == post.due_at + 3 * HOUR


def test_a_new_time_can_bring_a_new_zone_and_limit(desk: Desk) -> None:
    number = queue_one(desk).post.id or 0
    asked = TimeIn(at="2026-11-27 18:30", zone="UTC", no_later_than="10m")
    post = queueing.reschedule(desk, number, asked, no).post
    assert (post.due_at, post.zone) == (datetime(2026, 11, 27, 18, 30, tzinfo=UTC), "UTC")
    assert post.no_later_than == datetime(2026, 11, 27, 18, 40, tzinfo=UTC)


def test_a_draft_without_a_time_gets_the_accounts_limit_with_its_time(desk: Desk) -> None:
    number = queue_one(desk, at=None, draft=True).post.id or 0
    post = queueing.reschedule(desk, number, TimeIn(at="+2h"), no).post
    assert (post.status, post.no_later_than) == (Status.DRAFT, NOW + 3 * HOUR)


def test_a_missed_post_can_leave_now(desk: Desk, hands: Hands) -> None:
    number = add_in(desk.engine, Status.MISSED)
    hands.forward(DAY)
    post = queueing.reschedule(desk, number, TimeIn(at="now"), no).post
    assert (post.status, post.due_at, post.attention) == (Status.QUEUED, NOW + DAY, None)


def test_a_new_time_in_the_past_is_refused(desk: Desk) -> None:
    number = queue_one(desk).post.id or 0
    with pytest.raises(InputProblem, match="is past"):
        queueing.reschedule(desk, number, TimeIn(at="2026-11-19 10:00"), no)


def test_a_draft_is_approved_while_its_time_is_ahead(desk: Desk) -> None:
    number = queue_one(desk, draft=True).post.id or 0
    assert queueing.approve(desk, number).post.status is Status.QUEUED


def test_a_draft_whose_time_is_past_is_not_approved_and_the_answer_says_how(
    desk: Desk, hands: Hands
) -> None:
    number = queue_one(desk, draft=True).post.id or 0
    hands.forward(3 * HOUR + SECOND)
    with pytest.raises(InputProblem) as problem:
        queueing.approve(desk, number)
    assert f"queue reschedule {number}" in problem.value.cure
    assert get(desk.engine, number).post.status is Status.DRAFT


@pytest.mark.parametrize(
    "status", [Status.PUBLISHING, Status.PUBLISHED, Status.IN_DOUBT, Status.CANCELLED]
)
def test_approving_what_is_no_draft_says_what_it_is(
    desk: Desk, hands: Hands, status: Status
) -> None:
    number = add_in(desk.engine, status)
    hands.forward(DAY)
    with pytest.raises(TooLate):
        queueing.approve(desk, number)


def test_unqueue_and_cancel_answer_the_post_as_it_is_then(desk: Desk) -> None:
    number = queue_one(desk).post.id or 0
    assert queueing.unqueue(desk, number).post.status is Status.DRAFT
    assert queueing.cancel(desk, number).post.status is Status.CANCELLED


def test_a_paused_account_can_still_be_queued_for(desk: Desk) -> None:
    accounts.pause(desk.engine, "ines", "By hand.", None, NOW)
    assert queue_one(desk).post.status is Status.QUEUED
    assert account_of(desk.engine).paused_at == NOW


def test_a_number_that_no_post_has_is_not_found(desk: Desk) -> None:
    for verb in (queueing.approve, queueing.unqueue, queueing.cancel):
        with pytest.raises(NotFound):
            verb(desk, 99)
    with pytest.raises(NotFound):
        queueing.edit(desk, 99, "Other.", None)
    with pytest.raises(NotFound):
        queueing.reschedule(desk, 99, TimeIn(at="+2h"), no)


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.IN_DOUBT, Status.PUBLISHED])
def test_a_change_of_what_may_be_public_comes_too_late(desk: Desk, status: Status) -> None:
    number = add_in(desk.engine, status)
    with pytest.raises(TooLate):
        queueing.edit(desk, number, "Other.", None)
    with pytest.raises(TooLate):
        queueing.reschedule(desk, number, TimeIn(at="+2h"), no)
    assert get(desk.engine, number).parts[0].text == "See it."
