"""The one way out: within its limits, to the very address that was checked, and nowhere else."""

import gzip
import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from handbill import __version__
from handbill.domain.addresses import Address, is_public
from handbill.egress import MAX_BYTES, Egress, fetch, resolve
from handbill.errors import InputProblem
from tests.web import Script, Site, answer, here, packed, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def no(egress: Egress, url: str) -> str:
    with pytest.raises(InputProblem) as problem:
        egress(url, {})
    assert problem.value.cure
    return problem.value.says


def public(address: Address, _port: int) -> bool:
    """The real rule, on any port: so that only the address can keep a test from its server."""
    return is_public(address, 443)


# Hostile addresses

# ruff: noqa: S104
LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
    "0177.0.0.1", "0177.1", "017700000001", "127.0.0.1.", "127.000.000.001", "0x7F.0X0.0.1",
    "127.0.0.0x1", "127.255.255.254", "0", "0.0.0.0", "0x0", "00", "0.0.0.0.", "0000.0.0.0",
    "４", "127。0。0。1", "127．0．0．1", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "[2001:0:7f00:1::1]", "[::ffff:0:127.0.0.1]", "[fe80::1%25lo]", "[::1%25lo]",
    "[::1%lo]", "localhost", "LOCALHOST", "localhost.", "ｌｏｃａｌｈｏｓｔ", "ⓛocalhost",
    "localhost.localdomain", "sub.localhost", "127.0.0.1.nip.example",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.1",
    "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.0.192",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "0.1.2.3",
    "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0xA9.0xFE.0xA9.0xFE",
    "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
    "[100::1]", "[64:ff9b:1::a00:1]", "[64:ff9b::169.254.169.254]", "[::ffff:169.254.169.254]",
    "[2002:a9fe:a9fe::]", "[2001::1]", "[3fff::1]", "[5f00::1]", "[::ffff:10.0.0.1]",
    "[64:ff9b::10.0.0.1]", "[64:ff9b::c0a8:101]", "metadata.google.internal",
    "instance-data", "router.lan", "intranet.corp", "mixed.example", "mixed6.example",
]  # fmt: skip
#: Ways to write one address around a host and the server's port.
FORMS = [
    "http://{host}:{port}/", "https://{host}:{port}/", "HTTP://{host}:{port}/latest/meta-data/",
    "http://{host}:{port}?a=b",
]  # fmt: skip
ODD = [
    "http://user@127.0.0.1:{port}/", "http://user:secret@127.0.0.1:{port}/",
    "http://gazette.example@127.0.0.1:{port}/", "http://gazette.example\\@127.0.0.1:{port}/",
    "http://127.0.0.1\\.gazette.example:{port}/", "http:\\\\127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/", "http:127.0.0.1:{port}", "//127.0.0.1:{port}/",
    "127.0.0.1:{port}", "http://127.0.0.1:{port}#@gazette.example/",
    "http://127.0.0.1:{port}?@gazette.example/", "http://gazette.example#@127.0.0.1:{port}/",
    "http://[::1:{port}/", "http://::1:{port}/", "http://[127.0.0.1]:{port}/",
    "http://[v1.127.0.0.1]:{port}/", "http://[::1]]:{port}/", "http://127.0.0.1:{port}:80/",
    "http://127.0.0.1 :{port}/", " http://127.0.0.1:{port}/", "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1\n:{port}/", "ht\ntp://127.0.0.1:{port}/", "http://127.0.0.1\r\nX: y:{port}/",
    "http://127.0.0.1\0.gazette.example:{port}/", "http://127.0.0.1%00:{port}/",
    "http://127.0.0.1%0d%0a:{port}/", "http://127.0.0.1%09:{port}/", "http://.127.0.0.1:{port}/",
    "http://127..0.0.1:{port}/", "http://127.0.0.1..:{port}/", "http://-127.0.0.1:{port}/",
    "http://127.0.0.1;gazette.example:{port}/", "http://127.0.0.1,gazette.example:{port}/",
    "http://{{127.0.0.1}}:{port}/", "http://127.0.0.1&gazette.example:{port}/",
    "http://ⅼocalhost:{port}/", "http://loc\u200balhost:{port}/", "http://loc\xadalhost:{port}/",
    "http://localhost\u3002:{port}/", "http://xn--localhost-:{port}/", "http://:{port}/",
    "http://?{port}", "http://", "http:", "", "https://[", "http://[]:{port}/",
    "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "file://127.0.0.1:{port}/etc/passwd",
    "gopher://127.0.0.1:{port}/_GET", "dict://127.0.0.1:{port}/info", "ldap://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/", "data:text/html,<p>a", "javascript:alert(1)", "jar:http://a!/b",
    "tftp://127.0.0.1:{port}/", "ssh://127.0.0.1:{port}", "netdoc:///etc/passwd",
    "view-source:http://127.0.0.1:{port}/", "feed:http://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "http://127.0.0.1:0{port}/", "http://127.0.0.1:+{port}/", "http://127.0.0.1:0x50/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:0/",
    "http://127.0.0.1:８０/", "http://127.0.0.1:{port}/" + "a" * 3000,
    "http://" + "a" * 70 + ".example:{port}/", "http://" + "a." * 140 + "example:{port}/",
    "http://127.0.0.1:{port}/\ud800", "http://rebind.example:{port}/",
]  # fmt: skip
HOSTILE = [
    form.replace("{host}", host) for host, form in itertools.product(LOOPBACK + PRIVATE, FORMS)
] + ODD

