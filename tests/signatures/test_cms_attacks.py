"""Signatures by our own authority: what verifies, and every way to spoil them."""

from datetime import timedelta

import pytest
from asn1crypto import cms, core

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.cms import MESSAGE_DIGEST, read_cms
from kualik.signatures.adapters.test_authority import Scheme, make_hierarchy, sign_cms
from kualik.signatures.services.cms_verification import verify_cms
from tests.signatures.authorities import (
    HEAD,
    ISSUED_AT,
    NOW,
    authentication,
    authority,
    expired,
    head,
    individual,
    system,
)
from tests.signatures.verification import (
    CONTENT,
    FAST,
    SIGNED_AT,
    codes,
    flipped,
    only,
    sample,
    signed,
    trust,
    verified,
)

ALL = list(Scheme)


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize("detached", [False, True])
def test_a_signature_verifies_and_names_its_signer(scheme: Scheme, detached: bool) -> None:
    file = signed([head(scheme)], detached=detached)
    found = verified(file, trust(scheme), document=CONTENT)
    signer = only(found)
    assert found.status == "valid", codes(found)
    assert found.is_attached is not detached
    assert found.content == (None if detached else CONTENT)
    assert signer.person == "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ"
    assert signer.iin == "900101300019"
    assert signer.bin == "990140000015"
    assert signer.organisation == "«ДЕМО» МЕДИЦИНА УНИВЕРСИТЕТІ"
    assert signer.roles == ("legal_entity", "first_head")
    assert (signer.signed_at, signer.signed_at_source) == (SIGNED_AT, "stated")
    assert signer.is_valid_now
    assert codes(signer) == {"time_is_stated"}


def test_signers_of_different_algorithms_stand_side_by_side() -> None:
    leaves = [individual(Scheme.RSA), head(Scheme.GOST512), system(Scheme.GOST256)]
    found = verified(signed(leaves), trust(*ALL))
    assert found.status == "valid", codes(found)
    by_algorithm = {signer.algorithm: signer for signer in found.signers}
    assert set(by_algorithm) == {"RSA-SHA256", "GOST3410-2015-512", "GOST3410-2015-256"}
    of_system = by_algorithm["GOST3410-2015-256"]
    assert of_system.roles == ("legal_entity", "information_system")
    assert (of_system.iin, of_system.bin) == ("", "990140000015")
    one_root = verified(signed(leaves), trust(Scheme.RSA))
    assert {signer.algorithm: signer.status for signer in one_root.signers} == {
        "RSA-SHA256": "valid",
        "GOST3410-2015-512": "invalid",
        "GOST3410-2015-256": "invalid",
    }
    assert one_root.status == "invalid"


@pytest.mark.parametrize(
    "dress",
    [{"named_by_key": True}, {"with_signing_certificate": False}, {"with_attributes": False},
     {"with_chain": True}],
)  # fmt: skip
def test_other_lawful_forms_verify(dress: dict[str, bool]) -> None:
    found = verified(signed([individual(Scheme.RSA)], **dress), trust(Scheme.RSA))
    assert found.status == "valid", codes(found)


@pytest.mark.parametrize("scheme", FAST)
def test_a_time_stamp_proves_the_time(scheme: Scheme) -> None:
    stamped_at = NOW - timedelta(hours=1)
    file = sign_cms(
        leaves=[individual(scheme)],
        content=CONTENT,
        detached=False,
        signing_time=SIGNED_AT,
        timestamp=authority(scheme).stamper(now=stamped_at),
    )
    signer = only(verified(file, trust(scheme)))
    assert (signer.signed_at, signer.signed_at_source) == (stamped_at, "timestamp")
    assert signer.status == "valid"
    assert codes(signer) == set()
    untrusted = only(verified(file, trust(Scheme.GOST256)))
    assert untrusted.signed_at_source == "stated"
    assert "timestamp_untrusted" in codes(untrusted)


def test_a_time_stamp_of_another_signature_is_refused() -> None:
    token = authority(Scheme.RSA).stamper(now=NOW)(b"another signature")
    file = sign_cms(
        leaves=[individual(Scheme.RSA)],
        content=CONTENT,
        detached=False,
        timestamp=lambda _signature: token,
    )
    found = verified(file, trust(Scheme.RSA))
    assert found.status == "invalid"
    assert "timestamp_differs" in codes(found)


