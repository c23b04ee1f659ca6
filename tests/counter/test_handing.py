"""Handing out on paper: blank, receiver, slip or code (A57.10-2, A303.4, A303.8.head)."""

import re
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.accounts.models import OneTimeCode, Person
from kualik.accounts.services import confirm_phone
from kualik.cases.models import Mandate, Request
from kualik.cases.services.deciding import hand_over_request
from kualik.cases.services.delivery import ask_for_paper
from kualik.certificates.models import Blank, Certificate, PrinterSetting, Printing
from kualik.certificates.services.blanks import (
    Delivery,
    blank_of,
    give_blanks,
    held_by,
    ledger_of,
    pick_blanks,
    receive_blanks,
    use_blank,
)
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import SYSTEM
from kualik.counter.models import HandOver, Identification
from kualik.counter.queries.handing import Receiver, receiver_of
from kualik.counter.services.handing import begin_print, hand_over, make_slip
from kualik.notifications.models import Message
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.papers.samples import boxes_of, text_of
from tests.world import House, World, build_world, sign_in

PHONE = "+77010001122"


@pytest.fixture
def world(db: None, kualik_files: object, settings: Settings) -> World:
    settings.SMS_URL = "http://127.0.0.1:1/sms"
    found = build_world()
    house = found.demo
    head = {"user": house.staff[Role.OFFICE_HEAD], "role": Role.OFFICE_HEAD, "now": found.now}
    paper = Delivery(series="AA", first=1, last=5, document="№ 1", received_on=local_day(found.now))
    receive_blanks(provider=house.provider, delivery=paper, **head)
    rows = pick_blanks(provider=house.provider, series="AA", first=1, count=3)
    give_blanks(blanks=rows, holder=house.staff[Role.CLERK], **head)
    return found


def clerk(world: World) -> dict[str, object]:
    return {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}


def issued(world: World, *, on_paper: bool = True) -> Request:
    found = Request.objects.select_related("provider", "person", "certificate").get(
        pk=world.by_state[State.ISSUED].pk
    )
    return ask_for_paper(request=found, **clerk(world)) if on_paper else found


def identified(world: World, person: Person, house: House | None = None) -> Identification:
    house = house or world.demo
    return Identification.objects.create(
        office=Office.objects.get(provider=house.provider, is_main=True),
        person=person,
        kind="identity_card",
        number_sealed=b"x",
        number_end="233",
        checked_by=house.staff[Role.CLERK],
        checked_at=world.now,
    )


def printed(world: World, request: Request) -> Blank:
    """The document on the first blank of the clerk."""
    blank = held_by(world.demo.staff[Role.CLERK])[0]
    return use_blank(blank=blank, certificate=request.certificate, **clerk(world))


def receiver(world: World, request: Request) -> Receiver:
    found = receiver_of(request, world.demo.staff[Role.CLERK], now=world.now)
    assert found is not None
    return found


def empowered(world: World, request: Request, **changed: object) -> Mandate:
    """A power of attorney by which another person acts for the one of the request."""
    values = {
        "representative": world.by_state[State.FILED].person,
        "principal": request.person,
        "principal_hash": request.person.iin_hash,
        "principal_name": request.person.full_name,
        "provider": request.provider,
        "document_number": "17/2",
        "issued_by": "Нотариус",
        "issued_on": local_day(world.now) - timedelta(days=5),
        "valid_until": local_day(world.now),
        "state": Mandate.State.CHECKED,
        "created_at": world.now,
    }
    return Mandate.objects.create(**{**values, **changed})


def handed(world: World, request: Request, who: Receiver, **more: object) -> HandOver:
    given = {"way": "slip", "code": None, **clerk(world), **more}
    return hand_over(request=request, receiver=who, **given)


def refused(code: str) -> AbstractContextManager[object]:
    return pytest.raises(RuleViolation, match=f"^{code}")


