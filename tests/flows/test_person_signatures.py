"""The authorised person's own signature: what issues a document, and everything that does not
(A57.10-2)."""

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, crl
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from pytest_django import Settings

from kualik.accounts.models import RoleGrant, User
from kualik.cases.models import Request
from kualik.cases.services.deciding import send_back_request
from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.certificates.services.signing import SignatureOutcome
from kualik.core import errors, journal
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.demo.loading import read_data
from kualik.demo.organisations import open_organisation
from kualik.demo.people import staff_iins
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.adapters.online import Unreachable
from kualik.signatures.adapters.test_authority import (
    Leaf,
    Revocation,
    Scheme,
    Subject,
    register,
)
from kualik.signatures.adapters.trust import TrustDirectory
from kualik.signatures.services import (
    disable_key,
    installation_trust,
    test_fetcher,
    test_hierarchy,
    test_person_leaf,
    verify_cms,
)
from kualik.signatures.services.trusting import test_authority_root
from tests.flows.office import NOW, Office, open_demo_office
from tests.flows.signing import accept, file_of, own_leaf, signed

REASON = Text("Атауында қате бар", "В названии ошибка")
REGISTRAR_IIN, HEAD_IIN, SIGNER_IIN = (staff_iins()[place] for place in (0, 2, 3))


class NobodyAnswers:
    """Services that cannot be reached."""

    def ask(self, _url: str, _request: bytes) -> bytes:
        raise Unreachable("no network")

    def get(self, _url: str) -> bytes:
        raise Unreachable("no network")


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    return open_demo_office()


@pytest.fixture
def request_(office: Office) -> Request:
    """An approved request whose document is prepared."""
    return office.prepared(1)[0]


def number_of(request: Request) -> str:
    assert request.certificate is not None
    return request.certificate.number


def again(request: Request) -> Request:
    return Request.objects.select_related("certificate", "provider").get(pk=request.pk)


def handed(office: Office, request: Request, signature: bytes, **judged: Any) -> SignatureOutcome:
    (outcome,) = accept(office, {number_of(request): signature}, **judged)
    return outcome


def refused(outcome: SignatureOutcome, request: Request) -> str:
    """The code of a refusal that changed nothing and can be said in three languages."""
    assert not outcome.is_issued
    found = again(request)
    assert (found.state, found.certificate.status) == (State.APPROVED, "draft")
    assert PersonSignature.objects.filter(certificate=found.certificate).count() == 0
    assert outcome.violation is not None
    for language in LANGUAGES:
        text = errors.message(outcome.violation, language)
        assert text != outcome.code
        assert "{" not in text
        assert "…" not in text
    return outcome.code


def key_of(office: Office, *, iin: str = SIGNER_IIN, **facts: Any) -> Leaf:
    """A key that differs from the signer's own in what is said here."""
    provider = office.stage.provider
    given = {"organisation": provider.name_kk, "bin": provider.bin} | facts
    return test_person_leaf(name=office.signer.full_name, iin=iin, now=NOW, **given)