def test_a_changed_time_stamp_is_refused() -> None:
    file = sign_cms(
        leaves=[individual(Scheme.RSA)],
        content=CONTENT,
        detached=False,
        timestamp=authority(Scheme.RSA).stamper(now=NOW),
    )
    assert verified(file, trust(Scheme.RSA)).status == "valid"
    broken = verified(flipped(file, len(file) - 1), trust(Scheme.RSA))
    assert broken.status == "invalid"
    assert "timestamp_broken" in codes(broken)


@pytest.mark.parametrize("scheme", FAST)
def test_swapped_content_is_refused(scheme: Scheme) -> None:
    detached = signed([individual(scheme)], detached=True)
    assert "content_changed" in codes(verified(detached, trust(scheme), document=b"another"))
    missing = verified(detached, trust(scheme))
    assert (missing.status, "content_missing" in codes(missing)) == ("indeterminate", True)
    differs = verified(sample(scheme), trust(scheme), document=b"another")
    assert {"content_differs", "content_changed"} <= codes(differs)


def rebuilt(file: bytes, attributes: cms.CMSAttributes | list[cms.CMSAttribute]) -> bytes:
    """The file with other signed attributes in the order given, which asn1crypto would sort."""
    info = cms.ContentInfo.load(file)
    signer = info["content"]["signer_infos"][0]
    old = signer["signed_attrs"].dump()
    inner = b"".join(attribute.dump() for attribute in attributes)
    header = len(old) - len(signer["signed_attrs"].contents)
    assert len(inner) == len(signer["signed_attrs"].contents)
    return file.replace(old, old[:header] + inner)


@pytest.mark.parametrize("scheme", FAST)
def test_reordered_attributes_are_refused(scheme: Scheme) -> None:
    info = cms.ContentInfo.load(sample(scheme))
    attributes = list(info["content"]["signer_infos"][0]["signed_attrs"])
    found = verified(rebuilt(sample(scheme), attributes[::-1]), trust(scheme))
    assert found.status == "invalid"
    assert "attributes_reordered" in codes(found)


@pytest.mark.parametrize("scheme", FAST)
def test_foreign_attributes_are_refused(scheme: Scheme) -> None:
    other = cms.ContentInfo.load(signed([individual(scheme)], content=b"another content"))
    foreign = list(other["content"]["signer_infos"][0]["signed_attrs"])
    found = verified(rebuilt(sample(scheme), foreign), trust(scheme))
    assert found.status == "invalid"
    assert {"content_changed", "signature_broken"} <= codes(found)


def test_attributes_without_a_digest_are_refused() -> None:
    leaf = individual(Scheme.RSA)
    info = cms.ContentInfo.load(sample(Scheme.RSA))
    signer = info["content"]["signer_infos"][0]
    kept = [item for item in signer["signed_attrs"] if item["type"].dotted != MESSAGE_DIGEST]
    signer["signed_attrs"] = cms.CMSAttributes(kept)
    signer["signature"] = leaf.key.sign(signer["signed_attrs"].untag().dump())
    found = verified(info.dump(force=True), trust(Scheme.RSA))
    assert found.status == "invalid"
    assert "attributes_broken" in codes(found)


def test_attributes_are_no_document() -> None:
    """The signed attributes of one signature, offered as the document of another without any."""
    victim = cms.ContentInfo.load(sample(Scheme.RSA))
    signer = victim["content"]["signer_infos"][0]
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    forged = cms.ContentInfo.load(
        signed([individual(Scheme.RSA)], content=attributes, with_attributes=False)
    )
    forged["content"]["signer_infos"][0]["signature"] = signer["signature"].native
    found = verified(forged.dump(force=True), trust(Scheme.RSA))
    assert found.status == "invalid"
    assert "attributes_broken" in codes(found)


@pytest.mark.parametrize("scheme", FAST)
def test_a_swapped_certificate_is_refused(scheme: Scheme) -> None:
    """Another certificate for the same key: the signature alone would hold."""
    leaf = individual(scheme)
    hierarchy = authority(scheme)
    twin = hierarchy.issue(HEAD, not_before=ISSUED_AT, key=leaf.key, serial=leaf.serial)
    info = cms.ContentInfo.load(sample(scheme))
    info["content"]["certificates"] = [
        cms.CertificateChoices(name="certificate", value=twin.certificate)
    ]
    found = verified(info.dump(force=True), trust(scheme))
    assert found.status == "invalid"
    assert codes(found) >= {"signing_certificate_differs"}
    assert "signature_broken" not in codes(found)


