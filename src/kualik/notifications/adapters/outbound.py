"""Calls to an address that somebody typed: never into the inner network, never by a redirect.

The name is looked up once, every address it has is judged, and the connection goes to the one that
was judged. A name that answers otherwise a moment later (DNS rebinding) changes nothing.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kualik.rules.errors import RuleViolation

LONGEST_URL: Final = 300
SECURE: Final = "https"
LOCAL_NAME: Final = "localhost"
PRINTED: Final = re.compile(r"[!-~]+")
# IPv6 addresses that carry an IPv4 address through a translator (RFC 6052).
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
# All public hosts of IPv6 live here (RFC 4291); elsewhere are forms of IPv4 addresses, translators
# of a local network (RFC 8215), site-local addresses.
PUBLIC_IPV6: Final = ipaddress.ip_network("2000::/3")


class CallFailed(Exception):
    """The other side did not answer as HTTP does; the argument says how, and names no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a typed address leads; ``path`` with its query."""

    host: str
    port: int
    path: str
    is_secure: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered; ``content`` up to the limit that was asked for."""

    status: int
    content: bytes
    milliseconds: int


def read_target(url: str, *, schemes: Collection[str]) -> Target:
    """The parts of a typed address. RuleViolation ``address_unfit``."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise RuleViolation("address_unfit") from error
    is_plain = not (parts.username or parts.password or parts.fragment)
    is_short = len(url) <= LONGEST_URL and PRINTED.fullmatch(url) is not None
    if parts.scheme not in schemes or not host or not is_plain or not is_short:
        raise RuleViolation("address_unfit")
    is_secure = parts.scheme == SECURE
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        host=host, port=port or (443 if is_secure else 80), path=path, is_secure=is_secure
    )


def is_inner(address: str) -> bool:
    """Whether an IP address is anything but one host of the public network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        carried = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            carried = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if carried is not None:
            return is_inner(str(carried))
        if found.teredo is not None or found not in PUBLIC_IPV6:
            return True
    return not found.is_global or found.is_multicast


def is_loopback(address: str) -> bool:
    """Whether an IP address is this computer."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def literal_address(host: str) -> str:
    """The IP address that a host is, however it is spelled; empty for a name that has to be
    looked up."""
    host = host.rstrip(".")
    if host == LOCAL_NAME or host.endswith(f".{LOCAL_NAME}"):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return ""


class Line:
    """A connection to one target, kept open between calls; every method raises CallFailed.

    ``may_loop`` lets this computer itself be called (a demonstration), ``inner_hosts`` names hosts
    of the inner network that the installation allows.
    """

    def __init__(
        self,
        target: Target,
        *,
        seconds: float,
        may_loop: bool = False,
        inner_hosts: Collection[str] = (),
    ) -> None:
        self._target = target
        self._seconds = seconds
        self._may_loop = may_loop
        self._is_known = target.host in inner_hosts
        self._connection: _Pinned | None = None

    def post(
        self, body: bytes, *, headers: Mapping[str, str], path: str = "", most: int = 0
    ) -> Reply:
        """Send a body and read at most ``most`` bytes of the answer, all within ``seconds``."""
        started = time.monotonic()
        connection = self._connection or self._opened()
        self._connection = connection
        watch = threading.Timer(self._seconds, connection.cut)
        watch.start()
        try:
            connection.request("POST", path or self._target.path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read(most + 1) if most else b""
            is_whole = answer.isclosed()
        except (OSError, http.client.HTTPException, ValueError) as fault:
            self.close()
            raise CallFailed(f"no answer: {type(fault).__name__}") from None
        finally:
            watch.cancel()
        if connection.is_cut or len(content) > most:
            self.close()
            raise CallFailed("the answer is too " + ("slow" if connection.is_cut else "long"))
        if not is_whole:
            self.close()
        return Reply(answer.status, content, round((time.monotonic() - started) * 1000))

    @property
    def is_open(self) -> bool:
        """Whether the next call goes by a connection that was used before."""
        return self._connection is not None

    def close(self) -> None:
        """Leave; the next call connects anew."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _opened(self) -> "_Pinned":
        connection = _Pinned(self._target, self._address(), self._seconds)
        watch = threading.Timer(self._seconds, connection.cut)
        watch.start()
        try:
            connection.connect()
        except (OSError, ValueError) as fault:
            connection.close()
            raise CallFailed(f"no connection: {type(fault).__name__}") from None
        finally:
            watch.cancel()
        if connection.is_cut:
            connection.close()
            raise CallFailed("no connection: too slow")
        return connection

    def _address(self) -> str:
        """The first address of the host, when every one of them may be called."""
        try:
            rows = socket.getaddrinfo(self._target.host, self._target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise CallFailed(f"the name is not known: {type(fault).__name__}") from None
        addresses = [str(row[4][0]) for row in rows]
        if not addresses or not all(map(self._may_call, addresses)):
            raise CallFailed("the address is of an inner network")
        return addresses[0]

    def _may_call(self, address: str) -> bool:
        if self._is_known or (self._may_loop and is_loopback(address)):
            return True
        return not is_inner(address)


class _Pinned(http.client.HTTPConnection):
    """HTTP to an address that was judged before, in the name of the host."""

    def __init__(self, target: Target, address: str, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._pinned = address
        self._is_secure = target.is_secure
        self._plain: socket.socket | None = None
        self.is_cut = False

    def connect(self) -> None:
        """See ``HTTPConnection``."""
        plain = socket.create_connection((self._pinned, self.port), self.timeout)
        self._plain = self.sock = plain
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_secure:
            context = ssl.create_default_context()
            self._plain = self.sock = context.wrap_socket(plain, server_hostname=self.host)

    def cut(self) -> None:
        """End a call that drips: whoever reads or writes finds the line closed."""
        self.is_cut = True
        if self._plain is not None:
            try:
                socket.socket.shutdown(self._plain, socket.SHUT_RDWR)
            except OSError:
                return