# What issues


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.GOST512])
def test_a_good_signature_issues_the_document_and_is_kept_beside_it(
    office: Office, request_: Request, scheme: Scheme
) -> None:
    content = file_of(request_)
    signature = signed(office, request_, own_leaf(office, scheme=scheme))
    outcome = handed(office, request_, signature)
    assert (outcome.is_issued, outcome.code) == (True, "")
    found = again(request_)
    certificate = found.certificate
    assert (found.state, certificate.status) == (State.ISSUED, "valid")
    assert certificate.sealed_at == NOW
    entry = PersonSignature.objects.get(certificate=certificate)
    assert (entry.signer, entry.bin, entry.role) == (
        office.signer, office.stage.provider.bin, "right_to_sign"
    )  # fmt: skip
    assert entry.document_sha256 == certificate.file_sha256
    assert (entry.signed_at, entry.accepted_at) == (NOW, NOW)
    assert ("GOST" in entry.algorithm) is (scheme is Scheme.GOST512)
    with default_storage.open(entry.file, "rb") as file:
        stored = file.read()
    assert stored == signature
    assert file_of(found) == content, "the signed file never changes"
    kept = verify_cms(
        signature=stored,
        document=content,
        trust=installation_trust(),
        at=NOW,
        now=NOW,
        is_revocation_required=False,
    )
    assert kept.status == "valid"
    assert kept.signers[0].iin == SIGNER_IIN
    told = {field.name: str(getattr(entry, field.name)) for field in PersonSignature._meta.fields}
    assert SIGNER_IIN not in " ".join(told.values())


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\n",
    ],
)
def test_a_signature_is_kept_as_der_in_whatever_form_it_comes(
    office: Office, request_: Request, head: bytes
) -> None:
    signature = signed(office, request_)
    sent = head + base64.encodebytes(signature)
    outcome = handed(office, request_, sent)
    assert (outcome.is_issued, outcome.code) == (True, "")
    entry = PersonSignature.objects.get(certificate=request_.certificate)
    with default_storage.open(entry.file, "rb") as stored:
        assert stored.read() == signature
    assert entry.sha256 == hashlib.sha256(signature).hexdigest()
    assert handed(office, request_, sent).code == ""


def test_the_journal_says_who_certified(office: Office, request_: Request) -> None:
    handed(office, request_, signed(office, request_))
    number, actor = number_of(request_), f"user:{office.signer.pk}"
    certificate = journal.history(f"certificate:{number}")[-1]
    request = journal.history(f"request:{request_.number}")[-1]
    assert (certificate.action, certificate.actor) == ("certificates.signed", actor)
    assert (request.action, request.actor) == ("cases.seal", actor)
    assert certificate.role == request.role == "authorised_person"
    for subject in (certificate.subject, request.subject):
        assert journal.broken_links(subject) == []
    assert SIGNER_IIN not in str(certificate.data)


def test_the_first_head_may_sign_too(office: Office, request_: Request) -> None:
    leaf = key_of(office, roles=("first_head",))
    assert handed(office, request_, signed(office, request_, leaf)).is_issued
    assert PersonSignature.objects.get().role == "first_head"


def test_the_same_signature_again_is_harmless_and_another_is_not_kept(
    office: Office, request_: Request
) -> None:
    signature = signed(office, request_)
    other = signed(office, request_, signing_time=NOW - timedelta(seconds=5))
    assert handed(office, request_, signature).is_issued
    before = journal.history(f"certificate:{number_of(request_)}")
    repeated = handed(office, request_, signature)
    assert (repeated.is_issued, repeated.code) == (True, "")
    second = handed(office, request_, other)
    assert (second.is_issued, second.code) == (True, "signed_already")
    assert PersonSignature.objects.count() == 1
    assert journal.history(f"certificate:{number_of(request_)}") == before


def test_what_is_good_stays_issued_whatever_becomes_of_the_rest(office: Office) -> None:
    first, second, third = office.prepared(3)
    outcomes = accept(
        office,
        {
            number_of(first): signed(office, first),
            number_of(second): signed(office, third),
            "DEMO-2026-999999-A": b"nothing",
            number_of(third): signed(office, third),
        },
    )
    assert [(outcome.is_issued, outcome.code) for outcome in outcomes] == [
        (True, ""),
        (False, "signature_of_other_document"),
        (False, "prepared_unknown"),
        (True, ""),
    ]
    states = [again(request).state for request in (first, second, third)]
    assert states == [State.ISSUED, State.APPROVED, State.ISSUED]
    assert handed(office, second, signed(office, second)).is_issued


def test_a_clock_that_is_wrong_does_not_date_the_signature(
    office: Office, request_: Request
) -> None:
    early = signed(office, request_, signing_time=NOW - timedelta(days=5))
    assert handed(office, request_, early).is_issued
    assert PersonSignature.objects.get().signed_at == NOW


