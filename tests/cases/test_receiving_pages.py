"""Receiving a document: what is seen, what is filed, and what nobody else can make of it."""

import hashlib
import subprocess
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from kualik.accounts.services import confirm_phone
from kualik.cases.models import Correction, Draft, Evidence, Mandate, Request
from kualik.cases.queries.asking import receivable_by
from kualik.cases.services.application import Wish, data_digest
from kualik.cases.services.confirming import Confirmation
from kualik.cases.services.deciding import accept_due, approve_request
from kualik.cases.services.deciding_alone import DECIDE_JOB, LEFT, decide, run_decide_job, why_not
from kualik.cases.services.drafting import begin
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.receiving import receive
from kualik.certificates.models import Certificate
from kualik.certificates.services.standing import revoke_certificate
from kualik.core import clock, journal
from kualik.core.clock import ZONE, local_day
from kualik.core.jobs import Later
from kualik.core.journal import SYSTEM
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role, State
from kualik.training.models import Completion
from tests.cases.asking import (
    WISH,
    at_home,
    confirm,
    hidden,
    let_decide_alone,
    page_of,
    signed_by,
)
from tests.world import World, issue, sign_in

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 11:00 in Almaty
SUNDAY = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
OPENING = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # Monday, 8:30


@pytest.fixture
def mine(world: World) -> Completion:
    """A completed programme of a provider's list, without a request."""
    found = world.demo.free[0]
    found.source_row = 12
    found.save()
    return found


def received(completion: Completion, *, now: datetime, level: str = "otp") -> Request:
    """The request as the page's service files it."""
    person = completion.person
    return receive(
        draft=begin(person=person, kind=f"receive:{completion.pk}", now=now),
        completion=completion,
        wish=Wish(),
        seen=data_digest(completion),
        confirmation=Confirmation(content="мәтін", level=level, way="code"),
        channel=Request.Channel.WEB,
        actor=journal.Actor(f"person:{person.pk}", "applicant"),
        now=now,
    )


def test_the_cabinet_offers_what_waits_and_nothing_that_has_a_request(
    world: World, mine: Completion
) -> None:
    page = at_home(mine.person).get(reverse("cases:cabinet")).content.decode()
    assert page_of(mine) in page
    taken = world.by_state[State.ISSUED]
    page = at_home(taken.person).get(reverse("cases:cabinet")).content.decode()
    assert page_of(taken.completion) not in page


def test_a_refused_request_leaves_the_programme_to_be_asked_for_again(world: World) -> None:
    refused = world.by_state[State.REFUSED]
    offered = receivable_by(refused.person, now=world.now)
    assert refused.completion in [row.completion for row in offered]


def test_the_page_shows_both_languages_as_they_will_be_printed(mine: Completion) -> None:
    Completion.objects.filter(pk=mine.pk).update(holder_kk="Әбіш Ұлы", holder_ru="Абиш Улы")
    page = at_home(mine.person).get(page_of(mine)).content.decode()
    for said in ("Әбіш Ұлы", "Абиш Улы", mine.programme.title_kk, mine.programme.title_ru):
        assert said in page
    assert "120 сағат, 4 кредит" in page
    assert "25.08.2025 – 05.09.2025" in page
    assert reverse("cases:correction_new", args=[mine.pk]) in page


def test_the_term_stands_in_one_sentence_with_the_clauses_behind_it(mine: Completion) -> None:
    today = local_day(clock.now())
    rest_day = datetime.combine(today + timedelta(days=6 - today.weekday()), time(12), tzinfo=ZONE)
    with time_machine.travel(rest_day, tick=False):
        page = at_home(mine.person).get(page_of(mine)).content.decode()
    assert "A303.7.2" in page
    assert "A303.3.1" in page


def test_one_button_files_the_request_with_its_evidence(mine: Completion) -> None:
    confirm_phone(
        person=mine.person, phone="+77010000042", how="counter", evidence={},
        actor=SYSTEM, now=SUNDAY,
    )  # fmt: skip
    answer = confirm(at_home(mine.person), mine, paper="reference", delivery="both", language="ru")
    filed = Request.objects.get(completion=mine)
    assert answer.headers["Location"] == reverse("cases:own_request", args=[filed.number])
    assert (filed.channel, filed.paper, filed.delivery) == ("web", "reference", "both")
    assert (filed.language, filed.edition) == ("ru", "A303")
    kept = filed.evidence
    assert (kept.level, kept.way, kept.signature) == ("otp", "code", None)
    assert kept.facts["phone"] == "+7…42"
    assert kept.sha256 == hashlib.sha256(kept.content.encode()).hexdigest()
    for said in (mine.holder_kk, mine.programme.title_ru, "Орыс тілі", Draft.objects.get().key):
        assert said in kept.content


