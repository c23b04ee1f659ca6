"""Asking the services of an authority about revocation: a door that is closed unless opened."""

import http.client
import secrets
import time
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.crl import LIST_LIMIT_BYTES, BrokenCrl, open_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, make_request, read_ocsp
from kualik.signatures.adapters.revocation import Evidence

TIMEOUT_SECONDS: Final = 5.0
DOWNLOAD_SECONDS: Final = 20.0
CHUNK_BYTES: Final = 64 * 1024
OCSP_LIMIT_BYTES: Final = 64 * 1024
ADDRESS_LIMIT: Final = 2
NONCE_BYTES: Final = 32
OCSP_REQUEST: Final = "application/ocsp-request"


class Unreachable(OSError):
    """The service did not answer."""


class NotAsked(Unreachable):
    """The service was left in peace, which says nothing about it."""


class RevocationFetcher(Protocol):
    """Fetches from an address of a certificate that leads to an anchor. Raises Unreachable."""

    def ask(self, url: str, request: bytes) -> bytes:
        """The answer of an OCSP service to a request."""

    def get(self, url: str) -> bytes:
        """A revocation list."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the services gave; empty when none could be reached or understood."""

    evidence: Evidence = Evidence()


@runtime_checkable
class EvidenceSource(Protocol):
    """A fetcher that knows better than to ask for everything anew."""

    def evidence_of(self, certificate: Certificate, issuer: Certificate) -> Fetched:
        """Revocation data about one certificate."""


def fetch_evidence(
    certificate: Certificate, issuer: Certificate, fetcher: RevocationFetcher
) -> Fetched:
    """Revocation data about one certificate, from what the fetcher keeps or from the services."""
    if isinstance(fetcher, EvidenceSource):
        return fetcher.evidence_of(certificate, issuer)
    return ask_services(certificate, issuer, fetcher)


def ask_services(
    certificate: Certificate, issuer: Certificate, fetcher: RevocationFetcher
) -> Fetched:
    """What the services say: OCSP first, lists only where that fails."""
    for url in certificate.ocsp_urls[:ADDRESS_LIMIT]:
        response = _asked(url, certificate, issuer, fetcher)
        if response is not None:
            return Fetched(Evidence(responses=(response,)))
    found = Evidence()
    for url in certificate.crl_urls[:ADDRESS_LIMIT]:
        found = found.with_more(_listed(url, fetcher))
    if found.crls:
        for url in certificate.delta_urls[:ADDRESS_LIMIT]:
            found = found.with_more(_listed(url, fetcher))
    return Fetched(found)


def _asked(
    url: str, certificate: Certificate, issuer: Certificate, fetcher: RevocationFetcher
) -> OcspResponse | None:
    nonce = secrets.token_bytes(NONCE_BYTES)
    try:
        response = read_ocsp(fetcher.ask(url, make_request(certificate, issuer, nonce=nonce)))
    except (Unreachable, BrokenOcsp):
        return None
    # A responder may leave the nonce out, but an answer to another question is a replay.
    return response if response.nonce in (b"", nonce) else None


def _listed(url: str, fetcher: RevocationFetcher) -> Evidence:
    try:
        return Evidence(crls=(open_crl(fetcher.get(url)),))
    except Unreachable:
        return Evidence()
    except BrokenCrl:
        return Evidence(unread=(url,))


class HttpFetcher:
    """Plain HTTP, as the services of the national centre speak it: every answer is signed."""

    def ask(self, url: str, request: bytes) -> bytes:
        return exchanged(url, "POST", request, OCSP_LIMIT_BYTES)

    def get(self, url: str) -> bytes:
        return exchanged(url, "GET", None, LIST_LIMIT_BYTES)


def exchanged(
    url: str,
    method: str,
    body: bytes | None,
    limit: int,
    *,
    kind: str = OCSP_REQUEST,
    silence: float = TIMEOUT_SECONDS,
) -> bytes:
    """The body of the answer to a body of the media type ``kind``. Redirections are not followed.

    A service may be silent for ``silence`` seconds.

    Raises Unreachable, also for an answer over ``limit`` bytes or one that takes too long.
    """
    headers = {"Content-Type": kind} if body else {}
    try:
        parts = urlsplit(url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in kinds or not parts.hostname:
            raise Unreachable("not an address of the web")
        connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=silence)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            content = _body(response, limit)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
    if response.status != http.client.OK:
        raise Unreachable(f"status {response.status}")
    return content


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """The whole body, in a bounded time even from a service that sends byte by byte."""
    started = time.monotonic()
    content = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        content += chunk
        if len(content) > limit or time.monotonic() - started > DOWNLOAD_SECONDS:
            raise Unreachable("too much or too slow")
    return bytes(content)
