"""Takes a review from a file, a page or what is typed, and tells what it is not sure of.

Nothing is kept here, and nothing that was read is dropped without a word.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from handbill.domain.text import manuscripts
from handbill.domain.text.characters import forbidden
from handbill.domain.text.encodings import decode
from handbill.domain.text.manuscripts import Manuscript
from handbill.domain.web import Page
from handbill.errors import InputProblem
from handbill.inputs import ReviewIn, checked_review, explain
from handbill.services import articles
from handbill.services.desk import Desk

MAX_FILE = 10_000_000
MAX_PAGE = 2_000_000

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*){0,3}<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TEXT_TYPES = frozenset({"text/plain", "text/markdown", ""})


@dataclass(frozen=True)
class Taken:
    """A review as it was read: its fields, those of them that are unsure, and remarks."""

    fields: dict[str, Any]
    unsure: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    source: str | None = None
    #: It was read where everybody can read it.
    is_live: bool = False
    #: All the text that was read, with what stands in fields as well.
    whole: str = ""

    def review(self, **typed: Any) -> ReviewIn:
        """The review to keep; what was typed goes before what was read. Raises InputProblem."""
        typed = {name: value for name, value in typed.items() if value is not None}
        unsure = [name for name in self.unsure if name not in typed]
        given = {"source": self.source, "unsure": unsure} | self.fields | typed
        given.setdefault("check_link", self.is_live and bool(given.get("link")))
        return checked_review(given)


def take(desk: Desk, source: str) -> Taken:
    """Read a review from a web address or a file. Raises InputProblem."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source):
        return from_page(desk.fetch(source, {}), source)
    return from_file(Path(source))


def from_file(file: Path) -> Taken:
    """Read a review from a file; its suffix tells Markdown and HTML. Raises InputProblem."""
    try:
        with file.expanduser().open("rb") as opened:
            raw = opened.read(MAX_FILE + 1)
    except OSError as error:
        reason = (error.strerror or "it is no file").lower()
        raise InputProblem(
            f"{file} cannot be read: {reason}.", "Look at the file's name."
        ) from None
    suffix = file.suffix.lower()
    kind = "html" if suffix in _HTML_SUFFIXES else "md" if suffix in _MARKDOWN_SUFFIXES else ""
    return _taken(raw, str(file.expanduser().absolute()), kind)


def from_input(raw: bytes) -> Taken:
    """Read a review from what was typed or piped. Raises InputProblem."""
    return _taken(raw, None, "")


def from_page(page: Page, asked: str) -> Taken:
    """Read a review from a page of the web. Raises InputProblem."""
    if page.status != 200:
        raise InputProblem(
            f"{asked} cannot be read: the server answers {page.status}.",
            "Open it in a browser; if it needs a login, save the page and give its file.",
        )
    kind = page.media_type
    if kind not in _HTML_TYPES | _TEXT_TYPES:
        raise InputProblem(f"{asked} is no page but {kind}.", "Give the address of the review.")
    content_type = page.headers.get("content-type", "")
    form = "html" if kind in _HTML_TYPES else ""
    return _taken(page.body, asked, form, content_type, page.url)


def _taken(
    raw: bytes, source: str | None, kind: str, content_type: str = "", address: str | None = None
) -> Taken:
    text, remarks = _text(raw, source or "What was typed", content_type)
    if kind == "html" or _HTML.match(text):
        if len(raw) > MAX_PAGE:
            raise _too_large(source or "What was typed", MAX_PAGE)
        made = articles.read(text, address)
    else:
        made = manuscripts.read(text, markdown=kind == "md")
        made.found.add("link", address)
    return fitting(made, remarks, source, address is not None)


def _text(raw: bytes, name: str, content_type: str) -> tuple[str, list[str]]:
    """The text of what was read, and what was done to it."""
    if len(raw) > MAX_FILE:
        raise _too_large(name, MAX_FILE)
    try:
        decoded = decode(raw, content_type)
    except ValueError as error:
        raise InputProblem(f"{name} {error}.", "Save the review as plain text.") from None
    remarks = [decoded.remark] if decoded.remark else []
    text = printed(decoded.text)
    if text != decoded.text:
        unfit = forbidden(decoded.text)
        kinds = ", ".join(sorted({one.name for one in unfit})[:3])
        remarks.append(f"{len(unfit)} character(s) that no network takes were left out: {kinds}.")
    if not text.strip():
        raise InputProblem(f"{name} is empty.", "Give the review's text.")
    return text, remarks


def printed(text: str) -> str:
    """A text without the characters that no network takes."""
    unfit = {ord(one.char): None for one in forbidden(text)}
    return text.translate(unfit) if unfit else text


def _too_large(name: str, limit: int) -> InputProblem:
    return InputProblem(
        f"{name} is larger than {limit // 1_000_000} MB.", "Give the review alone, as plain text."
    )


def fitting(made: Manuscript, remarks: list[str], source: str | None, is_live: bool) -> Taken:
    """What the table can hold: a value that is no such thing is told and left for the critic."""
    fields: dict[str, Any] = {"text": made.text}
    unsure = []
    for name, found in made.found.items():
        problem = _problem(name, found.value)
        if problem is None:
            fields[name] = found.value
            unsure += [] if found.sure else [name]
        else:
            shown = str(found.value)
            shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
            remarks.append(f"{name} was left out, as it is '{shown}' ({problem}).")
    if "title" not in fields:
        fields["title"] = made.found.told("title")[:500].strip() or "Untitled"
        unsure.append("title")
    return Taken(fields, unsure, remarks, source, is_live, made.whole)


def _problem(name: str, value: object) -> str | None:
    try:
        ReviewIn.model_validate({"title": "A", name: value})
    except ValidationError as error:
        return explain(error).partition(": ")[2]
    return None