def test_issuing_has_the_volume_of_the_day_looked_at(office: Office, request_: Request) -> None:
    handed(office, request_, signed(office, request_))
    assert Job.objects.filter(name="certificates.watch_volume").exists()


# What is refused: the person and the key


def wrong_person(office: Office) -> Leaf:
    return key_of(office, iin=REGISTRAR_IIN)


def no_right(office: Office) -> Leaf:
    return key_of(office, roles=("employee",))


def private_key(office: Office) -> Leaf:
    return key_of(office, organisation="", bin="")


def other_organisation(office: Office) -> Leaf:
    return key_of(office, bin="030940004565")


def system_key(office: Office) -> Leaf:
    return key_of(office, roles=("information_system",))


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (wrong_person, "signature_of_other_person"),
        (no_right, "signature_without_right"),
        (private_key, "signature_without_right"),
        (system_key, "signature_without_right"),
        (other_organisation, "signature_of_other_organisation"),
    ],
)
def test_the_key_must_be_the_persons_own_with_the_right_to_sign_for_this_provider(
    office: Office, request_: Request, leaf: Callable[[Office], Leaf], code: str
) -> None:
    outcome = handed(office, request_, signed(office, request_, leaf(office)))
    assert refused(outcome, request_) == code


def test_an_account_without_an_iin_signs_nothing(office: Office, request_: Request) -> None:
    signature = signed(office, request_)
    User.objects.filter(pk=office.signer.pk).update(iin_hash="")
    office.signer.refresh_from_db()
    assert refused(handed(office, request_, signature), request_) == "signer_iin_unknown"


def test_a_revoked_key_signs_nothing(office: Office, request_: Request) -> None:
    leaf = key_of(office, roles=("first_head", "hr"))
    signature = signed(office, request_, leaf)
    directory = test_authority_root() / Scheme.RSA
    revoked_at = Revocation(at=NOW - timedelta(minutes=5))
    register(directory, leaf, revoked_at)
    outcome = handed(office, request_, signature)
    assert refused(outcome, request_) == "signature_not_valid"
    assert "revoked" in errors.message(outcome.violation, "en")


def test_an_older_list_inside_the_signature_does_not_hide_a_revocation(
    office: Office, request_: Request
) -> None:
    leaf = key_of(office, roles=("first_head", "hr"))
    before = test_hierarchy(Scheme.RSA).crl({}, now=NOW - timedelta(hours=1))
    info = cms.ContentInfo.load(signed(office, request_, leaf))
    listed = cms.RevocationInfoChoices([crl.CertificateList.load(before)])
    info["content"]["crls"] = listed
    signature = info.dump(force=True)
    asked = {"document": file_of(request_), "trust": installation_trust(), "at": NOW, "now": NOW}
    assert verify_cms(signature=signature, **asked).status == "valid", "as an archive would have it"
    register(test_authority_root() / Scheme.RSA, leaf, Revocation(at=NOW - timedelta(minutes=5)))
    given = {"trust": installation_trust(), "fetcher": NobodyAnswers()}
    assert refused(handed(office, request_, signature, **given), request_) == "signature_undecided"
    assert refused(handed(office, request_, signature), request_) == "signature_not_valid"


def test_an_expired_key_signs_nothing(office: Office, request_: Request) -> None:
    provider = office.stage.provider
    subject = Subject(surname="ӘБДІРАХМАНОВ", iin=SIGNER_IIN, bin=provider.bin)
    leaf = test_hierarchy(Scheme.RSA).issue(
        subject,
        not_before=NOW - timedelta(days=30),
        not_after=NOW - timedelta(minutes=1),
        roles=("1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1"),
    )
    signature = signed(office, request_, leaf, signing_time=NOW - timedelta(minutes=10))
    assert refused(handed(office, request_, signature), request_) == "signature_not_valid"


