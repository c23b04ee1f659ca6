"""One HTTP request of the bus, bounded in time and size; no redirection is followed."""

import http.client
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

CONNECT_SECONDS: Final = 5.0
CHUNK_BYTES: Final = 64 * 1024
LARGEST_ANSWER: Final = 16 * 1024 * 1024
SOAP: Final = "text/xml; charset=utf-8"
# A fault of SOAP 1.1 comes with 500.
WORDED: Final = (http.client.OK, http.client.INTERNAL_SERVER_ERROR)


class Unreachable(Exception):
    """Nothing that counts as an answer came: it is not known whether the question was taken.

    The argument says how in a few words, without an address or a secret.
    """


class TooLarge(Unreachable):
    """The answer is longer than is read: whoever asked for less may get it."""


@dataclass(slots=True)
class _Limit:
    """Ends a line when its time is over, even where the other side sends byte by byte.

    ``line`` is the socket itself: the connection forgets its own where the answer says that it
    closes, and reads on.
    """

    line: socket.socket
    seconds: float
    is_over: bool = False
    _timer: threading.Timer | None = field(default=None, repr=False)

    def __enter__(self) -> "_Limit":
        self._timer = threading.Timer(self.seconds, self._end)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        try:
            self.line.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It ended by itself in this very moment.
            return


def post_soap(url: str, body: bytes, *, seconds: float) -> bytes:
    """The body of the answer to a SOAP 1.1 message, within ``seconds`` over all.

    Raises Unreachable.
    """
    connection = _connection(url)
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {"Content-Type": SOAP, "SOAPAction": '""', "Connection": "close"}
    until = time.monotonic() + seconds
    try:
        connection.connect()
        connection.sock.settimeout(seconds)
        with _Limit(connection.sock, max(0.1, until - time.monotonic())) as limit:
            connection.request("POST", target, body=body, headers=headers)
            answer = connection.getresponse()
            content = _content(answer)
        if limit.is_over:
            raise Unreachable("no answer in time")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        late = time.monotonic() >= until
        raise Unreachable("no answer in time" if late else type(fault).__name__) from None
    finally:
        connection.close()
    if answer.status not in WORDED:
        raise Unreachable(f"status {answer.status}")
    return content


def _connection(url: str) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreachable("no address of the web") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable("no address of the web")
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, port, timeout=CONNECT_SECONDS)
    return http.client.HTTPConnection(parts.hostname, port, timeout=CONNECT_SECONDS)


def _content(answer: http.client.HTTPResponse) -> bytes:
    content = bytearray()
    while chunk := answer.read1(CHUNK_BYTES):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise TooLarge("the answer is too large")
    wanted = answer.getheader("Content-Length", "")
    if wanted.isdecimal() and len(content) < int(wanted):
        raise Unreachable("the answer broke off")
    return bytes(content)
