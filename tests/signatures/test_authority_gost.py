"""What the test authority makes by GOST verifies by its bytes alone, and looks like the NCA's."""

import hashlib

import pytest
from asn1crypto import cms, core, crl, ocsp, tsp
from cryptography import x509 as other_x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as other_ocsp

from kualik.signatures.adapters.gost import digest_for, read_public_key
from kualik.signatures.adapters.test_authority import (
    Leaf,
    Revocation,
    Scheme,
    sign_cms,
)
from tests.signatures.authorities import NOW, authority, head, individual, system

GOST = [Scheme.GOST512, Scheme.GOST256]
CONTENT = b"content"
KEY_INFO = 6


def verifies(certificate_der: bytes, signed: bytes, signature: bytes, oid: str) -> bool:
    """Whether the key of the certificate signed the bytes, by the algorithm's identifier."""
    key_info = core.Sequence.load(certificate_der)[0][KEY_INFO].dump()
    return read_public_key(key_info).verify(digest_for(oid, signed), signature)


@pytest.mark.parametrize("scheme", GOST)
def test_certificates_verify_up_to_the_root(scheme: Scheme) -> None:
    hierarchy = authority(scheme)
    for leaf in (individual(scheme), head(scheme), hierarchy.ocsp_responder, hierarchy.tsa):
        links = (leaf.certificate_der, *leaf.chain, hierarchy.root.certificate_der)
        assert len(links) == 4
        for below, above in zip(links, links[1:], strict=False):
            read = other_x509.load_der_x509_certificate(below)
            oid = read.signature_algorithm_oid.dotted_string
            assert oid == hierarchy.root.key.suite.signature_oid
            assert verifies(above, read.tbs_certificate_bytes, read.signature, oid)
            altered = read.tbs_certificate_bytes[:-1] + b"\x00"
            assert not verifies(above, altered, read.signature, oid)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_subjects_hold_what_the_national_ones_hold(scheme: Scheme) -> None:
    person = individual(scheme).certificate.subject
    assert [pair[0]["type"].native for pair in person.chosen] == [
        "common_name", "surname", "serial_number", "country_name", "given_name",
    ]  # fmt: skip
    assert person.native == {
        "common_name": "ТЕСТОВА АЙГҮЛ",
        "surname": "ТЕСТОВА",
        "serial_number": "IIN840805414770",
        "country_name": "KZ",
        "given_name": "СЕРІКҚЫЗЫ",
    }
    assert head(scheme).certificate.subject.native["organizational_unit_name"] == "BIN990140000015"
    assert "serial_number" not in system(scheme).certificate.subject.native


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (Scheme.RSA, {"digital_signature", "non_repudiation"}),
        (Scheme.GOST512, {"digital_signature", "non_repudiation", "key_agreement"}),
    ],
)
def test_usages_are_those_of_a_signing_key(scheme: Scheme, expected: set[str]) -> None:
    certificate = head(scheme).certificate
    assert certificate.key_usage_value.native == expected
    assert [usage.dotted for usage in certificate.extended_key_usage_value] == [
        "1.3.6.1.5.5.7.3.4", "1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", GOST)
@pytest.mark.parametrize("delta", [False, True])
def test_lists_verify(scheme: Scheme, delta: bool) -> None:
    hierarchy, leaf = authority(scheme), individual(scheme)
    listed = hierarchy.crl({leaf.serial: Revocation(at=NOW)}, now=NOW, delta=delta)
    read = crl.CertificateList.load(listed, strict=True)
    body = read["tbs_cert_list"]
    oid = read["signature_algorithm"]["algorithm"].dotted
    issuing = hierarchy.issuing.certificate_der
    assert verifies(issuing, body.dump(), read["signature"].native, oid)
    (entry,) = body["revoked_certificates"]
    assert entry["user_certificate"].native == leaf.serial
    assert body["crl_extensions"][1]["extn_value"].parsed.native == 1 + delta


