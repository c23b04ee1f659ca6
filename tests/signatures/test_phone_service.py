"""Signing by a code for eGov Mobile: what is offered, what is taken back, and by whom."""

import json
import threading
from base64 import b64encode
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from kualik.core.errors import message, status
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.asn1 import unarmoured
from kualik.signatures.adapters.test_authority import Scheme, sign_cms
from kualik.signatures.models import PhoneSigning
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.phone import (
    BODY_LIMIT_BYTES,
    LIFE,
    MOST_DOCUMENTS,
    TAKING,
    Offer,
    Result,
    Stage,
    Standing,
    accept_signed,
    describe,
    forget_phone_signings,
    standing_of,
    take_result,
)
from kualik.signatures.services.phone_judging import Method, reason_text
from tests.signatures.authorities import NOW, authentication, expired, individual
from tests.signatures.phones import (
    LATER,
    ORGANISATION,
    PDF,
    SECRET,
    TEXT,
    XML,
    body,
    document,
    handed,
    keys_of,
    offered,
    signed,
)
from tests.signatures.verification import trust

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).resolve().parents[1] / "fixtures" / "gateway"
DOCUMENTS_URL = "https://kualik.example.kz/egov/t/documents/"
CANCELED = {"status": "CANCELED"}
END = NOW + LIFE


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return found


def put(
    offer: Offer, answer: object, *, raw: bytes | None = None, now: datetime = LATER, **changed: str
) -> None:
    accept_signed(
        token=changed.get("token", offer.token),
        auth_token=changed.get("auth_token", offer.auth_token),
        body=body(answer) if raw is None else raw,
        trust=trust(Scheme.RSA, Scheme.GOST512),
        fetcher=None,
        now=now,
    )


def taken(offer: Offer, *, secret: str = SECRET, now: datetime = LATER) -> Result:
    return take_result(token=offer.token, session_secret=secret, now=now)


def standing(offer: Offer, *, now: datetime = LATER) -> Standing:
    return standing_of(token=offer.token, session_secret=SECRET, now=now)


def refused(code: str, act: Any, *given: object, **named: object) -> RuleViolation:
    with pytest.raises(RuleViolation) as caught:
        act(*given, **named)
    assert caught.value.code == code
    return caught.value


def refuse_put(code: str, offer: Offer, answer: object, **named: Any) -> RuleViolation:
    return refused(code, put, offer, answer, **named)


# What the phone is told


def test_the_card_has_the_fields_of_the_sample() -> None:
    told = describe(token=offered().token, documents_url=DOCUMENTS_URL, now=LATER)
    assert keys_of(told) == keys_of(sample("30-egov-qr-api1.json"))
    assert list(told) == list(sample("30-egov-qr-api1.json"))
    assert told["organisation"] == {
        "nameRu": ORGANISATION.name.ru,
        "nameKz": ORGANISATION.name.kk,
        "nameEn": ORGANISATION.name.en,
        "bin": ORGANISATION.bin,
    }


def test_the_documents_have_the_fields_of_the_sample_and_the_version_of_newer_ones() -> None:
    told = handed(offered(document(PDF, mime="@file/pdf"), method=Method.CMS_SIGN_ONLY))
    wanted = sample("31-egov-qr-api2-get.json")
    version = told.pop("version")
    assert (version, keys_of(told)) == (1, keys_of(wanted))
    assert told["signMethod"] == wanted["signMethod"]
    [one] = told["documentsToSign"]
    assert (one["id"], one["nameKz"], one["nameRu"]) == (1, "Куәлік", "Свидетельство")
    assert one["document"]["file"] == {"mime": "@file/pdf", "data": b64encode(PDF).decode()}


def test_the_end_is_written_with_milliseconds_and_a_numeric_offset() -> None:
    told = describe(token=offered().token, documents_url=DOCUMENTS_URL, now=LATER)
    assert told["expiry_date"] == "2026-11-21T15:05:00.000+05:00"


