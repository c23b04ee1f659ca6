"""Signatures of the national test authority: verified, and refused after any change."""

from datetime import UTC, datetime

import pytest

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.algorithms import Content
from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.adapters.chain import check_certificate
from kualik.signatures.adapters.cms import MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, read_cms
from kualik.signatures.adapters.ocsp import read_ocsp
from kualik.signatures.adapters.revocation import Evidence, check_revocation
from kualik.signatures.adapters.signers import check_signer
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.verdicts import Verification
from tests.signatures.verification import (
    codes,
    flipped,
    kept,
    kept_der,
    kept_trust,
    only,
    verified,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
IN_2026 = datetime(2026, 7, 21, tzinfo=UTC)
IN_2021 = datetime(2021, 6, 1, tzinfo=UTC)
ATTACHED = "kz-gost2015/individual_attached.der"
DETACHED = "kz-gost2015/individual_detached.der"
DOCUMENT = "kz-gost2015/individual_document.txt"
RSA = "kz-rsa/rsa_attached.der"
# All that the samples cannot prove: their lists ended before they were signed, and the stamp's
# authority is the production one.
OPEN = {"revocation_stale", "time_is_stated", "timestamp_untrusted", "root_not_in_trust"}


def without_revocation(name: str, folder: str, at: datetime) -> Verification:
    return verify_cms(
        signature=kept(name),
        document=kept(DOCUMENT) if name == DETACHED else None,
        trust=kept_trust(folder),
        at=at,
        now=NOW,
        is_revocation_required=False,
    )


@pytest.mark.parametrize(
    ("name", "folder", "at", "algorithm"),
    [
        (ATTACHED, "kz-gost2015", IN_2026, "GOST3410-2015-512"),
        (DETACHED, "kz-gost2015", IN_2026, "GOST3410-2015-512"),
        (RSA, "kz-rsa", IN_2021, "RSA-SHA256"),
    ],
)
def test_every_signature_verifies_at_its_moment(
    name: str, folder: str, at: datetime, algorithm: str
) -> None:
    found = without_revocation(name, folder, at)
    signer = only(found)
    assert found.status == "valid"
    assert signer.person == "ТЕСТОВ ТЕСТ ТЕСТОВИЧ"
    assert signer.iin == "123456789011"
    assert signer.bin == signer.organisation == ""
    assert signer.roles == ("individual",)
    assert signer.algorithm == algorithm
    assert signer.signed_at_source == "stated"
    assert "revocation_skipped" in codes(signer)


@pytest.mark.parametrize(
    ("name", "folder", "at"),
    [(ATTACHED, "kz-gost2015", IN_2026), (RSA, "kz-rsa", IN_2021)],
)
def test_only_revocation_stays_open_with_the_lists_at_hand(
    name: str, folder: str, at: datetime
) -> None:
    found = verified(kept(name), kept_trust(folder), at=at, now=NOW)
    assert found.status == "indeterminate"
    assert "revocation_stale" in codes(found)
    assert codes(found) <= OPEN


def test_the_signature_of_2022_was_made_with_an_expired_certificate() -> None:
    found = verified(kept(RSA), kept_trust("kz-rsa"), now=NOW)
    assert found.status == "invalid"
    assert "certificate_expired" in codes(found)
    assert only(found).is_valid_now is False


def test_an_expired_certificate_is_told_from_one_expired_since() -> None:
    trust = kept_trust("kz-gost2015")
    in_2028 = datetime(2028, 1, 1, tzinfo=UTC)
    since = verified(kept(ATTACHED), trust, now=in_2028)
    assert "certificate_expired_since" in codes(since)
    assert "certificate_expired" not in codes(since)
    then = verified(kept(ATTACHED), trust, at=in_2028, now=in_2028)
    assert then.status == "invalid"
    assert "certificate_expired" in codes(then)


@pytest.mark.parametrize("folder", ["kz-rsa", "kz-gost2004"])
def test_foreign_roots_prove_nothing(folder: str) -> None:
    found = verified(kept(ATTACHED), kept_trust(folder), at=IN_2026, now=NOW)
    assert found.status == "invalid"
    assert "certificate_not_trusted" in codes(found)


def test_one_directory_serves_all_kinds_of_keys() -> None:
    trust = kept_trust("kz-gost2015", "kz-rsa", "kz-gost2004")
    for name, at in ((ATTACHED, IN_2026), (RSA, IN_2021)):
        found = verified(kept(name), trust, at=at, now=NOW)
        assert found.status == "indeterminate", codes(found)
    head = check_certificate(
        kept_der("kz-gost2004/ceo_valid_sign_2004_gost.cer"),
        (),
        trust,
        datetime(2022, 6, 1, tzinfo=UTC),
    )
    assert head.is_trusted
    assert head.certificate.bin == "123456789021"
    assert head.certificate.organisation == 'АО "ТЕСТ"'


@pytest.mark.parametrize(
    ("name", "folder", "at", "step"),
    [(ATTACHED, "kz-gost2015", IN_2026, 131), (RSA, "kz-rsa", IN_2021, 23)],
)
def test_no_changed_byte_verifies(name: str, folder: str, at: datetime, step: int) -> None:
    whole, trust = kept(name), kept_trust(folder)
    for position in range(0, len(whole), step):
        try:
            found = verify_cms(
                signature=flipped(whole, position),
                document=None,
                trust=trust,
                at=at,
                now=NOW,
                is_revocation_required=False,
            )
        except RuleViolation:
            continue
        assert found.status != "valid", position


@pytest.mark.parametrize("name", [ATTACHED, RSA])
def test_each_change_is_refused_with_its_reason(name: str) -> None:
    whole = kept(name)
    trust = kept_trust(name.split("/")[0])
    signed = read_cms(whole)
    signer = signed.signers[0]
    assert signed.content is not None

    def after(part: bytes) -> set[str]:
        return codes(verified(flipped(whole, whole.index(part) + len(part) - 1), trust, now=NOW))

    assert "content_changed" in after(signed.content)
    assert "signature_broken" in after(signer.signature)
    assert {"content_changed", "signature_broken"} <= after(signer.signed[MESSAGE_DIGEST][0])
    assert "certificate_forged" in after(read_certificate(signed.certificates[0]).signature)
    if SIGNING_CERTIFICATE_V2 in signer.signed:
        assert "signing_certificate_differs" in after(signer.signed[SIGNING_CERTIFICATE_V2][0])
    with pytest.raises(RuleViolation, match="signature_trailing_data"):
        verified(whole + b"\x00", trust, now=NOW)


def test_another_document_is_refused() -> None:
    trust = kept_trust("kz-gost2015")
    other = kept(DOCUMENT) + b"."
    assert "content_changed" in codes(verified(kept(DETACHED), trust, document=other, now=NOW))
    assert "content_differs" in codes(verified(kept(ATTACHED), trust, document=other, now=NOW))
    assert "content_missing" in codes(verified(kept(DETACHED), trust, now=NOW))


def test_the_archived_time_stamp_of_2022_is_sound() -> None:
    token = read_cms(kept("kz-gost2004/tsp_token.bin"))
    reading = check_signer(token, token.signers[0], Content(token.content or b""))
    assert reading.codes == ()
    assert reading.algorithm == "GOST34310-2004"
    assert reading.names_certificate


def test_the_responders_answer_revokes() -> None:
    response = read_ocsp(kept("kz-gost2015/ocsp_individual_revoked.der"))
    signer = read_certificate(kept_der("kz-gost2015/individual_signer.cer"))
    issuer = read_certificate(kept_der("kz-gost2015/nca_gost2022_test.cer"))
    (answer,) = response.answers
    # The answer is about another certificate of the same person, which is not at hand.
    asked = _renumbered(signer.der, signer.serial, answer.serial)
    found = check_revocation(
        read_certificate(asked),
        issuer,
        Evidence(responses=(response,)),
        at=IN_2026,
        now=NOW,
    )
    assert found.state == "revoked"
    forged = read_ocsp(flipped(kept("kz-gost2015/ocsp_individual_revoked.der"), 130))
    assert (
        check_revocation(
            read_certificate(asked), issuer, Evidence(responses=(forged,)), at=IN_2026, now=NOW
        ).code
        == "revocation_untrusted"
    )
    assert (
        check_revocation(signer, issuer, Evidence(responses=(response,)), at=IN_2026, now=NOW).code
        == "revocation_no_data"
    )


def _renumbered(der: bytes, old: int, new: int) -> bytes:
    length = (old.bit_length() + 7) // 8
    return der.replace(old.to_bytes(length, "big"), new.to_bytes(length, "big"), 1)
