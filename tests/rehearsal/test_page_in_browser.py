"""The page in a real browser: nothing blocked, nothing cut off, and the keyboard is enough."""

import shutil
from collections.abc import Generator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.rehearsal.driving import StandIn

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def timeline(stand_in: StandIn) -> StandIn:
    """A thread, a picture, a link, and a word that is wider than a phone."""
    picture = (files("handbill") / "samples/lantern.png").read_bytes()
    medium = stand_in.uploaded("mira", picture)
    stand_in.describe("mira", medium["id"], "A red chair.")
    stand_in.post("mira", "With a picture.", media={"media_ids": [medium["id"]]})
    first = stand_in.post("mira", "A thread: https://example.com/a/long/way/to/a/review").json()
    stand_in.post("mira", "goes on", reply={"in_reply_to_tweet_id": first["data"]["id"]})
    stand_in.post("joe", "Very" + "very" * 40 + "long.")
    return stand_in


def opened(browser: Browser, base: str, width: int, scheme: str) -> tuple[Page, list[str]]:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(base)
    return page, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_everything_fits_and_nothing_is_blocked(
    browser: Browser, timeline: StandIn, width: int, scheme: str
) -> None:
    page, complaints = opened(browser, timeline.base, width, scheme)
    assert page.locator("article").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = "document.querySelector('figure img')"
    assert page.evaluate(f"{picture}.complete && {picture}.naturalWidth > 0")
    assert complaints == []
    page.close()


def test_the_keyboard_reaches_the_posts_and_the_links(browser: Browser, timeline: StandIn) -> None:
    page, _ = opened(browser, timeline.base, 800, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the posts"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "posts"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.close()