#: Where names lead that a real name server might not know.
LEADS = {
    "metadata.google.internal": ["169.254.169.254"],
    "instance-data": ["169.254.169.254"],
    "router.lan": ["192.168.1.1"],
    "intranet.corp": ["10.1.2.3"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "mixed6.example": ["2606:2800:220:1::1", "::1"],
}


def loopback_unless_known(host: str, port: int) -> Sequence[Address]:
    """As bad as can be: every name that is asked for leads to the server of the test."""
    return [ip_address(one) for one in LEADS.get(host, ["127.0.0.1"])]


def as_this_machine(host: str, port: int) -> Sequence[Address]:
    """The real look-up, for what it makes of numbers; but no question leaves this machine."""
    return resolve(host, port) if set(host) <= set("0123456789abcdefx.:") else []


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 300


@pytest.mark.parametrize("look_up", [loopback_unless_known, as_this_machine])
def test_of_all_hostile_addresses_none_is_reached(site: Site, look_up: object) -> None:
    egress = Egress(resolve=look_up, allowed=public)  # type: ignore[arg-type]
    for url in HOSTILE:
        no(egress, url.replace("{port}", str(site.port)))
    assert site.connections == 0
    here()(site.page("/", "It listens."), {})
    assert site.connections == 1


@pytest.mark.parametrize("url", HOSTILE)
def test_each_is_refused_by_the_real_rule_on_the_webs_own_ports_too(url: str) -> None:
    def asked(host: str, port: int) -> Sequence[Address]:
        return [ip_address(one) for one in LEADS.get(host, ["127.0.0.1"])]

    says = no(Egress(resolve=asked), url.replace("{port}", "80"))
    assert says.count(".") >= 1
    assert len(says) < 500


@pytest.mark.parametrize(
    "public_one",
    ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2a00:1450::1", "64:ff9b::808:808"],
)
def test_what_is_for_everybody_is_public_on_the_webs_ports_alone(public_one: str) -> None:
    address = ip_address(public_one)
    assert is_public(address, 80)
    assert is_public(address, 443)
    for port in (0, 22, 25, 8080, 6379, 65_535):
        assert not is_public(address, port)


def test_the_shipped_way_out_is_the_strict_one() -> None:
    assert (fetch.resolve, fetch.allowed) == (resolve, is_public)
    assert fetch.deadline == timedelta(seconds=10)


def test_a_name_is_looked_up_once_and_that_very_address_is_used(site: Site) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]
    asked = []

    def rebinding(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address(one) for one in answers[len(asked) - 1]]

    site.page("/", "It is here.")
    egress = Egress(resolve=rebinding, allowed=lambda address, _port: address.is_loopback)
    assert egress(site.address(host="rebind.example"), {}).body == b"It is here."
    assert asked == ["rebind.example"]
    assert site.requests[0]["host"] == f"rebind.example:{site.port}"


def test_a_name_that_turns_private_is_refused_at_its_next_look_up(site: Site) -> None:
    """The first answer stands for a public address; the redirect asks anew and is told another."""
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def rebinding(host: str, port: int) -> Sequence[Address]:
        return [ip_address(next(answers))]

    site.page("/", "", 302, location="/inside")
    site.page("/inside", "secret")
    egress = Egress(resolve=rebinding, allowed=lambda a, _: a == ip_address("127.0.0.1"))
    assert "private" in no(egress, site.address(host="rebind.example"))
    assert site.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("further", HOSTILE[::9])
