"""A programme that no list names: written, kept, filed, looked for by staff, and decided."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.cases.models import Attachment, Draft, Request
from kualik.cases.services.deciding import approve_request, refuse_request
from kualik.cases.services.deciding_alone import DECIDE_JOB
from kualik.cases.services.drafting import begin
from kualik.core import journal
from kualik.core.models import Job
from kualik.core.tasks import tasks_about
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import at_home, hidden, let_decide_alone, signed_by
from tests.cases.scans import jpeg, pdf, png
from tests.world import FACTS, World, iin, sign_in

ASK, CHECK = reverse("cases:ask"), reverse("cases:ask_check")
KEEP = {"do": "keep"}
TYPED = {
    "provider": "DEMO",
    "programme": "",
    "title": "Ауруханадағы инфекциялық бақылау",
    "kind": "pd",
    "started_on": "2025-09-01",
    "ended_on": "12.09.2025",
    "hours": "54",
    "phone": "8 701 000 01 77",
    "email": "aigerim@example.kz",
    "comment": "Бұйрық № 15",
    "paper": "certificate",
    "language": "kk",
    "delivery": "both",
}


@pytest.fixture
def person(world: World) -> Person:
    """Somebody with a completed programme at the first provider and no request there."""
    return world.demo.free[0].person


def start(client: Client) -> dict[str, str]:
    """Choose the provider; the hidden fields of the form."""
    assert "Where did you study?" in client.get(ASK).content.decode()
    return hidden(client.get(ASK, {"provider": "DEMO"}))


def scan(content: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def write(client: Client, **changes: object) -> dict[str, str]:
    """Type everything, go on to the check, and give its hidden fields."""
    fields = start(client)
    answer = client.post(ASK, {**TYPED, **fields, "do": "continue", **changes})
    assert answer.headers.get("Location") == CHECK, answer.content.decode()
    return hidden(client.get(CHECK))


def filed_by(client: Client, **changes: object) -> Request:
    """The request as the person files it."""
    answer = client.post(CHECK, write(client, **changes))
    number = answer.headers["Location"].rstrip("/").rpartition("/")[2]
    return Request.objects.get(number=number)


def test_a_claim_goes_to_review_with_its_clock_and_evidence(person: Person) -> None:
    filed = filed_by(at_home(person), scans=[scan(jpeg(), "бұйрық.jpg"), scan(pdf(), "б.pdf")])
    assert (filed.completion, filed.person, filed.state) == (None, person, State.FILED)
    assert filed.claim == {
        "title": TYPED["title"],
        "kind": "pd",
        "started_on": "2025-09-01",
        "ended_on": "2025-09-12",
        "hours": 54,
        "comment": "Бұйрық № 15",
        "phone": "+77010000177",
        "email": "aigerim@example.kz",
        "holder": person.full_name,
    }
    assert (filed.channel, filed.edition, filed.delivery) == ("web", "A303", "both")
    assert filed.clock["mastered_on"] == "2025-09-12"
    scans = Attachment.objects.filter(request=filed).order_by("pk")
    assert [row.filename for row in scans] == ["бұйрық.jpg", "б.pdf"]
    kept = filed.evidence
    assert (kept.level, kept.signature) == ("otp", None)
    for said in (TYPED["title"], "+77010000177", scans[0].sha256, "Медицинская академия DEMO"):
        assert said in kept.content
    assert journal.history(f"request:{filed.number}")[0].actor == f"person:{person.pk}"


def test_a_programme_of_the_list_brings_its_title_kind_and_hours(
    world: World, person: Person
) -> None:
    programme = str(world.demo.programme.pk)
    filed = filed_by(at_home(person), programme=programme, title="", kind="", hours="")
    assert filed.claim["title"] == world.demo.programme.title_kk
    assert (filed.kind, filed.claim["hours"]) == ("pd", 120)


def test_the_machine_never_decides_a_claim(world: World, person: Person) -> None:
    let_decide_alone(world.demo, world)
    filed_by(at_home(person))
    assert not Job.objects.filter(name=DECIDE_JOB).exists()


def test_sent_twice_it_is_filed_once(person: Person) -> None:
    client = at_home(person)
    fields = write(client)
    answers = [client.post(CHECK, fields) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert Request.objects.filter(person=person).count() == 1
    assert client.post(ASK, {**TYPED, **fields}).headers["Location"] == answers[0]["Location"]


def test_the_same_training_claimed_anew_names_the_first_request(person: Person) -> None:
    client = at_home(person)
    filed = filed_by(client)
    answer = client.post(CHECK, write(client), follow=True)
    assert filed.number in answer.content.decode()
    assert Request.objects.filter(person=person).count() == 1


def test_what_was_typed_is_there_after_the_session_was_lost(person: Person) -> None:
    client = at_home(person)
    fields = start(client)
    client.post(ASK, {**TYPED, **fields, "do": "attach", "scans": [scan(png(), "бет.png")]})
    client.session.flush()
    late = {**TYPED, **fields, **KEEP, "title": "Жартылай"}
    script = {"accept": "application/json"}
    assert client.post(ASK, late, headers=script).status_code == 204
    page = at_home(person).get(ASK).content.decode()
    assert "Жартылай" in page
    assert "Бұйрық № 15" in page
    assert "бет.png" in page


def test_mistakes_are_named_and_lose_neither_words_nor_files(person: Person) -> None:
    client = at_home(person)
    wrong = {"title": "", "kind": "", "phone": "жоқ", "ended_on": "01.08.2025"}
    fields = start(client)
    sent = {**TYPED, **fields, **wrong, "do": "continue", "scans": [scan(png(), "бет.png")]}
    answer = client.post(ASK, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    for said in (
        "Choose the programme or type its title.",
        "Choose the kind of training.",
        "The last day is before the first.",
        "бет.png",
        "Бұйрық № 15",
    ):
        assert said in page
    assert client.get(CHECK).headers["Location"] == ASK


def test_a_training_of_the_future_is_not_claimed(world: World, person: Person) -> None:
    tomorrow = (world.now + timedelta(days=2)).date().isoformat()
    client = at_home(person)
    answer = client.post(ASK, {**TYPED, **start(client), "ended_on": tomorrow, "do": "continue"})
    assert "The training has not ended yet." in answer.content.decode()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"<svg onload='alert(1)'/>", "скан.png", "Only PDF, PNG and JPEG"),
        (b"<!doctype html><script>", "скан.pdf", "Only PDF, PNG and JPEG"),
        (pdf(catalog="/OpenAction << /S /JavaScript /JS (1) >>"), "a.pdf", "holds a script"),
        (bytes(10 * 1024 * 1024 + 1), "a.pdf", "The file is too large"),
    ],
    ids=["svg", "html", "script", "size"],
)
def test_what_is_no_scan_is_refused_and_the_words_stay(
    person: Person, content: bytes, name: str, said: str
) -> None:
    client = at_home(person)
    sent = {**TYPED, **start(client), "do": "continue", "scans": [scan(content, name)]}
    page = client.post(ASK, sent, follow=True).content.decode()
    assert said in page
    assert TYPED["title"] in page
    assert not Attachment.objects.exists()


def test_a_scan_can_be_taken_back_by_its_owner_only(world: World, person: Person) -> None:
    client, other = at_home(person), at_home(world.demo.free[1].person)
    fields = start(client)
    client.post(ASK, {**TYPED, **fields, "do": "attach", "scans": [scan(png(), "бет.png")]})
    kept = Attachment.objects.get()
    theirs = {**TYPED, **start(other), "drop": str(kept.pk)}
    assert other.post(ASK, theirs).status_code == 404
    client.post(ASK, {**TYPED, **fields, "drop": str(kept.pk)})
    assert not Attachment.objects.exists()


def test_letters_that_nobody_sees_are_dropped_and_others_stay(person: Person) -> None:
    title = "Кардио\u202eлогия \u200f😀" + "ұ" * 300
    filed = filed_by(at_home(person), title=title, comment="Бір\nЕкі\nКілт: forged")
    assert filed.claim["title"] == "Кардиология 😀" + "ұ" * 300
    lines = filed.evidence.content.splitlines()
    assert sum("forged" in line for line in lines) == 1
    assert lines[-1].endswith(Draft.objects.get().key)


def test_an_iin_among_the_words_is_kept_nowhere(person: Person) -> None:
    number = iin(4321)
    filed = filed_by(at_home(person), title=f"Терапия {number}", comment=f"ЖСН {number}, б. 15")
    kept = (filed.claim, filed.evidence.content, Draft.objects.get().data)
    assert number not in str(kept)
    assert filed.claim["comment"].endswith(", б. 15")


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "NOBODY"},
        {"key": "x"},
        {"key": ""},
    ],
)
def test_changed_hidden_fields_lead_nowhere(person: Person, changed: dict[str, str]) -> None:
    client = at_home(person)
    sent = {**TYPED, **start(client), "do": "continue", **changed}
    assert client.post(ASK, sent).status_code == 404


def test_a_programme_of_another_provider_is_no_choice(world: World, person: Person) -> None:
    client = at_home(person)
    foreign = str(world.other.programme.pk)
    sent = {**TYPED, **start(client), "programme": foreign, "do": "continue"}
    assert client.post(ASK, sent).status_code == 422


def test_a_key_of_another_person_is_not_found(world: World, person: Person) -> None:
    client = at_home(person)
    stranger = begin(person=world.demo.free[1].person, kind="claim", now=world.now)
    for where, pressed in ((ASK, "continue"), (CHECK, ""), (ASK, "keep")):
        sent = {**TYPED, **start(client), "key": stranger.key, "do": pressed}
        assert client.post(where, sent).status_code == 404
    stranger.refresh_from_db()
    assert stranger.data == {}


def test_another_text_than_the_one_on_the_page_is_not_filed(person: Person) -> None:
    client = at_home(person)
    fields = write(client)
    client.post(ASK, {**TYPED, **KEEP, "key": fields["key"], "title": "Басқа"})
    page = client.post(CHECK, fields, follow=True).content.decode()
    assert "The data were changed meanwhile" in page
    assert not Request.objects.filter(person=person).exists()


def test_a_claim_may_be_signed(person: Person, served_installation: None) -> None:
    client = at_home(person, level="eds", way="ncalayer")
    fields = write(client)
    text = client.get(CHECK).context["text"].encode()
    client.post(CHECK, {"key": fields["key"], "signature": signed_by(person, text)})
    kept = Request.objects.get(person=person).evidence
    assert (kept.level, kept.content.encode()) == ("eds", text)
    assert kept.signature


def test_asking_again_begins_with_what_was_said(world: World, person: Person) -> None:
    client = at_home(person)
    filed = filed_by(client)
    registrar = world.demo.staff[Role.REGISTRAR]
    refuse_request(
        request=filed, ground="incomplete", facts=FACTS,
        user=registrar, role=Role.REGISTRAR, now=world.now,
    )  # fmt: skip
    page = client.get(ASK, {"again": filed.number}).content.decode()
    assert TYPED["title"] in page
    assert "2025-09-12" in page
    stranger = at_home(world.demo.free[1].person)
    assert stranger.get(ASK, {"again": filed.number}).status_code == 404


@pytest.fixture
def claim(person: Person) -> Request:
    return filed_by(at_home(person), scans=[scan(jpeg(), "бұйрық.jpg")])


def office(world: World, role: Role = Role.REGISTRAR) -> Client:
    client = sign_in(Client(), world.demo.staff[role])
    client.cookies["kualik_language"] = "en"
    return client


def training_of(claim: Request) -> str:
    return reverse("cases:claim_training", args=[claim.number])


def test_staff_see_what_is_claimed_and_cannot_approve_it_yet(world: World, claim: Request) -> None:
    page = office(world).get(reverse("cases:request", args=[claim.number])).content.decode()
    assert TYPED["title"] in page
    assert reverse("cases:attachment", args=[claim.attachments.get().pk]) in page
    assert training_of(claim) in page
    assert reverse("cases:approve", args=[claim.number]) not in page
    clerk = office(world, Role.CLERK).get(reverse("cases:request", args=[claim.number]))
    assert training_of(claim) not in clerk.content.decode()
    with pytest.raises(RuleViolation, match="completion_not_found_yet"):
        approve_request(
            request=claim, user=world.demo.staff[Role.REGISTRAR], role=Role.REGISTRAR,
            now=world.now,
        )  # fmt: skip


def test_the_list_of_the_office_finds_a_claim_by_the_name(world: World, claim: Request) -> None:
    found = office(world).get(reverse("cases:requests"), {"text": claim.person.family_name})
    assert claim.number in found.content.decode()


def test_a_record_of_the_person_is_linked_and_approved(world: World, claim: Request) -> None:
    record = world.demo.free[0]
    client = office(world)
    assert [task.kind for task in tasks_about(f"request:{claim.number}")] == ["claim_filed"]
    assert claim.number in client.get(reverse("cases:tasks")).content.decode()
    page = client.get(training_of(claim)).content.decode()
    assert f'value="{record.pk}"' in page
    assert f'value="{world.demo.free[1].pk}"' not in page
    answer = client.post(training_of(claim), {"do": "link", "completion": record.pk})
    assert answer.headers["Location"] == reverse("cases:request", args=[claim.number])
    claim.refresh_from_db()
    assert (claim.completion, claim.due_at) == (record, claim.due_at)
    assert claim.number not in client.get(reverse("cases:tasks")).content.decode()
    client.post(reverse("cases:approve", args=[claim.number]))
    claim.refresh_from_db()
    assert claim.state == State.APPROVED
    assert claim.certificate.facts["programme"]["ru"] == record.programme.title_ru
    assert client.get(training_of(claim)).status_code == 302


def test_a_record_of_another_person_or_one_with_a_request_is_no_choice(
    world: World, claim: Request
) -> None:
    client = office(world)
    for record in (world.demo.free[1], world.by_state[State.ISSUED].completion):
        answer = client.post(training_of(claim), {"do": "link", "completion": record.pk})
        assert answer.status_code == 422
    claim.refresh_from_db()
    assert claim.completion is None


def test_a_training_that_no_list_names_is_entered_in_a_group(world: World, claim: Request) -> None:
    Completion.objects.filter(pk=world.demo.free[0].pk).delete()
    client = office(world)
    sent = {
        "do": "enter",
        "group": world.demo.group.pk,
        "holder_kk": "Төлегенова Жанар Ілиясқызы",
        "holder_ru": "Тулегенова Жанар Ильясовна",
        "mastered_on": "2025-09-05",
        "protocol": "№ 4",
    }
    client.post(training_of(claim), sent)
    claim.refresh_from_db()
    made = claim.completion
    assert made is not None
    assert (made.person, made.group, made.source_row) == (claim.person, world.demo.group, None)
    assert (made.holder_kk, made.holder_ru) == (sent["holder_kk"], sent["holder_ru"])
    assert (made.hours, made.phone) == (120, "+77010000177")
    (entry,) = journal.history(f"completion:{made.pk}")
    assert entry.role == Role.REGISTRAR


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mastered_on": "2025-08-01"}, "The day of mastery cannot be before"),
        ({"mastered_on": "2099-01-01"}, "The day of mastery cannot be before"),
        ({"holder_kk": "Аты 😀"}, ""),
        ({"holder_ru": "А1"}, ""),
        ({}, "The person has a record in this group"),
    ],
)
def test_a_training_entered_wrongly_is_told_and_not_kept(
    world: World, claim: Request, changed: dict[str, str], said: str
) -> None:
    sent = {
        "do": "enter",
        "group": str(world.demo.group.pk),
        "holder_kk": "Төлегенова Жанар",
        "holder_ru": "Тулегенова Жанар",
        "mastered_on": "2025-09-05",
    }
    count = Completion.objects.count()
    answer = office(world).post(training_of(claim), {**sent, **changed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Completion.objects.count() == count


@pytest.mark.parametrize("ground", ["unreliable", "incomplete"])
def test_a_claim_is_refused_as_any_request(world: World, claim: Request, ground: str) -> None:
    """A303.9.1, A303.9.2."""
    registrar = world.demo.staff[Role.REGISTRAR]
    page = office(world).get(reverse("cases:refuse", args=[claim.number])).content.decode()
    assert f'value="{ground}"' in page
    refuse_request(
        request=claim, ground=ground, facts=FACTS,
        user=registrar, role=Role.REGISTRAR, now=world.now,
    )  # fmt: skip
    assert claim.state == State.REFUSED


def test_staff_of_another_provider_do_not_find_the_claim(world: World, claim: Request) -> None:
    other = sign_in(Client(), world.other.staff[Role.REGISTRAR])
    assert other.get(training_of(claim)).status_code == 404
    assert office(world, Role.CLERK).get(training_of(claim)).status_code == 403


def test_approving_everything_found_passes_claims_over(world: World, claim: Request) -> None:
    sent = {"scope": "found", "kept": "", "confirm": "yes"}
    office(world).post(reverse("cases:approve_many"), sent)
    claim.refresh_from_db()
    assert claim.state == State.FILED
    assert Request.objects.get(pk=world.by_state[State.FILED].pk).state == State.APPROVED
