"""The page at `/`: the timeline as a reader would see it. No script; everything is escaped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from itertools import islice
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handbill.rehearsal import user_id
from handbill.rehearsal.ledger import Entry, Ledger, Medium
from handbill.rehearsal.stage import Stage

THREADS_PER_PAGE = 40
#: Colours of the initials; page.css has a class for each.
HUES = 6

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" '
    'rx="4" fill="#7a3b2e"/><path d="M5 3v10M11 3v10M5 8h6" stroke="#fff" stroke-width="2"/></svg>'
)
_SHELL = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#posts">Skip to the posts</a>
<header>
<h1><a href="/">Rehearsal</a></h1>
<p>A stand-in for X on this computer. Nothing here has left it.</p>
</header>
<main id="posts" tabindex="-1">
{main}
</main>
<footer>
<p>Times are in {zone}. Reload the page to see what is new.</p>
<p><a href="/_rehearsal/ledger">The ledger</a> has every post and request, as JSON.</p>
</footer>
</body>
</html>
"""
_EMPTY = """<section class="empty">
<h2>Nothing has been posted yet</h2>
<p>This is where your practice posts appear. To see the first one:</p>
<ol>
<li>connect a practice account with <code>handbill account add</code>,</li>
<li>queue a post with <code>handbill queue add</code>,</li>
<li>start the scheduler with <code>handbill run</code>,</li>
<li>and reload this page once the post is due.</li>
</ol>
</section>"""


@dataclass(frozen=True, slots=True)
class View:
    """What a reader asked to see: everybody or one account, from the top or below a post."""

    account: str = ""
    before: int | None = None


def routes(stage: Stage) -> list[BaseRoute]:
    """The page, its stylesheet, its icon, and the address that a receipt gives a post."""
    css = files(__package__).joinpath("page.css").read_bytes()

    async def show(request: Request) -> Response:
        before = request.query_params.get("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 20 else None
        view = View(request.query_params.get("account", "")[:50], number)
        return HTMLResponse(render(stage.ledger, view))

    async def style(_request: Request) -> Response:
        return Response(css, media_type="text/css")

    async def icon(_request: Request) -> Response:
        return Response(_ICON, media_type="image/svg+xml")

    async def permalink(request: Request) -> Response:
        number = request.path_params["id"]
        return RedirectResponse(f"/?before={number + 1}#post-{number}", 303)

    return [
        Route("/", show),
        Route("/page.css", style),
        Route("/icon.svg", icon),
        Route("/{name:str}/status/{id:int}", permalink),
    ]


def render(ledger: Ledger, view: View) -> str:
    """The page as HTML."""
    moment = ledger.clock()
    roots = _roots(ledger, view, moment)
    page = list(islice(roots, THREADS_PER_PAGE))
    older = next(roots, None) is not None
    if not page:
        main = _EMPTY if not ledger.posts else _nobody(view)
    else:
        items = "\n".join(f"<li>{_thread(ledger, root, moment)}</li>" for root in page)
        main = f'{_heading(ledger, view)}\n<ol class="timeline">\n{items}\n</ol>'
        main += _older(view, page[-1]) if older else ""
    who = f"@{view.account} · " if view.account else ""
    zone = moment.astimezone().strftime("%Z")
    return _SHELL.format(title=escape(f"{who}Rehearsal"), main=main, zone=escape(zone))


def _visible(entry: Entry | None, moment: datetime) -> bool:
    if entry is None or entry.deleted:
        return False
    return entry.hidden_until is None or entry.hidden_until <= moment


def _roots(ledger: Ledger, view: View, moment: datetime) -> Iterator[Entry]:
    """Posts that start a thread, newest first; an answer to a vanished post starts one too."""
    posts = ledger.timelines.get(view.account, []) if view.account else ledger.posts
    for entry in reversed(posts):
        if view.before is not None and int(entry.id) >= view.before:
            continue
        if _visible(entry, moment) and not _visible(ledger.by_id.get(entry.reply_to or ""), moment):
            yield entry


def _thread(ledger: Ledger, root: Entry, moment: datetime) -> str:
    rest = sorted(_answers(ledger, root, moment), key=lambda entry: entry.n)
    if not rest:
        return _post(root)
    last = rest[-1]
    items = "\n".join(f"<li>{_post(entry, goes_on=entry is not last)}</li>" for entry in rest)
    label = f"Thread by @{root.account}, continued"
    first = _post(root, goes_on=True)
    return f'{first}\n<ol class="thread" aria-label="{escape(label)}">\n{items}\n</ol>'


def _answers(ledger: Ledger, root: Entry, moment: datetime) -> Iterator[Entry]:
    """Everything that hangs on a post, at any depth."""
    waiting = [root]
    while waiting:
        for entry in ledger.replies.get(waiting.pop().id, ()):
            if _visible(entry, moment):
                yield entry
                waiting.append(entry)


def _post(entry: Entry, *, goes_on: bool = False) -> str:
    name = escape(entry.account)
    hue = int(user_id(entry.account)) % HUES
    local = entry.accepted_at.astimezone()
    when = f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M:%S %Z}"
    look = ' class="goes-on"' if goes_on else ""
    return f"""<article{look} id="post-{entry.id}" aria-labelledby="by-{entry.id}">
<span class="initial hue-{hue}" aria-hidden="true">{name[:1].upper()}</span>
<h3 id="by-{entry.id}"><a href="/?{urlencode({"account": entry.account})}">@{name}</a></h3>
<p class="when"><time datetime="{entry.accepted_at.isoformat()}">{escape(when)}</time></p>
{_text(entry)}{_pictures(entry.media)}</article>"""


