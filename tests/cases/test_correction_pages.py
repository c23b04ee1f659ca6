"""The pages of corrections: two screens for the person, side by side for the office."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person, User
from kualik.cases.models import Attachment, Correction, Draft, Request
from kualik.cases.services.correcting import accept_correction
from kualik.cases.services.sealing import SEAL_JOB, seal_job_key
from kualik.core import journal
from kualik.core.models import Job
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.papers import ask_to_correct, scan, taken
from tests.entering import open_cabinet
from tests.world import World, iin, sign_in

RIGHT = "Досжанов Асқат Мұратұлы"
WHO = ("anonymous", "applicant", "registrar", "clerk", "office_head", "authorised_person",
       "provider_admin", "inspector", "contact_centre", "stranger")  # fmt: skip
COUNTER = frozenset({"registrar", "clerk", "office_head"})
DECIDERS = frozenset({"registrar", "office_head"})


@pytest.fixture
def completion(world: World) -> Completion:
    return world.demo.free[-1]


@pytest.fixture
def owner(completion: Completion) -> Client:
    return cabinet(completion.person)


def cabinet(person: Person) -> Client:
    client = open_cabinet(Client(), person)
    client.cookies["kualik_language"] = "en"
    return client


def new(completion: Completion) -> str:
    return reverse("cases:correction_new", args=[completion.pk])


def check(completion: Completion) -> str:
    return reverse("cases:correction_check", args=[completion.pk])


def typed(completion: Completion, **given: object) -> dict[str, object]:
    names = ("holder_kk", "holder_ru", "family_name", "given_name", "patronymic")
    return {name: getattr(completion, name) for name in names} | {"note": ""} | given


def key(person: Person) -> str:
    return Draft.objects.filter(person=person).latest("pk").key


def file(client: Client, completion: Completion) -> Correction:
    client.post(new(completion), typed(completion, holder_kk=RIGHT, scans=scan()))
    client.post(check(completion), {"key": key(completion.person)})
    return Correction.objects.latest("pk")


def test_the_form_shows_the_names_as_they_stand(owner: Client, completion: Completion) -> None:
    page = owner.get(new(completion)).content.decode()
    assert page.count(f'value="{completion.holder_kk}"') == 2
    assert 'enctype="multipart/form-data"' in page


def test_the_person_sees_what_changes_before_it_is_filed(
    owner: Client, completion: Completion
) -> None:
    answer = owner.post(new(completion), typed(completion, holder_kk=RIGHT, scans=scan("Жеке.png")))
    assert answer["Location"] == check(completion)
    page = owner.get(check(completion)).content.decode()
    assert f'<span class="govuk-visually-hidden">{RIGHT}</span>' in page
    assert "<ins>қ</ins>" in page
    assert "<del>х</del>" in page
    assert "“х” becomes “қ”" in page
    assert "Жеке.png" in page
    assert not Correction.objects.exists()


def test_sending_twice_files_one(owner: Client, completion: Completion) -> None:
    owner.post(new(completion), typed(completion, holder_kk=RIGHT, scans=scan()))
    sent = {"key": key(completion.person)}
    answers = [owner.post(check(completion), sent) for _ in range(2)]
    found = Correction.objects.get()
    where = reverse("cases:own_correction", args=[found.number])
    assert [answer["Location"] for answer in answers] == [where, where]
    page = owner.get(where).content.decode()
    assert RIGHT in page
    assert "Is being looked at" in page
    assert found.number in owner.get(reverse("cases:cabinet")).content.decode()


def test_hidden_fields_and_a_forged_key_change_nothing(
    world: World, owner: Client, completion: Completion
) -> None:
    owner.post(new(completion), typed(completion, holder_kk=RIGHT, scans=scan()))
    own = key(completion.person)
    other = cabinet(world.demo.completions[0].person)
    assert other.post(check(completion), {"key": own}).status_code == 404
    theirs = world.demo.completions[0]
    assert other.post(check(theirs), {"key": own})["Location"] == new(theirs)
    forged = {"key": own, "holder_kk": "Бөтен Адам", "completion": theirs.pk, "person": 1}
    owner.post(check(completion), forged)
    found = Correction.objects.get()
    assert (found.wanted["holder_kk"], found.completion) == (RIGHT, completion)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Ахметова \u202eаниД", "invisible control character"),
        ("Ахметова\u200f Дина", "invisible control character"),
        ("Ахметова Дина 🌷", "does not belong there"),
        ("Ахметова " + "а" * 300, "longer than 100"),
        ("Ахметова" + "\u0301" * 2000, "at most 1000"),
        ("Ә" * 100, "does not fit the sheet: the full name of the holder"),
        ("", "required"),
    ],
)
def test_a_name_that_no_document_prints_is_told_at_its_field(
    owner: Client, completion: Completion, name: str, told: str
) -> None:
    answer = owner.post(new(completion), typed(completion, holder_kk=name, scans=scan()))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert told in page
    assert 'href="#id_holder_kk"' in page
    assert not Correction.objects.exists()


def test_a_mistake_loses_neither_the_file_nor_the_words(
    owner: Client, completion: Completion
) -> None:
    sent = typed(completion, holder_kk="2", note="Күні қате", scans=scan("Жеке куәлік.png"))
    page = owner.post(new(completion), sent).content.decode()
    assert "Жеке куәлік.png" in page
    assert "Күні қате" in page
    answer = owner.post(new(completion), typed(completion, note="Күні қате"))
    assert answer["Location"] == check(completion)


def test_a_file_is_taken_back(owner: Client, completion: Completion) -> None:
    owner.post(new(completion), typed(completion, holder_kk="2", scans=scan()))
    kept = Attachment.objects.get()
    owner.post(new(completion), typed(completion, drop=kept.pk))
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("card.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png"),
        SimpleUploadedFile("card.jpg", b"<html><script>alert(1)</script>", "image/jpeg"),
        SimpleUploadedFile("card.pdf", b"%PDF-1.7 nothing", "application/pdf"),
    ],
    ids=["svg", "html", "no pdf"],
)
def test_what_is_no_scan_is_refused(
    owner: Client, completion: Completion, upload: SimpleUploadedFile
) -> None:
    upload.seek(0)
    answer = owner.post(new(completion), typed(completion, holder_kk=RIGHT, scans=upload))
    assert answer.status_code == 200
    assert 'href="#id_scans"' in answer.content.decode()
    assert not Attachment.objects.exists()


def test_without_a_paper_it_goes_no_further(owner: Client, completion: Completion) -> None:
    page = owner.post(new(completion), typed(completion, holder_kk=RIGHT)).content.decode()
    assert "Attach a photo or a copy" in page


def test_an_iin_in_the_note_is_masked(owner: Client, completion: Completion) -> None:
    note = "ЖСН 850315301014\u202e дұрыс"
    owner.post(new(completion), typed(completion, note=note, scans=scan()))
    owner.post(check(completion), {"key": key(completion.person)})
    assert Correction.objects.get().note == "ЖСН 85••••••••14 дұрыс"


def test_the_open_one_is_shown_instead_of_a_second_form(
    owner: Client, completion: Completion
) -> None:
    found = file(owner, completion)
    where = reverse("cases:own_correction", args=[found.number])
    assert owner.get(new(completion))["Location"] == where


def test_the_person_withdraws_it(owner: Client, completion: Completion) -> None:
    found = file(owner, completion)
    owner.post(reverse("cases:correction_withdraw", args=[found.number]))
    found.refresh_from_db()
    assert found.state == Correction.State.WITHDRAWN


def test_a_document_leads_to_its_correction_and_nobody_elses_does(world: World) -> None:
    request = world.by_state[State.HANDED_OVER]
    assert request.certificate is not None
    assert request.completion is not None
    where = reverse("cases:correction_of", args=[request.certificate.number])
    assert cabinet(request.person).get(where)["Location"] == new(request.completion)
    assert cabinet(world.demo.completions[0].person).get(where).status_code == 404
    assert "/cabinet/enter" not in where
    page = Client().get(f"/c/{request.certificate.code}").content.decode()
    assert where in page
    assert Client().get(where).status_code == 302


@pytest.mark.parametrize("who", ["anonymous", "another", "staff"])
def test_nobody_else_opens_a_persons_pages(
    world: World, owner: Client, completion: Completion, who: str
) -> None:
    found = file(owner, completion)
    kept = found.attachments.get()
    client, answer = {
        "anonymous": (Client(), 302),
        "another": (cabinet(world.demo.completions[0].person), 404),
        "staff": (sign_in(Client(), world.demo.staff[Role.REGISTRAR]), 302),
    }[who]
    for name, part in (
        ("own_correction", found.number),
        ("correction_new", completion.pk),
        ("correction_check", completion.pk),
        ("own_attachment", kept.pk),
    ):
        assert client.get(reverse(f"cases:{name}", args=[part])).status_code == answer, name
    withdraw = reverse("cases:correction_withdraw", args=[found.number])
    assert client.post(withdraw).status_code == answer
    found.refresh_from_db()
    assert found.state == Correction.State.OPEN


def people(world: World) -> dict[str, User | None]:
    staff = {role.value: user for role, user in world.demo.staff.items()}
    return staff | {
        "anonymous": None,
        "stranger": world.other.staff[Role.REGISTRAR],
        "inspector": world.inspector,
        "contact_centre": world.contact_centre,
    }


def visitor(world: World, completion: Completion, who: str) -> Client:
    if who == "applicant":
        return cabinet(completion.person)
    user = people(world)[who]
    return sign_in(Client(), user) if user else Client()


@pytest.mark.parametrize("who", WHO)
def test_the_office_sees_and_decides_as_the_matrix_says(
    world: World, owner: Client, completion: Completion, who: str
) -> None:
    found = file(owner, completion)
    kept = found.attachments.get()
    client = visitor(world, completion, who)
    away = 302 if who in ("anonymous", "applicant") else 403
    handlers = COUNTER | {"authorised_person", "provider_admin"}

    def expected(roles: frozenset[str], stranger: int, answer: int = 200) -> int:
        if who == "stranger":
            return stranger
        return answer if who in roles else away

    def at(name: str, *parts: object) -> str:
        return reverse(f"cases:{name}", args=parts)

    assert client.get(at("corrections")).status_code == expected(COUNTER, 200)
    assert client.get(at("correction", found.number)).status_code == expected(COUNTER, 404)
    assert taken(client, at("attachment", kept.pk)) == expected(handlers, 404)
    for act in ("correction_accept", "correction_refuse"):
        assert client.get(at(act, found.number)).status_code == expected(DECIDERS, 404)
        sent = (
            {"reason_kk": "Жоқ", "reason_ru": "Нет"} if act == "correction_refuse" else days(found)
        )
        answer = client.post(at(act, found.number), sent).status_code
        assert answer == expected(DECIDERS, 404, answer=302)
    found.refresh_from_db()
    assert (found.state == Correction.State.DONE) is (who in DECIDERS)


def days(found: Correction) -> dict[str, str]:
    completion = found.completion
    return {
        "started_on": completion.started_on.isoformat(),
        "mastered_on": completion.mastered_on.isoformat(),
    }


def test_a_stranger_finds_nothing_in_the_list(
    world: World, completion: Completion, signed_in: Callable[[User], Client]
) -> None:
    found = ask_to_correct(completion, now=world.now, holder_kk=RIGHT)
    page = signed_in(world.other.staff[Role.REGISTRAR]).get(reverse("cases:corrections"))
    assert found.number not in page.content.decode()
    page = signed_in(world.demo.staff[Role.CLERK]).get(reverse("cases:corrections"))
    assert found.number in page.content.decode()


def test_the_office_sees_both_spellings_and_the_papers(
    world: World, completion: Completion, signed_in: Callable[[User], Client]
) -> None:
    found = ask_to_correct(completion, now=world.now, holder_kk=RIGHT, note="Күні де қате")
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    page = client.get(reverse("cases:correction", args=[found.number])).content.decode()
    for text in (completion.holder_kk, RIGHT, "card.png", "Күні де қате"):
        assert text in page
    assert reverse("cases:correction_accept", args=[found.number]) in page
    clerk = signed_in(world.demo.staff[Role.CLERK])
    page = clerk.get(reverse("cases:correction", args=[found.number])).content.decode()
    assert reverse("cases:correction_accept", args=[found.number]) not in page


def test_the_days_are_corrected_on_the_page(
    world: World, completion: Completion, signed_in: Callable[[User], Client]
) -> None:
    found = ask_to_correct(completion, now=world.now, note="Аяқталған күні қате")
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    day = completion.mastered_on - timedelta(days=1)
    sent = days(found) | {"mastered_on": day.isoformat()}
    client.post(reverse("cases:correction_accept", args=[found.number]), sent)
    completion.refresh_from_db()
    assert completion.mastered_on == day


def test_a_refusal_needs_its_reason_and_reaches_the_person(
    world: World, owner: Client, completion: Completion, signed_in: Callable[[User], Client]
) -> None:
    found = ask_to_correct(completion, now=world.now, holder_kk=RIGHT)
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    where = reverse("cases:correction_refuse", args=[found.number])
    assert client.post(where, {"reason_kk": "Оқылмайды"}).status_code == 200
    client.post(where, {"reason_kk": "Оқылмайды", "reason_ru": "Не читается"})
    page = owner.get(reverse("cases:own_correction", args=[found.number])).content.decode()
    assert "Оқылмайды" in page
    assert "Ask once more" in page


def test_an_iin_in_the_reason_of_a_refusal_reaches_no_page_and_no_journal(
    world: World, completion: Completion, signed_in: Callable[[User], Client]
) -> None:
    found, number = ask_to_correct(completion, now=world.now, holder_kk=RIGHT), iin(4321)
    where = reverse("cases:correction_refuse", args=[found.number])
    reason = {"reason_kk": f"Құжатта {number} тұр", "reason_ru": f"В документе {number}"}
    signed_in(world.demo.staff[Role.REGISTRAR]).post(where, reason)
    found.refresh_from_db()
    assert found.reason_kk.startswith("Құжатта ")
    kept = str([entry.data for entry in journal.history(f"correction:{found.number}")])
    assert number not in found.reason_kk + found.reason_ru + kept


def test_the_registrar_is_told_who_has_to_send_the_draft_back(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    request = world.by_state[State.APPROVED]
    assert request.completion is not None
    found = ask_to_correct(request.completion, now=world.now, holder_kk=RIGHT)
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    where = reverse("cases:correction_accept", args=[found.number])
    assert request.number in client.get(where).content.decode()
    page = client.post(where, days(found), follow=True).content.decode()
    assert "must send it back first" in page
    head = signed_in(world.demo.staff[Role.OFFICE_HEAD])
    head.post(where, days(found))
    request.refresh_from_db()
    assert request.certificate is not None
    assert request.certificate.facts["holder_kk"] == RIGHT


def test_the_office_sees_that_the_new_document_could_not_be_made(world: World) -> None:
    sealed = world.by_state[State.HANDED_OVER]
    found = ask_to_correct(sealed.completion, now=world.now, holder_kk=RIGHT)
    registrar = world.demo.staff[Role.REGISTRAR]
    who = {"user": registrar, "role": Role.REGISTRAR, "now": world.now}
    ordered = accept_correction(correction=found, days={}, **who)
    client = sign_in(Client(), registrar)
    client.cookies["kualik_language"] = "en"
    where = reverse("cases:correction", args=[found.number])
    assert "The seal failed" not in client.get(where).content.decode()
    trace = "kualik.rules.errors.RuleViolation: paper_overflow (part=programme)\n"
    Job.objects.create(
        name=SEAL_JOB,
        key=seal_job_key(ordered.certificate.number),
        payload={},
        run_at=world.now,
        failed_at=world.now,
        last_error=trace,
    )
    page = client.get(where).content.decode()
    assert "The seal failed" in page
    assert "the title of the programme" in page


def test_the_request_page_says_what_it_replaces(
    world: World, signed_in: Callable[[User], Client]
) -> None:
    earlier = world.by_state[State.ISSUED]
    assert earlier.completion is not None
    assert earlier.certificate is not None
    found = ask_to_correct(earlier.completion, now=world.now, holder_kk=RIGHT)
    client = signed_in(world.demo.staff[Role.REGISTRAR])
    client.post(reverse("cases:correction_accept", args=[found.number]), days(found))
    ordered = Request.objects.exclude(replaces=None).get()
    page = client.get(reverse("cases:request", args=[ordered.number])).content.decode()
    assert "A corrected document is on its way" in page
    assert earlier.certificate.number in page
