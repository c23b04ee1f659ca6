"""What is believed: the certificates and revocation data of a directory, and nothing else."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from kualik.signatures.adapters.algorithms import family_of
from kualik.signatures.adapters.asn1 import ARMOUR, BOM, Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.certificates import (
    CERTIFICATE_LIMIT_BYTES,
    BrokenCertificate,
    Certificate,
    read_certificate,
)
from kualik.signatures.adapters.cms import CmsError, read_der
from kualik.signatures.adapters.crl import LIST_LIMIT_BYTES, BrokenCrl, Crl, open_crl, read_crl
from kualik.signatures.adapters.ocsp import BrokenOcsp, OcspResponse, read_ocsp
from kualik.signatures.adapters.revocation import OCSP_SIGNING, Evidence, issue_fault

FILE_LIMIT: Final = 1000
FILE_LIMIT_BYTES: Final = 2 * LIST_LIMIT_BYTES
PEM_START: Final = b"-----BEGIN "
LIST_MARK: Final = b" CRL-----"
DER_START: Final = re.compile(rb"0[\x80-\xff]")
CERTIFICATES: Final = (".cer", ".crt")
MEANT: Final = (*CERTIFICATES, ".crl", ".der", ".ocsp", ".p7b", ".p7c", ".pem")


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
    are those of the anchors that only a demonstration believes; ``unread`` names files that could
    not be read, or not in full.
    """

    anchors: tuple[Certificate, ...] = ()
    authorities: tuple[Certificate, ...] = ()
    evidence: Evidence = Evidence()
    test_ders: frozenset[bytes] = frozenset()
    unread: tuple[str, ...] = ()

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
    them the self-signed ones are, and an authority whose root is missing where that root would be
    a sister of all that are there. Raises BrokenCertificate, BrokenCrl, BrokenOcsp.
    """
    read = tuple(dict.fromkeys(read_certificate(der) for der in certificates))
    return _trust(
        read,
        Evidence(tuple(read_crl(der) for der in crls), tuple(read_ocsp(der) for der in responses)),
        pins,
    )


def open_trust(directory: Path, *, pins: Collection[str] | None = None) -> TrustDirectory:
    """The trust in the files of a directory, PEM, DER or PKCS#7 (``.p7b``), whatever their names.

    Files that are something else are left out; those that seem to belong here and cannot be read
    are named in ``unread``. Raises TrustError.
    """
    if not directory.is_dir():
        raise TrustError("trust_unreadable")
    parts = _Parts()
    try:
        files = sorted(path for path in directory.iterdir() if path.is_file())
        for path in files[:FILE_LIMIT]:
            if path.stat().st_size <= FILE_LIMIT_BYTES:
                parts.add_file(path.name, path.read_bytes())
            else:
                parts.leave_out(path.name)
        for path in files[FILE_LIMIT:]:
            parts.leave_out(path.name)
    except OSError as error:
        raise TrustError("trust_unreadable") from error
    evidence = Evidence(tuple(parts.crls), tuple(parts.responses), unread=tuple(parts.doubtful))
    trust = _trust(tuple(dict.fromkeys(parts.certificates)), evidence, pins)
    if not trust.anchors:
        raise TrustError("trust_unreadable")
    return replace(trust, unread=tuple(parts.unread))


class _Parts:
    """What has been found in the files so far; ``unread`` names those that could not be read,
    ``doubtful`` those of them that may hold revocation data."""

    def __init__(self) -> None:
        self.certificates: list[Certificate] = []
        self.crls: list[Crl] = []
        self.responses: list[OcspResponse] = []
        self.unread: list[str] = []
        self.doubtful: list[str] = []

    def add_file(self, name: str, content: bytes) -> None:
        blocks, is_whole = _blocks(content.removeprefix(BOM))
        taken = [self._takes(block) for block in blocks]
        is_armoured = PEM_START in content
        if (is_whole and all(taken)) or not (is_armoured or _is_meant(name, content)):
            return
        is_list = LIST_MARK in content if is_armoured else not name.lower().endswith(CERTIFICATES)
        self.leave_out(name, may_revoke=is_list)

    def leave_out(self, name: str, *, may_revoke: bool = True) -> None:
        self.unread.append(name)
        if may_revoke:
            self.doubtful.append(name)

    def _takes(self, block: bytes) -> bool:
        """Whether the block is one of the things that belong here, or a signature file."""
        for take in (self._certificate, self._list, self._answer, self._bag):
            try:
                take(block)
            except (Asn1Error, BrokenCertificate, BrokenCrl, BrokenOcsp, CmsError):
                continue
            return True
        return False

    def _certificate(self, block: bytes) -> None:
        if len(block) > 2 * CERTIFICATE_LIMIT_BYTES:
            raise BrokenCertificate("too large")
        self.certificates.append(read_certificate(as_der(unarmoured(block))))

    def _list(self, block: bytes) -> None:
        self.crls.append(open_crl(block))

    def _answer(self, block: bytes) -> None:
        self.responses.append(read_ocsp(unarmoured(block)))

    def _bag(self, block: bytes) -> None:
        """A file that carries certificates and lists and is signed by nobody. Those that travel
        with a signature are not the operator's choice."""
        signed = read_der(as_der(unarmoured(block)))
        if signed.signers:
            return
        certificates = [read_certificate(der) for der in signed.certificates]
        self.crls += [open_crl(der) for der in signed.crls]
        self.certificates += certificates


def _blocks(content: bytes) -> tuple[list[bytes], bool]:
    """The PEM blocks of a file, whatever stands between them, or the file itself; and whether
    every block is whole."""
    if PEM_START not in content:
        return [content], True
    blocks = [found[0] for found in ARMOUR.finditer(content)]
    return blocks, content.count(PEM_START) == len(blocks)


def _is_meant(name: str, content: bytes) -> bool:
    """Whether a file is not just something else, a text or a list of prices."""
    if name.lower().endswith(MEANT) or DER_START.match(content):
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False


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
    appointed = (found.der for found in certificates if OCSP_SIGNING in found.purposes)
    known = evidence.with_more(Evidence(responders=tuple(appointed)))
    return TrustDirectory(tuple(anchors), tuple(others), known)


def _is_root(certificate: Certificate) -> bool:
    """Whether it says so itself. Where its own algorithm is unknown here or too weak, its key
    identifiers tell: nobody relies on the signature of a root."""
    if certificate.issuer_name != certificate.subject_name:
        return False
    fault = issue_fault(certificate, certificate)
    is_own = certificate.issuer_key_id in (b"", certificate.key_id)
    return not fault or (fault == "algorithm_unsupported" and is_own)


def _rootless(certificates: tuple[Certificate, ...], roots: list[Certificate]) -> list[Certificate]:
    names = {certificate.subject_name for certificate in certificates}
    return [
        certificate
        for certificate in certificates
        if certificate.is_authority
        and certificate.issuer_name not in names
        and all(_is_sister(root, certificate) for root in roots)
    ]


def _is_sister(root: Certificate, authority: Certificate) -> bool:
    """Whether a root and the missing one of ``authority`` may be of one centre: the national one
    has a root for each kind of key, one of them GOST, and their names begin with the same word.

    Any other root that is there was meant, and not the authority.
    """
    kinds = {family_of(root.algorithm.oid), family_of(authority.algorithm.oid)}
    is_national = len(kinds) == 2 and not kinds <= {"rsa", "ecdsa"}
    first, second = root.issuer_common_name.split(), authority.issuer_common_name.split()
    return is_national and bool(first) and first[:1] == second[:1]
