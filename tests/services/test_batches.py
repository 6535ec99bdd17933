"""Many posts in one file: read whole, or refused with every line that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill.domain.when import Moment
from handbill.errors import InputProblem, Problem
from handbill.inputs import PostIn
from handbill.services import batches, queueing
from handbill.services.desk import Desk
from tests.factories import add_account, add_review, png

HEAD = "account,text,at\n"


def read_csv(folder: Path, content: str | bytes) -> list[tuple[str, PostIn]]:
    """What is read of a CSV file with this content."""
    path = folder / "posts.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return batches.read(path)


def read_json(folder: Path, content: object) -> list[tuple[str, PostIn]]:
    """What is read of a JSON file with this content; a text is taken as it stands."""
    path = folder / "posts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return batches.read(path)


def texts(found: list[tuple[str, PostIn]]) -> list[str]:
    return [post.parts[0].text for _, post in found]


def places(found: list[tuple[str, PostIn]]) -> list[str]:
    return [place for place, _ in found]


def lines_of(problem: Problem) -> list[str]:
    """Where the faults are said to be."""
    return [line.split(":")[0] for line in problem.says.splitlines()[1:]]


# CSV


def test_every_column_is_read(tmp_path: Path) -> None:
    head = "account,text,at,zone,fold,review,no_later_than,draft,image,alt,image_2,alt_2\n"
    row = "ines,See it.,2026-11-27 18:30,UTC,later,lamp,2h,true,a.png,A lamp.,b.png,Another.\n"
    ((place, post),) = read_csv(tmp_path, head + row)
    assert place == "line 2"
    assert (post.account, post.at, post.zone, post.fold) == (
        "ines",
        "2026-11-27 18:30",
        "UTC",
        "later",
    )
    assert (post.review, post.no_later_than, post.draft) == ("lamp", "2h", True)
    (part,) = post.parts
    assert part.text == "See it."
    assert [(image.file, image.alt) for image in part.images] == [
        (str(tmp_path / "a.png"), "A lamp."),
        (str(tmp_path / "b.png"), "Another."),
    ]


def test_columns_may_stand_in_any_order_and_be_left_out(tmp_path: Path) -> None:
    ((_, post),) = read_csv(tmp_path, "text,account\nSee it.,ines\n")
    assert (post.account, post.at, post.draft) == ("ines", None, False)


def test_an_empty_cell_is_not_set(tmp_path: Path) -> None:
    ((_, post),) = read_csv(tmp_path, "account,text,at,zone,draft\nines,See it.,,,\n")
    assert (post.at, post.zone, post.draft) == (None, None, False)


def test_text_is_read_to_the_letter(tmp_path: Path) -> None:
    text = "  “Lamp”, ★★★½\u2028and\u00a0so\u0085on 👩‍🚀\x0bend\x1c "
    found = read_csv(tmp_path, f"{HEAD}ines,{_quoted(text)},+2h\n")
    assert texts(found) == [text]


def test_a_line_separator_in_a_plain_cell_is_part_of_its_text(tmp_path: Path) -> None:
    found = read_csv(tmp_path, f"{HEAD}ines,One\u2028two\x0bthree\u0085four,+2h\nsol,Five,+2h\n")
    assert texts(found) == ["One\u2028two\x0bthree\u0085four", "Five"]
    assert places(found) == ["line 2", "line 3"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_they_do_on_any_system(tmp_path: Path, end: str) -> None:
    found = read_csv(tmp_path, f"account,text{end}ines,One.{end}ines,Two.{end}")
    assert texts(found) == ["One.", "Two."]
    assert places(found) == ["line 2", "line 3"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert texts(read_csv(tmp_path, b"\xef\xbb\xbfaccount,text\nines,One.\n")) == ["One."]


def test_a_quoted_line_end_keeps_the_line_numbers_right(tmp_path: Path) -> None:
    content = f'{HEAD}ines,"One,\ntwo,\n""three""",+2h\nines,Four.,+2h\n'
    found = read_csv(tmp_path, content)
    assert texts(found) == ['One,\ntwo,\n"three"', "Four."]
    assert places(found) == ["line 2", "line 5"]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    found = read_csv(tmp_path, f"{HEAD}\nines,One.,+2h\n\n\nines,Two.,+2h\n\n")
    assert places(found) == ["line 3", "line 6"]


