"""A review is live when anybody who follows its link finds it there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from handbill.models import Review
from handbill.services import liveness
from handbill.services.desk import Desk
from handbill.services.liveness import Live
from tests.factories import NOW
from tests.web import Site, here, serving

TITLE = "Zoë’s lamp & two liars"
PAGE = "<title>{head}</title>{more}<body><h1>{title}</h1><p>It shines.</p></body>"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def shown(title: str = "Zoë&#8217;s lamp &amp; two liars", more: str = "", head: str = "A") -> str:
    return PAGE.format(title=title, more=more, head=head)


def ask(desk: Desk, link: str | None, title: str = TITLE) -> Live:
    review = Review(slug="lamp", title=title, link=link, created_at=NOW)
    return liveness.is_live(replace(desk, fetch=here()), review)


@pytest.mark.parametrize(
    "page",
    [
        shown(), shown("Review: ZOES <i>LAMP</i> – TWO LIARS"),
        shown("Other", head="Zoe's Lamp &amp; Two Liars | The Gazette"),
        shown("Other", more='<meta property="og:title" content="Zoë’s lamp & two liars">'),
        shown(more='<link rel="canonical" href="/2026/lamp/">'),
        shown(more='<input type="password" name="p">'),
    ],
)  # fmt: skip
def test_it_is_live_where_the_headline_can_be_read(desk: Desk, site: Site, page: str) -> None:
    assert ask(desk, site.page("/2026/lamp", page)) == Live(True)


def test_it_may_have_moved_on_the_same_site(desk: Desk, site: Site) -> None:
    site.page("/?p=12", "", 301, location="/2026/lamp")
    site.page("/2026/lamp", shown(more='<link rel="canonical" href="/2026/lamp?ref=a">'))
    assert ask(desk, site.address("/?p=12")).ok


@pytest.mark.parametrize("status", [401, 402, 403, 404, 410, 451, 500, 503])
def test_another_status_is_not_live(desk: Desk, site: Site, status: int) -> None:
    answer = ask(desk, site.page("/lamp", shown(), status))
    assert not answer.ok
    assert str(status) in answer.says


@pytest.mark.parametrize(
    ("further", "says"),
    [
        ("/wp-login.php?redirect_to=/lamp", "login page"),
        ("/account/sign-in", "login page"),
        ("http://login.{host}/", "login page"),
        ("http://consent.{host}/a", "consent"),
        ("/", "front page"),
        ("http://elsewhere.example:{port}/lamp", "another site"),
    ],
)
def test_a_link_that_leads_elsewhere_is_not_live(
    desk: Desk, site: Site, further: str, says: str
) -> None:
    host = f"gazette.example:{site.port}"
    site.page("/2026/lamp", "", 302, location=further.format(host=host, port=site.port))
    for path in ("/", "/a", "/lamp", "/account/sign-in", "/wp-login.php?redirect_to=/lamp"):
        site.page(path, shown())
    answer = ask(desk, site.address("/2026/lamp", "gazette.example"))
    assert not answer.ok
    assert says in answer.says


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (shown("Something else"), "does not show the review's headline"),
        (shown("Something else", more='<input type="password">'), "shows a login"),
        (shown("lamp two liars"), "headline"),
        (shown(more='<link rel="canonical" href="/2026/other">'), "its own address is another"),
        (shown(more='<link rel="canonical" href="https://a.example/lamp">'), "another"),
        (shown(more='<link rel="canonical" href="/">'), "another"),
        ("", "headline"),
        ("<script>var t = 'Zoë’s lamp & two liars'</script>", "headline"),
        ("<!-- Zoë’s lamp & two liars -->", "headline"),
    ],
)
def test_a_page_that_is_not_the_review_is_not_live(
    desk: Desk, site: Site, page: str, says: str
) -> None:
    answer = ask(desk, site.page("/2026/lamp", page))
    assert not answer.ok
    assert says in answer.says


def test_a_server_that_cannot_be_reached_or_read_is_not_live(desk: Desk, site: Site) -> None:
    site.pages["/broken"] = b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n"
    for link in (
        site.address("/broken"),
        site.page("/picture", b"\x89PNG\0", content_type="image/png"),
        site.page("/bytes", b"\x89PNG\0\0\0"),
        "ftp://gazette.example/lamp",
        None,
    ):
        answer = ask(desk, link)
        assert not answer.ok
        assert answer.says.endswith(".")


def test_a_page_in_another_encoding_is_read(desk: Desk, site: Site) -> None:
    raw = shown("Zoë’s lamp &amp; two liars").encode("cp1252")
    url = site.page("/lamp", raw, content_type="text/html; charset=iso-8859-1")
    assert ask(desk, url).ok


def test_nothing_of_the_review_is_sent(desk: Desk, site: Site) -> None:
    ask(desk, site.page("/lamp", shown()))
    (request,) = site.requests
    assert "liars" not in str(request)
