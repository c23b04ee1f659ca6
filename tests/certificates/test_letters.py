"""Letters: drafted once, sealed by a job, signed by who answers for them (A57.10-2, ADR 0021)."""

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zxingcpp
from django.core.files.storage import default_storage
from PIL import Image

from kualik.accounts.models import RoleGrant
from kualik.accounts.services import is_own_iin
from kualik.certificates.models import Letter, SealPolicy
from kualik.certificates.queries import letters_about, letters_of
from kualik.certificates.services.letters import (
    KEYS,
    LETTER_JOB,
    is_sealed_alone,
    letter_job_key,
    make_letter,
    notice_letter_facts,
    prepared_letters,
    refusal_letter_facts,
    run_succeed_job,
    void_letter,
)
from kualik.certificates.services.letters.content import frozen
from kualik.certificates.services.policy import Limits, set_policy
from kualik.config.jobs import HANDLERS
from kualik.core import journal
from kualik.core.jobs import Later
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.rules import refusal, standards
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from kualik.signatures.models import KeyUse
from kualik.signatures.queries import organisation_key
from kualik.signatures.services import disable_key, installation_trust, test_person_leaf, verify_cms
from kualik.signatures.services import test_fetcher as fetcher_at
from tests.certificates import letter_samples as samples
from tests.certificates import people
from tests.certificates.conftest import World
from tests.papers.samples import is_archival_and_accessible, picture_of, text_of

NOW = people.NOW
REASON = Text("Шешім өзгертілді", "Решение изменено")


def test_a_draft_gets_a_number_of_its_own_series_and_a_job(world: World) -> None:
    first = samples.draft(world.signer)
    second = samples.draft(world.signer, "notice")
    assert first.number.startswith("DEMO-2026-H000001-")
    assert second.number.startswith("DEMO-2026-H000002-")
    assert (first.state, first.signer) == ("draft", world.signer)
    assert Job.objects.get(key=letter_job_key(first)).name == LETTER_JOB
    assert LETTER_JOB in HANDLERS
    assert list(letters_about(samples.ABOUT)) == [first, second]
    assert list(letters_of(samples.addressee())) == []


def test_the_same_letter_is_drafted_once(world: World) -> None:
    first = samples.draft(world.signer)
    changed = samples.FACTS["refusal"] | {"reasons": Text("Басқа", "Другое")}
    assert samples.draft(world.signer, facts=changed) == first
    assert Letter.objects.get().facts["reasons"]["ru"] == "Номер диплома не найден."
    void_letter(letter=first, reason=REASON, actor=SYSTEM, now=NOW)
    assert samples.draft(world.signer) != first


@pytest.mark.parametrize("kind", sorted(samples.FACTS))
def test_facts_with_a_key_too_few_or_too_many_or_of_another_type_are_refused(kind: str) -> None:
    facts = samples.FACTS[kind]
    assert set(KEYS[kind]) == set(facts)
    for name in facts:
        without = {key: value for key, value in facts.items() if key != name}
        for wrong in (without, facts | {name: 7}, facts | {"iin": "850713400128"}):
            with pytest.raises(RuleViolation, match="letter_facts_invalid"):
                frozen(kind, wrong)


def test_the_facts_of_a_refusal_come_from_its_decision() -> None:
    decision = refusal.make_refusal(
        standard=standards.get("A303"),
        ground="unreliable",
        facts=Text(
            "Дипломның нөмірі тізілімде табылмады, оны берген ұйым растамады.",
            "Номер диплома не найден в реестре, выдавшая организация его не подтвердила.",
        ),
        decided_on=people.ISSUED_ON,
        provider_name=Text("Академия", "Академия"),
    )
    facts = refusal_letter_facts(
        decision=decision,
        request="DEMO-2026-Z000001-5",
        applicant=samples.APPLICANT,
        mend=Text("Дипломды қосыңыз", "Приложите диплом"),
        bodies=Text("1) Академия", "1) Академия"),
    )
    assert facts["clause"] == Text(
        "стандарттың 9-жолы (ҚР ДСМ-303/2020 бұйрығы), A303.9.1",
        "строка 9 стандарта (приказ ҚР ДСМ-303/2020), A303.9.1",
    )
    assert facts["appeal_until"] == last_day_to_complain(
        people.ISSUED_ON, appeal=refusal.appeal(), ways_were_named=True
    )
    assert frozen("refusal", facts)["law"] == {
        "kk": decision.ground.law.kk, "ru": decision.ground.law.ru
    }  # fmt: skip