def test_a_missing_certificate_leaves_the_question_open() -> None:
    info = cms.ContentInfo.load(sample(Scheme.RSA))
    info["content"]["certificates"] = []
    found = verified(info.dump(force=True), trust(Scheme.RSA))
    assert found.status == "indeterminate"
    assert "certificate_missing" in codes(found)
    assert only(found).person == ""


@pytest.mark.parametrize("scheme", FAST)
def test_a_foreign_authority_of_the_same_name_is_refused(scheme: Scheme) -> None:
    foreign = make_hierarchy(scheme=scheme, now=NOW)
    leaf = foreign.issue(HEAD, not_before=ISSUED_AT)
    found = verified(signed([leaf], with_chain=True), trust(scheme))
    assert found.status == "invalid"
    assert "certificate_not_trusted" in codes(found)


def test_keys_for_logging_in_sign_no_documents() -> None:
    file = signed([authentication(Scheme.RSA)])
    found = verified(file, trust(Scheme.RSA))
    assert found.status == "invalid"
    assert "key_for_authentication" in codes(found)
    login = verify_cms(
        signature=file, document=None, trust=trust(Scheme.RSA), at=None, now=NOW, purpose="login"
    )
    assert login.status == "valid"


def test_an_expired_key_is_refused_and_one_that_expired_since_is_not() -> None:
    late = signed([expired(Scheme.RSA)])
    found = verified(late, trust(Scheme.RSA))
    assert "certificate_expired" in codes(found)
    assert found.status == "invalid"
    early = signed([expired(Scheme.RSA)], signing_time=NOW - timedelta(days=100))
    since = verify_cms(
        signature=early,
        document=None,
        trust=trust(Scheme.RSA),
        at=None,
        now=NOW,
        is_revocation_required=False,
    )
    assert since.status == "valid"
    assert "certificate_expired_since" in codes(since)
    assert only(since).is_valid_now is False
    too_early = signed([individual(Scheme.RSA)], signing_time=ISSUED_AT - timedelta(days=1))
    assert "certificate_not_yet_valid" in codes(verified(too_early, trust(Scheme.RSA)))


def test_a_time_that_has_not_come_is_not_believed() -> None:
    found = verified(
        signed([individual(Scheme.RSA)], signing_time=NOW + timedelta(hours=1)), trust(Scheme.RSA)
    )
    assert found.status == "indeterminate"
    assert "signed_in_future" in codes(found)


def test_without_any_time_the_given_moment_counts() -> None:
    file = signed([expired(Scheme.RSA)], signing_time=None)
    found = verified(file, trust(Scheme.RSA))
    assert only(found).signed_at is None
    assert only(found).signed_at_source == "none"
    assert {"certificate_expired", "time_unknown"} <= codes(found)
    at = NOW - timedelta(days=100)
    assert "certificate_expired" not in codes(verified(file, trust(Scheme.RSA), at=at))


def test_nobody_signed_is_not_valid() -> None:
    found = verified(signed([]), trust(Scheme.RSA))
    assert (found.status, found.signers) == ("invalid", ())
    assert codes(found) == {"no_signers"}


@pytest.mark.parametrize("scheme", FAST)
def test_no_changed_byte_of_our_own_signature_verifies(scheme: Scheme) -> None:
    whole = sample(scheme)
    for position in range(0, len(whole), 11 if scheme is Scheme.RSA else 97):
        try:
            found = verified(flipped(whole, position), trust(scheme))
        except RuleViolation:
            continue
        assert found.status != "valid", position


def test_weak_and_unknown_algorithms_are_not_believed() -> None:
    info = cms.ContentInfo.load(sample(Scheme.RSA))
    signer = info["content"]["signer_infos"][0]
    signer["digest_algorithm"] = {"algorithm": "sha1"}
    info["content"]["digest_algorithms"] = [{"algorithm": "sha1"}]
    found = verified(info.dump(force=True), trust(Scheme.RSA))
    assert found.status != "valid"
    assert "algorithm_unsupported" in codes(found)


def test_the_reader_keeps_the_bytes_of_the_attributes() -> None:
    signer = read_cms(sample(Scheme.GOST512)).signers[0]
    assert signer.signed_bytes is not None
    assert (
        individual(Scheme.GOST512).key.suite.digest(CONTENT)
        == core.OctetString.load(signer.signed[MESSAGE_DIGEST][0]).native
    )