def test_a_redirect_is_checked_as_the_first_address_is(
    site: Site, status: int, further: str
) -> None:
    with serving() as inside:
        further = further.replace("{port}", str(inside.port)).encode("ascii", "ignore").decode()
        if any(ord(char) < 32 for char in further) or not further:
            further = inside.address("/", "localhost")
        site.page("/", "", status, location=further)
        egress = Egress(
            resolve=lambda host, _port: [
                ip_address("127.0.0.1" if host == "gazette.example" else "127.0.0.9")
            ],
            allowed=lambda address, port: (address, port) == (ip_address("127.0.0.1"), site.port),
        )
        no(egress, site.address(host="gazette.example"))
        assert inside.connections == 0


# What pages are like


def test_a_page_comes_whole_with_its_headers_in_lower_case(site: Site) -> None:
    url = site.page("/a?b=c", "Grüße", ETag='"1"')
    page = here()(url, {"If-None-Match": '"0"'})
    assert (page.status, page.url, page.body) == (200, url, "Grüße".encode())
    assert page.headers["etag"] == '"1"'
    assert page.media_type == "text/html"
    (request,) = site.requests
    assert request["if-none-match"] == '"0"'
    assert request["user-agent"] == f"Handbill/{__version__}"
    assert not {"cookie", "authorization", "referer"} & set(request)


@pytest.mark.parametrize("status", [204, 304, 403, 404, 410, 500, 503])
def test_any_other_status_is_told_and_no_error(site: Site, status: int) -> None:
    assert here()(site.page("/", "", status), {}).status == status


def test_redirects_are_followed_to_the_end(site: Site) -> None:
    for number in range(5):
        site.page(f"/{number}", "", 301, location=f"/{number + 1}#there")
    last = site.page("/5", "The end.")
    page = here()(site.address("/0"), {})
    assert (page.url, page.body) == (last, b"The end.")


def test_a_redirect_may_be_written_in_other_letters(site: Site) -> None:
    site.page("/", "", 302, location="/café?für=1")
    site.page("/caf%C3%A9?f%C3%BCr=1", "It is the café.")
    assert here()(site.address("/"), {}).body == "It is the café.".encode()


def test_six_redirects_are_too_many(site: Site) -> None:
    for number in range(7):
        site.page(f"/{number}", "", 302, location=f"/{number + 1}")
    assert "more than 5 times" in no(here(), site.address("/0"))
    assert site.connections == 6


def test_a_circle_is_noticed(site: Site) -> None:
    site.page("/a", "", 302, location="/b")
    site.page("/b", "", 302, location="/a")
    assert "in a circle" in no(here(), site.address("/a"))
    assert site.connections == 2


def test_cookies_are_not_kept_from_one_request_to_the_next(site: Site) -> None:
    site.page("/a", "", 302, location="/b", set_cookie="a=b")
    site.page("/b", "There.")
    here()(site.address("/a"), {})
    assert all("cookie" not in request for request in site.requests)


def test_a_proxy_of_the_environment_is_not_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address())
        here()(site.page("/", "Direct."), {})
        assert (site.connections, proxy.connections) == (1, 0)


# Size


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), ""])
def test_a_page_over_the_limit_is_refused(site: Site, length: str) -> None:
    site.page("/", b"x" * (MAX_BYTES + 1), content_length=length)
    assert "larger than 2 MB" in no(here(), site.address())


def test_a_page_at_the_limit_is_taken(site: Site) -> None:
    site.page("/", b"x" * MAX_BYTES)
    assert len(here()(site.address(), {}).body) == MAX_BYTES


def test_a_page_without_a_length_ends_with_the_connection(site: Site) -> None:
    site.page("/", "All of it.", content_length="")
    assert here()(site.address(), {}).body == b"All of it."


def test_a_packed_page_is_unpacked(site: Site) -> None:
    site.pages["/"] = packed(b"It is a film. " * 9_000)
    assert here()(site.address(), {}).body == b"It is a film. " * 9_000
    members = gzip.compress(b"One. ") + gzip.compress(b"Two.")
    site.page("/two", members, content_encoding="gzip")
    assert here()(site.address("/two"), {}).body == b"One. Two."