def test_a_declaration_of_will_needs_somebody_who_answers_for_it(world: World) -> None:
    assert samples.draft(world.signer, signer=None).signer == world.signer
    with pytest.raises(RuleViolation, match="letter_without_signer"):
        samples.draft(world.signer, "decision", provider=None, signer=None)


@pytest.mark.parametrize(
    ("kind", "edition", "now", "alone"),
    [
        ("refusal", "A303", samples.LATER, False),
        ("not_accepted", "A303", samples.LATER, False),
        ("decision", "A303", samples.LATER, False),
        ("notice", "A303", samples.LATER, True),
        ("notice", "A303", NOW, False),
        ("notice", "A57", samples.LATER, False),
    ],
)
def test_the_seal_alone_is_enough_for_uniform_papers_of_the_present_edition(
    world: World, kind: str, edition: str, now: datetime, alone: bool
) -> None:
    letter = samples.prepared(world.signer, kind, edition=edition, now=now)
    assert is_sealed_alone(letter, now) is alone
    assert letter.state == ("signed" if alone else "prepared")
    assert (letter.signed_at == now) is alone
    assert list(prepared_letters(world.signer)) == ([] if alone else [letter])
    assert list(letters_of(letter.person)) == ([letter] if alone else [])
    said = text_of(samples.content_of(letter))
    assert ("Сейітқали Бауыржан" in said) is not alone
    assert ("хранится вместе с документом" in said) is not alone


