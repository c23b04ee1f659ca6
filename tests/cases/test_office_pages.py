"""Today's board, the list with its filters and bulk approval, and the page of one request."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import clock_of, counts, find_by_second_factor, status_code
from kualik.cases.services.deciding import approve_request
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.views.rows import rows_of
from kualik.core import journal
from kualik.rules.lifecycle import Role, State
from tests.world import DUE_AT, FILED_AT, World, file_for, sign_in

SignIn = Callable[[User], Client]
AWAITING = (State.FILED, State.ACCEPTED, State.IN_REVIEW, State.APPROVED)


def page(client: Client, name: str, *args: object, **query: object) -> str:
    return client.get(reverse(f"cases:{name}", args=args), query).content.decode()


def registrar(world: World) -> User:
    return world.demo.staff[Role.REGISTRAR]


def test_the_board_counts_what_is_overdue_waits_for_the_seal_and_was_issued(world: World) -> None:
    found = counts(registrar(world), now=world.now)
    assert (found.overdue, found.due_today, found.waiting_for_seal, found.issued_today) == (
        4, 0, 1, 2,
    )  # fmt: skip


def test_the_board_counts_what_is_due_today_until_its_closing_minute(world: World) -> None:
    found = counts(registrar(world), now=DUE_AT)
    assert (found.overdue, found.due_today) == (0, 4)
    found = counts(registrar(world), now=DUE_AT + timedelta(seconds=1))
    assert (found.overdue, found.due_today) == (4, 0)


def test_the_board_lists_those_who_wait_and_nobody_else(world: World, signed_in: SignIn) -> None:
    text = page(signed_in(registrar(world)), "office")
    for state, request in world.by_state.items():
        assert (request.number in text) == (state in AWAITING)


def test_the_board_explains_the_term_with_the_clauses_and_the_deemed_refusal(
    world: World, signed_in: SignIn
) -> None:
    text = page(signed_in(registrar(world)), "office")
    assert "Overdue since: Tuesday, 9 September 2025, 17:30" in text
    assert reverse("standard", args=["A303"]) + "#A303.7.1" in text
    assert "it is deemed refused" in text


def test_a_request_that_is_not_due_yet_tells_the_office_time_that_is_left(
    world: World, signed_in: SignIn
) -> None:
    file_requests(
        provider=world.demo.provider,
        filings=[Filing(completion=world.demo.free[0])],
        channel=Request.Channel.REGISTRAR,
        filed_at=world.now,
        actor=journal.SYSTEM,
        now=world.now,
    )
    text = page(signed_in(registrar(world)), "office")
    assert "Result due:" in text
    assert "Office time left:" in text


@pytest.mark.parametrize(
    ("role", "offer"),
    [
        (Role.REGISTRAR, "Decide the waiting requests"),
        (Role.OFFICE_HEAD, "Decide the waiting requests"),
        (Role.CLERK, "Hand over the documents"),
        (Role.AUTHORISED_PERSON, "Look through and seal"),
        (Role.PROVIDER_ADMIN, "the decisions are made by others"),
    ],
)
def test_the_board_offers_each_role_its_next_step(
    world: World, signed_in: SignIn, role: Role, offer: str
) -> None:
    assert offer in page(signed_in(world.demo.staff[role]), "office")


def test_the_list_finds_a_person_by_a_part_of_the_name_in_any_case(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(registrar(world))
    for words in ("айгерім", "ӘБДІРАХМАНОВА айгерім", "Әбдірах"):
        text = page(client, "requests", text=words)
        assert "1 request found" in text
        assert "Әбдірахманова Айгерім" in text


def test_the_list_finds_a_request_by_its_number(world: World, signed_in: SignIn) -> None:
    wanted = world.by_state[State.REFUSED]
    text = page(signed_in(registrar(world)), "requests", text=wanted.number.lower())
    assert "1 request found" in text
    assert wanted.number in text


def test_an_iin_is_not_looked_for_and_not_repeated_in_any_address(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(registrar(world))
    response = client.get(reverse("cases:requests"), {"text": "850315 300105"}, follow=True)
    assert "Do not search by IIN" in response.content.decode()
    assert "850315" not in response.content.decode()
    assert response.redirect_chain == [(reverse("cases:requests"), 302)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 9),
        ({"state": "awaiting"}, 4),
        ({"state": "undecided"}, 3),
        ({"state": "refused"}, 1),
        ({"term": "overdue"}, 4),
        ({"term": "today"}, 0),
        ({"filed_from": "2025-09-08", "filed_to": "2025-09-08"}, 9),
        ({"filed_from": "2025-09-09"}, 0),
        ({"filed_to": "07.09.2025"}, 0),
    ],
)
def test_the_list_is_narrowed_by_its_filters(
    world: World, signed_in: SignIn, query: dict[str, str], count: int
) -> None:
    text = page(signed_in(registrar(world)), "requests", **query)
    assert (f"{count} requests found" if count != 1 else "1 request found") in text


def test_the_list_is_narrowed_to_a_group_and_a_programme(world: World, signed_in: SignIn) -> None:
    client = signed_in(registrar(world))
    found = page(client, "requests", group=world.demo.group.pk, programme=world.demo.programme.pk)
    assert "9 requests found" in found


def test_an_unknown_state_is_named_as_a_mistake_and_shows_nobody(
    world: World, signed_in: SignIn
) -> None:
    text = page(signed_in(registrar(world)), "requests", state="gone")
    assert "There is a problem" in text
    assert "0 requests found" in text


def test_every_page_of_the_room_is_made_by_few_queries(
    world: World, signed_in: SignIn, django_assert_max_num_queries
) -> None:
    client = signed_in(registrar(world))
    for name in ("office", "requests"):
        with django_assert_max_num_queries(21):
            page(client, name)


def test_approving_selected_requests_asks_first_and_names_the_count(
    world: World, signed_in: SignIn
) -> None:
    numbers = [world.by_state[state].number for state in (State.FILED, State.ACCEPTED)]
    client = signed_in(registrar(world))
    text = client.post(reverse("cases:approve_many"), {"number": numbers}).content.decode()
    assert "Approve 2 requests?" in text
    assert not Request.objects.filter(number__in=numbers, state=State.APPROVED).exists()
    data = {"number": numbers, "confirm": "yes", "kept": "state=undecided"}
    response = client.post(reverse("cases:approve_many"), data, follow=True)
    assert response.redirect_chain[0][0].endswith("?state=undecided")
    assert "2 requests are approved" in response.content.decode()
    approved = Request.objects.filter(number__in=numbers)
    assert {row.state for row in approved} == {State.APPROVED}
    assert {row.decided_by for row in approved} == {registrar(world)}


def test_all_found_requests_are_approved_in_one_go(world: World, signed_in: SignIn) -> None:
    client = signed_in(registrar(world))
    data = {"scope": "found", "kept": f"group={world.demo.group.pk}"}
    text = client.post(reverse("cases:approve_many"), data).content.decode()
    assert "Approve 3 requests?" in text


def test_the_second_registrar_is_told_whose_requests_were_decided_already(
    world: World, client: Client
) -> None:
    taken, free = world.by_state[State.FILED], world.by_state[State.ACCEPTED]
    head = world.demo.staff[Role.OFFICE_HEAD]
    approve_request(request=taken, user=head, role=Role.OFFICE_HEAD, now=world.now)
    client.cookies["kualik_language"] = "en"
    sign_in(client, registrar(world))
    data = {"number": [taken.number, free.number], "confirm": "yes"}
    response = client.post(reverse("cases:approve_many"), data, follow=True)
    text = response.content.decode()
    assert "1 request is approved" in text
    assert f"these were not touched: {taken.number}" in text
    taken.refresh_from_db()
    assert taken.decided_by == head


def test_approving_nothing_is_a_message_and_no_act(world: World, signed_in: SignIn) -> None:
    client = signed_in(registrar(world))
    response = client.post(reverse("cases:approve_many"), {}, follow=True)
    assert "Select at least one request" in response.content.decode()


def test_a_request_shows_everything_with_the_iin_masked(world: World, signed_in: SignIn) -> None:
    case = world.by_state[State.ACCEPTED]
    text = page(signed_in(registrar(world)), "request", case.number)
    for shown in (
        case.completion.holder_kk,
        "85••••••••",
        "Кардиология негіздері DEMO",
        "25.08.2025 – 05.09.2025",
        "120 h, 4 credits",
        "№ 12-3, 08.09.2025",
        reverse("standard", args=["A303"]),
        "Entered by the registrar",
        "Болат Серікұлы Ахметов",
    ):
        assert shown in text
    assert "8503153" not in text


def test_the_buttons_are_those_the_table_allows_the_role(world: World, signed_in: SignIn) -> None:
    case = world.by_state[State.FILED]
    for role, shown, hidden in (
        (
            Role.REGISTRAR,
            ("approve", "refuse", "withdrawal"),
            ("send-back", "hand-over", "decline"),
        ),
        (Role.CLERK, ("review", "withdrawal"), ("approve", "refuse", "decline")),
        (Role.AUTHORISED_PERSON, (), ("approve", "refuse", "decline", "send-back")),
        (Role.PROVIDER_ADMIN, (), ("approve", "refuse", "decline", "withdrawal")),
    ):
        text = page(signed_in(world.demo.staff[role]), "request", case.number)
        assert all(f"{case.number}/{act}/" in text for act in shown), role
        assert not any(f"{case.number}/{act}/" in text for act in hidden), role


def test_an_act_that_came_too_late_is_told_and_changes_nothing(
    world: World, signed_in: SignIn
) -> None:
    case = world.by_state[State.REFUSED]
    client = signed_in(registrar(world))
    where = reverse("cases:approve", args=[case.number])
    text = client.post(where, follow=True).content.decode()
    assert "Somebody else changed this request before you" in text
    case.refresh_from_db()
    assert case.state == State.REFUSED


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_timeline_gives_the_facts_of_a_refusal_in_the_language_of_the_page(
    world: World, signed_in: SignIn, language: str
) -> None:
    case = world.by_state[State.REFUSED]
    where = reverse("cases:request", args=[case.number])
    text = signed_in(registrar(world)).get(where, {"lang": language}).content.decode()
    steps = text[text.index('class="k-timeline"') :]
    facts = case.refusal["facts"]
    assert escape(facts[language]) in steps
    assert escape(facts["ru" if language == "kk" else "kk"]) not in steps


def test_a_withdrawal_needs_its_grounds_and_keeps_them_in_the_timeline(
    world: World, signed_in: SignIn
) -> None:
    case = world.by_state[State.IN_REVIEW]
    client = signed_in(world.demo.staff[Role.CLERK])
    where = reverse("cases:withdrawal", args=[case.number])
    assert "This field is required" in client.post(where, {"reason": " "}).content.decode()
    text = client.post(where, {"reason": "Заявление № 9"}, follow=True).content.decode()
    assert "Заявление № 9" in text
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN


def test_sending_back_voids_the_draft_and_says_why(world: World, signed_in: SignIn) -> None:
    case = world.by_state[State.APPROVED]
    draft = case.certificate
    assert draft is not None
    client = signed_in(world.demo.staff[Role.AUTHORISED_PERSON])
    data = {"reason_kk": "Аты қате жазылған", "reason_ru": "Ошибка в имени"}
    where = reverse("cases:send_back", args=[case.number])
    assert "Аты қате жазылған" in client.post(where, data, follow=True).content.decode()
    case.refresh_from_db()
    draft.refresh_from_db()
    assert (case.state, case.certificate, draft.status) == (State.IN_REVIEW, None, "void")


def test_an_issued_request_leads_to_its_document(world: World, signed_in: SignIn) -> None:
    case = world.by_state[State.ISSUED]
    assert case.certificate is not None
    text = page(signed_in(registrar(world)), "request", case.number)
    assert reverse("certificates:certificate", args=[case.certificate.number]) in text


def test_the_receipt_is_a_pdf_without_the_iin_in_its_name(world: World, signed_in: SignIn) -> None:
    case = world.by_state[State.FILED]
    client = signed_in(world.demo.staff[Role.CLERK])
    response = client.get(reverse("cases:receipt", args=[case.number]))
    assert response.headers["Content-Type"] == "application/pdf"
    assert (
        response.headers["Content-Disposition"] == f'inline; filename="receipt-{case.number}.pdf"'
    )
    assert response.content.startswith(b"%PDF-")


def test_a_request_is_found_by_its_number_and_status_code(world: World) -> None:
    case = world.by_state[State.FILED]
    found = find_by_second_factor(
        number=case.number.lower(), factor=status_code(case).lower(), with_phone=False
    )
    assert found.pk == case.pk


def test_groups_are_named_by_programme_and_days_in_the_language_of_the_page(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(registrar(world))
    case = world.by_state[State.FILED]
    for language, said in (("kk", "Кардиология негіздері"), ("ru", "Основы кардиологии")):
        label = f"{said} DEMO, 25.08.2025 – 05.09.2025"
        assert label in page(client, "request", case.number, lang=language)
        assert label in page(client, "requests", lang=language)
        assert label in page(client, "file_group", world.demo.group.pk, lang=language)


def test_an_inspector_reads_the_provider_in_the_language_of_the_page(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(world.inspector)
    names = {"kk": "DEMO медицина академиясы", "ru": "Медицинская академия DEMO"}
    for language, name in names.items():
        assert name in page(client, "requests", lang=language)


def test_no_page_of_the_office_is_kept_by_a_browser(world: World, signed_in: SignIn) -> None:
    client = signed_in(registrar(world))
    for name, arguments in (
        ("office", []),
        ("requests", []),
        ("request", [world.by_state[State.FILED].number]),
        ("receipt", [world.by_state[State.FILED].number]),
        ("request", ["DEMO-2026-Z999999-9"]),
    ):
        answer = client.get(reverse(f"cases:{name}", args=arguments))
        assert answer.headers["Cache-Control"] == "private, no-store", name


def test_the_clock_of_a_stored_request_is_computed_again_to_the_same_due_time(
    world: World,
) -> None:
    case = file_for(world.demo, world.demo.free[:1], now=world.now)[0]
    again = clock_of(Request.objects.get(pk=case.pk))
    assert (again.filed_at, again.due_at) == (FILED_AT, case.due_at)


def test_work_before_the_acceptance_moment_is_not_called_acceptance(
    world: World, signed_in: SignIn
) -> None:
    (case,) = file_for(world.demo, world.demo.free[:1], now=FILED_AT)
    Request.objects.filter(pk=case.pk).update(accepted_at=world.now + timedelta(days=1))
    case.refresh_from_db()
    who = registrar(world)
    approve_request(request=case, user=who, role=Role.REGISTRAR, now=world.now)
    text = page(signed_in(who), "request", case.number)
    assert "Taken up before the acceptance moment" in text
    usual = page(signed_in(who), "request", world.by_state[State.APPROVED].number)
    assert "Taken up before" not in usual


@pytest.mark.parametrize("act", ["approve", "start_review", "hand_over"])
def test_the_address_of_an_act_leads_readers_to_the_request(
    world: World, signed_in: SignIn, act: str
) -> None:
    case = world.by_state[State.FILED]
    response = signed_in(registrar(world)).get(reverse(f"cases:{act}", args=[case.number]))
    assert response.url == reverse("cases:request", args=[case.number])
    case.refresh_from_db()
    assert case.state == State.FILED


def test_the_address_of_bulk_approval_leads_readers_to_the_list(
    world: World, signed_in: SignIn
) -> None:
    response = signed_in(registrar(world)).get(reverse("cases:approve_many"))
    assert response.url == reverse("cases:requests")


def test_the_clock_tells_what_is_still_to_come_from_what_was(world: World) -> None:
    found = world.by_state[State.WITHDRAWN]
    user = world.demo.staff[Role.REGISTRAR]
    second = timedelta(seconds=1)
    moments = (found.accepted_at - second, found.due_at, found.due_at + second)
    clocks = [rows_of(user, [found], now=now)[0].clock for now in moments]
    assert [(clock.is_accepted, clock.is_past) for clock in clocks] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_staff_may_sign_out_from_every_page(world: World) -> None:
    client = sign_in(Client(), world.demo.staff[Role.CLERK])
    assert 'action="/logout/"' in client.get("/standards/").content.decode()
    assert 'action="/logout/"' not in Client().get("/standards/").content.decode()
