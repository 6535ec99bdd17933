"""What a page on the web is to the rest of Handbill. The one way to it is `handbill.egress`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """An answer of a web server, whole and within the limits of size and time."""

    #: Where it came from in the end, after redirects.
    url: str
    #: HTTP status: 200, 304 (not modified), 404, …
    status: int
    body: bytes
    #: By lower-case name.
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        """`text/html`, without parameters; empty when the server does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


#: Gets a pasted address with these additional headers. Raises InputProblem in plain words when it
#: may not be or cannot be reached; never for a status that is not 200.
Fetch = Callable[[str, Mapping[str, str]], Page]