def test_a_document_on_its_blank_is_handed_over_by_a_signed_slip(world: World) -> None:
    request = issued(world)
    blank, record = printed(world, request), identified(world, request.person)
    row = handed(world, request, receiver(world, request))
    request.refresh_from_db()
    assert request.state == State.HANDED_OVER
    assert (row.blank, row.receiver, row.mandate) == (blank, request.person, None)
    assert row.evidence == {
        "identification": record.pk,
        "document": "identity_card",
        "last": "233",
    }
    actions = [entry.action for entry in journal.history(f"request:{request.number}")]
    assert actions[-2:] == ["cases.delivery_changed", "cases.hand_over"]
    assert journal.history(f"hand_over:{row.pk}")[0].data["request"] == request.number


def test_an_electronic_request_is_given_no_paper_until_the_person_asks(world: World) -> None:
    request = issued(world, on_paper=False)
    given = {"blank": held_by(world.demo.staff[Role.CLERK])[0], "printer": None, "reason": ""}
    with refused("paper_not_asked"):
        begin_print(request=request, **given, **clerk(world))
    ask_for_paper(request=request, **clerk(world))
    assert begin_print(request=request, **given, **clerk(world)).outcome == ""
    assert Request.objects.get(pk=request.pk).delivery == "both"


def test_nothing_is_handed_over_that_stands_on_no_blank(world: World) -> None:
    request = issued(world)
    identified(world, request.person)
    with refused("blank_missing"):
        handed(world, request, receiver(world, request))
    assert not HandOver.objects.exists()


def test_whoever_was_not_identified_here_within_the_hour_gets_nothing(world: World) -> None:
    request = issued(world)
    printed(world, request)
    user = world.demo.staff[Role.CLERK]
    assert receiver_of(request, user, now=world.now) is None
    identified(world, world.by_state[State.REFUSED].person)
    identified(world, request.person, world.other)
    assert receiver_of(request, user, now=world.now) is None
    record = identified(world, request.person)
    late = world.now + timedelta(hours=1)
    assert receiver_of(request, user, now=late) is None
    who = Receiver(record=record, mandate=None)
    with refused("receiver_unproven"):
        handed(world, request, who, now=late)


def test_a_representative_receives_by_a_power_of_attorney(world: World) -> None:
    request = issued(world)
    printed(world, request)
    mandate = empowered(world, request)
    identified(world, mandate.representative)
    who = receiver(world, request)
    assert who.mandate == mandate
    row = handed(world, request, who)
    assert (row.receiver, row.mandate) == (mandate.representative, mandate)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": Mandate.State.REVOKED},
        {"state": Mandate.State.WAITING},
        {"valid_until": "yesterday"},
        {"provider": "other"},
        {"principal_hash": "0" * 64},
    ],
)
def test_a_power_of_attorney_that_ceased_meanwhile_is_refused(
    world: World, changed: dict[str, object]
) -> None:
    request = issued(world)
    printed(world, request)
    mandate = empowered(world, request)
    record = identified(world, mandate.representative)
    who = Receiver(record=record, mandate=mandate)
    known = {"yesterday": local_day(world.now) - timedelta(days=1), "other": world.other.provider}
    values = {name: known.get(str(value), value) for name, value in changed.items()}
    Mandate.objects.filter(pk=mandate.pk).update(**values)
    with refused("mandate_not_valid"):
        handed(world, request, who)
    assert Request.objects.get(pk=request.pk).state == State.ISSUED
    assert receiver_of(request, world.demo.staff[Role.CLERK], now=world.now) is None


def test_a_document_is_handed_over_once(world: World) -> None:
    request = issued(world)
    printed(world, request)
    identified(world, request.person)
    who, stale = receiver(world, request), Request.objects.get(pk=request.pk)
    handed(world, request, who)
    for again, code in ((request, "transition_unknown"), (stale, "conflict")):
        with refused(code):
            handed(world, again, who)
    assert HandOver.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Certificate.Status.SUSPENDED, "document_not_handed_over"),
        (Certificate.Status.REVOKED, "document_not_handed_over"),
        (Certificate.Status.REPLACED, "document_replaced"),
    ],
)
@pytest.mark.parametrize("way", ["slip", "code", "electronic"])
def test_a_document_out_of_force_is_handed_over_in_no_way(
    world: World, status: str, code: str, way: str
) -> None:
    request = issued(world)
    printed(world, request)
    identified(world, request.person)
    who = receiver(world, request)
    Certificate.objects.filter(pk=request.certificate.pk).update(status=status)
    with refused(code):
        if way == "electronic":
            hand_over_request(request=request, **clerk(world))
        else:
            handed(world, request, who, way=way)
    with refused(code):
        user = world.demo.staff[Role.CLERK]
        make_slip(request=request, receiver=who, user=user, now=world.now)
    assert Request.objects.get(pk=request.pk).state == State.ISSUED
    desk = Desk(world)
    desk.client.cookies["kualik_language"] = "en"
    said = desk.get("hand_over", request.number).content.decode()
    assert "The document is not handed over" in said
    assert reverse("counter:hand_over_sign", args=[request.number]) not in said