def test_the_card_leads_to_the_documents_with_a_token_of_its_own() -> None:
    offer = offered()
    told = describe(token=offer.token, documents_url=DOCUMENTS_URL, now=LATER)
    assert told["document"] == {
        "uri": DOCUMENTS_URL,
        "auth_type": "Token",
        "auth_token": offer.auth_token,
    }
    assert offer.auth_token != offer.token
    assert len(offer.auth_token) >= 43
    assert offered().auth_token != offer.auth_token


def test_a_document_of_xml_stands_in_its_own_field() -> None:
    [one] = handed(offered(document(XML), method=Method.XML))["documentsToSign"]
    assert (one["documentXml"], "document" in one) == (XML.decode(), False)


def test_reading_the_card_changes_nothing_and_fetching_the_documents_is_seen() -> None:
    offer = offered()
    describe(token=offer.token, documents_url=DOCUMENTS_URL, now=LATER)
    assert standing(offer).stage is Stage.OFFERED
    assert handed(offer) == handed(offer)
    assert standing(offer).stage is Stage.FETCHED


def test_secrets_are_kept_as_hashes_only() -> None:
    offer = offered()
    row = PhoneSigning.objects.get()
    kept = json.dumps([row.session, row.auth_hash, row.card, row.about, row.documents])
    assert SECRET not in kept
    assert offer.auth_token not in kept


def test_more_documents_than_a_phone_takes_are_not_offered() -> None:
    documents = [document()] * (MOST_DOCUMENTS + 1)
    refused("phone_too_many_documents", offered, *documents)
    assert len(handed(offered(*documents[1:]))["documentsToSign"]) == MOST_DOCUMENTS


# What comes back


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
@pytest.mark.parametrize(
    ("method", "content"),
    [(Method.CMS_WITH_DATA, TEXT), (Method.CMS_SIGN_ONLY, PDF), (Method.XML, XML)],
)
def test_a_valid_signature_reaches_the_page_that_asked(
    method: Method, content: bytes, scheme: Scheme
) -> None:
    offer = offered(document(content), document(content), method=method, wanted="this")
    answer = signed(handed(offer), individual(scheme))
    put(offer, answer)
    assert standing(offer).stage is Stage.SIGNED
    result = taken(offer)
    assert (result.method, result.about, len(result.signatures)) == (method, {"wanted": "this"}, 2)
    if method is not Method.XML:
        apart = content if method is Method.CMS_SIGN_ONLY else None
        found = verify_cms(
            signature=result.signatures[0], document=apart, trust=trust(scheme), at=LATER, now=LATER
        )
        assert (found.status, found.signers[0].iin) == ("valid", "840805414770")


def test_signatures_come_in_the_order_of_the_documents_whatever_the_phone_does() -> None:
    contents = [b"one", b"two", b"three"]
    offer = offered(*map(document, contents))
    answer = signed(handed(offer))
    answer["documentsToSign"] = [{**one, "id": str(one["id"])} for one in answer["documentsToSign"]]
    answer["documentsToSign"].reverse()
    put(offer, answer)
    kept = [
        verify_cms(signature=one, document=None, trust=trust(Scheme.RSA), at=LATER, now=LATER)
        for one in taken(offer).signatures
    ]
    assert [found.content for found in kept] == contents


def test_armour_and_line_breaks_around_a_signature_are_taken_off() -> None:
    offer = offered(document(), document())
    answer = signed(handed(offer))
    first, second = (one["document"]["file"] for one in answer["documentsToSign"])
    first["data"] = f"-----BEGIN CMS-----\n{first['data']}\n-----END CMS-----\n"
    second["data"] = "\r\n".join([second["data"][:64], second["data"][64:]])
    put(offer, answer)
    assert all(signature == unarmoured(signature) for signature in taken(offer).signatures)


def test_fields_that_the_phone_leaves_out_are_not_missed() -> None:
    offer = offered()
    [one] = signed(handed(offer))["documentsToSign"]
    put(offer, {"documentsToSign": [{"id": 1, "document": one["document"]}]})
    assert standing(offer).stage is Stage.SIGNED


