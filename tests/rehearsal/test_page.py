"""The page: what a reader sees, escaped and locked down."""

import re
from html.parser import HTMLParser

import pytest
import requests

from tests.rehearsal.driving import PNG, StandIn

VOID = {"meta", "link", "img"}


class Outline(HTMLParser):
    """Tags with their attributes, the text, and whether every tag is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.words)


def outline(stand_in: StandIn, query: str = "") -> Outline:
    return Outline(stand_in.page(query).text)


def test_an_empty_page_tells_what_to_do(stand_in: StandIn) -> None:
    page = outline(stand_in)
    assert "Nothing has been posted yet" in page.text
    assert "handbill queue add" in page.text


def test_a_reader_with_a_screen_reader_finds_the_way(stand_in: StandIn) -> None:
    stand_in.post("mira", "Stunning.")
    page = outline(stand_in)
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "main", "footer", "h1", "h2", "h3", "article"):
        assert len(page.all(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels == [1, 2, 3]
    assert page.tags[[tag for tag, _ in page.tags].index("body") + 1][1]["href"] == "#posts"


HOSTILE = "<script>alert('1')</script> \"quoted\" & &amp; <img src=x onerror=alert(1)>"


def test_everything_is_escaped(stand_in: StandIn) -> None:
    medium = stand_in.uploaded("mira")
    stand_in.describe("mira", medium["id"], f"alt {HOSTILE}")
    stand_in.post("mira", HOSTILE, media={"media_ids": [medium["id"]]})
    page = outline(stand_in)
    assert HOSTILE in page.text
    assert not page.all("script")
    (image,) = page.all("img")
    assert image == {"src": f"/_rehearsal/media/{medium['id']}", "alt": f"alt {HOSTILE}"}
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]


@pytest.mark.parametrize("query", ['?account="><script>', "?account=<b>&before=1"])
def test_the_query_is_escaped_too(stand_in: StandIn, query: str) -> None:
    stand_in.post("mira", "a")
    page = outline(stand_in, query)
    assert not page.all("script")
    assert not page.all("b")
    assert query[9:12] in page.text


def test_a_link_shows_its_address_and_leads_there(stand_in: StandIn) -> None:
    stand_in.post("mira", 'Read https://example.com/a?b=1&c="2" now')
    page = outline(stand_in)
    (link,) = [tag for tag in page.all("a") if (tag["href"] or "").startswith("https:")]
    assert link["href"] == "https://example.com/a?b=1&c="
    assert 'Read example.com/a?b=1&c="2" now' in page.text
    assert "t.co" not in page.text


def test_a_picture_is_shown_with_its_alt_text_and_served(stand_in: StandIn) -> None:
    medium = stand_in.uploaded("mira")
    stand_in.describe("mira", medium["id"], "A lamp.")
    stand_in.post("mira", "Look", media={"media_ids": [medium["id"]]})
    page = outline(stand_in)
    (image,) = page.all("img")
    assert image["alt"] == "A lamp."
    assert "A lamp." in page.text
    assert "pic.x.com" not in page.text
    served = requests.get(f"{stand_in.base}{image['src']}", timeout=5)
    assert (served.content, served.headers["content-type"]) == (PNG, "image/png")


def test_a_picture_without_alt_text_says_so(stand_in: StandIn) -> None:
    medium = stand_in.uploaded("mira")
    stand_in.post("mira", "Look", media={"media_ids": [medium["id"]]})
    assert "No alt text" in outline(stand_in).text


def test_newest_first_and_a_thread_in_its_order(stand_in: StandIn) -> None:
    ids: list[str] = []
    for text in ("one", "two", "three"):
        reply = {"reply": {"in_reply_to_tweet_id": ids[-1]}} if ids else {}
        ids.append(stand_in.post("mira", text, **reply).json()["data"]["id"])
    newest = stand_in.post("joe", "newest").json()["data"]["id"]
    shown = [tag["id"] for tag in outline(stand_in).all("article")]
    assert shown == [f"post-{post_id}" for post_id in (newest, *ids)]


def test_one_account_alone(stand_in: StandIn) -> None:
    stand_in.post("mira", "by mira")
    stand_in.post("joe", "by joe")
    page = outline(stand_in, "?account=joe")
    assert "by joe" in page.text
    assert "by mira" not in page.text
    assert "Nothing by @nobody here" in outline(stand_in, "?account=nobody").text


def test_older_posts_are_a_page_away(stand_in: StandIn) -> None:
    for number in range(45):
        stand_in.post("mira", f"post {number}")
    first = outline(stand_in)
    (older,) = [tag for tag in first.all("a") if tag.get("class") == "older"]
    second = outline(stand_in, (older["href"] or "")[1:])
    shown = [tag["id"] for page in (first, second) for tag in page.all("article")]
    assert len(shown) == len(set(shown)) == 45
    assert not [tag for tag in second.all("a") if tag.get("class") == "older"]


def test_a_deleted_post_is_gone_and_its_replies_stay(stand_in: StandIn) -> None:
    client = stand_in.client("mira")
    first = client.create_tweet(text="one").json()["data"]["id"]
    client.create_tweet(text="two", in_reply_to_tweet_id=first)
    client.delete_tweet(first)
    assert len(outline(stand_in).all("article")) == 1


def test_times_carry_their_zone(stand_in: StandIn) -> None:
    stand_in.post("mira", "a")
    page = outline(stand_in)
    (time,) = page.all("time")
    assert (time["datetime"] or "").endswith("+00:00")
    assert re.search(r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d \S+", page.text)


@pytest.mark.parametrize("path", ["", "page.css", "icon.svg", "_rehearsal/ledger"])
def test_a_browser_may_do_nothing_but_show_it(stand_in: StandIn, path: str) -> None:
    headers = stand_in.page(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_script_no_inline_style_and_nothing_from_elsewhere(
    stand_in: StandIn,
) -> None:
    medium = stand_in.uploaded("mira")
    stand_in.post("mira", "Look", media={"media_ids": [medium["id"]]})
    page = outline(stand_in)
    assert not page.all("script") + page.all("style")
    assert not [attributes for _, attributes in page.tags if "style" in attributes]
    loaded = [tag["src"] for tag in page.all("img")] + [tag["href"] for tag in page.all("link")]
    assert all(address and re.match("/[^/]", address) for address in loaded)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_can_be_read_in_both_themes(stand_in: StandIn) -> None:
    css = stand_in.page("page.css").text
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    for theme in (light, dark):
        for ink in ("ink", "quiet", "link"):
            for ground in ("paper", "card"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    hues = re.findall(r"\.hue-\d \{ background: (#[0-9a-f]{6}); \}", css)
    assert len(hues) == 6
    assert min(contrast("#ffffff", hue) for hue in hues) >= 4.5


def test_a_picture_that_is_not_there_is_404(stand_in: StandIn) -> None:
    assert stand_in.page("_rehearsal/media/12").status_code == 404


def test_the_address_of_a_receipt_leads_to_its_post(stand_in: StandIn) -> None:
    number = stand_in.post("mira", "The one.").json()["data"]["id"]
    stand_in.post("mira", "A later one.")
    answer = requests.get(f"{stand_in.base}/mira/status/{number}", timeout=5)
    assert answer.history[0].headers["location"] == f"/?before={int(number) + 1}#post-{number}"
    assert f'id="post-{number}"' in answer.text
    assert "A later one." not in answer.text
