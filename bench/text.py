"""Times the text rules on hostile texts: ten times the text may take little more than ten times."""

import time
from collections.abc import Callable

from handbill.domain.text.characters import forbidden, printable, suspicious
from handbill.domain.text.entities import cashtags, hashtags, mentions_or_lists, urls
from handbill.domain.text.weighted import measure

LIMIT_SECONDS = 1.0
SMALL, LARGE = 10_000, 100_000

#: Each is repeated up to the wanted length.
HOSTILE = {
    "dots": "a.a.a.",
    "dots_tld": "a.co.",
    "double_dots": "a.co..",
    "wide_dots": "あ.あ.",
    "wide_tld": "あ.co.",
    "wide_after_tld": "a.c中.",
    "wide_urls": "http://あ.い.う.え.co ",
    "wide_url": "http://あ.co",
    "http": "http://",
    "https_wide": "https://é.",
    "at": "@@@@",
    "at_word": "@a",
    "hash": "####",
    "hash_word": "#a",
    "dollar": "$$$$",
    "dollar_word": " $a",
    "parens": "((((",
    "hyphens": "a-a-a-",
    "hyphens_tld": "-a.co",
    "underscores": "a_",
    "www": "www.",
    "letters": "a",
    "marks": "\u0316\u0301",
    "marks_hidden": "\u0f73\u0f71",
    "emoji_joined": "👩\u200d",
    "emoji_family": "👨\u200d👩\u200d👧",
    "style_marks": "\ufe0f",
    "regions": "🇦",
    "rt": "RT",
    "surrogates": "\ud800",
    "controls": "\x1b",
    "tags": "🏴\U000e0061",
}
#: Put once before a repeated text.
OPENED = {
    "url_parens": ("https://a.co/", "(((("),
    "url_closed": ("https://a.co/", "(a)"),
    "url_half": ("https://a.co/", "(a.co/"),
    "url_dots": ("https://a.co/", "...."),
    "url_query": ("https://a.co/?", "!!!!"),
    "long_label": ("https://", "a"),
    "hash_long": ("#", "0"),
    "tld_long": ("@", "a"),
}


def _texts(length: int) -> dict[str, str]:
    texts = {name: unit * (length // len(unit)) for name, unit in HOSTILE.items()}
    for name, (opening, unit) in OPENED.items():
        texts[name] = opening + unit * (length // len(unit))
    texts["tld_long"] += ".co"
    return texts


def _every_rule(text: str) -> None:
    rules: tuple[Callable[[str], object], ...] = (
        measure,
        urls,
        hashtags,
        cashtags,
        mentions_or_lists,
        forbidden,
        suspicious,
        printable,
    )
    for rule in rules:
        rule(text)


def _seconds(text: str) -> float:
    """Processor time, so that other work on the machine does not count."""
    start = time.process_time()
    _every_rule(text)
    return time.process_time() - start


def run(short: bool = False) -> int:  # noqa: ARG001  as fast as it gets
    """Print the milliseconds that all rules together take for 10 kB and 100 kB, and their ratio.

    0 if every 100 kB text took less than a second, else 1.
    """
    small, large = _texts(SMALL), _texts(LARGE)
    _every_rule("warm.example")
    figures, slowest = [], 0.0
    for name in small:
        before, after = _seconds(small[name]), _seconds(large[name])
        slowest = max(slowest, after)
        figures.append(f"{name}_ms={before * 1000:.0f}/{after * 1000:.0f}(x{after / before:.0f})")
    print("text", *figures, f"slowest_ms={slowest * 1000:.0f}")
    return 0 if slowest < LIMIT_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(run())