def test_the_journal_names_the_person_as_the_one_who_filed(mine: Completion) -> None:
    confirm(at_home(mine.person), mine)
    filed = Request.objects.get(completion=mine)
    entry = journal.history(f"request:{filed.number}")[0]
    assert (entry.actor, entry.role) == (f"person:{mine.person_id}", "applicant")


def test_sent_twice_it_is_filed_once_and_both_lead_to_the_same_page(mine: Completion) -> None:
    client = at_home(mine.person)
    fields = hidden(client.get(page_of(mine)))
    answers = [client.post(page_of(mine), {**fields, **WISH}) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert Request.objects.filter(completion=mine).count() == 1
    again = client.get(page_of(mine))
    assert again.headers["Location"] == answers[0].headers["Location"]


def test_a_key_of_another_person_or_another_form_is_not_found(
    world: World, mine: Completion
) -> None:
    other = world.demo.free[1]
    key = hidden(at_home(other.person).get(page_of(other)))["key"]
    assert confirm(at_home(mine.person), mine, key=key).status_code == 404
    own = begin(person=mine.person, kind="claim", now=world.now).key
    assert confirm(at_home(mine.person), mine, key=own).status_code == 404
    assert confirm(at_home(mine.person), mine, key="").status_code == 404
    assert not Request.objects.filter(completion=mine).exists()


def test_another_persons_programme_is_not_found(world: World, mine: Completion) -> None:
    stranger = at_home(world.demo.free[1].person)
    assert stranger.get(page_of(mine)).status_code == 404
    answer = stranger.post(page_of(mine), {**WISH, "key": "x", "seen": data_digest(mine)})
    assert answer.status_code == 404
    assert stranger.get(reverse("cases:receive", args=[10**9])).status_code == 404


def test_nobody_else_opens_the_page(world: World, mine: Completion) -> None:
    assert Client().get(page_of(mine)).status_code == 302
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    assert clerk.get(page_of(mine)).status_code == 302


def test_fields_that_the_page_does_not_have_change_nothing(world: World, mine: Completion) -> None:
    other = world.demo.free[1]
    extra = {"completion": str(other.pk), "provider": "OTHER", "person": str(other.person_id)}
    confirm(at_home(mine.person), mine, **extra)
    filed = Request.objects.get(completion=mine)
    assert (filed.provider, filed.person) == (mine.provider, mine.person)
    assert not Request.objects.filter(completion=other).exists()


@pytest.mark.parametrize(
    "changed", [{"paper": "diploma"}, {"language": "en"}, {"delivery": "post"}, {"paper": ""}]
)
def test_a_choice_that_the_edition_does_not_give_is_refused(
    mine: Completion, changed: dict[str, str]
) -> None:
    assert confirm(at_home(mine.person), mine, **changed).status_code == 422
    assert not Request.objects.filter(completion=mine).exists()


def test_data_that_changed_since_they_were_seen_are_not_filed(mine: Completion) -> None:
    client = at_home(mine.person)
    fields = hidden(client.get(page_of(mine)))
    Completion.objects.filter(pk=mine.pk).update(holder_kk="Басқа Есім")
    answer = client.post(page_of(mine), {**fields, **WISH}, follow=True)
    assert "The data were changed meanwhile" in answer.content.decode()
    assert "Басқа Есім" in answer.content.decode()
    assert not Request.objects.filter(completion=mine).exists()


def test_a_digest_from_elsewhere_files_nothing(world: World, mine: Completion) -> None:
    seen = data_digest(world.demo.free[1])
    confirm(at_home(mine.person), mine, seen=seen)
    assert not Request.objects.filter(completion=mine).exists()


def test_retraining_has_no_document_under_the_edition_in_force(mine: Completion) -> None:
    """A57.5.2."""
    mine.programme.kind = "rt"
    mine.programme.save()
    client = at_home(mine.person)
    assert "gives no document" in client.get(reverse("cases:cabinet")).content.decode()
    page = client.get(page_of(mine)).content.decode()
    assert "gives no document" in page
    assert 'name="key"' not in page


def test_names_of_300_letters_with_signs_of_direction_break_nothing(mine: Completion) -> None:
    name = ("Ұзақесімді" * 30)[:290] + "\u202e\u200f<b>"
    Completion.objects.filter(pk=mine.pk).update(holder_kk=name, holder_ru=name)
    page = at_home(mine.person).get(page_of(mine)).content.decode()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert confirm(at_home(mine.person), mine).status_code == 302


def test_only_who_entered_by_a_key_is_offered_to_sign(mine: Completion) -> None:
    offered = b'value="sign"'
    assert offered not in at_home(mine.person).get(page_of(mine)).content
    by_key = at_home(mine.person, level="eds", way="ncalayer")
    assert offered in by_key.get(page_of(mine)).content
    signing = reverse("cases:receive_sign", args=[mine.pk])
    confirm(at_home(mine.person), mine, do="sign")
    assert at_home(mine.person).get(signing).headers["Location"] == page_of(mine)
    assert not Request.objects.filter(completion=mine).exists()


def signing_page(mine: Completion, **wish: str) -> tuple[Client, str, dict[str, str], bytes]:
    """The browser at the page of the signature: address, fields and text."""
    client = at_home(mine.person, level="eds", way="ncalayer")
    answer = confirm(client, mine, do="sign", **wish)
    where = reverse("cases:receive_sign", args=[mine.pk])
    assert answer.headers["Location"] == where
    page = client.get(where)
    assert "connect-src" in page.headers["Content-Security-Policy"]
    return client, where, hidden(page), page.context["text"].encode()


def test_data_corrected_before_the_signature_are_signed_as_they_are_then(
    mine: Completion, served_installation: None
) -> None:
    client, where, fields, old = signing_page(mine)
    Completion.objects.filter(pk=mine.pk).update(holder_kk="Түзетілген Есім")
    client.post(where, {**fields, "signature": signed_by(mine.person, old)})
    assert not Request.objects.filter(completion=mine).exists()
    text = client.get(where).context["text"].encode()
    client.post(where, {**fields, "signature": signed_by(mine.person, text)})
    assert "Түзетілген Есім" in Request.objects.get(completion=mine).evidence.content


def test_a_signature_over_the_very_text_is_kept_with_it(
    mine: Completion, served_installation: None
) -> None:
    client, where, fields, text = signing_page(mine, paper="reference")
    signature = signed_by(mine.person, text)
    answer = client.post(where, {**fields, "signature": signature})
    filed = Request.objects.get(completion=mine)
    assert answer.headers["Location"] == reverse("cases:own_request", args=[filed.number])
    assert filed.paper == "reference"
    kept = Evidence.objects.get(request=filed)
    assert (kept.level, kept.content.encode()) == ("eds", text)
    assert bytes(kept.signature)
    assert kept.facts["serial"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("text", "Another text was signed"),
        ("person", "Somebody else&#x27;s key"),
        ("nothing", ""),
        ("noise", ""),
    ],
)
def test_a_signature_of_another_text_or_another_person_files_nothing(
    world: World, mine: Completion, served_installation: None, wrong: str, said: str
) -> None:
    client, where, fields, text = signing_page(mine)
    signature = {
        "text": lambda: signed_by(mine.person, text + b"x"),
        "person": lambda: signed_by(world.demo.free[1].person, text),
        "nothing": lambda: "",
        "noise": lambda: "bm9pc2U=",
    }[wrong]()
    answer = client.post(where, {**fields, "signature": signature}, follow=True)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Request.objects.filter(completion=mine).exists()


