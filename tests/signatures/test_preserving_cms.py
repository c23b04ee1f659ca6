"""Proof in a signature file: what is added, how far it gets, what it proves when nobody answers."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from asn1crypto import cms, core, ocsp

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.algorithms import Content
from kualik.signatures.adapters.archive_stamps import (
    HASH_INDEX,
    INDEX_HASH,
    archived_bytes,
    read_archive_stamp,
)
from kualik.signatures.adapters.cms import ARCHIVE_TIMESTAMP, TIMESTAMP, SignedData, read_cms
from kualik.signatures.adapters.enclosed import CERTIFICATE_VALUES, REVOCATION_VALUES
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Revocation,
    Role,
    Scheme,
    make_hierarchy,
    sign_cms,
)
from kualik.signatures.adapters.timestamps import BrokenStamp, open_token
from kualik.signatures.adapters.trust import TrustDirectory, trust_of
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.inspecting import inspect_file
from kualik.signatures.services.preserving_cms import (
    Asked,
    ExtendedSignature,
    extend_cms,
    renew_cms,
)
from kualik.signatures.services.verdicts import Verification
from tests.signatures.authorities import HEAD, authority, openssl, pem_files
from tests.signatures.samples import SEALED_AT
from tests.signatures.stamping import STAMPED_AT, Services, Stamps, extended, with_stamping_key

DAY = timedelta(days=1)
SIGNED_AT = SEALED_AT + timedelta(minutes=5)
STAMPING_ENDS = STAMPED_AT + 300 * DAY
RENEWED_AT = STAMPED_AT + 250 * DAY
# The signer's certificate and the keys of the time-stamps have ended by then.
LONG_AFTER = datetime(2028, 11, 21, 10, 0, tzinfo=SEALED_AT.tzinfo)
ELSEWHERE = "http://127.0.0.1:9/gost"
SCHEMES = [Scheme.RSA, Scheme.GOST512]


@dataclass
class Everybody:
    """The services of both authorities: each answers at its own address."""

    of_rsa: Services
    of_gost: Services

    def ask(self, url: str, request: bytes) -> bytes:
        return self._at(url).ask(url, request)

    def get(self, url: str) -> bytes:
        return self._at(url).get(url)

    def _at(self, url: str) -> Services:
        return self.of_gost if url.startswith(ELSEWHERE) else self.of_rsa


@cache
def gost() -> Hierarchy:
    return make_hierarchy(scheme=Scheme.GOST512, now=SEALED_AT, base_url=ELSEWHERE)


def hierarchy_of(scheme: Scheme) -> Hierarchy:
    return gost() if scheme == Scheme.GOST512 else authority(scheme)


def roots() -> TrustDirectory:
    """The roots alone: what leads to them must be in the files."""
    return trust_of([authority(Scheme.RSA).root.certificate_der, gost().root.certificate_der])


def known() -> TrustDirectory:
    """What an installation believes: the issuing authorities too."""
    every = [
        member for each in (authority(Scheme.RSA), gost()) for member in (each.root, each.issuing)
    ]
    return trust_of([member.certificate_der for member in every])


@cache
def signature_over(document: bytes, scheme: Scheme = Scheme.RSA) -> bytes:
    """A head's detached signature without a time-stamp."""
    leaf = hierarchy_of(scheme).issue(
        HEAD, not_before=SEALED_AT - DAY, roles=(Role.LEGAL_ENTITY, Role.FIRST_HEAD)
    )
    return sign_cms(leaves=[leaf], content=document, detached=True, signing_time=SIGNED_AT)


def asked(
    now: datetime = STAMPED_AT,
    *,
    until: datetime = STAMPING_ENDS,
    dies_at: int | None = None,
    **state: object,
) -> Asked:
    """The authorities without a network; ``until`` is the end of the stamping key."""
    stamping = with_stamping_key(authority(Scheme.RSA), until=until)
    statuses = state.get("statuses") or {}
    assert isinstance(statuses, dict)
    services = [
        Services(
            each,
            now,
            is_dead=bool(state.get("is_dead")),
            with_ocsp=bool(state.get("with_ocsp", True)),
            statuses=statuses,
        )
        for each in (authority(Scheme.RSA), gost())
    ]
    return Asked(
        tsa=Stamps(stamping, now, dies_at=dies_at),
        trust=known(),
        fetcher=Everybody(*services),
        now=now,
    )