@pytest.mark.parametrize("kind", sorted(samples.FACTS))
def test_each_kind_is_an_archival_paper_whose_code_can_be_scanned(
    world: World, kind: str, tmp_path: Path
) -> None:
    letter = samples.prepared(world.signer, kind)
    pdf = samples.content_of(letter)
    assert is_archival_and_accessible(pdf)
    said = text_of(pdf)
    for value in samples.FACTS[kind].values():
        if isinstance(value, Text):
            assert value.ru.split()[0] in said
    assert letter.number in said
    scanned = zxingcpp.read_barcode(Image.open(picture_of(pdf, tmp_path)))
    assert scanned.text.endswith(f"/c/{letter.code}")
    (tmp_path / "letter.pdf").write_bytes(pdf)
    told = subprocess.run(
        ["pdfsig", "letter.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid." in told
    assert "Total document signed" in told


def test_the_use_of_the_key_is_written_down(world: World) -> None:
    letter = samples.prepared(world.signer)
    use = KeyUse.objects.get(document_sha256=letter.file_sha256)
    assert (use.key, use.purpose, use.actor) == (world.key, "letter", None)


def test_a_second_run_of_the_job_changes_nothing(world: World) -> None:
    letter = samples.prepared(world.signer)
    assert samples.make(letter, NOW + timedelta(hours=1)).file == letter.file


def test_without_a_key_the_letter_waits_and_the_administrator_is_told(world: World) -> None:
    disable_key(key=world.key, now=NOW, actor=SYSTEM)
    letter = samples.draft(world.signer)
    with pytest.raises(Later, match="no_organisation_key"):
        samples.make(letter)
    task = StaffTask.objects.get(kind="letter_waits_for_key")
    assert (task.scope, task.role, task.closed_at) == ("DEMO", Role.PROVIDER_ADMIN, None)
    assert task.params == {"number": letter.number, "fault": "no_organisation_key"}
    people.key_of(world.signer)
    assert samples.make(letter, NOW + timedelta(minutes=10)).state == "prepared"
    task.refresh_from_db()
    assert task.closed_at is not None


def test_the_signature_of_who_answers_makes_it_a_document(world: World) -> None:
    letter = samples.prepared(world.signer)
    signature = samples.signature_of(letter)
    assert samples.sign(letter, signature)
    found = Letter.objects.get(pk=letter.pk)
    assert (found.state, found.signed_at) == ("signed", NOW)
    assert found.signature_facts["role"] == "right_to_sign"
    assert list(letters_of(letter.person)) == [found]
    with default_storage.open(found.signature) as stored:
        kept = stored.read()
    assert kept == signature
    verdict = verify_cms(
        signature=kept,
        document=samples.content_of(found),
        trust=installation_trust(),
        at=NOW,
        now=NOW,
        purpose="signing",
        is_revocation_required=True,
        uses_enclosed_lists=False,
        fetcher=fetcher_at(now=NOW),
    )
    assert verdict.status == "valid"
    actions = [entry.action for entry in journal.history(f"letter:{letter.number}")]
    assert actions == [
        "certificates.letter_drafted",
        "certificates.letter_prepared",
        "certificates.letter_signed",
    ]


def test_the_same_signature_may_come_again_and_another_is_not_kept(world: World) -> None:
    letter = samples.prepared(world.signer)
    signature = samples.signature_of(letter)
    assert samples.sign(letter, signature)
    again = Letter.objects.get(pk=letter.pk)
    assert samples.sign(again, signature)
    assert not samples.sign(again, samples.signature_of(again) + b"\0")
    assert Letter.objects.get(pk=letter.pk).signature == again.signature


def test_a_signature_that_is_not_the_signers_own_over_this_file_signs_nothing(
    world: World,
) -> None:
    letter = samples.prepared(world.signer)
    provider = world.signer.provider
    name, iin = world.signer.full_name, samples.STAFF_IINS[0]
    private = test_person_leaf(name=name, iin=iin, now=NOW)
    elsewhere = test_person_leaf(
        name=name, iin=iin, organisation="ТОО", bin="030640000125", now=NOW
    )
    employee = test_person_leaf(
        name=name,
        iin=iin,
        organisation=provider.name_kk,
        bin=provider.bin,
        roles=("employee",),
        now=NOW,
    )
    wrong = {
        "signature_of_other_person": samples.signature_of(letter, samples.leaf_of(world.head)),
        "signature_of_other_document": samples.signature_of(letter, content=b"%PDF-1.7"),
        "signature_of_other_organisation": samples.signature_of(letter, elsewhere),
        "signature_without_right": samples.signature_of(letter, employee),
    }
    for code, signature in wrong.items():
        with pytest.raises(RuleViolation, match=code):
            samples.sign(letter, signature)
    with pytest.raises(RuleViolation, match="signature_without_right"):
        samples.sign(letter, samples.signature_of(letter, private))
    assert Letter.objects.get(pk=letter.pk).state == "prepared"


def test_a_handler_signs_a_decision_as_an_employee_and_nobody_elses(world: World) -> None:
    letter = samples.prepared(world.head, "decision")
    provider = world.head.provider
    iin = next(iin for iin in samples.STAFF_IINS if is_own_iin(world.head, iin))
    key = test_person_leaf(
        name=world.head.full_name,
        iin=iin,
        organisation=provider.name_kk,
        bin=provider.bin,
        roles=("employee",),
        now=NOW,
    )
    with pytest.raises(RuleViolation, match="seal_wrong_person"):
        samples.sign(letter, samples.signature_of(letter, key), user=world.signer)
    assert samples.sign(letter, samples.signature_of(letter, key))
    found = Letter.objects.get(pk=letter.pk)
    assert found.signature_facts["role"] == "employee"
    said = text_of(samples.content_of(found))
    assert "ЭЦП подписавшего" in said


def test_without_the_role_of_the_authorised_person_a_refusal_stays_unsigned(
    world: World,
) -> None:
    letter = samples.prepared(world.head)
    with pytest.raises(RuleViolation, match="seal_wrong_person"):
        samples.sign(letter)


def test_a_damaged_file_is_signed_by_nobody_and_made_anew(world: World) -> None:
    letter = samples.prepared(world.signer)
    signature = samples.signature_of(letter)
    with default_storage.open(letter.file, "wb") as stored:
        stored.write(b"%PDF-1.7 forged")
    with pytest.raises(RuleViolation, match="prepared_file_changed"):
        samples.sign(letter, signature)
    assert Letter.objects.get(pk=letter.pk).state == "draft"
    assert Job.objects.filter(key=letter_job_key(letter), done_at=None).exists()
    anew = samples.make(letter)
    assert samples.sign(anew)


def test_a_key_disabled_meanwhile_makes_the_letter_wait_for_another(world: World) -> None:
    letter = samples.prepared(world.signer)
    signature = samples.signature_of(letter)
    disable_key(key=world.key, now=NOW, actor=SYSTEM)
    assert list(prepared_letters(world.signer)) == []
    letter = Letter.objects.select_related("key", "provider", "signer").get(pk=letter.pk)
    with pytest.raises(RuleViolation, match="key_disabled"):
        samples.sign(letter, signature)
    assert Letter.objects.get(pk=letter.pk).state == "draft"


def test_where_two_persons_are_wanted_who_refused_does_not_sign(world: World) -> None:
    set_policy(
        provider=world.signer.provider,
        limits=Limits(way=SealPolicy.Way.PERSON, needs_two_persons=True),
        takes_reading=False,
        user=world.signer,
        actor=SYSTEM,
        now=NOW,
    )
    by_himself = world.signer.acting_as(Role.OFFICE_HEAD)
    own = samples.prepared(world.signer, actor=by_himself)
    with pytest.raises(RuleViolation, match="seal_needs_two_persons"):
        samples.sign(own)
    by_another = world.head.acting_as(Role.OFFICE_HEAD)
    assert samples.sign(samples.prepared(world.signer, "not_accepted", actor=by_another))


def test_the_successor_of_an_authorised_person_signs_what_waits(world: World) -> None:
    letter = samples.prepared(world.signer)
    decision = samples.prepared(world.head, "decision")
    RoleGrant.objects.filter(user=world.signer).delete()
    run_succeed_job({}, NOW)
    assert Letter.objects.get(pk=letter.pk).signer == world.signer, "there is nobody else yet"
    successor = world.admin
    RoleGrant.objects.create(user=successor, role=Role.AUTHORISED_PERSON, granted_at=NOW)
    run_succeed_job({}, NOW)
    anew = samples.make(letter)
    assert (anew.signer, anew.state) == (successor, "prepared")
    assert successor.full_name in text_of(samples.content_of(anew))
    assert samples.sign(anew)
    assert Letter.objects.get(pk=decision.pk).signer == world.head


def test_a_file_made_for_a_signer_who_left_meanwhile_is_not_kept(world: World) -> None:
    read = samples.draft(world.signer)
    RoleGrant.objects.filter(user=world.signer).delete()
    RoleGrant.objects.create(user=world.admin, role=Role.AUTHORISED_PERSON, granted_at=NOW)
    run_succeed_job({}, NOW)
    key = organisation_key(provider=read.provider, now=NOW)
    assert not make_letter(letter=read, key=key, now=NOW)
    assert Letter.objects.get(pk=read.pk).file == ""
    made = samples.make(read)
    assert (made.state, made.signer) == ("prepared", world.admin)
    assert world.admin.full_name in text_of(samples.content_of(made))


def test_who_has_lost_every_role_signs_no_decision(world: World) -> None:
    decision = samples.prepared(world.head, "decision")
    RoleGrant.objects.filter(user=world.head).delete()
    again = Letter.objects.get(pk=decision.pk)
    with pytest.raises(RuleViolation, match="seal_wrong_person"):
        samples.sign(again, samples.signature_of(decision))


def test_a_sign_that_no_paper_can_show_is_left_out(world: World) -> None:
    facts = samples.FACTS["refusal"] | {"reasons": Text("Диплом 🙂 жоқ", "Нет диплома \u202e")}
    letter = samples.prepared(world.signer, facts=facts)
    assert letter.facts["reasons"] == {"kk": "Диплом … жоқ", "ru": "Нет диплома"}
    assert letter.state == "prepared"


def test_a_letter_taken_back_before_its_signature_loses_its_file(world: World) -> None:
    letter = samples.prepared(world.signer)
    signature = samples.signature_of(letter)
    void = void_letter(letter=letter, reason=REASON, actor=SYSTEM, now=NOW)
    assert (void.state, void.file) == ("void", "")
    with pytest.raises(RuleViolation, match="conflict"):
        samples.sign(letter, signature)
    assert samples.make(void).state == "void"


def test_a_signed_letter_taken_back_keeps_its_file_and_lies_in_the_cabinet(world: World) -> None:
    letter = samples.signed(world.signer)
    void = void_letter(letter=letter, reason=REASON, actor=SYSTEM, now=NOW)
    assert (void.state, bool(void.file)) == ("void", True)
    assert list(letters_of(letter.person)) == [void]


def test_a_notice_says_which_document_and_who_certified_it(world: World) -> None:
    facts = notice_letter_facts(
        certificate=world.document, request="DEMO-2026-Z000001-5", service=samples.SERVICE
    )
    letter = samples.prepared(world.signer, "notice", facts=facts, now=samples.LATER)
    said = text_of(samples.content_of(letter))
    for expected in (
        world.document.number,
        "Сейітқали Бауыржан Маратұлы",
        "Кардиология негіздері",
        "/cabinet/",
        world.document.code,
    ):
        assert expected in said
