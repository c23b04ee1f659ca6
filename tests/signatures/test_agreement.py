"""openssl and pdfsig judge as we do, the good and the bad alike (RSA: they know no GOST)."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import Asn1Error, as_der
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
from kualik.signatures.adapters.chain import RevocationPolicy, check_certificate
from kualik.signatures.adapters.crl import read_crl
from kualik.signatures.adapters.envelope import find_span
from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
from kualik.signatures.adapters.reading import TrustStore
from kualik.signatures.adapters.revocation import Evidence, check_revocation
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Revocation,
    Scheme,
    make_hierarchy,
    sign_cms,
)
from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
from kualik.signatures.adapters.trust import TrustDirectory, trust_of
from kualik.signatures.services.checking import check_pdf
from kualik.signatures.services.cms_verification import verify_cms
from tests.signatures.authorities import (
    INDIVIDUAL,
    ISSUED_AT,
    NOW,
    authentication,
    authority,
    expired,
    head,
    individual,
    openssl,
    system,
    write_pem,
)
from tests.signatures.samples import SEALED_AT
from tests.signatures.verification import flipped

CONTENT = "Құжаттың мазмұны".encode()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AT = ("-attime", str(int(NOW.timestamp())))
FOREIGN = make_hierarchy(scheme=Scheme.RSA, now=NOW)
RSA = authority(Scheme.RSA)


@dataclass(frozen=True, kw_only=True)
class World:
    """What is believed: the certificates of one authority and what its lists hold."""

    hierarchy: Hierarchy = RSA
    revoked: dict[int, Revocation] = field(default_factory=dict)
    revoked_by_root: dict[int, Revocation] = field(default_factory=dict)
    lists_at: datetime = NOW - timedelta(minutes=1)

    def lists(self) -> list[bytes]:
        return [
            self.hierarchy.crl(self.revoked, now=self.lists_at),
            self.hierarchy.root_crl(self.revoked_by_root, now=self.lists_at),
        ]

    def certificates(self) -> list[bytes]:
        return [self.hierarchy.root.certificate_der, self.hierarchy.issuing.certificate_der]

    def trust(self) -> TrustDirectory:
        return trust_of(self.certificates(), crls=self.lists())

    def write(self, folder: Path) -> None:
        """``root.pem``, ``issuing.pem``, ``all.pem`` of both, ``lists.pem``, ``store.pem``."""
        root, issuing = self.certificates()
        write_pem(folder / "root.pem", root)
        write_pem(folder / "issuing.pem", issuing)
        write_pem(folder / "all.pem", root, issuing)
        lists = b"".join(pem.armor("X509 CRL", der) for der in self.lists())
        (folder / "lists.pem").write_bytes(lists)
        # openssl looks for the certificates between a signer and the root here and nowhere else.
        (folder / "store.pem").write_bytes((folder / "all.pem").read_bytes() + lists)


GOOD = World()


def revoking(leaf: Leaf, at: datetime = NOW - DAY) -> World:
    return World(revoked={leaf.serial: Revocation(at=at)})


# CMS


def signature(*leaves: Leaf, detached: bool = False, **dress: object) -> bytes:
    return sign_cms(
        leaves=leaves or [individual(Scheme.RSA)], content=CONTENT, detached=detached,
        signing_time=NOW, **dress,
    )  # fmt: skip


def we_accept(file: bytes, world: World, document: bytes | None) -> bool:
    try:
        found = verify_cms(signature=file, document=document, trust=world.trust(), at=NOW, now=NOW)
    except RuleViolation:
        return False
    return found.status == "valid"


def openssl_accepts(folder: Path, file: bytes, document: bytes | None, *more: str) -> bool:
    """With revocation of every certificate on the way, as we judge."""
    (folder / "signature.der").write_bytes(file)
    asked = list(more)
    if document is not None:
        (folder / "content").write_bytes(document)
        asked += ["-content", "content"]
    done = openssl(
        "cms", "-verify", "-inform", "DER", "-in", "signature.der", "-binary", "-out", "found",
        "-CAfile", "store.pem", "-crl_check_all", *AT, *asked,
        folder=folder,
    )  # fmt: skip
    return done.returncode == 0


CMS: dict[str, tuple[Callable[[], bytes], World, bytes | None, bool]] = {
    "attached": (signature, GOOD, None, True),
    "detached": (lambda: signature(detached=True), GOOD, CONTENT, True),
    "several signers": (
        lambda: signature(individual(Scheme.RSA), head(Scheme.RSA), system(Scheme.RSA)),
        GOOD, None, True,
    ),
    "with a time-stamp": (
        lambda: signature(timestamp=RSA.stamper(now=NOW - HOUR)), GOOD, None, True,
    ),
    "without attributes": (lambda: signature(with_attributes=False), GOOD, None, True),
    "named by the key": (lambda: signature(named_by_key=True), GOOD, None, True),
    "with its chain": (lambda: signature(with_chain=True), GOOD, None, True),
    "another was revoked": (signature, revoking(head(Scheme.RSA)), None, True),
    "revoked": (signature, revoking(individual(Scheme.RSA)), None, False),
    "one of several revoked": (
        lambda: signature(individual(Scheme.RSA), head(Scheme.RSA)),
        revoking(head(Scheme.RSA)), None, False,
    ),
    "authority revoked": (
        signature,
        World(revoked_by_root={RSA.issuing.serial: Revocation(at=NOW - DAY)}), None, False,
    ),
    "lists out of date": (signature, World(lists_at=NOW - 3 * DAY), None, False),
    "lists not yet made": (signature, World(lists_at=NOW + DAY), None, False),
    "expired": (lambda: signature(expired(Scheme.RSA)), GOOD, None, False),
    "not yet valid": (
        lambda: signature(RSA.issue(INDIVIDUAL, not_before=NOW + DAY)), GOOD, None, False,
    ),
    "for logging in": (lambda: signature(authentication(Scheme.RSA)), GOOD, None, False),
    "another root": (
        lambda: signature(FOREIGN.issue(INDIVIDUAL, not_before=ISSUED_AT), with_chain=True),
        GOOD, None, False,
    ),
    "content swapped": (lambda: signature(detached=True), GOOD, CONTENT + b".", False),
    "content changed": (
        lambda: signature().replace(CONTENT, CONTENT[::-1]), GOOD, None, False,
    ),
    "signature changed": (lambda: flipped(signature(), -1), GOOD, None, False),
    "cut": (lambda: signature()[:-1], GOOD, None, False),
}  # fmt: skip


@pytest.mark.parametrize("name", CMS)
def test_openssl_cms_agrees(tmp_path: Path, name: str) -> None:
    make, world, document, expected = CMS[name]
    world.write(tmp_path)
    file = make()
    assert we_accept(file, world, document) is expected
    assert openssl_accepts(tmp_path, file, document) is expected


def test_openssl_agrees_on_the_names_of_certificates_in_cades(tmp_path: Path) -> None:
    GOOD.write(tmp_path)
    file = signature()
    assert openssl_accepts(tmp_path, file, None, "-cades")
    own = hashlib.sha256(individual(Scheme.RSA).certificate_der).digest()
    swapped = file.replace(own, hashlib.sha256(head(Scheme.RSA).certificate_der).digest())
    assert swapped != file
    assert not openssl_accepts(tmp_path, swapped, None, "-cades")
    assert not we_accept(swapped, GOOD, None)


def test_no_changed_byte_that_openssl_refuses_is_accepted_by_us(tmp_path: Path) -> None:
    """The other way round openssl bears some: unsigned fields and lax encodings."""
    GOOD.write(tmp_path)
    file = signature(with_signing_certificate=True)
    borne = []
    for place in range(0, len(file), 23):
        changed = flipped(file, place)
        ours, theirs = we_accept(changed, GOOD, None), openssl_accepts(tmp_path, changed, None)
        assert theirs or not ours, place
        borne += [place] if theirs and not ours else []
    assert len(borne) <= 3, borne


# Certificates


CERTIFICATES: dict[str, tuple[Callable[[], bytes], World, bool]] = {
    "good": (lambda: individual(Scheme.RSA).certificate_der, GOOD, True),
    "another was revoked": (
        lambda: individual(Scheme.RSA).certificate_der, revoking(head(Scheme.RSA)), True,
    ),
    "revoked": (
        lambda: individual(Scheme.RSA).certificate_der, revoking(individual(Scheme.RSA)), False,
    ),
    "on hold": (
        lambda: individual(Scheme.RSA).certificate_der,
        World(revoked={
            individual(Scheme.RSA).serial: Revocation(at=NOW - DAY, reason="certificate_hold")
        }),
        False,
    ),
    "authority revoked": (
        lambda: individual(Scheme.RSA).certificate_der,
        World(revoked_by_root={RSA.issuing.serial: Revocation(at=NOW - DAY)}), False,
    ),
    "expired": (lambda: expired(Scheme.RSA).certificate_der, GOOD, False),
    "not yet valid": (
        lambda: RSA.issue(INDIVIDUAL, not_before=NOW + DAY).certificate_der, GOOD, False,
    ),
    "lists out of date": (
        lambda: individual(Scheme.RSA).certificate_der, World(lists_at=NOW - 3 * DAY), False,
    ),
    "signature changed": (
        lambda: flipped(individual(Scheme.RSA).certificate_der, -1), GOOD, False,
    ),
    "another root": (
        lambda: FOREIGN.issue(INDIVIDUAL, not_before=ISSUED_AT).certificate_der, GOOD, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
def test_openssl_verify_agrees(tmp_path: Path, name: str) -> None:
    make, world, expected = CERTIFICATES[name]
    world.write(tmp_path)
    der = make()
    write_pem(tmp_path / "leaf.pem", der)
    done = openssl(
        "verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "-CRLfile", "lists.pem",
        "-crl_check_all", *AT, "leaf.pem",
        folder=tmp_path,
    )  # fmt: skip
    assert (done.returncode == 0) is expected, done.stdout
    try:
        codes = check_certificate(der, (), world.trust(), NOW).codes
    except BrokenCertificate:
        codes = ("unreadable",)
    assert (codes == ()) is expected, codes


# OCSP


def answer(status: object, **more: object) -> bytes:
    made: bytes = RSA.ocsp_response(individual(Scheme.RSA), status, **{"now": NOW, **more})
    return made


OCSP: dict[str, tuple[Callable[[], bytes], str]] = {
    "good": (lambda: answer("good"), "good"),
    "by the authority itself": (lambda: answer("good", responder=RSA.issuing), "good"),
    "revoked": (lambda: answer(Revocation(at=NOW - DAY)), "revoked"),
    "unknown": (lambda: answer("unknown"), "unknown"),
    "by a person": (lambda: answer("good", responder=head(Scheme.RSA)), "unknown"),
    "by another authority": (lambda: answer("good", responder=FOREIGN.ocsp_responder), "unknown"),
    "changed": (
        lambda: flipped(answer("good"), answer("good").index(b"RESPONDER") + 99), "unknown",
    ),
    "about another": (
        lambda: RSA.ocsp_response(head(Scheme.RSA), "good", now=NOW), "unknown",
    ),
    "out of date": (lambda: answer("good", now=NOW - 2 * DAY), "unknown"),
    "not yet made": (lambda: answer("good", now=NOW + DAY), "unknown"),
    "no answer": (lambda: b"\x30\x03\x0a\x01\x06", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", OCSP)
def test_openssl_ocsp_agrees(tmp_path: Path, name: str) -> None:
    make, expected = OCSP[name]
    response = make()
    GOOD.write(tmp_path)
    assert openssl_hears(tmp_path, response) == expected
    leaf = individual(Scheme.RSA)
    try:
        responses = (read_ocsp(response),)
    except BrokenOcsp:
        responses = ()
    found = check_revocation(
        read_certificate(leaf.certificate_der),
        read_certificate(leaf.chain[0]),
        Evidence(responses=responses),
        at=NOW,
        now=NOW,
    )
    assert found.state == expected


def openssl_hears(folder: Path, response: bytes) -> str:
    """The state openssl reads, "unknown" unless the response is verified and timely.

    It compares dates with the real clock whatever moment it is told, so they are read from what
    it prints.
    """
    write_pem(folder / "leaf.pem", individual(Scheme.RSA).certificate_der)
    (folder / "response.der").write_bytes(response)
    done = openssl(
        "ocsp", "-respin", "response.der", "-issuer", "issuing.pem", "-sha256",
        "-cert", "leaf.pem", "-CAfile", "root.pem", "-verify_other", "issuing.pem", *AT,
        "-validity_period", "9999999999",
        folder=folder,
    )  # fmt: skip
    said = dict(line.strip().split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    if "Response verify OK" not in done.stdout or "This Update" not in said:
        return "unknown"
    is_timely = printed(said["This Update"]) <= NOW <= printed(said["Next Update"])
    return said["leaf.pem"] if is_timely else "unknown"


def printed(moment: str) -> datetime:
    return datetime.strptime(f"{moment}+0000", "%b %d %H:%M:%S %Y GMT%z")


# Time-stamps


def token(of: Hierarchy = RSA, **more: object) -> bytes:
    made: bytes = of.timestamp(hashlib.sha256(CONTENT).digest(), **{"now": NOW, **more})
    return made


def by_a_person() -> bytes:
    person = individual(Scheme.RSA)
    return token(Hierarchy(
        scheme=Scheme.RSA, root=RSA.root, issuing=RSA.issuing,
        ocsp_responder=RSA.ocsp_responder, tsa=person,
    ))  # fmt: skip


TOKENS: dict[str, tuple[Callable[[], bytes], World, bytes, bool]] = {
    "good": (token, GOOD, CONTENT, True),
    "over other bytes": (token, GOOD, CONTENT[1:], False),
    "signature changed": (lambda: flipped(token(), -1), GOOD, CONTENT, False),
    "moment changed": (
        lambda: token().replace(b"20261121100000Z", b"20261121090000Z"), GOOD, CONTENT, False,
    ),
    "another root": (lambda: token(FOREIGN), GOOD, CONTENT, False),
    "by a person": (by_a_person, GOOD, CONTENT, False),
    "authority revoked": (token, revoking(RSA.tsa), CONTENT, False),
    "no token": (signature, GOOD, CONTENT, False),
}  # fmt: skip


@pytest.mark.parametrize("name", TOKENS)
def test_openssl_ts_agrees(tmp_path: Path, name: str) -> None:
    make, world, stamped, expected = TOKENS[name]
    world.write(tmp_path)
    (tmp_path / "token.der").write_bytes(make())
    (tmp_path / "content").write_bytes(stamped)
    done = openssl(
        "ts", "-verify", "-token_in", "-in", "token.der", "-data", "content",
        "-CAfile", "store.pem", "-untrusted", "issuing.pem", "-crl_check_all", *AT,
        folder=tmp_path,
    )  # fmt: skip
    assert (done.returncode == 0) is expected, done.stdout
    assert we_believe(make(), stamped, world) is expected


def we_believe(made: bytes, stamped: bytes, world: World) -> bool:
    try:
        stamp = read_stamp(made, stamped)
    except BrokenStamp:
        return False
    found = check_certificate(
        stamp.certificate.der, stamp.certificates, world.trust(), stamp.moment,
        policy=RevocationPolicy(),
    )  # fmt: skip
    return not found.codes


# Lists


def test_openssl_agrees_on_every_changed_part_of_a_list(tmp_path: Path) -> None:
    GOOD.write(tmp_path)
    listed = RSA.crl({individual(Scheme.RSA).serial: Revocation(at=NOW - DAY)}, now=NOW)
    issuer = read_certificate(RSA.issuing.certificate_der)
    for place in [None, *range(4, len(listed), 31)]:
        changed = listed if place is None else flipped(listed, place)
        (tmp_path / "list.crl").write_bytes(changed)
        done = openssl(
            "crl", "-inform", "DER", "-in", "list.crl", "-noout", "-CAfile", "issuing.pem",
            folder=tmp_path,
        )  # fmt: skip
        theirs = "verify OK" in done.stdout
        try:
            found = check_revocation(
                read_certificate(individual(Scheme.RSA).certificate_der), issuer,
                Evidence(crls=(read_crl(as_der(changed)),)), at=NOW, now=NOW,
            )  # fmt: skip
            ours = found.state == "revoked"
        except (Asn1Error, ValueError):
            ours = False
        assert ours is theirs is (place is None), place


# PDF


def test_pdfsig_agrees_on_good_and_changed_files(
    sealed: bytes, trust: TrustStore, tmp_path: Path
) -> None:
    span = find_span(sealed)
    assert span is not None
    cases = {"as it was sealed": sealed, "something added": sealed + b"\n% more\n"}
    signed = [*range(1200, span.gap_start, 4001), span.gap_end + 40]
    for place in [*signed, span.gap_end - 20]:
        cases[f"changed at {place}"] = flipped(sealed, place)
    for name, content in cases.items():
        file = tmp_path / "file.pdf"
        file.write_bytes(content)
        said = subprocess.run(["pdfsig", file], capture_output=True, text=True, check=False).stdout
        theirs = "Signature is Valid" in said and "Total document signed" in said
        ours = check_pdf(content=content, trust=trust, now=SEALED_AT).verdict == "intact"
        assert ours is theirs is (name == "as it was sealed"), (name, said)