@pytest.mark.parametrize("edition", ["A57", "A303"])
def test_under_the_old_order_an_electronic_document_receives_nothing(
    world: World, edition: str
) -> None:
    """A57.8.1 names the identity document alone; A303.8.1 adds the electronic one."""
    request = issued(world)
    printed(world, request)
    record = identified(world, request.person)
    Identification.objects.filter(pk=record.pk).update(kind="digital_document")
    Request.objects.filter(pk=request.pk).update(edition=edition)
    request.refresh_from_db()
    who = receiver(world, request)
    if edition == "A57":
        for act in (
            lambda: handed(world, request, who),
            lambda: make_slip(
                request=request,
                receiver=who,
                user=world.demo.staff[Role.CLERK],
                now=world.now,
            ),
        ):
            with refused("document_not_in_edition"):
                act()
    else:
        row = handed(world, request, who)
        assert row.evidence["last"] == "", "three signs would outlive the term of the data"
        assert "233" not in str(journal.history(f"hand_over:{row.pk}")[0].data)


def test_staff_of_another_provider_hand_over_nothing(world: World) -> None:
    request = issued(world)
    printed(world, request)
    identified(world, request.person)
    who = receiver(world, request)
    with refused("not_permitted"):
        handed(world, request, who, user=world.other.staff[Role.CLERK])


def test_the_slip_names_what_is_handed_to_whom_and_no_iin(world: World) -> None:
    request = issued(world)
    blank = printed(world, request)
    mandate = empowered(world, request)
    identified(world, mandate.representative)
    user = world.demo.staff[Role.CLERK]
    slip = make_slip(request=request, receiver=receiver(world, request), user=user, now=world.now)
    said = text_of(slip)
    for expected in (
        request.number,
        request.certificate.number,
        blank.label,
        mandate.representative.full_name,
        request.completion.holder_kk,
        "17/2",
        user.full_name,
        "РАСПИСКА В ПОЛУЧЕНИИ ДОКУМЕНТА",
    ):
        assert expected in said
    assert not re.search(r"\b\d{12}\b", said)


class Desk:
    """The clerk's browser."""

    def __init__(self, world: World, house: House | None = None, role: Role = Role.CLERK) -> None:
        self.client = sign_in(Client(), (house or world.demo).staff[role])

    def get(self, name: str, *args: object):
        return self.client.get(reverse(f"counter:{name}", args=args))

    def post(self, name: str, number: str, **data: object):
        return self.client.post(reverse(f"counter:{name}", args=[number]), data)


def test_the_whole_way_at_the_window_from_the_electronic_wish_to_the_scan(world: World) -> None:
    request, desk = issued(world, on_paper=False), Desk(world)
    number = request.number
    assert "hand-over" in desk.get("hand_over", number).content.decode()
    desk.post("hand_over_paper", number)
    assert number in desk.get("hand_overs").content.decode()
    blank = held_by(world.demo.staff[Role.CLERK])[0]
    printer = PrinterSetting.objects.create(
        provider=world.demo.provider, name="1", right=30, down=-10, changed_at=world.now
    )
    desk.post("hand_over_print", number, blank=blank.pk, printer=printer.pk)
    moved = desk.get("hand_over_file", number)
    assert moved.headers["Content-Type"] == "application/pdf"
    assert request.certificate.number in {word for word, *_ in boxes_of(moved.content)}
    desk.post("hand_over_answer", number, outcome="good")
    assert desk.get("hand_over_file", number).status_code == 409, "a print that is over"
    assert blank_of(request.certificate) == blank
    identified(world, request.person)
    slip = desk.get("hand_over_slip", number)
    assert slip.headers["Content-Type"] == "application/pdf"
    desk.post("hand_over_sign", number)
    desk.post("hand_over_sign", number)
    row = HandOver.objects.get()
    scan = SimpleUploadedFile("IMG.pdf", slip.content)
    desk.client.post(reverse("counter:hand_over_scan", args=[number]), {"scan": scan})
    kept = desk.get("hand_over_scanned", number)
    assert kept.content == slip.content
    assert row.scan.name == ""
    assert Desk(world, world.other).get("hand_over_scanned", number).status_code == 404


