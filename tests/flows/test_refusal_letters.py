"""From a refusal to a paper that anybody can check: prepared by the machine, signed by the
authorised person in the same batch as certificates (A57.9, A57.10-2, A303.9)."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.deciding import decline_request, refuse_request
from kualik.cases.services.following import refused_of
from kualik.cases.services.following.words import sentence
from kualik.cases.services.sealing import accept_signatures
from kualik.cases.services.telling import short_link
from kualik.cases.services.trial_signing import sign_letters_on_trial
from kualik.certificates.models import Letter, SealPolicy
from kualik.certificates.queries import letters_about, letters_of
from kualik.certificates.services.letters import LETTER_JOB, accept_letter, run_letter_job
from kualik.certificates.services.policy import Limits, set_policy
from kualik.certificates.services.signing import Intake
from kualik.core import clock, jobs
from kualik.core.journal import SYSTEM
from kualik.demo.people import staff_iins
from kualik.notifications.models import Message
from kualik.papers.services.wording import long_date
from kualik.providers.models import Office as MainOffice
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import sign_cms
from kualik.signatures.services import installation_trust, test_hierarchy
from kualik.signatures.services import test_fetcher as fetcher_at
from tests.entering import open_cabinet
from tests.flows.office import NOW, Office, open_demo_office
from tests.flows.signing import own_leaf, signed
from tests.papers.samples import text_of
from tests.signatures.authorities import openssl, write_pem
from tests.world import sign_in

FACTS = Text(
    "Ұсынылған дипломның нөмірі оны берген ұйымның тізілімінде табылмады.",
    "Номер представленного диплома не найден в реестре выдавшей его организации.",
)


@pytest.fixture
def office(db: None, kualik_files: Path) -> Office:
    return open_demo_office()


@pytest.fixture
def refused(office: Office) -> Request:
    """A request that the registrar refused; its letter is prepared."""
    (request,) = office.file(1)
    refuse_request(
        request=request,
        ground="unreliable",
        facts=FACTS,
        user=office.registrar,
        role=Role.REGISTRAR,
        now=NOW,
    )
    run_letters()
    return request


def run_letters() -> None:
    jobs.run_waiting(handlers={LETTER_JOB: run_letter_job}, worker="test", clock=lambda: NOW)


def letter_of(request: Request) -> Letter:
    (letter,) = letters_about(f"request:{request.number}")
    return letter


def bytes_of(name: str) -> bytes:
    with default_storage.open(name, "rb") as stored:
        content: bytes = stored.read()
    return content


def signature_of(office: Office, letter: Letter) -> bytes:
    return sign_cms(
        leaves=[own_leaf(office)],
        content=bytes_of(letter.file),
        detached=True,
        signing_time=NOW,
    )


def test_a_refusal_waits_for_the_authorised_person_as_a_letter(
    office: Office, refused: Request
) -> None:
    letter = letter_of(refused)
    assert (letter.kind, letter.state, letter.signer) == ("refusal", "prepared", office.signer)
    assert letter.facts["reasons"] == {"kk": FACTS.kk, "ru": FACTS.ru}
    assert letter.facts["request"] == refused.number
    assert list(letters_of(refused.person)) == []


def test_the_paper_says_all_that_the_page_says(office: Office, refused: Request) -> None:
    said = text_of(bytes_of(letter_of(refused).file))
    provider = MainOffice.objects.get(provider=refused.provider, is_main=True)
    for expected in (
        "A303.9.1",
        "строка 9 стандарта",
        *sentence("mend", "unreliable").kk.split()[:6],
        *sentence("mend", "unreliable").ru.split()[:6],
        provider.address_kk,
        provider.address_ru,
        "Министерство здравоохранения Республики Казахстан",
        "Последний день подачи жалобы",
        long_date(refused_of(refused, now=NOW).appeal_until, "kk"),
        long_date(refused_of(refused, now=NOW).appeal_until, "ru"),
    ):
        assert expected in said


def test_a_run_of_letters_leaves_no_refusal_unsealed(office: Office) -> None:
    (request,) = office.file(1)
    facts = Text(f"{FACTS.kk} {'Ж' * 80}", FACTS.ru)
    who = {"user": office.registrar, "role": Role.REGISTRAR, "now": NOW}
    refuse_request(request=request, ground="unreliable", facts=facts, **who)
    run_letters()
    assert letter_of(request).state == "prepared"


def test_the_cabinet_says_where_an_unsigned_refusal_stands(office: Office) -> None:
    User.objects.filter(pk=office.signer.pk).update(full_name="Ә" * 100)
    (request,) = office.file(1)
    who = {"user": office.registrar, "role": Role.REGISTRAR, "now": NOW}
    refuse_request(request=request, ground="unreliable", facts=FACTS, **who)
    client = open_cabinet(Client(), request.person)
    client.cookies["kualik_language"] = "en"
    where = reverse("cases:own_request", args=[request.number])
    assert "is being made" in client.get(where).content.decode()
    run_letters()
    shown = client.get(where).content.decode()
    assert "could not be made yet" in shown
    assert "waits for the signature" not in shown


def test_a_refusal_to_accept_is_a_letter_of_its_own_kind(office: Office) -> None:
    (request,) = office.file(1)
    Request.objects.filter(pk=request.pk).update(accepted_at=NOW.replace(hour=12))
    request.refresh_from_db()
    decline_request(
        request=request,
        ground="identity_not_shown",
        facts=FACTS,
        user=office.registrar,
        role=Role.REGISTRAR,
        now=NOW,
    )
    run_letters()
    assert letter_of(request).kind == "not_accepted"


def test_certificates_and_letters_are_signed_in_one_call(office: Office, refused: Request) -> None:
    letter = letter_of(refused)
    (certified,) = office.prepared(1, start=5)
    number = certified.certificate.number
    outcomes = accept_signatures(
        user=office.signer,
        signatures={
            letter.number: signature_of(office, letter),
            number: signed(office, certified),
            "DEMO-2026-H999999-9": b"0",
        },
        trust=installation_trust(),
        fetcher=fetcher_at(now=NOW),
        now=NOW,
    )
    assert [(one.number, one.is_issued, one.code) for one in outcomes] == [
        (letter.number, True, ""),
        (number, True, ""),
        ("DEMO-2026-H999999-9", False, "prepared_unknown"),
    ]
    assert list(letters_of(refused.person)) == [letter_of(refused)]


def test_the_person_hears_once_that_the_signed_refusal_is_in_the_cabinet(
    office: Office, refused: Request
) -> None:
    told = Message.objects.filter(about=f"request:{refused.number}", event="refusal_signed")
    assert not told.exists()
    for _ in range(2):
        sign_letters_on_trial(letters=[letter_of(refused)], iins=staff_iins(), now=NOW)
    assert letter_of(refused).state == "signed"
    (message,) = told
    assert (message.person, message.scope) == (refused.person, "DEMO")
    assert short_link(refused) in message.body


def test_a_letter_of_which_nobody_can_be_told_is_not_signed_yet(
    office: Office, refused: Request
) -> None:
    def forbid(_letter: Letter) -> None:
        raise RuleViolation("conflict")

    letter, trust = letter_of(refused), installation_trust()
    intake = Intake(user=office.signer, trust=trust, fetcher=fetcher_at(now=NOW), now=NOW)
    given = {"signature": signature_of(office, letter), "intake": intake}
    with pytest.raises(RuleViolation, match="conflict"):
        accept_letter(letter=letter, after=forbid, **given)
    assert (letter_of(refused).state, letter_of(refused).signature) == ("prepared", "")


def test_a_signature_over_another_document_leaves_the_letter_waiting(
    office: Office, refused: Request
) -> None:
    letter = letter_of(refused)
    (certified,) = office.prepared(1, start=5)
    (outcome,) = accept_signatures(
        user=office.signer,
        signatures={letter.number: signed(office, certified)},
        trust=installation_trust(),
        fetcher=fetcher_at(now=NOW),
        now=NOW,
    )
    assert outcome.code == "signature_of_other_document"
    assert letter_of(refused).state == "prepared"


def test_other_programs_verify_the_seal_and_the_signature(
    office: Office, refused: Request, tmp_path: Path
) -> None:
    outcomes = sign_letters_on_trial(letters=[letter_of(refused)], iins=staff_iins(), now=NOW)
    assert [one.is_issued for one in outcomes] == [True]
    letter = letter_of(refused)
    (tmp_path / "letter.pdf").write_bytes(bytes_of(letter.file))
    (tmp_path / "letter.p7s").write_bytes(bytes_of(letter.signature))
    authority = test_hierarchy("rsa")
    chain = (authority.root.certificate_der, authority.issuing.certificate_der)
    write_pem(tmp_path / "chain.pem", *chain)
    told = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", "letter.p7s",
        "-content", "letter.pdf", "-CAfile", "chain.pem", "-purpose", "any",
        "-attime", str(int(NOW.timestamp())), "-out", "out.pdf",
        folder=tmp_path,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout
    told = subprocess.run(
        ["pdfsig", "letter.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Signature is Valid." in told.stdout
    assert "Total document signed" in told.stdout


def test_the_signer_sees_letters_first_on_the_pages_of_sealing_and_signing(
    office: Office, refused: Request
) -> None:
    letter = letter_of(refused)
    office.prepared(1, start=5, now=clock.now())
    client = sign_in(Client(), office.signer)
    for name in ("cases:seal", "cases:sign", "cases:seal_phone"):
        page = client.get(reverse(name)).content.decode()
        assert letter.number in page
        assert refused.number in page
        assert refused.holder.kk in page
    page = client.get(reverse("cases:sign")).content.decode()
    assert page.count('data-number="') == 2
    assert page.index(letter.number) < page.index("DEMO-2026-000001-")
    shown = client.get(reverse("cases:prepared_file", args=[letter.number]))
    assert b"".join(shown) == bytes_of(letter.file)


def test_letters_are_signed_beyond_the_quota_which_the_pages_tell(
    office: Office, refused: Request
) -> None:
    set_policy(
        provider=office.stage.provider,
        limits=Limits(way=SealPolicy.Way.PERSON, person_quota=1),
        takes_reading=False,
        user=office.signer,
        actor=SYSTEM,
        now=NOW,
    )
    office.prepared(2, start=5, now=clock.now())
    client = sign_in(Client(), office.signer)
    page = client.get(f"{reverse('cases:seal')}?lang=en").content.decode()
    assert "lets you sign 1 more document" in page
    page = client.get(f"{reverse('cases:sign')}?lang=en").content.decode()
    assert page.count('data-number="') == 2


def test_the_page_takes_the_signature_and_tells_what_was_signed(
    office: Office, refused: Request, settings: Settings
) -> None:
    letter = letter_of(refused)
    client = sign_in(Client(), office.signer)
    sent = {letter.number: b64encode(signature_of(office, letter)).decode()}
    answer = client.post(
        reverse("cases:signatures"),
        json.dumps({"signatures": sent}),
        content_type="application/json",
    )
    (outcome,) = answer.json()["outcomes"]
    assert outcome["number"] == letter.number
    if outcome["issued"]:
        page = client.get(reverse("cases:signed")).content.decode()
        assert letter.number in page


def test_the_applicant_finds_the_signed_refusal_and_the_office_its_state(
    office: Office, refused: Request
) -> None:
    applicant = open_cabinet(Client(), refused.person)
    letter = letter_of(refused)
    address = reverse("certificates:own_letter", args=[letter.number])
    assert address not in applicant.get(reverse("cases:cabinet")).content.decode()
    registrar = sign_in(Client(), office.registrar)
    request = reverse("cases:request", args=[refused.number])
    assert letter.number in registrar.get(request).content.decode()
    sign_letters_on_trial(letters=[letter], iins=staff_iins(), now=NOW)
    page = applicant.get(reverse("cases:cabinet")).content.decode()
    assert address in page
    assert b"".join(applicant.get(address)) == bytes_of(letter.file)
