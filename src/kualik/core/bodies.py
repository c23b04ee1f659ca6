"""The body of a message of another system, bounded in size and in time however it is sent."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.http import HttpRequest

from kualik.rules.errors import RuleViolation

CHUNK_BYTES: Final = 64 * 1024
PATIENCE_SECONDS: Final = 30.0
LENGTH: Final = re.compile(r"[0-9]{1,12}")


def read_body(request: HttpRequest, *, most: int, patience: float = PATIENCE_SECONDS) -> bytes:
    """The whole body, which ``request.body`` is from then on.

    Raises ``body_too_large`` over ``most`` bytes, ``body_cut_short`` when it ends too early or is
    not here after ``patience`` seconds, ``body_length_unknown`` in chunks that the server does not
    put together.

    Systems in Java and .NET send messages in chunks and without a length. Django reads none of
    these, so the stream of the server is read where it says that it ends by itself.
    """
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    expected = 0 if is_chunked else _length(request, most)
    stream: Any = request
    if is_chunked:
        if not request.META.get("wsgi.input_terminated"):
            raise RuleViolation("body_length_unknown")
        stream = request.META["wsgi.input"]
    with _patience(request, patience):
        body = _whole(stream, most)
    if len(body) < expected:
        raise RuleViolation("body_cut_short")
    request._body = body
    return body


def _length(request: HttpRequest, most: int) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not LENGTH.fullmatch(told) or int(told) > most:
        raise _too_large(most)
    return int(told)


def _too_large(most: int) -> RuleViolation:
    return RuleViolation("body_too_large", limit=most // 1024)


def _whole(stream: Any, most: int) -> bytes:
    content = bytearray()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            content += chunk
            if len(content) > most:
                raise _too_large(most)
    except OSError as error:
        raise RuleViolation("body_cut_short") from error
    return bytes(content)


@contextmanager
def _patience(request: HttpRequest, seconds: float) -> Iterator[None]:
    """Hang up on a sender who drips: bytes that come one by one reset every other time-out."""
    line = request.META.get("gunicorn.socket")
    if line is None:
        yield
        return
    timer = threading.Timer(seconds, _hang_up, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RD)
    except OSError:
        return