def test_a_key_made_for_logging_in_logs_in_but_signs_no_document() -> None:
    leaf = authentication(Scheme.RSA)
    entry = offered()
    put(entry, signed(handed(entry), leaf))
    sealing = offered(document(PDF), method=Method.CMS_SIGN_ONLY)
    refuse_put("phone_signature_invalid", sealing, signed(handed(sealing), leaf))


# What is refused


@pytest.mark.parametrize("method", list(Method))
def test_other_content_than_the_offered_is_refused(method: Method) -> None:
    content = XML if method is Method.XML else TEXT
    offer = offered(document(content), method=method)
    answer = signed(handed(offer), change=lambda data: data.replace(b"123", b"124") + b"\n<!-- -->")
    is_apart = method is Method.CMS_SIGN_ONLY
    code = "phone_signature_invalid" if is_apart else "phone_content_differs"
    violation = refuse_put(code, offer, answer)
    assert status(violation) == 403
    assert standing(offer).stage is Stage.FETCHED


@pytest.mark.parametrize(
    ("method", "detached"), [(Method.CMS_WITH_DATA, True), (Method.CMS_SIGN_ONLY, False)]
)
def test_a_signature_of_the_other_kind_is_refused(method: Method, detached: bool) -> None:
    offer = offered(method=method)
    answer = signed(handed(offer))
    cms = sign_cms(leaves=[individual(Scheme.RSA)], content=TEXT, detached=detached)
    answer["documentsToSign"][0]["document"]["file"]["data"] = b64encode(cms).decode()
    refuse_put("phone_content_differs", offer, answer)


def test_what_is_wrong_with_a_signature_is_told_to_the_phone_and_on_the_page() -> None:
    offer = offered()
    violation = refuse_put(
        "phone_signature_invalid", offer, signed(handed(offer), expired(Scheme.RSA))
    )
    assert status(violation) == 403
    assert "истёк" in message(violation, "ru") or "срок" in message(violation, "ru").lower()
    assert standing(offer).fault == "phone_signature_invalid:certificate_expired"
    put(offer, signed(handed(offer)))
    assert (standing(offer).stage, standing(offer).fault) == (Stage.SIGNED, "")


@pytest.mark.parametrize("code", ["certificate_expired", "signature_malformed", "gost_too_large"])
def test_a_reason_is_told_without_gaps_in_braces(code: str) -> None:
    told = reason_text(code)
    for language in ("kk", "ru", "en"):
        assert told.get(language)
        assert "{" not in told.get(language)


def test_a_revoked_key_is_refused() -> None:
    leaf = individual(Scheme.RSA)
    offer = offered()
    with pytest.raises(RuleViolation) as caught:
        accept_signed(
            token=offer.token,
            auth_token=offer.auth_token,
            body=body(signed(handed(offer), leaf)),
            trust=trust(Scheme.RSA, revoked=((leaf.serial, NOW - timedelta(hours=1)),)),
            fetcher=None,
            now=LATER,
        )
    assert caught.value.code == "phone_signature_invalid"


def test_a_key_of_which_nothing_can_be_learned_is_not_proved() -> None:
    offer = offered()
    with pytest.raises(RuleViolation) as caught:
        accept_signed(
            token=offer.token,
            auth_token=offer.auth_token,
            body=body(signed(handed(offer))),
            trust=trust(Scheme.RSA, with_list=False),
            fetcher=None,
            now=LATER,
        )
    assert (caught.value.code, status(caught.value)) == ("phone_signature_unproven", 403)


def test_bytes_that_are_no_signature_are_an_invalid_one() -> None:
    offer = offered()
    answer = signed(handed(offer))
    answer["documentsToSign"][0]["document"]["file"]["data"] = b64encode(b"0nothing").decode()
    violation = refuse_put("phone_signature_invalid", offer, answer)
    assert "{reason}" not in message(violation, "kk")
    assert standing(offer).fault.startswith("phone_signature_invalid:signature_")