def test_a_failed_printer_asks_and_the_next_blank_needs_a_reason(world: World) -> None:
    request, desk = issued(world), Desk(world)
    first, second, _ = held_by(world.demo.staff[Role.CLERK])
    desk.post("hand_over_print", request.number, blank=first.pk)
    assert Blank.objects.get(pk=first.pk).state == "given"
    desk.post("hand_over_answer", request.number, outcome="spoiled")
    assert Printing.objects.get().outcome == "", "no act, no answer"
    act = {"outcome": "spoiled", "act_number": "5", "reason": "Қағаз бүктелді"}
    desk.post("hand_over_answer", request.number, **act)
    assert Blank.objects.get(pk=first.pk).state == "spoiled"
    desk.post("hand_over_print", request.number, blank=second.pk)
    assert Printing.objects.count() == 1
    desk.post("hand_over_print", request.number, blank=second.pk, reason="Алғашқысы бүлінді")
    desk.post("hand_over_answer", request.number, outcome="good")
    assert blank_of(request.certificate) == second
    assert ledger_of(world.demo.provider).adds_up


def test_the_sealed_file_is_never_touched_by_a_print(world: World) -> None:
    request, desk = issued(world), Desk(world)
    before = type(request.certificate).objects.filter(pk=request.certificate.pk).values().get()
    blank = held_by(world.demo.staff[Role.CLERK])[0]
    desk.post("hand_over_print", request.number, blank=blank.pk)
    printed_file = desk.get("hand_over_file", request.number).content
    desk.post("hand_over_answer", request.number, outcome="good")
    after = type(request.certificate).objects.filter(pk=request.certificate.pk).values().get()
    assert before == after
    registrar = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    where = reverse("certificates:certificate_file", args=[request.certificate.number])
    sealed = b"".join(registrar.get(where).streaming_content)
    assert text_of(sealed) == text_of(printed_file)
    assert b"/Sig" in sealed
    assert b"/Sig" not in printed_file


def test_a_code_to_the_confirmed_phone_stands_for_the_signature(world: World) -> None:
    request, desk = issued(world), Desk(world)
    blank = printed(world, request)
    identified(world, request.person)
    desk.post("hand_over_code", request.number)
    assert not OneTimeCode.objects.exists(), "no number is confirmed"
    confirm_phone(
        person=request.person, phone=PHONE, how="counter", evidence={}, actor=SYSTEM, now=world.now
    )
    answer = desk.post("hand_over_code", request.number)
    assert answer.headers["Location"] == reverse("counter:hand_over_check", args=[request.number])
    row = OneTimeCode.objects.get()
    assert (row.purpose, row.person, row.phone) == ("handover", request.person, PHONE)
    message = Message.objects.get(about=f"code:{row.pk}")
    code = re.search(r"\b(\d{6})\b", message.body)[1]
    wrong = "000000" if code != "000000" else "111111"
    assert desk.post("hand_over_check", request.number, code=wrong).status_code == 422
    assert desk.post("hand_over_check", request.number, code=code).status_code == 302
    done = HandOver.objects.get()
    assert (done.way, done.blank) == ("code", blank)
    assert done.evidence["phone"] == PHONE[-4:]
    assert code not in str(done.evidence)
    assert Request.objects.get(pk=request.pk).state == State.HANDED_OVER


def test_a_code_serves_for_one_document_and_one_person_only(world: World) -> None:
    request = issued(world)
    printed(world, request)
    identified(world, request.person)
    values = {
        "token": "t" * 20,
        "purpose": "handover",
        "phone": PHONE,
        "code_hash": "x",
        "session": "x",
        "created_at": world.now,
        "expires_at": world.now + timedelta(minutes=5),
    }
    mine = OneTimeCode.objects.create(person=request.person, **values)
    strange = OneTimeCode.objects.create(
        **{**values, "token": "u" * 20},
        person=world.by_state[State.FILED].person,
        used_at=world.now,
    )
    for code in (None, mine, strange):
        with refused("hand_over_code_other"):
            handed(world, request, receiver(world, request), way="code", code=code)
    assert Request.objects.get(pk=request.pk).state == State.ISSUED