def test_a_representative_receives_for_the_principal_by_a_checked_power(
    world: World, mine: Completion
) -> None:
    """A57.8.head, A303.8.head."""
    agent = world.demo.free[1].person
    mandate = Mandate.objects.create(
        representative=agent,
        principal=mine.person,
        principal_hash=mine.person.iin_hash,
        principal_name=mine.person.full_name,
        provider=mine.provider,
        document_number="11-7",
        issued_by="Нотариус",
        issued_on=world.now.date() - timedelta(days=3),
        valid_until=world.now.date() + timedelta(days=30),
        created_at=world.now,
    )
    assert at_home(agent).get(page_of(mine)).status_code == 404
    mandate.state = Mandate.State.CHECKED
    mandate.save()
    confirm(at_home(agent), mine)
    filed = Request.objects.get(completion=mine)
    assert (filed.person, filed.mandate) == (mine.person, mandate)
    assert "11-7" in filed.evidence.content


def test_in_office_hours_the_machine_looks_at_once(world: World, mine: Completion) -> None:
    let_decide_alone(world.demo, world)
    filed = received(mine, now=MONDAY)
    assert filed.accepted_at == MONDAY
    job = Job.objects.get(name=DECIDE_JOB)
    assert job.run_at == MONDAY
    run_decide_job(job.payload, MONDAY)
    filed.refresh_from_db()
    assert (filed.state, filed.decided_by) == (State.APPROVED, None)
    (entry,) = [
        row for row in journal.history(f"request:{filed.number}") if row.action == "cases.approve"
    ]
    assert (entry.actor, entry.role) == ("system", "system")
    grounds = entry.data["grounds"]
    assert (grounds["row"], grounds["hours"], grounds["clause"]) == (12, 120, "A303.4")
    assert grounds["hours_from"] <= 120 <= grounds["hours_to"]
    run_decide_job(job.payload, MONDAY)
    assert Request.objects.get(pk=filed.pk).version == filed.version


