"""twitter-text's own cases, read where they lie; they are no part of this project."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from handbill.domain.text.entities import Span, cashtags, hashtags, mentions, urls
from handbill.domain.text.weighted import measure

FOLDER = Path(__file__).parents[3].parent / "shared" / "conformance"
#: What each group of cases asks, by the beginning of its name.
QUESTIONS: dict[str, tuple[str, Callable[[str], list[Span]]]] = {
    "urls": ("url", urls),
    "tco_urls": ("url", urls),
    "hashtags": ("hashtag", hashtags),
    "cashtags": ("cashtag", cashtags),
    "mentions": ("screen_name", mentions),
}


def cases(name: str) -> Iterable[Any]:
    path = FOLDER / name
    if not path.exists():
        return [pytest.param("", {}, marks=pytest.mark.skip("twitter-text's cases are not here"))]
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [
        pytest.param(group, case, id=f"{group}-{number}")
        for group, members in groups.items()
        for number, case in enumerate(members)
    ]


@pytest.mark.parametrize(("group", "case"), cases("extract.yml"))
def test_finds_what_twitter_text_finds(group: str, case: dict[str, Any]) -> None:
    key, find = next(asked for name, asked in QUESTIONS.items() if group.startswith(name))
    found = find(case["text"])
    if case["expected"] and isinstance(case["expected"][0], dict):
        assert [{key: span.text, "indices": [span.start, span.end]} for span in found] == case[
            "expected"
        ]
    else:
        assert [span.text for span in found] == case["expected"]


@pytest.mark.parametrize(("group", "case"), cases("validate.yml"))
def test_weighs_as_twitter_text_does(group: str, case: dict[str, Any]) -> None:
    found = measure(case["text"])
    assert {
        "weightedLength": found.weight,
        "valid": found.valid,
        "permillage": found.permillage,
        "displayRangeStart": found.display_range[0],
        "displayRangeEnd": found.display_range[1],
        "validRangeStart": found.valid_range[0],
        "validRangeEnd": found.valid_range[1],
    } == case["expected"]