def test_a_code_sent_for_one_request_serves_for_no_other(world: World) -> None:
    request = issued(world)
    printed(world, request)
    identified(world, request.person)
    values = {
        "purpose": "handover",
        "person": request.person,
        "phone": PHONE,
        "code_hash": "x",
        "session": "x",
        "created_at": world.now,
        "expires_at": world.now + timedelta(minutes=5),
        "used_at": world.now,
    }
    for place, about in enumerate(("", world.by_state[State.HANDED_OVER].number)):
        code = OneTimeCode.objects.create(token=f"{place}" * 20, about=about, **values)
        with refused("hand_over_code_other"):
            handed(world, request, receiver(world, request), way="code", code=code)
    mine = OneTimeCode.objects.create(token="t" * 20, about=request.number, **values)
    assert handed(world, request, receiver(world, request), way="code", code=mine).way == "code"


def test_a_token_of_another_request_in_the_session_opens_no_page(world: World) -> None:
    request, desk = issued(world), Desk(world)
    printed(world, request)
    identified(world, request.person)
    confirm_phone(
        person=request.person, phone=PHONE, how="counter", evidence={}, actor=SYSTEM, now=world.now
    )
    desk.post("hand_over_code", request.number)
    assert OneTimeCode.objects.get().about == request.number
    session = desk.client.session
    other = world.by_state[State.APPROVED].number
    session["hand_over_codes"] = {other: session["hand_over_codes"][request.number]}
    session.save()
    assert desk.get("hand_over_check", other).status_code == 302
    assert OneTimeCode.objects.get().used_at is None


def test_the_head_answers_at_the_window_for_the_print_of_a_clerk_who_is_gone(world: World) -> None:
    request, desk, head = issued(world), Desk(world), Desk(world, role=Role.OFFICE_HEAD)
    blank = held_by(world.demo.staff[Role.CLERK])[0]
    desk.post("hand_over_print", request.number, blank=blank.pk)
    said = head.get("hand_over", request.number).content.decode()
    assert 'value="nothing"' in said
    assert 'value="good"' not in said
    head.post("hand_over_answer", request.number, outcome="good")
    assert Printing.objects.get().outcome == ""
    head.post("hand_over_answer", request.number, outcome="nothing")
    assert Printing.objects.get().outcome == "nothing"


def test_pages_of_another_providers_request_are_not_found(world: World) -> None:
    request = issued(world)
    desk = Desk(world, world.other)
    for name in ("hand_over", "hand_over_file", "hand_over_slip", "hand_over_scanned"):
        assert desk.get(name, request.number).status_code == 404, name
    for name in (
        "hand_over_paper",
        "hand_over_print",
        "hand_over_answer",
        "hand_over_sign",
        "hand_over_code",
        "hand_over_scan",
    ):
        assert desk.post(name, request.number, outcome="good").status_code == 404, name
    assert request.number not in desk.get("hand_overs").content.decode()


def test_a_blank_of_a_colleague_is_not_offered_and_not_taken(world: World) -> None:
    request = issued(world)
    blank = held_by(world.demo.staff[Role.CLERK])[0]
    desk = Desk(world, role=Role.REGISTRAR)
    assert blank.label not in desk.get("hand_over", request.number).content.decode()
    desk.post("hand_over_print", request.number, blank=blank.pk)
    assert not Printing.objects.exists()


def test_the_request_page_leads_a_paper_document_to_its_blank(world: World) -> None:
    request = issued(world)
    desk = Desk(world)
    where = reverse("counter:hand_over", args=[request.number])
    said = desk.client.get(reverse("cases:request", args=[request.number])).content.decode()
    assert where in said
    answer = desk.client.post(reverse("cases:hand_over", args=[request.number]))
    assert answer.headers["Location"] == where
    assert Request.objects.get(pk=request.pk).state == State.ISSUED
