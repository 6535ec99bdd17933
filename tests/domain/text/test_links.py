"""Links: where they begin, what they may hold, where they end."""

import pytest

from handbill.domain.text.domains import encoded_length
from handbill.domain.text.links import MAX_URL_LENGTH, urls


def found(text: str) -> list[str]:
    return [span.text for span in urls(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("no link here", []),
        ("see https://weekly.example.com/film/123", ["https://weekly.example.com/film/123"]),
        ("HTTPS://Weekly.Example.COM/A", ["HTTPS://Weekly.Example.COM/A"]),
        ("weekly.com and stage.co.uk", ["weekly.com", "stage.co.uk"]),
        ("weekly.com/a?b=c", ["weekly.com/a?b=c"]),
        ("weekly.com:8080/a", ["weekly.com:8080/a"]),
        ("README.md and main.py", ["README.md", "main.py"]),
        ("version 1.2.3 and 4.5", []),
        ("the end.The start", []),
        ("the end.so they say", ["end.so"]),
        ("a..com ..com .com", []),
        ("http://weekly.invalid", []),
        ("http://weekly.com.", ["http://weekly.com"]),
        ("http://weekly.com, and", ["http://weekly.com"]),
        ("(http://weekly.com)", ["http://weekly.com"]),
        ("“http://weekly.com”", ["http://weekly.com"]),
    ],
)
def test_links_with_and_without_a_protocol(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xhttp://weekly.com", []),
        ("@weekly.com #weekly.com $weekly.com ＠weekly.com ＃weekly.com", []),
        ("critic@weekly.com", []),
        ("-weekly.com _weekly.com /weekly.com .weekly.com", []),
        ("-http://weekly.com", ["http://weekly.com"]),
        ("\u202aweekly.com\u202c", ["weekly.com"]),
        ("\ufeffweekly.com", []),
        ("weekly.comx weekly.com+x weekly.com-x weekly.com@x weekly.com1", []),
        ("weekly.com_x", ["weekly.com"]),
    ],
)
def test_what_may_stand_before_and_after(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/a(b)", "/a(b)"),
        ("/a(b(c)d)e", "/a(b(c)d)e"),
        ("/a(b(c(d)))", "/a"),
        ("/a(b", "/a"),
        ("/a)", "/a"),
        ("/a()", "/a"),
        ("/(a)", "/(a)"),
        ("/a(b).", "/a(b)"),
        ("/фильм", "/фильм"),
        ("/café", "/café"),
        ("/映画", "/"),
        ("/a!b!", "/a!b"),
        ("/@critic/", "/@critic/"),
        ("/a?", "/a"),
        ("/a?b=c&", "/a?b=c&"),
        ("/a?b=(c).", "/a?b=(c"),
        ("?b=c", "?b=c"),
        ("?!", ""),
        (":443", ":443"),
        (":443/a", ":443/a"),
        (":port", ""),
        ("/a#b", "/a#b"),
        ("/a…", "/a"),
    ],
)
def test_where_a_link_ends(path: str, kept: str) -> None:
    assert found(f"x https://weekly.com{path} y") == [f"https://weekly.com{kept}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://t.co/Abc123", ["https://t.co/Abc123"]),
        ("https://T.CO/Abc123", ["https://T.CO/Abc123"]),
        ("https://t.co/Abc123-x", ["https://t.co/Abc123"]),
        ("https://t.co/Abc123/x", ["https://t.co/Abc123"]),
        ("https://t.co/Abc123?x=1.", ["https://t.co/Abc123?x=1"]),
        ("https://t.co/" + "a" * 40, ["https://t.co/" + "a" * 40]),
        ("https://t.co/" + "a" * 41, []),
        ("https://t.co", ["https://t.co"]),
        ("https://not-t.co/a-b", ["https://not-t.co/a-b"]),
    ],
)
def test_links_of_x_itself(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://müller.de/a", ["https://müller.de/a"]),
        ("müller.de", ["müller.de"]),
        ("https://пример.рф", ["https://пример.рф"]),
        ("https://例え.みんな/a", ["https://例え.みんな/a"]),
        ("https://weekly.xn--p1ai/", ["https://weekly.xn--p1ai/"]),
        ("映画weekly.com評", ["weekly.com"]),
        ("映画https://weekly.com評", ["https://weekly.com"]),
        ("weekly.com評、stage.com", ["weekly.com", "stage.com"]),
        ("https://" + "é" * 50 + ".com", ["https://" + "é" * 50 + ".com"]),
        ("https://" + "é" * 64 + ".com", []),
        ("https://" + "".join(map(chr, range(0x4E00, 0x5E00, 97))) + ".com", []),
        ("https://" + "a" * 63 + ".com", ["https://" + "a" * 63 + ".com"]),
        ("https://" + "a" * 64 + ".com", []),
        ("https://xn--é.com", []),
    ],
)
def test_international_domains(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_link_has_4096_characters_at_most() -> None:
    longest = "https://weekly.com/".ljust(MAX_URL_LENGTH, "a")
    assert found(longest) == [longest]
    assert found(longest + "a") == []
    assert found(longest.removeprefix("https://")) == [longest.removeprefix("https://")]
    assert found(longest.removeprefix("https://") + "a") == []


def test_a_link_is_measured_with_its_domain_in_ascii() -> None:
    grows = encoded_length("müller.de") - len("müller.de")
    longest = "https://müller.de/".ljust(MAX_URL_LENGTH - grows, "a")
    assert found(longest) == [longest]
    assert found(longest + "a") == []


def test_a_refused_link_is_not_searched_for_another() -> None:
    assert found("https://t.co/" + "a" * 41 + "/weekly.com") == []


@pytest.mark.parametrize(
    ("domain", "length"),
    [("weekly.com", 10), ("müller.de", len("xn--mller-kva.de")), ("a..b", 0), ("xn--é.com", 0)],
)
def test_length_of_a_domain_in_ascii(domain: str, length: int) -> None:
    assert encoded_length(domain) == length
