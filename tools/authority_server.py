"""Serve a test authority over HTTP on loopback: OCSP, time-stamps, revocation lists, certificates.

    python tools/authority_server.py --directory DIR [--scheme rsa|gost512|gost256]
        [--port 0] [--now 2026-11-21T10:00:00Z]

POST /ocsp and GET /ocsp/<base64> (RFC 6960), POST /tsa (RFC 3161), GET /crl, /crl/delta,
/crl/root, /ca, /ca/root. The first line printed is the address. The authority is made in DIR when
there is none; who may be known as issued or revoked lies there too, read anew for every request.
"""

import argparse
import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from django.conf import settings

from kualik.core import clock
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Scheme,
    answer_ocsp,
    answer_timestamp,
    delta_list,
    full_list,
    open_hierarchy,
    revoked,
    status_of,
)

LOOPBACK = "127.0.0.1"
LONGEST_REQUEST = 1_000_000
SERIAL_BITS = 63
OCSP_PATH = "/ocsp"


class Reply(NamedTuple):
    """A body with its media type."""

    kind: str
    body: bytes


class AuthorityServer(ThreadingHTTPServer):
    """The authority of a directory at an address."""

    daemon_threads = True

    def __init__(
        self, *, directory: Path, scheme: Scheme, port: int, clock: Callable[[], datetime]
    ) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.directory = directory
        self.clock = clock
        self.address = f"http://{LOOPBACK}:{self.server_port}"
        self.hierarchy: Hierarchy = open_hierarchy(
            directory, scheme=scheme, now=clock(), base_url=self.address
        )

    def published(self, path: str) -> Reply | None:
        """What is there to fetch."""
        hierarchy, now = self.hierarchy, self.clock()
        if path == "/crl":
            return _list(full_list(hierarchy, revoked(self.directory), now=now))
        if path == "/crl/delta":
            return _list(delta_list(hierarchy, revoked(self.directory), now=now))
        if path == "/crl/root":
            return _list(hierarchy.root_crl({}, now=now))
        if path == "/ca":
            return _certificate(hierarchy.issuing.certificate_der)
        if path == "/ca/root":
            return _certificate(hierarchy.root.certificate_der)
        return None

    def answered(self, path: str, request: bytes) -> Reply | None:
        """What the services answer to a request of their protocol."""
        now = self.clock()
        if path == OCSP_PATH:
            known = partial(status_of, self.directory)
            body = answer_ocsp(self.hierarchy, request, status_of=known, now=now)
            return Reply("application/ocsp-response", body)
        if path == "/tsa":
            serial = secrets.randbits(SERIAL_BITS)
            body = answer_timestamp(self.hierarchy, request, now=now, serial=serial)
            return Reply("application/timestamp-reply", body)
        return None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: AuthorityServer

    def do_GET(self) -> None:
        """Lists and certificates, and OCSP requests that fit an address."""
        if not self.path.startswith(f"{OCSP_PATH}/"):
            self._send(self.server.published(self.path))
            return
        try:
            text = unquote(self.path.removeprefix(f"{OCSP_PATH}/"))
            request = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            request = b""
        self._send(self.server.answered(OCSP_PATH, request))

    def do_POST(self) -> None:
        """Requests of the services' protocols."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_REQUEST:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self._send(self.server.answered(self.path, self.rfile.read(int(length))))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests name certificates of persons."""

    def _send(self, reply: Reply | None) -> None:
        if reply is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


def _list(body: bytes) -> Reply:
    return Reply("application/pkix-crl", body)


def _certificate(body: bytes) -> Reply:
    return Reply("application/pkix-cert", body)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A test authority over HTTP on loopback.")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--scheme", type=Scheme, choices=list(Scheme), default=Scheme.RSA)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--now", type=datetime.fromisoformat, help="stop the clock at this moment")
    asked = parser.parse_args()
    settings.configure(USE_TZ=True)
    server = AuthorityServer(
        directory=asked.directory,
        scheme=asked.scheme,
        port=asked.port,
        clock=clock.now if asked.now is None else lambda: asked.now,
    )
    print(server.address, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
