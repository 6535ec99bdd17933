"""The one way to an address that a person pasted: public addresses only, bounded in time and size.

Nobody else in Handbill may open a connection for such an address.
"""

from collections.abc import Mapping

from handbill.domain.web import Page
from handbill.errors import InputProblem


def fetch(url: str, headers: Mapping[str, str]) -> Page:
    """Get a page. Raises InputProblem."""
    del headers
    raise InputProblem(f"{url} cannot be fetched yet.")
