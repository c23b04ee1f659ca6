"""The body of a request, bounded in size and in time however it is sent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.http import HttpRequest

from kualik.gateway.adapters.envelope.parsing import LIMIT_BYTES
from kualik.gateway.adapters.faults import TIMEOUT, TOO_LARGE, GatewayFault

CHUNK_BYTES: Final = 64 * 1024
PATIENCE_SECONDS: Final = 30.0


def read_body(request: HttpRequest, *, patience: float = PATIENCE_SECONDS) -> bytes:
    """The whole body. Raises GatewayFault: over 16 MiB, or not here after ``patience`` seconds.

    Systems in Java send long messages in chunks and without a length. Django reads none of these,
    so the stream of the server is read where it says that it ends by itself.
    """
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    expected = 0 if is_chunked else int(request.META.get("CONTENT_LENGTH") or 0)
    if expected > LIMIT_BYTES:
        raise GatewayFault(TOO_LARGE)
    stream: Any = request
    if is_chunked and request.META.get("wsgi.input_terminated"):
        stream = request.META["wsgi.input"]
    with _patience(request, patience):
        body = _whole(stream)
    if len(body) < expected:
        raise GatewayFault(TIMEOUT)
    return body


def _whole(stream: Any) -> bytes:
    content = bytearray()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            content += chunk
            if len(content) > LIMIT_BYTES:
                raise GatewayFault(TOO_LARGE)
    except OSError as error:
        raise GatewayFault(TIMEOUT) from error
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