@cache
def lasting(document: bytes, scheme: Scheme = Scheme.RSA) -> ExtendedSignature:
    return extend_cms(signature=signature_over(document, scheme), document=document, asked=asked())


def offline(signature: bytes, document: bytes, now: datetime = LONG_AFTER) -> Verification:
    return verify_cms(
        signature=signature, document=document, trust=roots(), at=None, now=now, fetcher=None
    )


def codes(found: Verification) -> set[str]:
    return {reason.code for signer in found.signers for reason in signer.reasons}


def archives_in(signed: SignedData) -> Sequence[bytes]:
    return signed.signers[0].unsigned.get(ARCHIVE_TIMESTAMP, ())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_last_level_is_reached_and_what_was_signed_stays_byte_for_byte(
    sealed: bytes, scheme: Scheme
) -> None:
    made = lasting(sealed, scheme)
    assert (made.level, made.waits_for, made.stamped_at) == ("B-LTA", "", STAMPED_AT)
    assert made.lasts_until == STAMPING_ENDS
    before, after = read_cms(signature_over(sealed, scheme)), read_cms(made.content)
    assert after.signers[0].fields == before.signers[0].fields
    assert set(before.certificates) < set(after.certificates)
    assert after.responses
    assert len(after.signers[0].unsigned[TIMESTAMP]) == 1
    assert len(archives_in(after)) == 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_years_later_without_any_service_the_signature_and_the_pdf_are_valid(
    sealed: bytes, scheme: Scheme
) -> None:
    made = lasting(sealed, scheme)
    found = offline(made.content, sealed)
    (signer,) = found.signers
    assert found.status == "valid"
    assert (signer.signed_at, signer.signed_at_source) == (STAMPED_AT, "timestamp")
    assert codes(found) == {"certificate_expired_since"}
    newest = extended(sealed, authority(Scheme.RSA), "B-LTA").content
    for document in (sealed, newest):
        told = inspect_file(
            content=made.content, document=document, trust=roots(), fetcher=None, now=LONG_AFTER
        )
        assert told.status == "valid", told


def test_without_the_data_in_the_file_nothing_is_proven_then(sealed: bytes) -> None:
    part = extend_cms(signature=signature_over(sealed), document=sealed, asked=asked(is_dead=True))
    told = inspect_file(
        content=part.content, document=sealed, trust=known(), fetcher=None, now=LONG_AFTER
    )
    assert told.status == "indeterminate"
    (person, seal) = told.signatures
    assert "revocation_no_data" in {reason.code for reason in person.verdict.reasons}
    assert seal.verdict.status == "indeterminate"


def test_what_has_its_level_stays_as_it_is(sealed: bytes) -> None:
    made = lasting(sealed)
    again = asked(STAMPED_AT + DAY)
    assert extend_cms(signature=made.content, document=sealed, asked=again) == made
    assert isinstance(again.tsa, Stamps)
    assert again.tsa.asked == 0


@pytest.mark.parametrize(
    ("dies_at", "is_dead", "reached", "waits_for"),
    [
        (1, False, "B-B", "tsa_unreachable"),
        (None, True, "B-T", "revocation_unreachable"),
        (2, False, "B-LT", "tsa_unreachable"),
    ],
)
def test_what_can_be_reached_is_kept_and_the_rest_comes_later(
    sealed: bytes, dies_at: int | None, is_dead: bool, reached: str, waits_for: str
) -> None:
    part = extend_cms(
        signature=signature_over(sealed),
        document=sealed,
        asked=asked(dies_at=dies_at, is_dead=is_dead),
    )
    assert (part.level, part.waits_for) == (reached, waits_for)
    whole = extend_cms(signature=part.content, document=sealed, asked=asked())
    assert (whole.level, whole.waits_for) == ("B-LTA", "")


def test_a_signature_in_a_message_gets_its_proof_too(sealed: bytes) -> None:
    signature = signature_over(sealed)
    head = b"Content-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\n"
    made = extend_cms(
        signature=head + base64.encodebytes(signature), document=sealed, asked=asked()
    )
    assert (made.level, made.waits_for, made.content[:1]) == ("B-LTA", "", b"\x30")
    assert read_cms(made.content).signers[0].signature == read_cms(signature).signers[0].signature