def test_where_nobody_tells_whether_the_key_is_revoked_nothing_is_issued_yet(
    office: Office, request_: Request
) -> None:
    signature = signed(office, request_)
    for fetcher in (NobodyAnswers(), None):
        outcome = handed(office, request_, signature, trust=installation_trust(), fetcher=fetcher)
        assert refused(outcome, request_) == "signature_undecided"
    assert handed(office, request_, signature).is_issued


def test_who_is_not_believed_signs_nothing(office: Office, request_: Request) -> None:
    signature = signed(office, request_)
    nobody = {"trust": TrustDirectory(), "fetcher": test_fetcher(now=NOW)}
    outcome = handed(office, request_, signature, **nobody)
    assert refused(outcome, request_) == "signature_not_valid"


def test_a_test_key_issues_nothing_outside_a_demonstration(
    office: Office, request_: Request, settings: Settings
) -> None:
    signature = signed(office, request_)
    given = {"trust": installation_trust(), "fetcher": test_fetcher(now=NOW)}
    settings.DEMO = False
    outcome = handed(office, request_, signature, **given)
    assert refused(outcome, request_) == "signature_by_test_key"


# What is refused: the signature and the file


def test_a_signature_over_another_file_is_told_from_a_broken_one(
    office: Office, request_: Request
) -> None:
    other = signed(office, request_, content=file_of(request_) + b"\n")
    assert refused(handed(office, request_, other), request_) == "signature_of_other_document"
    broken = bytearray(signed(office, request_))
    broken[-1] ^= 1
    assert refused(handed(office, request_, bytes(broken)), request_) == "signature_not_valid"


@pytest.mark.parametrize(
    ("signature", "code"),
    [(b"", "signature_empty"), (b"%PDF-1.7 no signature", "signature_malformed")],
)
def test_what_is_no_signature_is_named(
    office: Office, request_: Request, signature: bytes, code: str
) -> None:
    assert refused(handed(office, request_, signature), request_) == code


def test_one_person_signs_and_apart_from_the_document(office: Office, request_: Request) -> None:
    two = signed(office, request_, own_leaf(office), wrong_person(office))
    assert refused(handed(office, request_, two), request_) == "signature_of_several"
    attached = signed(office, request_, detached=False)
    assert refused(handed(office, request_, attached), request_) == "signature_not_detached"


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_file_that_is_lost_or_damaged_must_be_prepared_anew(
    office: Office, request_: Request, is_lost: bool
) -> None:
    signature = signed(office, request_)
    name = again(request_).certificate.file
    content = file_of(request_)
    default_storage.delete(name)
    if not is_lost:
        path = Path(default_storage.path(name))
        path.write_bytes(content.replace(b"/Type", b"/tYpe", 1))
    assert refused(handed(office, request_, signature), request_) == "prepared_file_changed"
    assert again(request_).certificate.file == ""
    assert refused(handed(office, request_, signature), request_) == "prepared_unknown"


def test_a_document_of_yesterday_must_be_prepared_anew(office: Office, request_: Request) -> None:
    tomorrow = NOW + timedelta(days=1)
    outcome = handed(office, request_, signed(office, request_), now=tomorrow)
    assert refused(outcome, request_) == "prepared_earlier"


def test_what_a_disabled_key_sealed_is_not_issued(office: Office, request_: Request) -> None:
    signature = signed(office, request_)
    disable_key(key=office.key, now=NOW, actor=SYSTEM)
    assert refused(handed(office, request_, signature), request_) == "key_disabled"


# What is refused: who hands in


def test_nobody_hands_in_for_somebody_else(office: Office, request_: Request) -> None:
    signature = signed(office, request_)
    open_organisation(read_data()["provider"][1], now=NOW - timedelta(days=30))
    stranger = User.objects.get(provider__code="ISHIM", grants__role=Role.AUTHORISED_PERSON)
    for user in (office.registrar, stranger):
        outcome = handed(office, request_, signature, user=user)
        assert refused(outcome, request_) == "prepared_unknown"