def _text(entry: Entry) -> str:
    """The words, each link as X displays it and leading where it was meant to lead."""
    pieces: list[str] = []
    done = 0
    for url in entry.urls:
        pieces.append(escape(_plain(entry.shown[done : url["start"]])))
        done = url["end"]
        if "media_key" in url:
            break
        href, display = escape(url["expanded_url"]), escape(url["display_url"])
        pieces.append(f'<a href="{href}" rel="noopener noreferrer">{display}</a>')
    pieces.append(escape(_plain(entry.shown[done:])))
    words = "".join(pieces).strip()
    return f'<p class="text" dir="auto">{words}</p>\n' if words else ""


def _plain(shown: str) -> str:
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _pictures(media: Iterable[Medium]) -> str:
    figures = "\n".join(_picture(medium) for medium in media)
    return f'<div class="pictures">\n{figures}\n</div>\n' if figures else ""


def _picture(medium: Medium) -> str:
    alt = escape(medium.alt or "")
    if medium.content is None:
        image = '<p class="gone">The picture is too old to be kept here.</p>'
    else:
        address = f"/_rehearsal/media/{medium.id}"
        image = f'<a href="{address}"><img src="{address}" alt="{alt or "Picture"}"></a>'
    caption = f'<span class="tag">Alt</span> {alt}' if alt else "No alt text"
    return f'<figure>{image}<figcaption dir="auto">{caption}</figcaption></figure>'


def _heading(ledger: Ledger, view: View) -> str:
    if view.account:
        return (
            f'<h2>Posts by @{escape(view.account)}</h2>\n<p class="hint">'
            '<a href="/">Show everybody</a></p>'
        )
    posts, accounts = len(ledger.posts), len(ledger.timelines)
    total = f"{posts} post{'s' * (posts != 1)} by {accounts} account{'s' * (accounts != 1)}"
    return f'<h2>Timeline</h2>\n<p class="hint">{total}, newest first</p>'


def _nobody(view: View) -> str:
    what = f"Nothing by @{escape(view.account)} here" if view.account else "Nothing further back"
    return (
        f'<section class="empty"><h2>{what}</h2>'
        '<p><a href="/">Back to everybody\'s posts</a></p></section>'
    )


def _older(view: View, last: Entry) -> str:
    query = {"account": view.account} if view.account else {}
    address = escape("/?" + urlencode({**query, "before": last.id}))
    return f'\n<nav aria-label="Pages"><a class="older" href="{address}">Older posts</a></nav>'