def test_outside_hours_it_waits_for_the_acceptance_moment(world: World, mine: Completion) -> None:
    """A303.7.2."""
    let_decide_alone(world.demo, world)
    filed = received(mine, now=SUNDAY)
    job = Job.objects.get(name=DECIDE_JOB)
    assert job.run_at == filed.accepted_at == OPENING
    with pytest.raises(Later):
        run_decide_job(job.payload, SUNDAY)
    filed.refresh_from_db()
    assert filed.state == State.FILED
    run_decide_job(job.payload, OPENING)
    filed.refresh_from_db()
    assert filed.state == State.APPROVED


def test_it_waits_for_the_hours_of_the_seal_within_the_term(world: World, mine: Completion) -> None:
    let_decide_alone(world.demo, world, opens=12 * 60, closes=18 * 60)
    received(mine, now=MONDAY)
    with pytest.raises(Later) as waiting:
        run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, MONDAY)
    assert waiting.value.at == MONDAY + timedelta(hours=1)


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("not_in_list", {"source_row": None}),
        ("data_changed", {"holder_ru": "Другое Имя"}),
        ("data_changed", {"hours": 119}),
        ("volume_mismatch", {}),
        ("volume_out_of_range", {}),
    ],
)
def test_whatever_is_not_plain_is_left_to_a_person(
    world: World, mine: Completion, why: str, change: dict[str, object]
) -> None:
    let_decide_alone(world.demo, world)
    if why.startswith("volume"):
        hours = {"volume_mismatch": 121, "volume_out_of_range": 3}[why]
        Completion.objects.filter(pk=mine.pk).update(hours=hours)
        mine.refresh_from_db()
    filed = received(mine, now=MONDAY)
    Completion.objects.filter(pk=mine.pk).update(**(change or {"created_at": MONDAY}))
    run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, MONDAY)
    filed.refresh_from_db()
    assert filed.state in (State.FILED, State.ACCEPTED)
    last = journal.history(f"request:{filed.number}")[-1]
    assert (last.action, last.data) == (LEFT, {"why": why})


def test_an_open_correction_leaves_it_to_a_person(world: World, mine: Completion) -> None:
    let_decide_alone(world.demo, world)
    filed = received(mine, now=MONDAY)
    Correction.objects.create(
        provider=mine.provider,
        person=mine.person,
        completion=mine,
        number="DEMO-2026-C000001-0",
        wanted={"holder_ru": "Иначе"},
        filed_at=MONDAY,
    )
    assert why_not(filed, now=MONDAY) == "correction_open"


def test_a_request_moved_at_that_moment_is_tried_again(world: World, mine: Completion) -> None:
    let_decide_alone(world.demo, world)
    filed = received(mine, now=MONDAY)
    job = Job.objects.get(name=DECIDE_JOB)
    stale = Request.objects.get(pk=filed.pk)
    accept_due(now=MONDAY)
    with pytest.raises(RuleViolation, match="conflict"):
        decide(stale, now=MONDAY)
    run_decide_job(job.payload, MONDAY)
    filed.refresh_from_db()
    assert filed.state == State.APPROVED


@pytest.mark.parametrize("limits", [{"decides_alone": False}, {"kinds": ["cc"]}])
def test_without_the_providers_word_the_machine_decides_nothing(
    world: World, mine: Completion, limits: dict[str, object]
) -> None:
    let_decide_alone(world.demo, world, **limits)
    filed = received(mine, now=MONDAY)
    for job in Job.objects.filter(name=DECIDE_JOB):
        run_decide_job(job.payload, MONDAY)
    filed.refresh_from_db()
    assert filed.state == State.FILED


def test_taking_it_back_stops_what_waits(world: World, mine: Completion) -> None:
    let_decide_alone(world.demo, world)
    filed = received(mine, now=SUNDAY)
    let_decide_alone(world.demo, world, decides_alone=False)
    run_decide_job(Job.objects.get(name=DECIDE_JOB).payload, OPENING)
    filed.refresh_from_db()
    assert filed.state == State.FILED