def test_who_lost_the_role_hands_in_nothing(office: Office, request_: Request) -> None:
    signature = signed(office, request_)
    RoleGrant.objects.filter(user=office.signer).delete()
    signer = User.objects.get(pk=office.signer.pk)
    outcome = handed(office, request_, signature, user=signer)
    assert refused(outcome, request_) == "seal_wrong_person"


def test_a_quota_of_the_person_ends_the_day(office: Office) -> None:
    requests = office.prepared(2)
    SealPolicy.objects.create(provider=office.stage.provider, person_quota=1, changed_at=NOW)
    outcomes = accept(office, {number_of(row): signed(office, row) for row in requests})
    assert [(row.is_issued, row.code) for row in outcomes] == [
        (True, ""), (False, "seal_person_quota_reached")
    ]  # fmt: skip


def test_where_two_persons_are_needed_nobody_signs_the_own_decision(
    office: Office, request_: Request
) -> None:
    SealPolicy.objects.create(
        provider=office.stage.provider, needs_two_persons=True, changed_at=NOW
    )
    signature = signed(office, request_)
    Request.objects.filter(pk=request_.pk).update(decided_by=office.signer)
    outcome = handed(office, request_, signature)
    assert refused(outcome, request_) == "seal_needs_two_persons"
    Request.objects.filter(pk=request_.pk).update(decided_by=office.registrar)
    assert handed(office, request_, signature).is_issued


class FullDisk(FileSystemStorage):
    """Gives what it has and takes nothing more."""

    def _save(self, _name: str, _content: object) -> str:
        raise OSError("no space left")


def test_a_storage_that_takes_nothing_is_told_and_nothing_is_issued(
    office: Office, request_: Request, settings: Settings
) -> None:
    signature = signed(office, request_)
    backend = {"BACKEND": "tests.flows.test_person_signatures.FullDisk"}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    assert refused(handed(office, request_, signature), request_) == "storage_unwritable"


# Races


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["send_back", "itself"])
def test_a_signature_and_its_rival_at_once_end_in_one_of_the_two(
    kualik_files: Path, rival: str
) -> None:
    office = open_demo_office()
    (request,) = office.prepared(1)
    signature = signed(office, request)
    outcomes: list[object] = []
    gate = threading.Barrier(2)

    def sign() -> object:
        return handed(office, request, signature)

    def send_back(mine: Request) -> object:
        return send_back_request(
            request=mine, reason=REASON, user=office.signer, role=Role.AUTHORISED_PERSON, now=NOW
        )

    def play(act: str) -> None:
        mine = again(request)
        gate.wait()
        try:
            outcomes.append(send_back(mine) if act == "send_back" else sign())
        except Exception as error:  # noqa: BLE001 - shown by the assertions
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(act,)) for act in ("itself", rival)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    certificate = Certificate.objects.get()
    pair = (again(request).state, certificate.status)
    signatures = PersonSignature.objects.count()
    files = list((kualik_files / "media").rglob("*.p7s"))
    if pair == (State.ISSUED, "valid"):
        assert (signatures, len(files)) == (1, 1), outcomes
    else:
        assert rival == "send_back"
        assert pair == (State.IN_REVIEW, "void"), outcomes
        assert (signatures, len(files)) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_quota_holds_for_signatures_that_come_at_once(kualik_files: Path) -> None:
    office = open_demo_office()
    SealPolicy.objects.create(provider=office.stage.provider, person_quota=1, changed_at=NOW)
    given = [(request, signed(office, request)) for request in office.prepared(2)]
    gate = threading.Barrier(2)
    outcomes: list[tuple[bool, str]] = []

    def sign(request: Request, signature: bytes) -> None:
        gate.wait()
        try:
            outcome = handed(office, request, signature)
            outcomes.append((outcome.is_issued, outcome.code))
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=pair) for pair in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [(False, "seal_person_quota_reached"), (True, "")]
    assert PersonSignature.objects.count() == 1
    assert len(list((kualik_files / "media").rglob("*.p7s"))) == 1