def test_a_bomb_is_not_unpacked(site: Site) -> None:
    site.pages["/"] = packed(b"\0" * 400_000_000)
    begun = time.monotonic()
    assert "larger than 2 MB" in no(here(), site.address())
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("body", "coding", "word"),
    [
        (b"no zip at all", "gzip", "packed"),
        (gzip.compress(b"x" * 5_000)[:-12], "gzip", "broke off"),
        (b"???", "br", "not asked for"),
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip", "not asked for"),
    ],
    ids=["no zip", "cut off", "of another kind", "twice"],  # what is packed differs from run to run
)
def test_what_cannot_be_unpacked_is_told(site: Site, body: bytes, coding: str, word: str) -> None:
    site.page("/", body, content_encoding=coding)
    assert word in no(here(), site.address())


# Time, and other people's servers


def dripping(head: bytes) -> Script:
    """Sends a byte now and then, for ever."""

    def drip(sock: socket.socket) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(b"x")
            threading.Event().wait(0.05)

    return drip


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 X\r\nA: ", b"HTTP/1.1 200 X\r\n\r\n", answer()[:-2] + b"A: b"]
)
def test_a_server_that_drips_is_left_at_the_deadline(site: Site, head: bytes) -> None:
    site.pages["/"] = dripping(head)
    begun = time.monotonic()
    says = no(here(deadline=timedelta(seconds=0.4)), site.address())
    assert "within 0.4 seconds" in says
    assert time.monotonic() - begun < 1.5


def test_the_deadline_is_for_all_redirects_together(site: Site) -> None:
    def slowly(further: bytes) -> Script:
        def answer_late(sock: socket.socket) -> None:
            threading.Event().wait(0.25)
            sock.sendall(further)

        return answer_late

    for number in range(4):
        site.pages[f"/{number}"] = slowly(answer(b"", 302, location=f"/{number + 1}"))
    begun = time.monotonic()
    assert "within 0.5 seconds" in no(here(deadline=timedelta(seconds=0.5)), site.address("/0"))
    assert time.monotonic() - begun < 1


def test_a_silent_name_server_is_left_at_the_deadline() -> None:
    def silent(host: str, port: int) -> Sequence[Address]:
        threading.Event().wait(5)
        return []

    begun = time.monotonic()
    says = no(Egress(resolve=silent, deadline=timedelta(seconds=0.2)), "https://gazette.example/")
    assert "within 0.2 seconds" in says
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\nhalf",
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 X\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 X\r\nA: " + b"b" * 70_000,
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_told_in_words(site: Site, sent: bytes) -> None:
    site.pages["/"] = sent
    assert "broke off" in no(here(), site.address())


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "takes no connection" in no(here(), f"http://127.0.0.1:{port}/")


def test_a_name_that_nobody_knows_is_told_in_words() -> None:
    def unknown(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(-2, "Name or service not known")

    assert "could not be found" in no(Egress(resolve=unknown), "https://gazette.example/")


# Certificates


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for gazette.example that nobody but the tests trusts."""
    folder = tmp_path_factory.mktemp("certificate")
    try:
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=gazette.example",
                "-addext", "subjectAltName=DNS:gazette.example",
            ],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not here")
    return folder


@pytest.fixture
def secure(authority: Path) -> Iterator[int]:
    """A port that speaks TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as sock:
                    sock.recv(9_999)
                    sock.sendall(answer("In confidence."))
            except OSError:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def trusting(authority: Path) -> Egress:
    file = str(authority / "cert.pem")
    return replace(here(), trust=lambda: ssl.create_default_context(cafile=file))


def test_the_certificate_is_checked_for_the_name_not_the_address(
    secure: int, authority: Path
) -> None:
    egress = trusting(authority)
    assert egress(f"https://gazette.example:{secure}/", {}).body == b"In confidence."
    assert "certificate" in no(egress, f"https://other.example:{secure}/")


def test_a_certificate_that_nobody_trusts_is_refused(secure: int) -> None:
    assert "certificate" in no(here(), f"https://gazette.example:{secure}/")


def test_a_handshake_that_never_comes_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        begun = time.monotonic()
        no(here(deadline=timedelta(seconds=0.3)), f"https://gazette.example:{port}/")
        assert time.monotonic() - begun < 1