def test_a_signer_revoked_before_the_time_stamp_gets_no_further(sealed: bytes) -> None:
    (der,) = read_cms(signature_over(sealed)).certificates
    serial = cms.CertificateChoices.load(der).chosen.serial_number
    revoked = {serial: Revocation(at=SEALED_AT, reason="key_compromise")}
    made = extend_cms(
        signature=signature_over(sealed), document=sealed, asked=asked(statuses=revoked)
    )
    assert (made.level, made.waits_for) == ("B-T", "certificate_revoked")


def test_a_signature_over_something_else_comes_back_as_it_was(sealed: bytes) -> None:
    signature = signature_over(sealed)
    made = extend_cms(signature=signature, document=sealed + b"\n", asked=asked())
    assert (made.content, made.waits_for) == (signature, "content_changed")


def test_a_renewal_is_one_more_archive_time_stamp_with_the_proof_of_the_last(
    sealed: bytes,
) -> None:
    first = lasting(sealed)
    until = RENEWED_AT + 400 * DAY
    second = renew_cms(
        signature=first.content, document=sealed, asked=asked(RENEWED_AT, until=until)
    )
    assert (second.level, second.waits_for) == ("B-LTA", "")
    assert (second.stamped_at, second.lasts_until) == (STAMPED_AT, until)
    signed = read_cms(second.content)
    assert len(archives_in(signed)) == 2
    covered = [
        read_archive_stamp(token, signed, signed.signers[0], Content(sealed))
        for token in archives_in(signed)
    ]
    older, newer = sorted(covered, key=lambda each: each.stamp.moment)
    assert older.covered < newer.covered
    found = offline(second.content, sealed)
    assert (found.status, codes(found)) == ("valid", {"certificate_expired_since"})


def test_a_renewal_that_prolongs_nothing_adds_nothing(sealed: bytes) -> None:
    first = lasting(sealed)
    again = renew_cms(signature=first.content, document=sealed, asked=asked(RENEWED_AT))
    assert again.content == first.content
    assert (again.level, again.waits_for) == ("B-LTA", "proof_no_longer")


def test_an_archive_time_stamp_covers_document_and_data_and_tells_what_is_missing(
    sealed: bytes,
) -> None:
    made = lasting(sealed)
    signed = read_cms(made.content)
    (token,) = archives_in(signed)
    with pytest.raises(BrokenStamp) as refused:
        read_archive_stamp(token, signed, signed.signers[0], Content(sealed + b"\n"))
    assert refused.value.code == "timestamp_differs"
    stripped = without_revocation_data(made.content)
    bare = read_cms(stripped)
    with pytest.raises(BrokenStamp) as refused:
        read_archive_stamp(token, bare, bare.signers[0], Content(sealed))
    assert refused.value.code == "timestamp_differs"
    found = offline(stripped, sealed)
    assert found.status == "indeterminate"
    assert "archive_stamp_ignored" in codes(found)
    extra = read_cms(extend_cms(signature=stripped, document=sealed, asked=asked()).content)
    assert len(archives_in(extra)) == 2


def test_enclosed_answers_are_left_aside_where_a_signature_is_accepted(sealed: bytes) -> None:
    made = lasting(sealed)
    found = verify_cms(
        signature=made.content,
        document=sealed,
        trust=roots(),
        at=None,
        now=STAMPED_AT,
        uses_enclosed_lists=False,
    )
    assert "revocation_no_data" in codes(found)


def test_a_file_spoilt_anywhere_is_judged_or_refused(sealed: bytes) -> None:
    whole = lasting(sealed).content
    for place in range(4, len(whole), 211):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x21
        with suppress(RuleViolation):
            assert offline(bytes(spoilt), sealed).signers


def test_data_in_the_older_attributes_are_read_too(sealed: bytes) -> None:
    made = extend_cms(
        signature=signature_over(sealed), document=sealed, asked=asked(dies_at=2)
    ).content
    older = with_older_attributes(made)
    assert not read_cms(older).responses
    found = offline(older, sealed)
    assert (found.status, codes(found)) == ("valid", {"certificate_expired_since"})