def test_a_picture_may_have_a_full_path(tmp_path: Path) -> None:
    content = "account,text,image,alt\nines,One.,/elsewhere/a.png,A lamp.\n"
    ((_, post),) = read_csv(tmp_path, content)
    assert post.parts[0].images[0].file == "/elsewhere/a.png"


def test_an_unknown_column_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, "account,text,when\nines,One.,+2h\n")
    assert "line 1" in problem.value.says
    assert "when" in problem.value.says
    assert "at" in problem.value.cure.split(": ")[1].rstrip(".").split(", ")


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("account,text,image,alt", "ines,One.,a.png,"),
        ("account,text,image", "ines,One.,a.png"),
        ("account,text,image,alt", "ines,One.,,A lamp."),
        ("account,text,image,alt,image_3,alt_3", "ines,One.,a.png,A.,b.png,"),
        ("account,text,draft", "ines,One.,perhaps"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, head: str, row: str) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, f"{head}\nines,Fine.\n{row}\n")
    assert lines_of(problem.value) == ["line 3"]


def test_a_row_with_a_cell_too_many_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, f"{HEAD}ines,Fine.,+2h\nines,A storm, and more.,+2h\n")
    assert "line 3" in problem.value.says
    assert "None" not in problem.value.says


def test_every_wrong_row_is_named(tmp_path: Path) -> None:
    rows = ["ines,One.,a.png,"] * 2 + ["ines,Fine.,,"] + ["ines,One.,,A lamp."]
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, "account,text,image,alt\n" + "\n".join(rows))
    assert lines_of(problem.value) == ["line 2", "line 3", "line 5"]
    assert "nothing was queued" in problem.value.says


@pytest.mark.parametrize(
    "content",
    [
        f'{HEAD}ines,Fine.,+2h\nines,"One,+2h\n',
        f'{HEAD}ines,Fine.,+2h\nines,"One"x,+2h\n',
        f"{HEAD}ines,Fine.,+2h\nines,{'x' * 200_000},+2h\n",
        'account,"te"xt\nines,One.\n',
        '"account,text\nines,One.\n',
    ],
    ids=["open quote", "letter after quote", "huge cell", "header", "open quote in header"],
)
def test_broken_csv_is_refused_with_the_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, content)
    assert "line " in problem.value.says


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, "account,text,text\nines,One.,Two.\n")
    assert "text" in problem.value.says


@pytest.mark.parametrize("content", ["", "\n\n", HEAD, "\ufeff"])
def test_a_file_without_posts_is_refused_with_what_it_could_hold(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(InputProblem) as problem:
        read_csv(tmp_path, content)
    assert "holds no posts" in problem.value.says
    assert "account, text, at" in problem.value.cure


# JSON


def test_a_list_of_objects_is_read(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"account": "ines", "text": "One.", "at": "+2h", "draft": True},
        {"account": "sol", "text": "Two.", "images": [{"file": "a.png", "alt": "A lamp."}]},
        {"account": "sol", "text": "Three.", "image": "b.png", "alt": "Another."},
    ]
    found = read_json(tmp_path, rows)
    assert places(found) == ["post 1", "post 2", "post 3"]
    assert texts(found) == ["One.", "Two.", "Three."]
    assert found[0][1].draft is True
    assert [post.parts[0].images[0].file for _, post in found[1:]] == [
        str(tmp_path / "a.png"),
        str(tmp_path / "b.png"),
    ]


@pytest.mark.parametrize("content", ["", "[", '[{"a": 1},\n\n{]', "{'a': 1}", "nonsense"])
def test_broken_json_is_refused_with_the_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputProblem) as problem:
        read_json(tmp_path, content)
    assert "line" in problem.value.says


def test_the_line_of_broken_json_is_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="line 3"):
        read_json(tmp_path, '[\n{"account": "ines"},\n{"account": }\n]')


@pytest.mark.parametrize("content", ["[" * 100_000, f'[{{"text": {"9" * 5000}}}]'])
def test_json_that_no_reader_takes_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputProblem):
        read_json(tmp_path, content)


@pytest.mark.parametrize("content", [{}, None, 5, "text", [1], [None], [[]], ["a"]])
def test_json_that_is_no_list_of_posts_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(InputProblem) as problem:
        read_json(tmp_path, json.dumps(content))
    assert "list of posts" in problem.value.says