def test_who_lets_the_machine_decide_is_journalled(world: World) -> None:
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    assert let_decide_alone(world.demo, world).decides_alone
    entry = journal.history("provider:DEMO")[-1]
    assert (entry.actor, entry.data["decides_alone"]) == (f"user:{signer.pk}", True)


def test_a_request_filed_meanwhile_by_the_registrar_is_named(mine: Completion) -> None:
    received(mine, now=MONDAY)
    with pytest.raises(RuleViolation, match="request_exists"):
        received(mine, now=MONDAY)


def revoke(request: Request, *, now: datetime) -> Certificate:
    """The document of a request loses its force for good."""
    document = request.certificate
    assert document is not None
    reason = Text("Қате берілген", "Выдан ошибочно")
    revoke_certificate(certificate=document, reason=reason, actor=SYSTEM, now=now)
    document.refresh_from_db()
    return document


def test_after_a_revocation_the_document_may_be_asked_for_again_and_a_person_decides(
    world: World,
) -> None:
    let_decide_alone(world.demo, world)
    first = world.by_state[State.ISSUED]
    mine = first.completion
    assert mine is not None
    Completion.objects.filter(pk=mine.pk).update(source_row=4)
    revoked = revoke(first, now=world.now)
    own_page = reverse("cases:own_request", args=[first.number])
    for page in (own_page, reverse("cases:cabinet")):
        assert page_of(mine) in at_home(mine.person).get(page).content.decode()
    assert confirm(at_home(mine.person), mine).status_code == 302
    again = Request.objects.filter(completion=mine).latest("pk")
    assert (again.replaces, again.channel) == (revoked, "web")
    assert why_not(again, now=again.accepted_at) == "channel"
    assert mine not in [row.completion for row in receivable_by(mine.person, now=world.now)]
    there = at_home(mine.person).get(page_of(mine)).headers["Location"]
    assert there == reverse("cases:own_request", args=[again.number])


def test_the_document_made_after_a_revocation_leaves_the_revoked_one_as_it_is(
    world: World,
) -> None:
    first, later = world.by_state[State.ISSUED], world.now + timedelta(minutes=1)
    assert first.completion is not None
    revoked = revoke(first, now=world.now)
    again = received(first.completion, now=later)
    world.demo.requests.append(again)
    registrar = world.demo.staff[Role.REGISTRAR]
    approve_request(request=again, user=registrar, role=Role.REGISTRAR, now=later)
    issue(world.demo, again, now=later)
    again.refresh_from_db()
    revoked.refresh_from_db()
    assert (again.state, revoked.status, revoked.replaced_by) == (State.ISSUED, "revoked", None)


def test_an_application_older_than_the_revocation_is_the_one_that_was_answered(
    world: World,
) -> None:
    first = world.by_state[State.ISSUED]
    assert first.completion is not None
    revoke(first, now=world.now)
    with pytest.raises(RuleViolation, match="request_exists"):
        file_requests(
            provider=first.provider,
            filings=[Filing(completion=first.completion)],
            channel=Request.Channel.REGISTRAR,
            filed_at=world.now - timedelta(minutes=1),
            actor=SYSTEM,
            now=world.now,
        )


def test_of_two_wishes_after_a_revocation_one_is_filed(world: World) -> None:
    first, later = world.by_state[State.ISSUED], world.now + timedelta(minutes=1)
    assert first.completion is not None
    revoke(first, now=world.now)
    received(first.completion, now=later)
    with pytest.raises(RuleViolation, match="request_exists"):
        received(first.completion, now=later)


def test_a_look_at_what_is_not_ones_own_leaves_no_draft(world: World, mine: Completion) -> None:
    at_home(world.demo.free[1].person).get(page_of(mine))
    assert not Draft.objects.exists()


def test_the_kept_signature_verifies_with_openssl_alone(
    mine: Completion, served_installation: None, tmp_path: Path
) -> None:
    """A57.8.2, A303.8.2: the evidence is good outside the program."""
    client, where, fields, text = signing_page(mine)
    client.post(where, {**fields, "signature": signed_by(mine.person, text)})
    kept = Request.objects.get(completion=mine).evidence
    assert kept.sha256 == hashlib.sha256(kept.content.encode()).hexdigest()
    cms, out = tmp_path / "evidence.p7s", tmp_path / "content"
    cms.write_bytes(bytes(kept.signature))
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-noverify", "-in", cms, "-out", out]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert out.read_bytes() == kept.content.encode()
    altered = bytes(kept.signature).replace("120 сағат".encode(), "129 сағат".encode())
    assert altered != bytes(kept.signature)
    cms.write_bytes(altered)
    refused = subprocess.run(command, capture_output=True, check=False)
    assert b"content verify error" in refused.stderr