def test_openssl_accepts_the_file_with_the_lists_in_it(sealed: bytes, tmp_path: Path) -> None:
    made = extend_cms(
        signature=signature_over(sealed), document=sealed, asked=asked(with_ocsp=False)
    )
    assert made.level == "B-LTA"
    for name, signature in (("whole", made.content), ("answers", lasting(sealed).content)):
        (tmp_path / f"{name}.p7s").write_bytes(signature)
    (tmp_path / "document.pdf").write_bytes(sealed)
    pem_files(tmp_path, authority(Scheme.RSA))
    verify = (
        "cms", "-verify", "-binary", "-inform", "DER", "-content", "document.pdf",
        "-CAfile", "root.pem", "-purpose", "any", "-out", "out",
        "-attime", f"{STAMPED_AT.timestamp():.0f}",
    )  # fmt: skip
    said = openssl(*verify, "-in", "whole.p7s", "-crl_check_all", folder=tmp_path)
    assert "CMS Verification successful" in said.stdout, said.stdout
    said = openssl(*verify, "-in", "answers.p7s", folder=tmp_path)
    assert "CMS Verification successful" in said.stdout, said.stdout
    (tmp_path / "document.pdf").write_bytes(sealed + b"\n")
    assert openssl(*verify, "-in", "whole.p7s", folder=tmp_path).returncode != 0


def test_openssl_verifies_the_archive_time_stamp_over_what_the_standard_names(
    sealed: bytes, tmp_path: Path
) -> None:
    signed = read_cms(lasting(sealed).content)
    (token,) = archives_in(signed)
    (index,) = open_token(token).signers[0].unsigned[HASH_INDEX]
    covered = archived_bytes(
        signed, signed.signers[0], Content(sealed), oid=INDEX_HASH, index=index
    )
    pem_files(tmp_path, authority(Scheme.RSA))
    (tmp_path / "token.der").write_bytes(token)
    (tmp_path / "covered").write_bytes(covered)
    said = openssl(
        "ts", "-verify", "-token_in", "-in", "token.der", "-data", "covered",
        "-CAfile", "root.pem", "-untrusted", "issuing.pem",
        "-attime", f"{STAMPED_AT.timestamp():.0f}", folder=tmp_path,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout


def without_revocation_data(signature: bytes) -> bytes:
    info = cms.ContentInfo.load(signature)
    del info["content"]["crls"]
    made: bytes = info.dump()
    return made


def with_older_attributes(signature: bytes) -> bytes:
    """The data moved from the signed data into the attributes of CAdES-XL."""
    signed = read_cms(signature)
    answers = [ocsp.OCSPResponse.load(der).basic_ocsp_response for der in signed.responses]
    basic = core.SequenceOf(spec=ocsp.BasicOCSPResponse, value=answers).dump()
    crls = b"".join(signed.crls)
    values = [
        core.SequenceOf(spec=core.Any, value=[core.Any.load(der) for der in signed.certificates]),
        core.Sequence.load(
            _within(0x30, _within(0xA0, _within(0x30, crls)) + _within(0xA1, basic))
        ),
    ]
    info = cms.ContentInfo.load(signature)
    del info["content"]["crls"]
    (signer,) = info["content"]["signer_infos"]
    kept = list(signer["unsigned_attrs"])
    for oid, value in zip((CERTIFICATE_VALUES, REVOCATION_VALUES), values, strict=True):
        parts = core.ObjectIdentifier(oid).dump() + _within(0x31, value.dump())
        kept.append(cms.CMSAttribute.load(_within(0x30, parts)))
    signer["unsigned_attrs"] = cms.CMSAttributes(kept)
    own = signed.certificate_of(signed.signers[0])
    assert own is not None
    info["content"]["certificates"] = [
        each for each in info["content"]["certificates"] if each.dump() == own.der
    ]
    made: bytes = info.dump()
    return made


def _within(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = b"" if length < 0x80 else length.to_bytes((length.bit_length() + 7) // 8, "big")
    head = bytes([tag, 0x80 | len(size)]) + size if size else bytes([tag, length])
    return head + content