def test_an_empty_list_holds_no_posts(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="holds no posts"):
        read_json(tmp_path, [])


@pytest.mark.parametrize(
    "row",
    [
        {"text": 5},
        {"text": None},
        {"text": "One.", "draft": "perhaps"},
        {"text": "One.", "when": "+2h"},
        {"text": "One.", "at": 5},
        {"text": "One.", "account": ["ines"]},
        {"text": "One.", "images": None},
        {"text": "One.", "images": 5},
        {"text": "One.", "images": {"file": "a.png", "alt": "A lamp."}},
        {"text": "One.", "images": ["a.png"]},
        {"text": "One.", "images": [{"file": "a.png"}]},
        {"text": "One.", "images": [{"file": "a.png", "alt": " "}]},
        {"text": "One.", "images": [{"file": "a.png", "alt": "A.", "title": "B."}]},
        {"text": "One.", "image": 5, "alt": "A lamp."},
        {"text": "One.", "alt": "A lamp."},
    ],
    ids=str,
)
def test_a_wrong_post_is_refused_with_its_number(tmp_path: Path, row: dict[str, object]) -> None:
    with pytest.raises(InputProblem) as problem:
        read_json(tmp_path, [{"account": "ines", "text": "Fine."}, row])
    assert lines_of(problem.value) == ["post 2"]


# The file itself


@pytest.mark.parametrize("name", ["posts.txt", "posts", "posts.xlsx"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HEAD)
    with pytest.raises(InputProblem, match=r"neither \.csv nor \.json"):
        batches.read(tmp_path / name)


def test_an_ending_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "POSTS.CSV").write_text(f"{HEAD}ines,One.,+2h\n")
    assert texts(batches.read(tmp_path / "POSTS.CSV")) == ["One."]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match=r"posts\.csv cannot be read"):
        batches.read(tmp_path / "posts.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").mkdir()
    with pytest.raises(InputProblem, match="cannot be read"):
        batches.read(tmp_path / "posts.csv")


@pytest.mark.parametrize("name", ["posts.csv", "posts.json"])
def test_what_is_not_utf8_is_refused_with_the_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"account,text\nines,One.\nines,caf\xe9\n")
    with pytest.raises(InputProblem, match="line 3: not UTF-8"):
        batches.read(tmp_path / name)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "posts.csv").open("wb") as file:
        file.truncate(10_000_001)
    with pytest.raises(InputProblem, match="larger than 10 MB"):
        batches.read(tmp_path / "posts.csv")


@given(st.binary(max_size=200), st.sampled_from([".csv", ".json"]))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(content)
    with pytest.raises(InputProblem):
        batches.read(path)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30)


@given(st.lists(cells.filter(str.strip), min_size=1, max_size=5))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_spreadsheet_writes_is_read_back(tmp_path: Path, written: list[str]) -> None:
    rows = "".join(f"ines,{_quoted(text)},+2h\n" for text in written)
    assert texts(read_csv(tmp_path, HEAD + rows)) == written


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


# To the queue


def test_a_file_is_queued_with_its_pictures(desk: Desk, tmp_path: Path) -> None:
    add_account(desk.engine)
    add_review(desk.engine)
    (tmp_path / "lamp.png").write_bytes(png())
    found = read_csv(
        tmp_path,
        "account,text,at,review,image,alt\n"
        "ines,One.,fri 18:30,skerry-light,lamp.png,A lamp.\n"
        "ines,Two.,2026-11-28 09:00,,,\n",
    )
    one, two = queueing.queue(desk, found, _nobody)
    assert one.review is not None
    assert one.parts[0].images[0]["alt"] == "A lamp."
    assert (two.review, two.parts[0].images) == (None, [])


def test_a_file_with_a_fault_found_late_is_refused_with_its_line(
    desk: Desk, tmp_path: Path
) -> None:
    add_account(desk.engine)
    found = read_csv(tmp_path, f'{HEAD}ines,"One,\ntwo.",+2h\ninez,Three.,+2h\n')
    with pytest.raises(InputProblem) as problem:
        queueing.queue(desk, found, _nobody)
    assert lines_of(problem.value) == ["line 4"]


def _nobody(_text: str, _moment: Moment) -> bool:
    return False
