"""Templates: what they may hold, what they must not, and that nothing in them runs long."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.errors import InputProblem
from handbill.services import templates
from handbill.services.templates import Absent

VALUES = {"work": "Skerry Light", "quote": "A lamp & two <liars>.", "rating": None, "turn": 2}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Plain words.", "Plain words."),
        ("  “{{ quote }}” {{ work }}\n", "“A lamp & two <liars>.” Skerry Light"),
        ("{% if rating is defined %}{{ rating }}{% else %}unrated{% endif %}", "unrated"),
        ("{{ rating | default('–') }}", "–"),
        ("{{ work | upper ~ '!' }}", "SKERRY LIGHT!"),
        ("{{ 'second' if turn == 2 else 'other' }}", "second"),
        ("{{ work | truncate(7, False, '…', 0) }}", "Skerry…"),
    ],
)
def test_fields_and_conditions_are_filled_in_and_nothing_is_escaped(source: str, text: str) -> None:
    assert templates.render(source, VALUES) == text


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("{{ rating }}", "rating"),
        ("{{ link | upper }}", "link"),
        ("{% if outlet %}x{% endif %}", "outlet"),
    ],
)
def test_a_field_without_a_value_is_named(source: str, field: str) -> None:
    with pytest.raises(Absent) as absent:
        templates.render(source, VALUES)
    assert absent.value.field == field


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ tittle }}", "a field called 'tittle'"),
        ("{{ range(999999999) }}", "a call"),
        ("{% for a in work %}{{ a }}{% endfor %}", "a loop"),
        ("{{ 'a' * 999999999 }}", "'Mul'"),
        ("{{ 9 ** 9 ** 9 }}", "'Pow'"),
        ("{{ '%999999999d' % 1 }}", "'Mod'"),
        ("{{ work | center(999999999) }}", "the filter 'center'"),
        ("{{ work | replace('', work) }}", "the filter 'replace'"),
        ("{{ work.__class__ }}", "'Getattr'"),
        ("{{ work['x'] }}", "'Getitem'"),
        ("{% set work = work ~ work %}", "'Assign'"),
        ("{% macro a() %}{% endmacro %}", "'Macro'"),
        ("{% include '/etc/passwd' %}", "'Include'"),
        ("{% filter upper %}a{% endfilter %}", "'FilterBlock'"),
        ("{{ turn is divisibleby 3 }}", "the test 'divisibleby'"),
        ("{{ work", "cannot be read|cannot be filled in"),
        ("{{ work > 3 }}", "cannot be filled in"),
        ("{{ work | truncate('a') }}", "cannot be filled in"),
        ("{{ " + "(" * 900 + "1" + ")" * 900 + " }}", "nested too deeply"),
        ("{{ work" + "|upper" * 300 + " }}", "nested too deeply"),
        ("a" * 2001, "more than 2000 characters"),
    ],
)
def test_what_could_run_long_or_reach_out_is_refused(source: str, told: str) -> None:
    with pytest.raises(InputProblem, match=told):
        templates.render(source, VALUES)


pieces = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "if", "endif", " work ", "|upper", "|truncate(", "1", ")", "~"),
        *("not", "'a'", "is defined", "else", "for", "in", "(", "-", "*", "\n", "#}", "{#"),
    ]
)


@settings(max_examples=300, deadline=1000)
@given(st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=40).map(" ".join))
def test_any_text_is_filled_in_or_refused_in_time(source: str) -> None:
    with suppress(InputProblem, Absent):
        assert len(templates.render(source, VALUES)) <= 40 * len(source)