def test_a_signature_without_signers_is_refused() -> None:
    offer = offered()
    answer = signed(handed(offer))
    cms = sign_cms(leaves=[], content=TEXT, detached=False)
    answer["documentsToSign"][0]["document"]["file"]["data"] = b64encode(cms).decode()
    refuse_put("phone_signature_invalid", offer, answer)


def test_one_bad_signature_spoils_the_answer() -> None:
    offer = offered(document(b"one"), document(b"two"))
    answer = signed(handed(offer))
    first, second = answer["documentsToSign"]
    second["document"] = first["document"]
    refuse_put("phone_content_differs", offer, answer)
    refused("phone_offer_not_signed", taken, offer)


@pytest.mark.parametrize("method", ["SIGN_BYTES_ARRAY", "MIX_SIGN", "CMS", None, ["XML"], {}])
def test_a_way_of_signing_that_was_not_offered_is_named(method: object) -> None:
    offer = offered()
    violation = refuse_put(
        "phone_method_unsupported", offer, {**signed(handed(offer)), "signMethod": method}
    )
    assert status(violation) == 400
    assert str(method)[:8] in message(violation, "kk")


def test_another_known_way_of_signing_is_another_answer() -> None:
    offer = offered()
    answer = {**signed(handed(offer)), "signMethod": "XML"}
    refuse_put("phone_documents_differ", offer, answer)


@pytest.mark.parametrize("change", ["missing", "more", "double", "renamed"])
def test_other_documents_than_the_offered_are_refused(change: str) -> None:
    offer = offered(document(b"one"), document(b"two"))
    answer = signed(handed(offer))
    first, second = answer["documentsToSign"]
    answer["documentsToSign"] = {
        "missing": [first],
        "more": [first, second, {**first, "id": 3}],
        "double": [first, first],
        "renamed": [first, {**second, "id": 7}],
    }[change]
    refuse_put("phone_documents_differ", offer, answer)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"9" * 5000,
        b"{}",
        b'{"documentsToSign": {}}',
        b'{"documentsToSign": [1]}',
        b'{"documentsToSign": [{"id": 1}]}',
        b'{"documentsToSign": [{"id": 1, "document": []}]}',
        b'{"documentsToSign": [{"id": 1, "document": {"file": {"data": 5}}}]}',
        b'{"documentsToSign": [{"id": 1, "document": {"file": {"data": "***"}}}]}',
        b'{"documentsToSign": [{"id": 1, "document": {"file": {"data": "\\ud800"}}}]}',
        '{"documentsToSign": [{"id": 1, "document": {"file": {"data": "әлем"}}}]}'.encode(),
    ],
    ids=range(16),
)
def test_an_answer_that_cannot_be_read_is_refused(raw: bytes) -> None:
    offer = offered()
    handed(offer)
    violation = refuse_put("phone_body_unreadable", offer, None, raw=raw)
    assert status(violation) == 400
    assert standing(offer).stage is Stage.FETCHED


def test_an_xml_with_half_a_letter_cannot_be_read() -> None:
    offer = offered(document(XML), method=Method.XML)
    raw = b'{"documentsToSign": [{"id": 1, "documentXml": "\\ud800"}]}'
    refuse_put("phone_body_unreadable", offer, None, raw=raw)


def test_an_answer_over_the_limit_is_not_read() -> None:
    offer = offered()
    violation = refuse_put("phone_body_too_large", offer, None, raw=b"{" + b" " * BODY_LIMIT_BYTES)
    assert status(violation) == 413


# Who may, and until when


@pytest.mark.parametrize("wrong", ["", "x", "another"])
def test_without_the_token_of_the_card_nothing_is_handed_out_or_taken(wrong: str) -> None:
    offer, other = offered(), offered()
    token = other.auth_token if wrong == "another" else wrong
    answer = signed(handed(offer))
    violation = refuse_put("phone_token_wrong", offer, answer, auth_token=token)
    assert status(violation) == 401
    with pytest.raises(RuleViolation):
        handed(Offer(token=offer.token, auth_token=token, expires_at=END))