@pytest.mark.parametrize("scheme", GOST)
def test_ocsp_responses_verify_by_the_responder_they_carry(scheme: Scheme) -> None:
    hierarchy, leaf = authority(scheme), individual(scheme)
    revocation = Revocation(at=NOW, reason="certificate_hold")
    response = hierarchy.ocsp_response(leaf, revocation, now=NOW, nonce=b"12345678")
    read = other_ocsp.load_der_ocsp_response(response)
    assert read.serial_number == leaf.serial
    assert read.revocation_reason is other_x509.ReasonFlags.certificate_hold
    (responder,) = read.certificates
    assert responder.public_bytes(Encoding.DER) == hierarchy.ocsp_responder.certificate_der
    basic = ocsp.OCSPResponse.load(response).basic_ocsp_response
    assert verifies(
        hierarchy.ocsp_responder.certificate_der,
        basic["tbs_response_data"].dump(),
        basic["signature"].native,
        basic["signature_algorithm"]["algorithm"].dotted,
    )


def assert_signed(leaf: Leaf, signer: cms.SignerInfo, content: bytes) -> None:
    """The signer's part holds together for ``content``, each check on the bytes."""
    suite = leaf.key.suite
    attributes = {
        attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]
    }
    assert attributes["message_digest"].native == suite.digest(content)
    (certified,) = attributes["signing_certificate_v2"]["certs"]
    assert certified["cert_hash"].native == hashlib.sha256(leaf.certificate_der).digest()
    signed = b"\x31" + signer["signed_attrs"].dump()[1:]
    oid = signer["signature_algorithm"]["algorithm"].dotted
    assert oid == suite.signature_oid
    signature = signer["signature"].native
    if suite.scheme is Scheme.RSA:
        assert leaf.key.sign(signed) == signature
    else:
        assert verifies(leaf.certificate_der, signed, signature, oid)


@pytest.mark.parametrize("detached", [False, True])
def test_signers_of_every_scheme_stand_side_by_side(detached: bool) -> None:
    leaves = [individual(Scheme.GOST512), head(Scheme.RSA), system(Scheme.GOST256)]
    container = sign_cms(leaves=leaves, content=CONTENT, detached=detached, signing_time=NOW)
    data = cms.ContentInfo.load(container, strict=True)["content"]
    assert (CONTENT in container) is not detached
    by_oid = {leaf.key.suite.signature_oid: leaf for leaf in leaves}
    assert len(data["signer_infos"]) == len(data["certificates"]) == 3
    for signer in data["signer_infos"]:
        assert_signed(by_oid[signer["signature_algorithm"]["algorithm"].dotted], signer, CONTENT)


def test_container_may_hold_no_signers_at_all() -> None:
    container = sign_cms(leaves=[], content=CONTENT, detached=False)
    data = cms.ContentInfo.load(container, strict=True)["content"]
    assert len(data["signer_infos"]) == 0


@pytest.mark.parametrize("scheme", GOST)
def test_time_stamp_stands_over_the_signature_value(scheme: Scheme) -> None:
    hierarchy = authority(scheme)
    container = sign_cms(
        leaves=[individual(scheme)],
        content=CONTENT,
        detached=True,
        signing_time=NOW,
        timestamp=hierarchy.stamper(now=NOW),
    )
    (signer,) = cms.ContentInfo.load(container)["content"]["signer_infos"]
    (attribute,) = signer["unsigned_attrs"]
    token = attribute["values"][0]["content"]
    stated = token["encap_content_info"]["content"]
    info = stated.parsed
    assert isinstance(info, tsp.TSTInfo)
    suite = hierarchy.tsa.key.suite
    assert info["message_imprint"]["hashed_message"].native == suite.digest(
        signer["signature"].native
    )
    assert info["policy"].native == "1.2.398.3.3.2.6.4"
    assert info["gen_time"].native == NOW
    (stamped,) = token["signer_infos"]
    assert_signed(hierarchy.tsa, stamped, stated.contents)


@pytest.mark.parametrize("scheme", GOST)
def test_keys_are_written_in_the_national_form(scheme: Scheme) -> None:
    public = individual(scheme).key.spki_der
    point = core.OctetString.load(core.Sequence.load(public)[1].contents[1:]).native
    assert len(point) == (128 if scheme is Scheme.GOST512 else 64)
