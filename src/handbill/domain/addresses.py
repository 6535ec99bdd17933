"""Which addresses a pasted link may lead to. Pure: nothing here asks a name server."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urlsplit

Address = IPv4Address | IPv6Address

WEB_PORTS = {"http": 80, "https": 443}
MAX_URL = 2000

#: IANA's special-purpose addresses, and one that a cloud answers on from within (Azure's agent).
_SPECIAL_4 = [
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
]  # fmt: skip
#: All that has been given out for the public so far (RFC 4291), and what is special within it:
#: Teredo and its like, documentation, 6to4.
_GLOBAL_6 = IPv6Network("2000::/3")
_SPECIAL_6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
#: An IPv4 address in its last 32 bits, for machines that have IPv6 alone (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\\]"
)


@dataclass(frozen=True)
class Target:
    """Where a web address leads: how to ask there, not yet where that is."""

    scheme: str
    #: In ASCII, lower case, without a final dot; an IPv6 address without brackets.
    host: str
    port: int
    #: Path and query, ready for the request line.
    path: str

    @property
    def literal(self) -> Address | None:
        """The address itself, when no name is given."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """For the `Host` header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == WEB_PORTS[self.scheme] else f"{host}:{self.port}"


def is_public(address: Address, port: int) -> bool:
    """Whether a pasted address may lead there: a web port of an address that is for everybody."""
    return port in WEB_PORTS.values() and _is_global(address)


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address in _NAT64:
            return _is_global(IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _GLOBAL_6 and not any(address in net for net in _SPECIAL_6)
    return address.is_global and not any(address in net for net in _SPECIAL_4)


def target(url: str) -> Target:
    """Take a web address apart. Raises ValueError with a clause that says what is wrong with it."""
    if len(url) > MAX_URL:
        raise ValueError(f"is longer than {MAX_URL} characters")
    if _UNSAFE.search(url):
        raise ValueError("has a blank or a backslash in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in WEB_PORTS:
        raise ValueError("does not begin with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("has a user's name in it")
    if port == 0:
        raise ValueError("names a port that is none")
    return Target(
        parts.scheme, _host(parts.hostname or ""), port or WEB_PORTS[parts.scheme], _path(parts)
    )


def _host(given: str) -> str:
    if ":" in given:
        return _ipv6(given)
    host = unicodedata.normalize("NFKC", given[:300]).replace("\u3002", ".").lower()
    labels = [_ascii(label) for label in host.removesuffix(".").split(".")]
    plain = ".".join(labels)
    if len(plain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("has no proper name of a server")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(plain)
    return plain


def _ascii(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


def _ipv6(given: str) -> str:
    try:
        address = IPv6Address(given)
    except ValueError:
        raise ValueError("has no proper name of a server") from None
    if address.scope_id is not None:
        raise ValueError("leads to a network card of this machine")
    return str(address)


def _ipv4(plain: str) -> str:
    """One spelling only: `0177.1` and `2130706433` are what an attacker writes."""
    try:
        return str(IPv4Address(plain))
    except ValueError:
        raise ValueError("has a number in place of a server's name") from None


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]{}|")
    return f"{path}?{query}" if query else path
