"""What is believed: the certificates and revocation data of a directory, and nothing else."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from kualik.signatures.adapters.algorithms import family_of
from kualik.signatures.adapters.asn1 import Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.certificates import (
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.crl import BrokenCrl, Crl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, read_ocsp
from kualik.signatures.adapters.revocation import Evidence, is_issued_by

FILE_LIMIT: Final = 1000
FILE_LIMIT_BYTES: Final = 20 * 1024 * 1024
PEM_START: Final = b"-----BEGIN "


class TrustError(ValueError):
    """``code`` is ``trust_unreadable``: the directory is not there or holds no authority."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class TrustDirectory:
    """Anchors, issuing authorities and revocation data.

    ``anchors`` are believed as they are; ``authorities`` help to reach an anchor. Authorities
    are chosen by the operator too: for them missing revocation data is no fault. ``test_ders``
    are those of the anchors that only a demonstration believes.
    """

    anchors: tuple[Certificate, ...] = ()
    authorities: tuple[Certificate, ...] = ()
    evidence: Evidence = Evidence()
    test_ders: frozenset[bytes] = frozenset()

    def with_test(self, test: "TrustDirectory") -> "TrustDirectory":
        """The same with the anchors of a test authority, which stay known as such."""
        return replace(
            self,
            anchors=(*self.anchors, *test.anchors),
            authorities=(*self.authorities, *test.authorities),
            evidence=self.evidence.with_more(test.evidence),
            test_ders=self.test_ders | test.anchor_ders,
        )

    @cached_property
    def anchor_ders(self) -> frozenset[bytes]:
        """The anchors as bytes."""
        return frozenset(anchor.der for anchor in self.anchors)

    @cached_property
    def known_ders(self) -> frozenset[bytes]:
        """Anchors and authorities as bytes."""
        return self.anchor_ders | {authority.der for authority in self.authorities}


def trust_of(
    certificates: Iterable[bytes],
    *,
    crls: Iterable[bytes] = (),
    responses: Iterable[bytes] = (),
    pins: Collection[str] | None = None,
) -> TrustDirectory:
    """The trust that DER parts make.

    With ``pins`` (SHA-256 in lower-case hexadecimal) only those certificates are anchors. Without
    them the self-signed ones are, and an authority whose root is missing, unless a root of the
    same kind of key is there: that one was meant then. Raises BrokenCertificate, BrokenCrl,
    BrokenOcsp.
    """
    read = tuple(dict.fromkeys(read_certificate(der) for der in certificates))
    return _trust(
        read,
        Evidence(tuple(read_crl(der) for der in crls), tuple(read_ocsp(der) for der in responses)),
        pins,
    )


def open_trust(directory: Path, *, pins: Collection[str] | None = None) -> TrustDirectory:
    """The trust in the files of a directory, PEM or DER, whatever their names.

    Files that are nothing of the kind are left out. Raises TrustError.
    """
    if not directory.is_dir():
        raise TrustError("trust_unreadable")
    parts = _Parts()
    try:
        files = sorted(path for path in directory.iterdir() if path.is_file())
        for path in files[:FILE_LIMIT]:
            if path.stat().st_size <= FILE_LIMIT_BYTES:
                parts.add_file(path.read_bytes())
    except OSError as error:
        raise TrustError("trust_unreadable") from error
    evidence = Evidence(tuple(parts.crls), tuple(parts.responses))
    trust = _trust(tuple(dict.fromkeys(parts.certificates)), evidence, pins)
    if not trust.anchors:
        raise TrustError("trust_unreadable")
    return trust


class _Parts:
    """What has been found in the files so far."""

    def __init__(self) -> None:
        self.certificates: list[Certificate] = []
        self.crls: list[Crl] = []
        self.responses: list[OcspResponse] = []

    def add_file(self, content: bytes) -> None:
        for block in _blocks(content):
            try:
                self._add(as_der(unarmoured(block)))
            except Asn1Error:
                continue

    def _add(self, der: bytes) -> None:
        try:
            self.certificates.append(read_certificate(der))
            return
        except BrokenCertificate:
            pass
        try:
            self.crls.append(read_crl(der))
            return
        except BrokenCrl:
            pass
        try:
            self.responses.append(read_ocsp(der))
        except BrokenOcsp:
            return


def _blocks(content: bytes) -> list[bytes]:
    """The PEM blocks of a file, or the file itself."""
    if PEM_START not in content:
        return [content]
    starts = content.split(PEM_START)[1:]
    return [PEM_START + part for part in starts]


def _trust(
    certificates: tuple[Certificate, ...], evidence: Evidence, pins: Collection[str] | None
) -> TrustDirectory:
    if pins is not None:
        anchors = [found for found in certificates if sha256(found.der).hexdigest() in pins]
    else:
        anchors = [found for found in certificates if _is_root(found)]
        anchors += _rootless(certificates, anchors)
    chosen = {anchor.der for anchor in anchors}
    others = (found for found in certificates if found.is_authority and found.der not in chosen)
    return TrustDirectory(tuple(anchors), tuple(others), evidence)


def _is_root(certificate: Certificate) -> bool:
    return certificate.issuer_name == certificate.subject_name and is_issued_by(
        certificate, certificate
    )


def _rootless(certificates: tuple[Certificate, ...], roots: list[Certificate]) -> list[Certificate]:
    names = {certificate.subject_name for certificate in certificates}
    kinds = {family_of(root.algorithm.oid) for root in roots}
    return [
        certificate
        for certificate in certificates
        if certificate.is_authority
        and certificate.issuer_name not in names
        and family_of(certificate.algorithm.oid) not in kinds
    ]
