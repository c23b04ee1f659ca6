"""From a certificate to a root: trust directories, paths, and what breaks them."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import keys, pem, x509

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
from kualik.signatures.adapters.chain import ChainAnswer, RevocationPolicy, check_certificate
from kualik.signatures.adapters.test_authority import Leaf, Role, Scheme, Subject, make_hierarchy
from kualik.signatures.adapters.test_authority.certificates import (
    AUTHORITY_USAGE,
    Content,
    certify,
)
from kualik.signatures.adapters.test_authority.schemes import new_key
from kualik.signatures.adapters.trust import TrustDirectory, TrustError, open_trust, trust_of
from kualik.signatures.services.trusting import trust_in
from kualik.signatures.services.verdicts import Reason, roles_of
from tests.signatures.authorities import HEAD, ISSUED_AT, NOW, authority, head, individual
from tests.signatures.verification import FIXTURES, flipped, kept_der, kept_trust, trust

UNASKED = RevocationPolicy(is_required=False)


def answer(
    leaf: bytes, believed: TrustDirectory, *, at: datetime = NOW, help_from: tuple[bytes, ...] = ()
) -> ChainAnswer:
    return check_certificate(leaf, help_from, believed, at, policy=UNASKED)


def make(
    name: str,
    *,
    issuer: Leaf | None,
    is_authority: bool = True,
    usage: frozenset[str] | None = None,
    scheme: Scheme = Scheme.RSA,
) -> Leaf:
    content = Content(
        name=Subject(common_name=name).name(),
        not_before=ISSUED_AT,
        not_after=NOW + timedelta(days=300),
        usage=AUTHORITY_USAGE if usage is None else usage,
        is_authority=is_authority,
    )
    return certify(new_key(scheme), content, issuer=issuer)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_leaf_leads_over_the_issuing_authority_to_the_root(scheme: Scheme) -> None:
    found = answer(individual(scheme).certificate_der, trust(scheme))
    assert found.is_trusted
    assert found.codes == ()
    assert [step.der for step in found.path[1:]] == list(individual(scheme).chain)


def test_authorities_may_come_with_the_signature_but_roots_may_not() -> None:
    hierarchy = authority(Scheme.RSA)
    root_only = trust_of([hierarchy.root.certificate_der])
    leaf = individual(Scheme.RSA)
    assert not answer(leaf.certificate_der, root_only).is_trusted
    assert answer(leaf.certificate_der, root_only, help_from=leaf.chain).is_trusted
    nobody = answer(leaf.certificate_der, TrustDirectory(), help_from=leaf.chain)
    assert nobody.codes == ("certificate_not_trusted",)


def test_a_root_of_the_same_name_with_another_key_is_not_the_root() -> None:
    foreign = make_hierarchy(scheme=Scheme.RSA, now=NOW)
    found = answer(
        individual(Scheme.RSA).certificate_der,
        trust_of([foreign.root.certificate_der, authority(Scheme.RSA).issuing.certificate_der]),
    )
    assert found.codes == ("certificate_not_trusted",)


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_a_forged_certificate_is_refused(scheme: Scheme) -> None:
    der = individual(scheme).certificate_der
    found = answer(flipped(der, len(der) - 1), trust(scheme))
    assert found.codes == ("certificate_forged",)


def test_a_person_issues_no_certificates() -> None:
    person = head(Scheme.RSA)
    content = Content(
        name=HEAD.name(), not_before=ISSUED_AT, not_after=NOW + timedelta(days=1), usage=frozenset()
    )
    forged = certify(new_key(Scheme.RSA), content, issuer=person)
    found = answer(
        forged.certificate_der, trust(Scheme.RSA), help_from=(person.certificate_der, *person.chain)
    )
    assert found.codes == ("authority_not_allowed",)


def test_an_authority_without_the_right_to_certify_issues_nothing() -> None:
    root = make("ROOT", issuer=None)
    middle = make("MIDDLE", issuer=root, usage=frozenset({"crl_sign"}))
    leaf = make("LEAF", issuer=middle, is_authority=False, usage=frozenset({"digital_signature"}))
    found = answer(leaf.certificate_der, trust_of([root.certificate_der, middle.certificate_der]))
    assert found.codes == ("authority_not_allowed",)


def test_long_and_circular_paths_end() -> None:
    root = make("ROOT", issuer=None)
    steps = [root]
    for number in range(9):
        steps.append(make(f"STEP {number}", issuer=steps[-1]))
    found = answer(
        steps[-1].certificate_der,
        trust_of([root.certificate_der]),
        help_from=tuple(step.certificate_der for step in steps),
    )
    assert not found.is_trusted
    assert answer(
        steps[3].certificate_der,
        trust_of([root.certificate_der]),
        help_from=tuple(step.certificate_der for step in steps),
    ).is_trusted


def test_dates_are_judged_at_the_moment_asked_about() -> None:
    leaf = individual(Scheme.RSA).certificate_der
    early = answer(leaf, trust(Scheme.RSA), at=ISSUED_AT - timedelta(seconds=1))
    assert "certificate_not_yet_valid" in early.codes
    late = answer(leaf, trust(Scheme.RSA), at=ISSUED_AT + timedelta(days=366))
    assert "certificate_expired" in late.codes
    dead = answer(leaf, trust(Scheme.RSA), at=datetime(2090, 1, 1, tzinfo=UTC))
    assert dead.codes == ("authority_not_valid", "certificate_expired")


def test_pins_leave_only_the_named_roots() -> None:
    ders = [
        authority(Scheme.RSA).root.certificate_der,
        authority(Scheme.GOST512).root.certificate_der,
    ]
    pin = hashlib.sha256(ders[0]).hexdigest()
    assert [anchor.der for anchor in trust_of(ders, pins={pin}).anchors] == [ders[0]]
    assert trust_of(ders, pins=()).anchors == ()


def test_an_authority_without_its_root_is_believed_only_where_no_root_was_meant() -> None:
    gost = authority(Scheme.GOST512)
    issuing = authority(Scheme.RSA).issuing.certificate_der
    alone = trust_of([issuing, gost.root.certificate_der])
    found = answer(individual(Scheme.RSA).certificate_der, alone)
    assert found.is_trusted
    assert "root_not_in_trust" in found.codes
    only_it = trust_of([issuing])
    assert answer(individual(Scheme.RSA).certificate_der, only_it).is_trusted
    for scheme in (Scheme.RSA, Scheme.GOST512):
        other = make("OTHER ROOT", issuer=None, scheme=scheme).certificate_der
        for ders in ([issuing, other], [issuing, other, gost.root.certificate_der]):
            meant = answer(individual(Scheme.RSA).certificate_der, trust_of(ders))
            assert meant.codes == ("certificate_not_trusted",)


def by_algorithm(leaf: Leaf, name: str) -> bytes:
    """The certificate as if it were signed by another algorithm."""
    body = leaf.certificate["tbs_certificate"]
    body["signature"] = {"algorithm": name}
    made = x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": {"algorithm": name},
            "signature_value": authority(Scheme.RSA).issuing.key.sign(body.dump(force=True)),
        }
    )
    der: bytes = made.dump(force=True)
    return der


@pytest.mark.parametrize("name", ["sha1_rsa", "ed25519"])
def test_an_algorithm_that_is_not_supported_is_no_forgery(name: str) -> None:
    found = answer(by_algorithm(individual(Scheme.RSA), name), trust(Scheme.RSA))
    assert found.codes == ("certificate_algorithm_unsupported",)
    assert not found.is_trusted
    assert Reason("certificate_algorithm_unsupported").kind == "indeterminate"


@pytest.mark.parametrize("name", ["sha1_rsa", "ed25519"])
def test_nobody_relies_on_the_signature_of_a_root(name: str) -> None:
    hierarchy = authority(Scheme.RSA)
    root = by_algorithm(hierarchy.root, name)
    found = answer(
        individual(Scheme.RSA).certificate_der,
        trust_of([root, hierarchy.issuing.certificate_der]),
    )
    assert (found.is_trusted, found.path[-1].der) == (True, root)


def test_a_directory_holds_all_forms_and_ignores_the_rest(tmp_path: Path) -> None:
    hierarchy = authority(Scheme.RSA)
    leaf = individual(Scheme.RSA)
    both = b"".join(
        pem.armor("CERTIFICATE", found.certificate_der)
        for found in (hierarchy.root, hierarchy.issuing)
    )
    (tmp_path / "ca.pem").write_bytes(b"# the authorities\n" + both)
    (tmp_path / "list.crl").write_bytes(hierarchy.crl({}, now=NOW))
    (tmp_path / "answer.der").write_bytes(hierarchy.ocsp_response(leaf, "good", now=NOW))
    (tmp_path / "README.md").write_text("nothing")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "leaf.cer").write_bytes(leaf.certificate_der)
    opened = open_trust(tmp_path)
    assert [anchor.der for anchor in opened.anchors] == [hierarchy.root.certificate_der]
    assert [found.der for found in opened.authorities] == [hierarchy.issuing.certificate_der]
    assert (len(opened.evidence.crls), len(opened.evidence.responses)) == (1, 1)


def test_a_directory_without_a_root_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(TrustError):
        open_trust(tmp_path)
    with pytest.raises(RuleViolation, match="trust_unreadable"):
        trust_in(tmp_path / "absent")
    assert trust_in(None) == TrustDirectory()


@pytest.mark.parametrize("folder", ["kz-gost2015", "kz-rsa", "kz-gost2004"])
def test_the_national_folders_open_as_they_are(folder: str) -> None:
    opened = kept_trust(folder)
    assert len(opened.anchors) == 1
    assert len(opened.evidence.crls) == len(list((FIXTURES / folder).glob("*.crl")))


def test_the_national_chain_leads_to_the_root() -> None:
    found = answer(
        kept_der("kz-gost2015/individual_signer.cer"),
        kept_trust("kz-gost2015"),
        at=datetime(2026, 7, 21, tzinfo=UTC),
    )
    assert found.is_trusted
    assert len(found.path) == 3


def test_an_unknown_critical_extension_is_a_limit_nobody_may_ignore() -> None:
    leaf = individual(Scheme.RSA)
    body = leaf.certificate["tbs_certificate"]
    body["extensions"].append(
        {"extn_id": "1.2.398.9.9", "critical": True, "extn_value": b"\x05\x00"}
    )
    issuer = authority(Scheme.RSA).issuing
    made = x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": leaf.certificate["signature_algorithm"],
            "signature_value": issuer.key.sign(body.dump(force=True)),
        }
    )
    found = answer(made.dump(force=True), trust(Scheme.RSA))
    assert found.codes == ("certificate_extension_unknown",)


def test_what_is_no_certificate_is_refused() -> None:
    der = individual(Scheme.RSA).certificate_der
    for broken in (b"", b"\x30\x00", der[:-1], der + b"\x00", b"\x30" * 100_000):
        with pytest.raises(BrokenCertificate):
            read_certificate(broken)


def test_roles_and_numbers_come_from_the_certificate() -> None:
    hierarchy = authority(Scheme.RSA)
    system = hierarchy.issue(
        Subject(common_name="ЖҮЙЕ", organisation="ДЕМО", bin="990140000015"),
        not_before=ISSUED_AT,
        roles=(Role.LEGAL_ENTITY, "1.2.398.3.3.4.1.2.6.1", "1.2.3.4"),
    )
    read = read_certificate(system.certificate_der)
    assert roles_of(read) == ("legal_entity", "information_system")
    assert (read.iin, read.bin, read.person) == ("", "990140000015", "ЖҮЙЕ")
    odd = replace(read, subject={"2.5.4.5": ("IIN12345678901", "BIN990140000015")})
    assert (odd.iin, odd.bin) == ("", "990140000015")


def test_a_gost_key_off_the_curve_verifies_nothing() -> None:
    leaf = individual(Scheme.GOST512)
    issuing = authority(Scheme.GOST512).issuing
    spki = read_certificate(issuing.certificate_der).spki_der
    assert keys.PublicKeyInfo.load(spki).dump() == spki
    broken = issuing.certificate_der.replace(spki, flipped(spki, len(spki) - 1))
    believed = trust_of([broken], pins={hashlib.sha256(broken).hexdigest()})
    assert answer(leaf.certificate_der, believed).codes == ("certificate_forged",)
