"""Which cases there are of programs that meet their end at a failpoint."""

from bench import deaths


def test_the_short_form_comes_to_every_failpoint_once() -> None:
    plain = [case.failpoint for case in deaths.cases() if case.is_plain]
    assert sorted(set(plain)) == sorted(deaths.failpoints())
    assert len(plain) == len(set(plain))