def test_an_address_that_was_not_made_leads_nowhere() -> None:
    offer = offered()
    violation = refuse_put("phone_offer_unknown", offer, CANCELED, token="nobody")
    assert status(violation) == 404
    refused("phone_offer_unknown", describe, token="", documents_url=DOCUMENTS_URL, now=LATER)


def test_at_its_end_an_offer_is_over_for_the_phone_and_for_the_page() -> None:
    offer = offered()
    answer = signed(handed(offer))
    assert standing(offer, now=END - timedelta(seconds=1)).stage is Stage.FETCHED
    assert standing(offer, now=END).stage is Stage.EXPIRED
    violation = refuse_put("phone_offer_expired", offer, answer, now=END)
    assert status(violation) == 410
    refused("phone_offer_expired", describe, token=offer.token, documents_url="", now=END)
    refused("phone_offer_expired", handed, offer, now=END)
    refused("phone_offer_expired", taken, offer, now=END)


def test_what_is_signed_at_the_last_moment_may_be_taken_a_little_later() -> None:
    offer = offered()
    last = END - timedelta(seconds=1)
    put(offer, signed(handed(offer)), now=last)
    assert standing(offer, now=END).stage is Stage.SIGNED
    assert standing(offer, now=last + TAKING).stage is Stage.EXPIRED
    refused("phone_offer_expired", taken, offer, now=last + TAKING)
    assert taken(offer, now=END).signatures


def test_an_answer_is_taken_once_and_replaying_it_changes_nothing() -> None:
    offer = offered()
    answer = signed(handed(offer))
    put(offer, answer)
    violation = refuse_put("phone_offer_used", offer, answer)
    assert status(violation) == 409
    assert taken(offer).signatures
    refused("phone_offer_used", taken, offer)
    refuse_put("phone_offer_used", offer, answer)
    refused("phone_offer_used", describe, token=offer.token, documents_url="", now=LATER)
    row = PhoneSigning.objects.get()
    assert (row.documents, row.signatures, row.about) == ({}, [], {})


def test_a_refusal_on_the_phone_ends_the_offer() -> None:
    offer = offered()
    put(offer, {**handed(offer), **CANCELED})
    assert standing(offer).stage is Stage.CANCELLED
    refuse_put("phone_offer_used", offer, signed(handed_before(offer)))
    refused("phone_offer_used", taken, offer)


def handed_before(offer: Offer) -> dict[str, Any]:
    found: dict[str, Any] = PhoneSigning.objects.get(token=offer.token).documents
    return found


@pytest.mark.parametrize("secret", ["", "another session"])
def test_another_browser_session_sees_and_takes_nothing(secret: str) -> None:
    offer = offered()
    put(offer, signed(handed(offer)))
    refused("phone_offer_unknown", taken, offer, secret=secret)
    named = {"token": offer.token, "session_secret": secret, "now": LATER}
    refused("phone_offer_unknown", standing_of, **named)
    assert taken(offer).signatures


def test_ended_offers_are_forgotten_and_running_ones_are_kept() -> None:
    offered(now=NOW - LIFE * 3)
    kept = offered(now=NOW - LIFE / 2)
    assert PhoneSigning.objects.count() == 1
    assert forget_phone_signings(now=NOW) == 0
    assert forget_phone_signings(now=kept.expires_at + LIFE) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_at_once_one_wins() -> None:
    offer = offered()
    asked = handed(offer)
    answers = [signed(asked, individual(scheme)) for scheme in (Scheme.RSA, Scheme.RSA)]
    counted = raced(lambda place: put(offer, answers[place]))
    assert counted == Counter({"": 1, "phone_offer_used": 1})
    counted = raced(lambda _place: taken(offer))
    assert counted == Counter({"": 1, "phone_offer_used": 1})


def raced(act: Any) -> Counter[str]:
    """What two threads are told that act at the same moment."""
    start, told = threading.Barrier(2), Counter[str]()

    def run(place: int) -> None:
        start.wait()
        try:
            act(place)
            told[""] += 1
        except RuleViolation as violation:
            told[violation.code] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told
