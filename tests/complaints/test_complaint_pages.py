"""The pages of complaints: on the site, by number and code, in the cabinet, in the office."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.queries import looks_of
from kualik.cases.models import Request
from kualik.cases.queries.timeline import status_code as request_code
from kualik.cases.services.trial_signing import sign_letters_on_trial
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import LETTER_JOB, run_letter_job
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.complaints.queries import status_code
from kualik.complaints.services.deciding import decide_complaint
from kualik.complaints.services.handling import forward_complaint
from kualik.complaints.services.looking import look_at
from kualik.core import jobs
from kualik.core.journal import broken_links, history
from kualik.notifications.models import Message
from kualik.rules.complaints import law
from kualik.rules.lifecycle import Role, State
from tests.cases.scans import pdf
from tests.complaints.complaining import FINDINGS, TEXT, complain, head, ruling
from tests.entering import open_cabinet
from tests.world import World, sign_in

NEW = "/complaints/new/"


def in_english(client: Client) -> Client:
    client.cookies["kualik_language"] = "en"
    return client


def text_of(answer: HttpResponse) -> str:
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def written(client: Client, **more: object) -> dict[str, object]:
    """The form as somebody without a cabinet fills it in."""
    page = client.get(NEW).content.decode()
    return {
        "key": value(page, "key"),
        "subject": "conduct",
        "provider": "DEMO",
        "text": TEXT,
        "complainant": "Иванов Иван",
        "phone": "8 701 123 45 67",
        "language": "ru",
        **more,
    }


def test_anybody_complains_without_account_and_iin(world: World, client: Client) -> None:
    client = in_english(client)
    answer = client.post(NEW, written(client))
    found = Complaint.objects.get()
    assert answer.headers["Location"] == reverse("complaints:filed", args=[found.number])
    assert (found.person, found.phone, found.language) == (None, "+77011234567", "ru")
    page = text_of(client.get(answer.headers["Location"]))
    assert found.number in page
    assert status_code(found) in page
    assert "Your rights and duties" in page
    receipt = client.get(reverse("complaints:filed_receipt", args=[found.number]))
    assert (receipt.status_code, receipt.content[:5]) == (200, b"%PDF-")


@pytest.mark.parametrize(
    ("name", "told"),
    [("Ә" * 300, "at most 100"), ("...", "name"), ("Иван\u202eов", "")],
)
def test_a_name_that_is_none_is_told_at_its_field(
    world: World, client: Client, name: str, told: str
) -> None:
    answer = in_english(client).post(NEW, written(client, complainant=name))
    if told:
        assert told in text_of(answer)
        assert 'href="#id_complainant"' in answer.content.decode()
    assert Complaint.objects.exists() is not bool(told)


def test_a_name_of_one_long_word_is_on_the_receipt(world: World, client: Client) -> None:
    client.post(NEW, written(client, complainant="Ә" * 100))
    number = Complaint.objects.get().number
    receipt = client.get(reverse("complaints:filed_receipt", args=[number]))
    assert receipt.content[:5] == b"%PDF-"


def test_the_receipt_page_is_shown_to_the_browser_that_filed_alone(
    world: World, client: Client
) -> None:
    answer = client.post(NEW, written(client))
    for name in ("filed", "filed_receipt"):
        number = Complaint.objects.get().number
        assert Client().get(reverse(f"complaints:{name}", args=[number])).status_code == 404
    assert client.get(answer.headers["Location"]).status_code == 200


def test_sending_twice_files_one(world: World, client: Client) -> None:
    sent = written(client)
    first, second = client.post(NEW, sent), client.post(NEW, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert Complaint.objects.count() == 1


def test_what_was_typed_survives_a_mistake(world: World, client: Client) -> None:
    client = in_english(client)
    sent = written(client, phone="", wish="Верните заявление", text=f"{TEXT} <b>&</b>")
    page = client.post(NEW, sent)
    assert page.status_code == 200
    assert "Write a phone, an e-mail or a postal address" in text_of(page)
    assert f"{TEXT} <b>&</b>" in text_of(page)
    assert "Верните заявление" in text_of(page)
    assert value(page.content.decode(), "key") == sent["key"]
    assert not Complaint.objects.exists()


def test_an_applicant_finds_the_form_filled_in(world: World, client: Client) -> None:
    request = world.by_state[State.REFUSED]
    client = open_cabinet(client, request.person)
    page = client.get(NEW, {"request": request.number}).content.decode()
    assert value(page, "named_number") == request.number
    assert value(page, "complainant") == request.person.full_name
    assert re.search(r'value="decision"[^>]*checked', page)
    assert re.search(r'<option value="DEMO" selected', page)


def test_an_overdue_request_is_complained_of_as_a_delay(world: World, client: Client) -> None:
    request = world.by_state[State.IN_REVIEW]
    client = open_cabinet(client, request.person)
    page = client.get(NEW, {"request": request.number}).content.decode()
    assert re.search(r'value="delay"[^>]*checked', page)


def test_who_opened_a_request_by_its_code_finds_it_chosen(world: World, client: Client) -> None:
    request = world.by_state[State.IN_REVIEW]
    asked = {"request": request.number}
    before = client.get(NEW, asked).content.decode()
    assert '<option value="DEMO" selected' not in before
    code = request_code(request)
    client.post(reverse("cases:status"), {"number": request.number, "code": code})
    page = client.get(NEW, asked).content.decode()
    assert value(page, "named_number") == request.number
    assert re.search(r'value="delay"[^>]*checked', page)
    assert '<option value="DEMO" selected' in page
    assert request.person.full_name not in page
    foreign = client.get(NEW, {"request": world.by_state[State.REFUSED].number}).content.decode()
    assert '<option value="DEMO" selected' not in foreign


def test_one_of_three_ways_is_needed_and_none_is_called_optional(
    world: World, client: Client
) -> None:
    page = text_of(in_english(client).get(NEW))
    assert "one of the three is needed" in page
    assert not re.search(r"(Phone|E-mail address|Postal address) <span[^>]*>\(optional", page)


def test_where_nobody_is_independent_the_page_says_what_is_left(
    world: World, client: Client
) -> None:
    found = complain(world, State.IN_REVIEW, against=world.demo.staff[Role.REGISTRAR])
    client = in_english(sign_in(client, head(world)))
    page = text_of(client.get(reverse("complaints:complaint", args=[found.number])))
    assert "Nobody at this organisation is independent" in page
    assert "Name who handles it" not in page
    assert "/decide/" in page


def test_a_decision_is_looked_over_before_it_is_made(world: World, client: Client) -> None:
    found = complain(world)
    client = in_english(sign_in(client, head(world)))
    where = reverse("complaints:decide", args=[found.number])
    sent = {"kind": "rejected", "findings_kk": FINDINGS.kk, "findings_ru": FINDINGS.ru}
    page = text_of(client.post(where, sent))
    assert FINDINGS.ru in page
    assert "Look over the decision" in page
    assert not ComplaintDecision.objects.exists()
    assert FINDINGS.kk in text_of(client.post(where, {**sent, "change": "yes"}))
    client.post(where, {**sent, "confirm": "yes"})
    assert ComplaintDecision.objects.get().kind == "rejected"


def test_a_missed_term_offers_no_act_to_cancel(world: World, client: Client) -> None:
    found = complain(world, State.IN_REVIEW)
    client = sign_in(client, world.demo.staff[Role.REGISTRAR])
    page = client.get(reverse("complaints:decide", args=[found.number])).content.decode()
    assert 'value="action_ordered"' in page
    assert 'value="act_cancelled"' not in page


def test_a_complaint_of_an_own_request_is_tied_to_it(world: World, client: Client) -> None:
    request = world.by_state[State.REFUSED]
    client = open_cabinet(client, request.person)
    client.post(NEW, written(client, subject="decision", named_number=request.number.lower()))
    found = Complaint.objects.get()
    assert (found.request, found.person) == (request, request.person)
    assert found.known_on is None


def test_a_request_of_somebody_else_is_not_tied_to(world: World, client: Client) -> None:
    mine, foreign = world.by_state[State.ISSUED], world.by_state[State.REFUSED]
    client = open_cabinet(client, mine.person)
    page = client.get(NEW, {"request": foreign.number}).content.decode()
    assert foreign.person.full_name not in page
    client.post(NEW, written(client, named_number=foreign.number))
    assert (Complaint.objects.get().request, Complaint.objects.get().named_number) == (
        None,
        foreign.number,
    )


def test_a_stranger_learns_nothing_of_a_request_by_its_number(world: World, client: Client) -> None:
    request = world.by_state[State.REFUSED]
    Request.objects.filter(pk=request.pk).update(decided_at=world.now - timedelta(days=400))
    client.post(NEW, written(client, subject="decision", named_number=request.number))
    found = Complaint.objects.get()
    assert (found.request, found.known_on, found.is_late) == (request, None, False)
    page = text_of(client.get(reverse("complaints:filed", args=[found.number])))
    assert request.number not in page


def test_a_strangers_phone_gets_three_receipts_a_day(world: World, client: Client) -> None:
    for _ in range(5):
        client.post(NEW, written(client))
    assert Complaint.objects.count() == 5
    assert Message.objects.filter(event="complaint_registered").count() == 3


def test_an_iin_in_the_words_is_masked(world: World, client: Client) -> None:
    iin = next(iter(world.demo.iins.values()))
    client.post(NEW, written(client, text=f"{TEXT} ЖСН {iin}", named_number=iin))
    found = Complaint.objects.get()
    assert iin not in found.text
    assert iin not in found.named_number


def test_papers_are_added_and_other_files_refused(world: World, client: Client) -> None:
    client = in_english(client)
    good = SimpleUploadedFile("жауап.pdf", pdf(), "application/pdf")
    bad = SimpleUploadedFile("x.pdf", b"<svg onload='alert(1)'/>", "application/pdf")
    refused = client.post(NEW, written(client, scans=[good, bad]))
    assert refused.status_code == 200
    assert not Complaint.objects.exists()
    good.seek(0)
    client.post(NEW, written(client, scans=[good]))
    (kept,) = Complaint.objects.get().files.all()
    assert (kept.filename, kept.media_type) == ("жауап.pdf", "application/pdf")
    assert "жауап" not in kept.content.name


def test_an_address_that_files_without_end_is_slowed_down(world: World, client: Client) -> None:
    answers = [client.post(NEW, written(client)).status_code for _ in range(7)]
    assert answers == [302] * 6 + [429]


def test_status_opens_by_number_and_code_and_slows_guessing(world: World, client: Client) -> None:
    client = in_english(client)
    found = complain(world)
    where = reverse("complaints:status")
    page = client.post(where, {"number": found.number, "code": status_code(found)})
    assert page.status_code == 200
    assert "Course of the complaint" in text_of(page)
    assert found.complainant not in text_of(page)
    tries = [
        client.post(where, {"number": found.number, "code": f"{n:08d}"}).status_code
        for n in range(11)
    ]
    assert tries == [404] * 10 + [429]


def test_the_link_of_a_message_fills_in_the_number(world: World, client: Client) -> None:
    found = complain(world)
    page = client.get(reverse("complaints:status"), {"number": found.number}).content.decode()
    assert value(page, "number") == found.number


def test_the_cabinet_lists_own_complaints_and_lets_withdraw(world: World, client: Client) -> None:
    found = complain(world)
    client = in_english(open_cabinet(client, found.person))
    assert found.number in text_of(client.get(reverse("complaints:own_list")))
    page = text_of(client.get(reverse("complaints:own", args=[found.number])))
    assert TEXT in page
    client.post(reverse("complaints:withdraw", args=[found.number]))
    found.refresh_from_db()
    assert found.state == Complaint.State.WITHDRAWN


def test_the_office_decides_from_taking_up_to_the_paper(world: World, client: Client) -> None:
    found = complain(world)
    client = in_english(sign_in(client, head(world)))
    where = reverse("complaints:complaint", args=[found.number])
    assert "Take it up" in text_of(client.get(where))
    client.post(reverse("complaints:take_up", args=[found.number]))
    decide = reverse("complaints:decide", args=[found.number])
    assert "Decide the complaint" in text_of(client.get(decide))
    short = client.post(
        decide, {"kind": "act_cancelled", "findings_kk": "Иә.", "findings_ru": FINDINGS.ru}
    )
    assert "error-summary" in short.content.decode()
    client.post(
        decide,
        {
            "kind": "act_cancelled",
            "findings_kk": FINDINGS.kk,
            "findings_ru": FINDINGS.ru,
            "confirm": "yes",
        },
    )
    page = text_of(client.get(where))
    assert page.index("The complaint is upheld") < page.index("The act is cancelled")
    assert "It waits for the signature" in page
    assert world.by_state[State.REFUSED].number in page


def test_the_signed_paper_is_downloaded_from_the_cabinet(world: World, client: Client) -> None:
    found = complain(world)
    decision = decide_complaint(
        complaint=found,
        ruling=ruling(),
        user=head(world),
        role=Role.OFFICE_HEAD,
        now=world.now,
    )
    later = world.now + timedelta(minutes=1)
    jobs.run_waiting(handlers={LETTER_JOB: run_letter_job}, worker="test", clock=lambda: later)
    letter = Letter.objects.get(number=decision.letter_number)
    sign_letters_on_trial(letters=[letter], iins=list(world.demo.iins.values()), now=later)
    client = open_cabinet(client, found.person)
    page = client.get(reverse("complaints:own", args=[found.number])).content.decode()
    where = reverse("certificates:own_letter", args=[letter.number])
    assert where in page
    paper = client.get(where)
    assert b"".join(paper)[:5] == b"%PDF-"
    paper.close()


def test_the_document_is_asked_about_only_where_there_is_one(world: World, client: Client) -> None:
    client = sign_in(client, head(world))
    refused, issued = complain(world), complain(world, State.ISSUED, key="k2", subject="decision")
    fields = [
        'name="effect"'
        in client.get(reverse("complaints:decide", args=[one.number])).content.decode()
        for one in (refused, issued)
    ]
    assert fields == [False, True]


def test_the_decision_of_the_body_is_entered_on_the_same_page(world: World, client: Client) -> None:
    found = complain(world)
    client = sign_in(client, head(world))
    client.post(reverse("complaints:forward", args=[found.number]), {"to": "higher_body"})
    client.post(
        reverse("complaints:decide", args=[found.number]),
        {
            "kind": "act_cancelled",
            "findings_kk": FINDINGS.kk,
            "findings_ru": FINDINGS.ru,
            "outer_number": "01-23/456",
            "outer_on": "2025-09-30",
            "confirm": "yes",
        },
    )
    assert ComplaintDecision.objects.get().body == "higher_body"


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_page_says_the_decision_in_its_own_language(
    world: World, client: Client, language: str
) -> None:
    found = complain(world)
    decide_complaint(
        complaint=found,
        ruling=ruling("act_cancelled"),
        user=head(world),
        role=Role.OFFICE_HEAD,
        now=world.now,
    )
    kind = law().decision("act_cancelled").name
    where = reverse("complaints:complaint", args=[found.number])
    page = text_of(sign_in(client, head(world)).get(where, {"lang": language}))
    steps = page[page.index('class="k-timeline"') :]
    assert kind.get(language) in steps
    assert kind.get("ru" if language == "kk" else "kk") not in steps


def test_who_is_complained_of_is_offered_full_satisfaction_alone(
    world: World, client: Client
) -> None:
    found = complain(world)
    client = sign_in(client, world.demo.staff[Role.REGISTRAR])
    page = client.get(reverse("complaints:decide", args=[found.number])).content.decode()
    assert 'value="act_cancelled"' in page
    assert 'value="sent_back"' not in page
    assert 'value="rejected"' not in page


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD])
def test_a_complaint_at_the_counter_is_registered_by_the_office(
    world: World, client: Client, role: Role
) -> None:
    client = sign_in(client, world.demo.staff[role])
    request = world.by_state[State.REFUSED]
    page = client.get(reverse("complaints:register")).content.decode()
    sent = {
        "key": value(page, "key"),
        "channel": "counter",
        "subject": "decision",
        "provider": "DEMO",
        "named_number": request.number,
        "is_identified": "on",
        "text": TEXT,
        "complainant": request.person.full_name,
        "postal_address": "Алматы, Абай 1",
        "language": "kk",
    }
    answer = client.post(reverse("complaints:register"), sent)
    found = Complaint.objects.get()
    assert answer.headers["Location"] == reverse("complaints:complaint", args=[found.number])
    assert (found.channel, found.request, found.person) == ("counter", request, request.person)
    assert (found.filed_by, found.ways_were_named) == (world.demo.staff[role], False)


def test_the_contact_centre_sees_what_is_open_and_the_texts_of_its_own_alone(
    world: World, client: Client
) -> None:
    client = in_english(sign_in(client, world.contact_centre))
    other = complain(world)
    page = client.get(reverse("complaints:register")).content.decode()
    assert 'value="counter"' not in page
    sent = written(Client(), key=value(page, "key"), channel="phone")
    client.post(reverse("complaints:register"), sent)
    found = Complaint.objects.get(channel="phone")
    pages = {
        one: text_of(client.get(reverse("complaints:complaint", args=[one.number])))
        for one in (found, other)
    }
    assert (TEXT in pages[found], TEXT in pages[other]) == (True, False)
    assert status_code(other) not in pages[other]
    assert "1 complaint found" in text_of(client.get(reverse("complaints:list"))), "its own"
    receipt = reverse("complaints:receipt", args=[other.number])
    assert client.get(receipt).status_code == 404


def test_the_contact_centre_searches_first_and_sees_no_whole_name(
    world: World, client: Client
) -> None:
    client = in_english(sign_in(client, world.contact_centre))
    found = complain(world)
    Complaint.objects.update(phone="+77011234567", against=head(world))
    surname, given, *_ = found.complainant.split()
    assert "0 complaints found" in text_of(client.get(reverse("complaints:list")))
    rows = text_of(client.get(reverse("complaints:list"), {"text": found.number}))
    page = text_of(client.get(reverse("complaints:complaint", args=[found.number])))
    for shown in (rows, page):
        assert f"{given} {surname[0]}." in shown
        assert surname not in shown
    assert "4567" not in page
    assert head(world).full_name not in page


@pytest.mark.parametrize("text", ["2026", "DEMO", "а а", "S00", "-", "2026 DEMO", "%", "{given} а"])
def test_the_contact_centre_is_told_a_whole_number_or_a_name(
    world: World, client: Client, text: str
) -> None:
    found = complain(world)
    desk = in_english(sign_in(client, world.contact_centre))
    surname, given, *_ = found.complainant.split()
    asked = {"text": text.format(given=given)}
    assert "0 complaints found" in text_of(desk.get(reverse("complaints:list"), asked))
    for enough in (found.number.lower(), surname[:3], f"{surname} {given}"):
        assert found.number in text_of(desk.get(reverse("complaints:list"), {"text": enough}))


def test_every_look_at_a_complaint_is_kept_under_its_number(world: World, client: Client) -> None:
    found = complain(world)
    Complaint.objects.update(person=None)
    for user, role in ((world.contact_centre, "contact_centre"), (head(world), "office_head")):
        for _ in range(2):
            desk = sign_in(Client(), user)
            desk.get(reverse("complaints:list"), {"text": found.number})
            page = text_of(desk.get(reverse("complaints:complaint", args=[found.number])))
        looks = [
            entry.role
            for entry in history(f"complaint:{found.number}")
            if entry.action == "accounts.looked"
        ]
        assert looks[-1] == role
        assert "accounts.looked" not in page, "no step of its course"
    assert looks == ["contact_centre", "office_head"], "once a day each"


def test_a_long_list_is_looked_at_in_as_many_queries_as_a_short_one(
    world: World, django_assert_max_num_queries: Callable[..., object]
) -> None:
    found = [complain(world, key=f"key-{number}") for number in range(6)]
    actor = world.contact_centre.acting_as(Role.CONTACT_CENTRE)
    for most in (8, 3):
        with django_assert_max_num_queries(most):
            look_at(complaints=found, actor=actor, now=world.now)
    assert len(looks_of(found[0].person)) == len(found)
    for one in found:
        actions = [entry.action for entry in history(f"complaint:{one.number}")]
        assert actions.count("accounts.looked") == 1
    assert not broken_links(f"person:{found[0].person_id}")


def test_a_list_that_the_contact_centre_was_shown_is_a_look(world: World, client: Client) -> None:
    found = complain(world)
    sign_in(client, world.contact_centre).get(reverse("complaints:list"), {"text": found.number})
    assert history(f"complaint:{found.number}")[-1].action == "accounts.looked"


def test_the_complainant_sees_who_read_the_complaint(world: World, client: Client) -> None:
    found = complain(world)
    sign_in(client, head(world)).get(reverse("complaints:complaint", args=[found.number]))
    (look,) = looks_of(found.person)
    assert look.about == found.number


def test_the_case_that_was_sent_on_is_the_complainants_to_read(
    world: World, client: Client
) -> None:
    found = complain(world)
    forward_complaint(
        complaint=found,
        to="higher_body",
        user=head(world),
        role=Role.OFFICE_HEAD,
        now=world.now,
    )
    (case,) = found.files.all()
    client = open_cabinet(client, found.person)
    where = reverse("complaints:own_file", args=[found.number, case.pk])
    assert where in client.get(reverse("complaints:own", args=[found.number])).content.decode()
    assert client.get(where).headers["Content-Type"] == "application/zip"


def test_the_list_is_filtered_and_shows_what_is_late(world: World, client: Client) -> None:
    late = complain(world, at=world.now.replace(year=2026, month=10, day=1))
    fresh = complain(world, State.IN_REVIEW, key="k2")
    client = in_english(sign_in(client, head(world)))
    where = reverse("complaints:list")
    page = text_of(client.get(where))
    assert page.index(late.number) < page.index(fresh.number)
    assert "Overdue" in page
    assert fresh.number not in text_of(client.get(where, {"term": "late"}))
    assert late.number not in text_of(client.get(where, {"subject": "delay"}))
    assert late.number not in text_of(client.get(where, {"state": "withdrawn"}))
    assert late.number in text_of(client.get(where, {"text": late.number}))


def test_an_iin_is_not_looked_for(world: World, client: Client) -> None:
    client = sign_in(client, head(world))
    answer = client.get(reverse("complaints:list"), {"text": "850315300123"})
    assert answer.headers["Location"] == reverse("complaints:list")
