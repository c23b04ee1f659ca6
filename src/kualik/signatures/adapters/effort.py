"""What a file costs to check, reckoned before it is checked, and a bound on it.

Anybody may send a file to the open check. GOST hashes take two seconds a megabyte in plain
Python, GOST signatures tens of milliseconds each.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from asn1crypto import core
from lxml import etree

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters import gost
from kualik.signatures.adapters.algorithms import Algorithm
from kualik.signatures.adapters.cms import ARCHIVE_TIMESTAMP, TIMESTAMP, SignedData
from kualik.signatures.adapters.enclosed import enclosed_in
from kualik.signatures.adapters.gost.hash2015 import is_native
from kualik.signatures.adapters.online import NotAsked, RevocationFetcher, Unreachable
from kualik.signatures.adapters.revocation import Evidence
from kualik.signatures.adapters.xml_shape import DS
from kualik.signatures.adapters.xml_signatures import DIGEST_METHODS, XmlDocument

SLOW_LIMIT_BYTES: Final = 5 * 1024 * 1024
# Signatures to check, each by every certificate at hand.
CHECK_LIMIT: Final = 400
WAIT_SECONDS: Final = 8.0


@dataclass(slots=True)
class Effort:
    """What has been taken so far. Taking too much raises RuleViolation ``gost_too_large`` or
    ``signature_too_complex``."""

    slow_bytes: int = 0
    checks: int = 0

    def take_cms(self, signed: SignedData, length: int) -> None:
        """A signature file over a document of ``length`` bytes."""
        hashes = {signer.digest.oid for signer in signed.signers}
        hashes |= {
            gost.SIGNATURE_OIDS[signer.algorithm.oid].hash_oid
            for signer in signed.signers
            if signer.algorithm.oid in gost.SIGNATURE_OIDS
        }
        tokens = [
            token for signer in signed.signers for token in signer.unsigned.get(TIMESTAMP, ())
        ]
        archives = [
            token
            for signer in signed.signers
            for token in signer.unsigned.get(ARCHIVE_TIMESTAMP, ())
        ]
        tokens += archives
        hashes |= {oid for token in archives for oid in _named(token)}
        self._take_bytes(_slow(hashes) * length + sum(map(len, tokens)))
        enclosed = enclosed_in(signed)
        self.take_evidence(enclosed.evidence)
        self._take_checks((len(signed.signers) + len(tokens)) * (1 + len(enclosed.certificates)))

    def take_stamp(self, token: bytes, length: int) -> None:
        """A time-stamp over ``length`` bytes of a file; whichever hash it names may be of them."""
        self._take_bytes(_slow(_named(token)) * length + len(token))
        self._take_checks(1)

    def take_evidence(self, evidence: Evidence) -> None:
        """Revocation data that travels in a file."""
        signed = [(each.algorithm, each.tbs) for each in evidence.crls]
        signed += [(each.algorithm, each.tbs) for each in evidence.responses]
        self._take_bytes(_by_gost(signed))

    def take_xml(self, document: XmlDocument) -> None:
        """A signed XML document: every signature but the last may be hashed twice."""
        for number, signature in enumerate(reversed(document.signatures)):
            methods = signature.iter(f"{{{DS}}}DigestMethod")
            hashes = {DIGEST_METHODS.get(str(each.get("Algorithm")), "") for each in methods}
            times = 2 if number else 1
            # A reference may also be to a part of the signature itself, however long.
            length = times * len(document.content) + len(etree.tostring(signature))
            self._take_bytes(_slow(hashes) * length)
            self._take_checks(len(list(signature.iter(f"{{{DS}}}X509Certificate"))) + 1)

    def _take_bytes(self, length: int) -> None:
        self.slow_bytes += length
        if self.slow_bytes > SLOW_LIMIT_BYTES:
            raise RuleViolation("gost_too_large", limit=SLOW_LIMIT_BYTES // 1024 // 1024)

    def _take_checks(self, count: int) -> None:
        self.checks += count
        if self.checks > CHECK_LIMIT:
            raise RuleViolation("signature_too_complex")


@dataclass(slots=True)
class PatientFetcher:
    """Asks through another fetcher, but for one visitor no longer than ``seconds`` in all."""

    fetcher: RevocationFetcher
    seconds: float = WAIT_SECONDS
    _started: float = field(default_factory=time.monotonic, init=False)
    _silent: set[str] = field(default_factory=set, init=False)

    def ask(self, url: str, request: bytes) -> bytes:
        self._check(url)
        try:
            return self.fetcher.ask(url, request)
        except Unreachable:
            self._silent.add(url)
            raise

    def get(self, url: str) -> bytes:
        self._check(url)
        try:
            return self.fetcher.get(url)
        except Unreachable:
            self._silent.add(url)
            raise

    def _check(self, url: str) -> None:
        if url in self._silent or time.monotonic() - self._started > self.seconds:
            raise NotAsked("asked long enough")


def _tokens(signed: SignedData, oid: str) -> Iterator[bytes]:
    """The time-stamps of one kind that all signers have."""
    for signer in signed.signers:
        yield from signer.unsigned.get(oid, ())


def _named(token: bytes) -> set[str]:
    """The GOST hashes whose identifiers a token holds anywhere."""
    return {oid for oid in gost.HASH_OIDS if core.ObjectIdentifier(oid).dump() in token}


def _slow(hashes: Collection[str]) -> int:
    """How many of these hashes are computed in plain Python."""
    found = {gost.HASH_OIDS[oid] for oid in hashes if oid in gost.HASH_OIDS}
    return sum(1 for scheme in found if scheme == gost.GOST_2004 or not is_native(scheme.key_bits))


def _by_gost(signed: Iterable[tuple[Algorithm, bytes]]) -> int:
    return sum(len(data) for algorithm, data in signed if algorithm.oid in gost.SIGNATURE_OIDS)
