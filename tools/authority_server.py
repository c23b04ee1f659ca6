"""Serve test authorities over HTTP on loopback: OCSP, time-stamps, revocation lists, certificates.

    python tools/authority_server.py --directory DIR [--scheme rsa] [--scheme gost512]
        [--port 0] [--now 2026-11-21T10:00:00Z]

DIR holds one authority per scheme; each has its prefix: POST /rsa/ocsp and GET /rsa/ocsp/<base64>
(RFC 6960), POST /rsa/tsa (RFC 3161), GET /rsa/crl, /rsa/crl/delta, /rsa/crl/root, /rsa/ca,
/rsa/ca/root. The first line printed is the address. Authorities of the named schemes (rsa and
gost512 when none is) are made when they are not there; who may be known as issued or revoked lies
in DIR too, read anew for every request.
"""

import argparse
import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings

from kualik.config import environment
from kualik.core import clock
from kualik.signatures.adapters.test_authority import (
    Reply,
    Scheme,
    answered,
    is_hierarchy,
    open_hierarchy,
    published,
)

LOOPBACK = "127.0.0.1"
LONGEST_REQUEST = 1_000_000
USUAL = (Scheme.RSA, Scheme.GOST512)
OCSP = "/ocsp/"


class AuthorityServer(ThreadingHTTPServer):
    """The authorities of a directory at an address."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        *,
        directory: Path,
        schemes: Sequence[Scheme],
        port: int,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.directory = directory
        self.clock = clock
        self.address = f"http://{LOOPBACK}:{self.server_port}"
        for scheme in Scheme:
            if scheme in schemes or is_hierarchy(directory / scheme):
                open_hierarchy(
                    directory / scheme,
                    scheme=scheme,
                    now=clock(),
                    base_url=f"{self.address}/{scheme}",
                )

    def published(self, path: str) -> Reply | None:
        """What is there to fetch."""
        return published(self.directory, path, now=self.clock())

    def answered(self, path: str, request: bytes) -> Reply | None:
        """What the services answer to a request of their protocol."""
        return answered(self.directory, path, request, now=self.clock())


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: AuthorityServer
    timeout = 30

    def do_GET(self) -> None:
        """Lists and certificates, and OCSP requests that fit an address."""
        place, found, text = self.path.partition(OCSP)
        if not found:
            self._send(self.server.published(self.path))
            return
        try:
            request = base64.b64decode(unquote(text), validate=True)
        except (ValueError, binascii.Error):
            request = b""
        self._send(self.server.answered(f"{place}/ocsp", request))

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


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Test authorities over HTTP on loopback.")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--scheme", type=Scheme, choices=list(Scheme), action="append")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--now", type=datetime.fromisoformat, help="stop the clock at this moment")
    asked = parser.parse_args()
    settings.configure(USE_TZ=True, CLOCK=environment.text("KUALIK_CLOCK"))
    server = AuthorityServer(
        directory=asked.directory,
        schemes=asked.scheme or USUAL,
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
