"""A whole test authority of one scheme: root, issuing authority, OCSP responder, TSA."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import algos, core, x509

from kualik.signatures.adapters.test_authority.certificates import (
    AUTHENTICATION_USAGE,
    AUTHORITY_USAGE,
    SERVICE_USAGE,
    SIGNING_USAGE,
    Addresses,
    Content,
    Leaf,
    certify,
)
from kualik.signatures.adapters.test_authority.cms_signing import Stamper
from kualik.signatures.adapters.test_authority.revocation import (
    Answer,
    ListContent,
    Revocation,
    Status,
    cert_id,
    sign_answers,
    sign_list,
)
from kualik.signatures.adapters.test_authority.schemes import SUITES, Scheme, SigningKey, new_key
from kualik.signatures.adapters.test_authority.stamps import Stamp, sign_stamp
from kualik.signatures.adapters.test_authority.subjects import (
    COUNTRY,
    Purpose,
    Role,
    Subject,
    distinguished_name,
)

OWNER = "KUALIK TEST"
ROOT_YEARS = 30
AUTHORITY_YEARS = 15
LEAF_LIFE = timedelta(days=365)
LIST_LIFE = timedelta(days=1)
ANSWER_LIFE = timedelta(hours=1)
STAMP_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """The authorities and services with their keys in memory."""

    scheme: Scheme
    root: Leaf
    issuing: Leaf
    ocsp_responder: Leaf
    tsa: Leaf
    addresses: Addresses = Addresses()

    def issue(
        self,
        subject: Subject,
        *,
        not_before: datetime,
        not_after: datetime | None = None,
        roles: Sequence[Role | str] = (Role.INDIVIDUAL,),
        purpose: Purpose = Purpose.SIGNING,
        key_usage: frozenset[str] | None = None,
        serial: int | None = None,
        key: SigningKey | None = None,
    ) -> Leaf:
        """A certificate by the issuing authority, for a year when no end is given.

        ``key_usage`` (asn1crypto's names) replaces the one that goes with ``purpose``; ``key``
        certifies an existing key.
        """
        content = Content(
            name=subject.name(),
            not_before=not_before,
            not_after=not_after or not_before + LEAF_LIFE,
            usage=self._usage(purpose) if key_usage is None else key_usage,
            extended=(purpose, *roles),
            serial=serial,
            addresses=self.addresses,
        )
        return certify(key or new_key(self.scheme), content, issuer=self.issuing)

    def crl(
        self,
        revoked: Mapping[int, Revocation],
        *,
        now: datetime,
        delta: bool = False,
        number: int | None = None,
        base_number: int = 1,
        life: timedelta = LIST_LIFE,
    ) -> bytes:
        """The list of the issuing authority by serial number.

        A delta names ``base_number`` as the full list it adds to; without ``number`` the full
        list has that number and the delta the next one.
        """
        content = ListContent(
            revoked=revoked,
            this_update=now,
            next_update=now + life,
            number=base_number + int(delta) if number is None else number,
            base_number=base_number if delta else None,
        )
        return sign_list(self.issuing, content)

    def root_crl(
        self, revoked: Mapping[int, Revocation], *, now: datetime, number: int = 1
    ) -> bytes:
        """The root's list, which speaks about issuing authorities."""
        content = ListContent(
            revoked=revoked, this_update=now, next_update=now + LEAF_LIFE, number=number
        )
        return sign_list(self.root, content)

    def ocsp_response(
        self,
        leaf: Leaf,
        status: Status,
        *,
        now: datetime,
        nonce: bytes | None = None,
        hash_name: str = "sha256",
        life: timedelta | None = ANSWER_LIFE,
        responder: Leaf | None = None,
        with_certificate: bool = True,
    ) -> bytes:
        """The OCSP response (DER) about ``leaf``, signed by the responder or another key."""
        answer = Answer(
            cert_id=cert_id(leaf.certificate_der, leaf.chain[0], hash_name=hash_name),
            status=status,
            produced_at=now,
            life=life,
            nonce=nonce,
            with_certificate=with_certificate,
        )
        return sign_answers(responder or self.ocsp_responder, [answer])

    def timestamp(
        self,
        imprint: bytes,
        *,
        now: datetime,
        hash_oid: str | None = None,
        nonce: int | None = None,
        serial: int | None = None,
        with_certificate: bool = True,
    ) -> bytes:
        """The time-stamp token over a hash, by default one of the scheme's own kind.

        Without ``serial`` the token's number follows from the imprint and the moment.
        """
        suite = SUITES[self.scheme]
        algorithm = {"algorithm": hash_oid or suite.hash_oid, "parameters": core.Null()}
        stamp = Stamp(
            hash_algorithm=algos.DigestAlgorithm(algorithm),
            imprint=imprint,
            at=now,
            serial=stamp_number(imprint, now) if serial is None else serial,
            policy=suite.stamp_policy,
            nonce=nonce,
            with_certificate=with_certificate,
        )
        return sign_stamp(self.tsa, stamp)

    def stamper(self, *, now: datetime) -> Stamper:
        """What ``sign_cms`` wants for ``timestamp``: stamps signature values at ``now``."""
        digest = SUITES[self.scheme].digest
        return lambda signature: self.timestamp(digest(signature), now=now)

    def _usage(self, purpose: Purpose) -> frozenset[str]:
        if purpose is Purpose.AUTHENTICATION:
            return AUTHENTICATION_USAGE
        if purpose is not Purpose.SIGNING:
            return SERVICE_USAGE
        return SIGNING_USAGE if self.scheme is Scheme.RSA else SIGNING_USAGE | {"key_agreement"}


def make_hierarchy(
    *, scheme: Scheme | str, now: datetime, base_url: str = "", owner: str = OWNER
) -> Hierarchy:
    """New keys and certificates, valid from the first of January of the year before ``now``.

    ``base_url`` (no slash at the end) goes into the certificates as the place of the services.
    """
    makes = _Founding(Scheme(scheme), datetime(now.year - 1, 1, 1, tzinfo=UTC), base_url, owner)
    root = makes.authority("НЕГІЗГІ СЫНАҚ ОРТАЛЫҒЫ", ROOT_YEARS, issuer=None)
    issuing = makes.authority("КУӘЛАНДЫРУШЫ СЫНАҚ ОРТАЛЫҒЫ", AUTHORITY_YEARS, issuer=root)
    return Hierarchy(
        scheme=makes.scheme,
        root=root,
        issuing=issuing,
        ocsp_responder=makes.service("OCSP RESPONDER", Purpose.OCSP_SIGNING, issuing),
        tsa=makes.service("TIME-STAMPING AUTHORITY", Purpose.TIME_STAMPING, issuing),
        addresses=Addresses(base_url),
    )


def stamp_number(imprint: bytes, at: datetime) -> int:
    """A token's number that follows from what it stamps and when."""
    told = hashlib.sha256(imprint + at.astimezone(UTC).isoformat().encode()).digest()
    return int.from_bytes(told[:STAMP_NUMBER_BYTES])


@dataclass(frozen=True, slots=True)
class _Founding:
    scheme: Scheme
    start: datetime
    base_url: str
    owner: str

    def authority(self, title: str, years: int, *, issuer: Leaf | None) -> Leaf:
        content = Content(
            name=self._name(title),
            not_before=self.start,
            not_after=self.start.replace(year=self.start.year + years),
            usage=AUTHORITY_USAGE,
            is_authority=True,
            addresses=Addresses(self.base_url),
        )
        return certify(new_key(self.scheme), content, issuer=issuer)

    def service(self, title: str, purpose: Purpose, issuer: Leaf) -> Leaf:
        content = Content(
            name=self._name(title),
            not_before=self.start,
            not_after=self.start.replace(year=self.start.year + AUTHORITY_YEARS),
            usage=SERVICE_USAGE,
            extended=(purpose,),
            addresses=Addresses(self.base_url),
        )
        return certify(new_key(self.scheme), content, issuer=issuer)

    def _name(self, title: str) -> x509.Name:
        return distinguished_name(
            ("common_name", f"{title} ({SUITES[self.scheme].label})"),
            ("country_name", COUNTRY),
            ("organization_name", self.owner),
        )
