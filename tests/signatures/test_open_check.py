"""The open check of signatures: every kind of file, judged by its content."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from kualik.core import errors
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import SIZE_LIMIT_BYTES
from kualik.signatures.adapters.cms import read_cms
from kualik.signatures.adapters.effort import SLOW_LIMIT_BYTES, Effort, PatientFetcher
from kualik.signatures.adapters.gost.hash2015 import is_native
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.pdf_signatures import WORK_LIMIT
from kualik.signatures.adapters.test_authority import Scheme, sign_xml
from kualik.signatures.services.inspecting import inspect_file, kind_of
from kualik.signatures.services.inspection import InspectedSignature, Inspection
from kualik.signatures.services.verdicts import ROLES, Reason, with_findings
from kualik.signatures.services.wording import card_of, summary_of, word
from tests.signatures.authorities import (
    HEAD,
    INDIVIDUAL,
    NOW,
    authority,
    expired,
    head,
    individual,
    system,
)
from tests.signatures.pdf_samples import (
    covered,
    encrypted_pdf,
    pdf_of_objects,
    plain_pdf,
    ranges,
    signed_pdf,
    stamped_pdf,
    strange_place,
    with_copied_signature,
    with_evidence,
    with_new_content,
    with_page,
    with_signature,
)
from tests.signatures.verification import CONTENT, FAST, SIGNED_AT, flipped, signed, trust

STAMPED_AT = NOW - timedelta(hours=1)
XML = "<letter><text>Тестовый документ</text></letter>".encode()
BOTH = trust(*FAST)


def inspected(content: bytes, document: bytes | None = None, **asked: object) -> Inspection:
    settings = {"trust": BOTH, "fetcher": None, "now": NOW} | asked
    return inspect_file(content=content, document=document, **settings)


def refused(content: bytes, document: bytes | None = None) -> str:
    with pytest.raises(RuleViolation) as caught:
        inspected(content, document)
    assert caught.value.code in errors.table()
    return caught.value.code


def answered(content: bytes, document: bytes | None = None) -> Inspection | None:
    """The answer, None for a refusal that has its text."""
    try:
        found = inspected(content, document)
    except RuleViolation as violation:
        if violation.code not in errors.table():
            raise
        return None
    assert found.to_record()["status"] in {"valid", "invalid", "indeterminate"}
    return found


def codes(found: InspectedSignature | Inspection) -> set[str]:
    reasons = found.reasons if isinstance(found, Inspection) else found.verdict.reasons
    return {reason.code for reason in reasons}


def only(found: Inspection) -> InspectedSignature:
    (signature,) = found.signatures
    return signature


@cache
def rsa_pdf() -> bytes:
    return signed_pdf(individual(Scheme.RSA))


# PDF


@pytest.mark.parametrize(
    ("scheme", "algorithm"), [(Scheme.RSA, "RSA-SHA256"), (Scheme.GOST512, "GOST3410-2015-512")]
)
def test_a_pdf_signed_by_any_program_names_its_signer(scheme: Scheme, algorithm: str) -> None:
    found = inspected(signed_pdf(head(scheme)))
    signature = only(found)
    assert (found.status, found.kind, found.is_attached) == ("valid", "pdf", True)
    assert signature.person == "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ"
    assert (signature.organisation, signature.bin) == (HEAD.organisation, HEAD.bin)
    assert signature.verdict.roles == ("legal_entity", "first_head")
    assert (signature.verdict.signed_at, signature.verdict.signed_at_source) == (
        SIGNED_AT,
        "stated",
    )
    assert signature.verdict.algorithm == algorithm
    assert signature.present == "in_force"
    assert codes(signature) == {"pdf_whole_file", "time_is_stated"}


@pytest.mark.parametrize("form", [SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED])
def test_both_detached_forms_are_judged(form: SigSeedSubFilter) -> None:
    assert inspected(signed_pdf(individual(Scheme.RSA), subfilter=form)).status == "valid"


@pytest.mark.parametrize("name", ["/adbe.pkcs7.sha1", "/adbe.x509.rsa_sha1", "/Own.signature"])
def test_other_forms_are_told_as_not_supported(name: str) -> None:
    place = strange_place(name)
    found = inspected(with_signature(plain_pdf(), lambda data: b"0\0", place=place))
    assert found.status == "indeterminate"
    assert codes(only(found)) == {"pdf_form_unsupported"}


def test_several_signers_of_one_signature_are_all_told() -> None:
    found = inspected(signed_pdf(individual(Scheme.RSA), head(Scheme.GOST512)))
    assert {each.person for each in found.signatures} == {
        "ТЕСТОВА АЙГҮЛ СЕРІКҚЫЗЫ",
        "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ",
    }
    assert found.status == "valid"


def test_a_further_signature_leaves_the_first_valid() -> None:
    found = inspected(signed_pdf(head(Scheme.GOST512), pdf=rsa_pdf(), field="Second"))
    first, second = found.signatures
    assert found.status == "valid"
    assert "pdf_entries_added" in codes(first)
    assert "pdf_whole_file" in codes(second)


def test_a_first_signature_that_was_altered_stays_altered_under_a_second() -> None:
    altered = rsa_pdf().replace(b"Sum: 100", b"Sum: 900")
    found = inspected(signed_pdf(head(Scheme.RSA), pdf=altered, field="Second"))
    first, second = found.signatures
    assert (first.verdict.status, second.verdict.status) == ("invalid", "valid")
    assert "content_changed" in codes(first)
    assert found.status == "invalid"


@pytest.mark.parametrize("change", [with_new_content, with_page])
def test_what_is_shown_after_a_change_is_not_what_was_signed(change) -> None:
    found = inspected(change(rsa_pdf()))
    assert found.status == "invalid"
    assert "pdf_changed_after" in codes(only(found))
    # A later signature by somebody else does not heal the first one.
    again = inspected(signed_pdf(head(Scheme.RSA), pdf=change(rsa_pdf()), field="Second"))
    assert [each.verdict.status for each in again.signatures] == ["invalid", "valid"]
    assert again.status == "invalid"


def test_a_certified_document_takes_no_further_signature() -> None:
    certified = signed_pdf(individual(Scheme.RSA), allowed=MDPPerm.NO_CHANGES)
    assert inspected(certified).status == "valid"
    found = inspected(signed_pdf(head(Scheme.RSA), pdf=certified, field="Second"))
    assert "pdf_changed_after" in codes(found.signatures[0])


def test_bytes_behind_the_end_are_a_change() -> None:
    assert "pdf_changed_after" in codes(only(inspected(rsa_pdf() + b"\nforeign")))
    assert inspected(rsa_pdf() + b"\n").status == "valid"


def test_a_comparison_that_would_take_too_long_is_not_made() -> None:
    large = signed_pdf(individual(Scheme.RSA), pdf=pdf_of_objects(WORK_LIMIT))
    assert inspected(large).status == "valid"
    found = inspected(with_page(large))
    assert found.status == "indeterminate"
    assert "pdf_changes_unknown" in codes(only(found))


def test_ranges_that_leave_a_hole_prove_nothing() -> None:
    whole = rsa_pdf()
    gap_start, gap_end, end = ranges(whole)
    written = f"{gap_start} {gap_end} {end - gap_end}".encode()
    assert written in whole
    # The same length in writing, so that every place in the file stays.
    for changed in (
        f"{gap_start - 9} {gap_end} {end - gap_end}",
        f"{gap_start} {gap_end + 3} {end - gap_end - 3}",
        f"{gap_start} {gap_end} {end - gap_end - 20}",
    ):
        padded = changed.ljust(len(written)).encode()
        found = inspected(whole.replace(written, padded))
        assert found.status == "invalid", changed
        assert "pdf_range_broken" in codes(only(found)), changed


def test_a_signature_over_an_early_part_of_the_file_is_no_signature_of_it() -> None:
    """Signed by its owner, so the digest holds: only the ranges betray it."""
    pdf = with_signature(plain_pdf(), lambda data: b"0\0")
    gap_start, gap_end, end = ranges(pdf)
    length = str(end - gap_end)
    short = pdf.replace(f" {length}]".encode(), f" {'9'.ljust(len(length))}]".encode())
    assert ranges(short)[2] == gap_end + 9
    value = signed([individual(Scheme.RSA)], content=covered(short), detached=True)
    held = b"<" + value.hex().encode().ljust(gap_end - gap_start - 2, b"0") + b">"
    found = inspected(short[:gap_start] + held + short[gap_end:])
    assert "pdf_range_broken" in codes(only(found))
    assert found.status == "invalid"


def test_a_dictionary_copied_into_an_update_covers_nothing_of_it() -> None:
    """The field is pointed at a copy of the signature in the update that forges the page."""
    forged = with_copied_signature(with_new_content(rsa_pdf()))
    found = inspected(forged)
    assert found.status == "invalid"
    assert codes(only(found)) & {"pdf_range_broken", "pdf_changed_after"}


def test_a_signature_of_another_file_does_not_hold_here() -> None:
    other = signed_pdf(individual(Scheme.RSA), pdf=plain_pdf("Sum: 500"))
    start, end, _ = ranges(other)
    own_start, own_end, _ = ranges(rsa_pdf())
    swapped = rsa_pdf()[:own_start] + other[start:end] + rsa_pdf()[own_end:]
    found = inspected(swapped)
    assert "content_changed" in codes(only(found))
    assert found.status == "invalid"


def test_foreign_data_in_the_padding_is_told() -> None:
    whole = rsa_pdf()
    _, gap_end, _ = ranges(whole)
    padded = whole[: gap_end - 9] + b"deadbeef" + whole[gap_end - 1 :]
    found = inspected(padded)
    assert codes(only(found)) >= {"pdf_padding_foreign"}
    assert found.status == "invalid"


def test_a_damaged_signature_and_one_without_signers_are_told() -> None:
    unreadable = inspected(with_signature(plain_pdf(), lambda data: b"0\x03\x02\x01\x01"))
    assert codes(only(unreadable)) == {"pdf_signature_unreadable"}
    empty = inspected(with_signature(plain_pdf(), lambda data: signed([], content=data)))
    assert "no_signers" in codes(only(empty))
    assert unreadable.status == empty.status == "invalid"


def test_a_signature_that_carries_other_content_does_not_hold() -> None:
    leaf = individual(Scheme.RSA)
    found = inspected(with_signature(plain_pdf(), lambda data: signed([leaf], content=b"other")))
    assert "content_differs" in codes(only(found))
    assert found.status == "invalid"


def test_a_signature_taken_out_of_sight_leaves_its_traces() -> None:
    hidden = rsa_pdf().replace(b"/AcroForm", b"/AcroForx")
    found = inspected(hidden)
    assert (found.status, found.signatures) == ("invalid", ())
    assert codes(found) == {"pdf_signature_removed"}


def test_one_changed_byte_anywhere_is_never_valid() -> None:
    whole = rsa_pdf()
    for place in range(0, len(whole) - 1, 397):
        found = answered(flipped(whole, place, 2))
        gap_start, gap_end, _ = ranges(whole)
        # Not every letter of the signature itself is signed.
        assert found is None or found.status != "valid" or gap_start <= place < gap_end, place


# Times


def test_a_time_stamp_over_the_file_proves_the_time_of_what_is_before_it() -> None:
    found = inspected(stamped_pdf(rsa_pdf(), authority(Scheme.RSA), at=STAMPED_AT))
    signature, stamp = found.signatures
    assert (signature.verdict.signed_at, signature.verdict.signed_at_source) == (
        STAMPED_AT,
        "timestamp",
    )
    assert "pdf_evidence_added" in codes(signature)
    assert stamp.is_timestamp
    assert stamp.verdict.status == "valid"
    assert found.status == "valid"


def test_a_gost_time_stamp_does_the_same() -> None:
    found = inspected(stamped_pdf(rsa_pdf(), authority(Scheme.GOST512), at=STAMPED_AT))
    assert found.signatures[0].verdict.signed_at_source == "timestamp"


def test_a_time_stamp_by_a_stranger_proves_nothing() -> None:
    stamped = stamped_pdf(rsa_pdf(), authority(Scheme.GOST512), at=STAMPED_AT)
    found = inspected(stamped, trust=trust(Scheme.RSA))
    signature, stamp = found.signatures
    assert signature.verdict.signed_at_source == "stated"
    assert codes(stamp) == {"document_stamp_untrusted", "pdf_whole_file"}
    assert (found.status, stamp.verdict.status) == ("valid", "indeterminate")


def test_a_time_stamp_for_other_bytes_is_none() -> None:
    stamped = stamped_pdf(rsa_pdf(), authority(Scheme.RSA), at=STAMPED_AT)
    found = inspected(stamped.replace(b"Sum: 100", b"Sum: 900"))
    assert "content_changed" in codes(found.signatures[1])
    assert found.signatures[0].verdict.signed_at_source == "stated"


def test_a_certificate_that_ended_since_is_told_from_one_that_had_ended() -> None:
    leaf = expired(Scheme.RSA)
    before = signed_pdf(leaf, stated_at=NOW - timedelta(days=30))
    after = signed_pdf(leaf, stated_at=NOW)
    listed = trust(Scheme.RSA, with_list=False)
    crl = authority(Scheme.RSA).crl({}, now=NOW - timedelta(days=2), life=timedelta(days=9))
    since = only(inspected(with_evidence(before, crls=[crl]), trust=listed))
    had = only(inspected(with_evidence(after, crls=[crl]), trust=listed))
    assert (since.verdict.status, since.present) == ("valid", "expired")
    assert "certificate_expired_since" in codes(since)
    assert (had.verdict.status, had.present) == ("invalid", "expired")
    assert "certificate_expired" in codes(had)


def test_evidence_in_the_file_is_used() -> None:
    unlisted = trust(Scheme.RSA, with_list=False)
    assert inspected(rsa_pdf(), trust=unlisted).status == "indeterminate"
    leaf = individual(Scheme.RSA)
    answer = authority(Scheme.RSA).ocsp_response(leaf, "good", now=NOW)
    proven = with_evidence(rsa_pdf(), certificates=[leaf.certificate_der], responses=[answer])
    found = inspected(proven, trust=unlisted)
    assert found.status == "valid"
    assert "pdf_evidence_added" in codes(only(found))


def test_revocation_that_cannot_be_learnt_leaves_it_open() -> None:
    asked: list[str] = []

    class Deaf:
        def ask(self, url: str, request: bytes) -> bytes:
            asked.append(url)
            raise Unreachable("nobody there")

        def get(self, url: str) -> bytes:
            asked.append(url)
            raise Unreachable("nobody there")

    unlisted = trust(Scheme.RSA, with_list=False)
    leaves = [individual(Scheme.RSA), head(Scheme.RSA), system(Scheme.RSA)]
    found = inspected(signed(leaves), trust=unlisted, fetcher=Deaf())
    assert found.status == "indeterminate"
    assert all("revocation_unreachable" in codes(each) for each in found.signatures)
    # A silent service is asked once, however many signers it would be asked about.
    assert len(asked) == len(set(asked))
    tired = PatientFetcher(Deaf(), seconds=-1.0)
    with pytest.raises(Unreachable):
        tired.ask("http://127.0.0.1:9/other", b"")
    assert "http://127.0.0.1:9/other" not in asked


# CMS and XML


def test_a_detached_signature_is_judged_with_its_document() -> None:
    value = signed([individual(Scheme.RSA), head(Scheme.GOST512)], detached=True)
    found = inspected(value, CONTENT)
    assert (found.status, found.kind, found.is_attached) == ("valid", "cms", False)
    assert found.document_bytes == len(CONTENT)
    assert "content_changed" in codes(inspected(value, b"another").signatures[0])


def test_the_two_files_may_be_given_in_either_order() -> None:
    value = signed([individual(Scheme.RSA)], content=rsa_pdf(), detached=True)
    assert inspected(rsa_pdf(), value) == inspected(value, rsa_pdf())


def test_a_signature_without_its_document_asks_for_it() -> None:
    assert refused(signed([individual(Scheme.RSA)], detached=True)) == "document_needed"


def test_a_document_beside_an_attached_signature_is_compared_byte_for_byte() -> None:
    value = signed([individual(Scheme.RSA)])
    assert codes(inspected(value, CONTENT)) == {"document_same"}
    assert inspected(value, CONTENT).status == "valid"
    other = inspected(value, CONTENT + b" ")
    assert "content_differs" in codes(only(other))
    assert other.status == "invalid"


def test_a_signed_pdf_with_a_signature_beside_it_tells_both() -> None:
    sealed = signed_pdf(system(Scheme.RSA))
    value = signed([head(Scheme.GOST512)], content=sealed, detached=True)
    found = inspected(value, sealed)
    assert [each.kind for each in found.signatures] == ["cms", "pdf"]
    assert [each.verdict.roles[-1] for each in found.signatures] == [
        "first_head",
        "information_system",
    ]
    assert inspected(value, plain_pdf()).status == "invalid"


def test_a_seal_alone_tells_of_a_signature_that_may_lie_apart() -> None:
    hint = "personal_signature_apart"
    assert hint in codes(inspected(signed_pdf(system(Scheme.RSA))))
    assert hint not in codes(inspected(signed_pdf(head(Scheme.RSA))))
    assert hint not in codes(inspected(signed_pdf(system(Scheme.RSA), head(Scheme.RSA))))


def test_that_a_signature_is_a_test_is_told_once() -> None:
    found = only(inspected(signed([individual(Scheme.RSA)])))
    verdict = with_findings(found.verdict, ["test_signature", "certificate_expired_since"])
    card = card_of(replace(found, verdict=verdict))
    assert verdict.is_test
    assert "test_signature" not in {reason.code for reason in card.reasons}
    assert "certificate_expired_since" in {reason.code for reason in card.reasons}


def test_of_bad_signatures_alone_none_is_to_be_trusted() -> None:
    every = inspected(signed([individual(Scheme.RSA), head(Scheme.RSA)], detached=True), b"other")
    assert summary_of(every).title == word("titles", "none")
    assert summary_of(every).meaning == word("meanings", "none")
    sealed = signed_pdf(system(Scheme.RSA))
    value = signed([head(Scheme.RSA)], content=sealed + b"more", detached=True)
    assert summary_of(inspected(value, sealed)).title == word("titles", "invalid")


@pytest.mark.parametrize("scheme", FAST)
def test_a_signed_xml_is_judged(scheme: Scheme) -> None:
    found = inspected(sign_xml(individual(scheme), XML, exclusive=True))
    assert (found.status, found.kind) == ("valid", "xml")
    assert only(found).verdict.signed_at_source == "none"
    altered = sign_xml(individual(scheme), XML, exclusive=True).replace(b"<text>", b"<text>+")
    assert inspected(altered).status == "invalid"


def test_a_document_beside_one_that_holds_its_signature_is_told_as_unused() -> None:
    assert "document_not_needed" in codes(inspected(rsa_pdf(), CONTENT))


# Wrong files, limits, words


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "file_not_recognised"),
        (b"PK\x03\x04" + bytes(64), "file_not_recognised"),
        (plain_pdf(), "file_not_signed"),
        (XML, "file_not_signed"),
        (b"%PDF-1.7\nnothing", "pdf_unreadable"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "signature_malformed"),
        (b"hello", "file_not_recognised"),
        (b"Memo", "file_not_recognised"),
        (b"0 hello", "file_not_recognised"),
        (b"MIIB", "signature_malformed"),
        (b"<!DOCTYPE html><html></html>", "xml_dtd_forbidden"),
        (bytes(SIZE_LIMIT_BYTES + 1), "file_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_file_is_told_what_is_wrong(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_pdf_with_a_password_is_told_apart() -> None:
    assert refused(encrypted_pdf()) == "pdf_encrypted"


def test_the_document_too_has_its_limit() -> None:
    value = signed([individual(Scheme.RSA)], detached=True)
    assert refused(value, bytes(SIZE_LIMIT_BYTES + 1)) == "file_too_large"
    assert refused(value, b"") == "file_empty"


@pytest.mark.skipif(is_native(512), reason="OpenSSL hashes GOST quickly here")
def test_a_large_document_by_gost_is_refused_before_it_is_hashed() -> None:
    large = bytes(SLOW_LIMIT_BYTES + 1)
    value = signed([individual(Scheme.GOST512)], content=b"short", detached=True)
    assert refused(value, large) == "gost_too_large"
    by_rsa = signed([individual(Scheme.RSA)], content=large, detached=True)
    assert inspected(by_rsa, large).status == "valid"
    xml = b"<a>" + b" " * (SLOW_LIMIT_BYTES // 2) + b"</a>"
    twice = sign_xml(individual(Scheme.RSA), xml, exclusive=True)
    for _ in range(2):
        assert inspected(twice).kind == "xml"
    by_gost = twice.replace(
        b"http://www.w3.org/2001/04/xmlenc#sha256",
        b"urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512",
    )
    two = by_gost.replace(b"</a>", by_gost[by_gost.index(b"<ds:Sig") :])
    assert refused(two) == "gost_too_large"


def test_many_signatures_with_many_certificates_are_refused() -> None:
    read = read_cms(signed([individual(Scheme.RSA)]))
    many = replace(read, signers=read.signers * 24, certificates=read.certificates * 16)
    with pytest.raises(RuleViolation) as caught:
        Effort().take_cms(many, len(CONTENT))
    assert caught.value.code == "signature_too_complex"


def test_kinds_are_told_by_content() -> None:
    value = signed([individual(Scheme.RSA)], content=rsa_pdf())
    assert kind_of(value) == "cms"
    assert kind_of(b"\xef\xbb\xbf<?xml version='1.0'?><a/>") == "xml"
    assert kind_of(b"\n\n%PDF-1.4") == "pdf"


def test_no_persons_number_is_in_any_answer() -> None:
    leaves = [individual(Scheme.RSA), head(Scheme.GOST512)]
    for found in (inspected(signed(leaves)), inspected(signed_pdf(*leaves))):
        told = str(found.to_record())
        assert HEAD.bin in told
        for iin in (INDIVIDUAL.iin, HEAD.iin):
            assert iin not in told
            assert iin not in str(summary_of(found).title)


def test_a_persons_number_in_the_place_of_a_bin_or_a_name_is_not_shown() -> None:
    verdict = replace(
        only(inspected(rsa_pdf())).verdict,
        bin=INDIVIDUAL.iin,
        person=f"ИП ТЕСТОВА {INDIVIDUAL.iin}",
        organisation=f"IIN{INDIVIDUAL.iin}",
    )
    shown = replace(only(inspected(rsa_pdf())), verdict=verdict)
    assert INDIVIDUAL.iin not in str(shown.to_record())
    assert shown.bin == ""


def test_every_role_and_state_has_its_words() -> None:
    for role in ROLES.values():
        assert all(word("role", role).get(language) for language in ("kk", "ru", "en"))
    for content in (rsa_pdf(), with_page(rsa_pdf()), signed([expired(Scheme.RSA)])):
        summary = summary_of(inspected(content))
        assert summary.cards
        assert "{" not in summary.cards[0].present.get("kk")
    assert Reason("pdf_whole_file").kind == "remark"


# Any bytes


@cache
def stamped_once() -> bytes:
    return stamped_pdf(rsa_pdf(), authority(Scheme.RSA), at=STAMPED_AT)


@cache
def stamped_with_evidence_once() -> bytes:
    evidence = with_evidence(rsa_pdf(), certificates=[individual(Scheme.RSA).certificate_der])
    return stamped_pdf(evidence, authority(Scheme.RSA), at=STAMPED_AT)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=400), document=st.none() | st.binary(max_size=40))
def test_any_bytes_get_an_answer(content: bytes, document: bytes | None) -> None:
    answered(content, document)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_cut_or_changed_pdf_gets_an_answer(data: st.DataObject) -> None:
    whole = stamped_once()
    places = data.draw(st.lists(st.integers(0, len(whole)), min_size=2, max_size=6).map(sorted))
    pieces = [whole[start:end] for start, end in pairwise([0, *places])]
    noise = data.draw(st.sampled_from([b"", b" ", b"<<", b">>", b"0 obj", b"[", b"/Sig", b"\0"]))
    answered(noise.join(pieces))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    token=st.sampled_from(
        [b"/ByteRange", b"/SubFilter", b"/Contents", b"/M ", b"/Type", b"/V ", b"/FT", b"/Fields",
         b"/Root", b"/DSS", b"/Kids", b"/Pages", b"/Size", b"/Prev", b"startxref", b" obj"]
    ),
    other=st.sampled_from([b"null", b"[1 2]", b"-9", b"9 0 R", b"(x)", b"/N", b"<< >>", b"true"]),
)  # fmt: skip
def test_any_value_of_a_known_key_gets_an_answer(token: bytes, other: bytes) -> None:
    whole = stamped_with_evidence_once()
    assert token in whole
    found = answered(whole.replace(token, token + b" " + other))
    assert found is None or found.status != "valid"
