"""Revocation data kept for a while, by fixed rules; what was kept is not believed unverified.

==================  ====================================================================
an OCSP answer      until its next update, at most ten minutes
a revocation list   until its next update, at most a day
a failure           thirty seconds: a dead service is not waited for by everybody in turn
==================  ====================================================================

Only what is signed by those who may sign it is kept, and it is checked again whenever it is taken
out. Keys are hashes of addresses, or of an authority's key and a serial number: no personal data.
See ADR 0019.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.core.cache.backends.base import BaseCache

from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.crl import BrokenCrl, Crl, open_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, read_ocsp
from kualik.signatures.adapters.online import (
    Fetched,
    NotAsked,
    RevocationFetcher,
    Unreachable,
    ask_services,
)
from kualik.signatures.adapters.revocation import (
    CLOCK_TOLERANCE,
    Evidence,
    is_outdated,
    lists_of,
    speaks_of,
)

ANSWER_LIFE: Final = timedelta(minutes=10)
LIST_LIFE: Final = timedelta(days=1)
FAILURE_LIFE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class CachedFetcher:
    """Asks ``fetcher`` for what ``cache`` does not hold; ``clock`` gives the present moment.

    Processes may share the cache: each entry is written whole, and two that miss at once both ask.
    """

    fetcher: RevocationFetcher
    cache: BaseCache
    clock: Callable[[], datetime]

    def ask(self, url: str, request: bytes) -> bytes:
        """As the fetcher, but not of a service that failed a moment ago."""
        return self._tried(url, lambda: self.fetcher.ask(url, request))

    def get(self, url: str) -> bytes:
        """As the fetcher, but not of a service that failed a moment ago."""
        return self._tried(url, lambda: self.fetcher.get(url))

    def evidence_of(self, certificate: Certificate, issuer: Certificate) -> Fetched:
        """Revocation data about one certificate, kept or fresh."""
        place = _key("ocsp", issuer.spki_der, b"%x" % certificate.serial)
        kept = self._kept(place)
        response = None if kept is None else _response(kept, certificate, issuer)
        if response is not None:
            return Fetched(Evidence(responses=(response,)))
        fetched = ask_services(certificate, issuer, _Lists(self, certificate, issuer))
        if is_outdated(fetched.evidence):
            # The delta kept or asked for is to a full list that came out since.
            fetched = ask_services(
                certificate, issuer, _Lists(self, certificate, issuer, anew=True)
            )
        for response in fetched.evidence.responses:
            if speaks_of(response, certificate, issuer):
                self._keep(place, response.der, *_life_of_answer(response, certificate, issuer))
        return fetched

    def list_at(
        self, url: str, certificate: Certificate, issuer: Certificate, *, anew: bool
    ) -> bytes:
        """The list at an address, ``anew`` whatever is kept. Raises Unreachable."""
        place = _key("list", url.encode(), issuer.spki_der)
        kept = None if anew else self._kept(place)
        if kept is not None and _list(kept, certificate, issuer) is not None:
            return kept
        content = self.get(url)
        found = _list(content, certificate, issuer)
        if found is not None:
            end = found.next_update or self.clock() + ANSWER_LIFE
            self._keep(place, content, found.this_update, end, LIST_LIFE)
        return content

    def _tried(self, url: str, call: Callable[[], bytes]) -> bytes:
        place = _key("failure", url.encode())
        if self._kept(place) is not None:
            raise NotAsked("it failed a moment ago")
        try:
            return call()
        except NotAsked:
            raise
        except Unreachable:
            now = self.clock()
            self._keep(place, b"", now, now + FAILURE_LIFE, FAILURE_LIFE)
            raise

    def _kept(self, place: str) -> bytes | None:
        """What was kept there and may still be used."""
        kept = None
        # A cache that cannot be read or written costs time and nothing else.
        with suppress(OSError):
            kept = self.cache.get(place)
        match kept:
            case (datetime() as since, datetime() as until, bytes() as content):
                return content if since <= self.clock() < until else None
            case _:
                return None

    def _keep(
        self, place: str, content: bytes, made: datetime, end: datetime, most: timedelta
    ) -> None:
        """``made`` and ``end`` are the content's own dates."""
        now = self.clock()
        until = min(end, now + most)
        if made <= now + CLOCK_TOLERANCE and now < until:
            with suppress(OSError):
                self.cache.set(place, (now, until, content), (until - now).total_seconds())


def asking_by(
    fetcher: RevocationFetcher, way: Callable[[RevocationFetcher], RevocationFetcher]
) -> RevocationFetcher:
    """The same with another ``way`` of asking, which is not gone for what is kept."""
    if isinstance(fetcher, CachedFetcher):
        return replace(fetcher, fetcher=way(fetcher.fetcher))
    return way(fetcher)


@dataclass(frozen=True, slots=True)
class _Lists:
    """Asks for one certificate, and keeps the lists that are its issuer's."""

    owner: CachedFetcher
    certificate: Certificate
    issuer: Certificate
    anew: bool = False

    def ask(self, url: str, request: bytes) -> bytes:
        return self.owner.ask(url, request)

    def get(self, url: str) -> bytes:
        return self.owner.list_at(url, self.certificate, self.issuer, anew=self.anew)


def _key(kind: str, *parts: bytes) -> str:
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"revocation:{kind}:{sha256(whole).hexdigest()}"


def _response(content: bytes, certificate: Certificate, issuer: Certificate) -> OcspResponse | None:
    try:
        response = read_ocsp(content)
    except BrokenOcsp:
        return None
    return response if speaks_of(response, certificate, issuer) else None


def _list(content: bytes, certificate: Certificate, issuer: Certificate) -> Crl | None:
    try:
        found = open_crl(content)
    except BrokenCrl:
        return None
    return found if lists_of(found, certificate, issuer) else None


def _life_of_answer(
    response: OcspResponse, certificate: Certificate, issuer: Certificate
) -> tuple[datetime, datetime, timedelta]:
    """When it was made, its end, and how long it is kept at most."""
    answers = [answer for answer in response.answers if answer.is_about(certificate, issuer)]
    made = max(answer.this_update for answer in answers)
    end = min(answer.next_update or answer.this_update + LIST_LIFE for answer in answers)
    return made, end, ANSWER_LIFE
