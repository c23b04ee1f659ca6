"""Pages and files of figures: who sees whose, what a spreadsheet gets, what everybody may know."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from kualik.accounts.models import User
from kualik.core.models import JournalEntry
from kualik.oversight.queries.figures import tables_of
from kualik.oversight.queries.figures.words import title
from kualik.rules.lifecycle import Role
from tests.oversight.built import Builder
from tests.world import FILED_AT, World

SignIn = Callable[[User], Client]
FIGURES, XLSX, CSV = (
    reverse(f"oversight:{name}") for name in ("figures", "figures_xlsx", "figures_csv")
)
OCTOBER = {"period": "2025-10", "first": "2025-10-01", "last": "2025-10-31"}
SEEN = frozenset({Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})


@pytest.fixture
def built(world: World) -> Builder:
    builder = Builder(world.demo.provider, world.demo.completions[0].person)
    for _ in range(7):
        builder.issued("2025-10-08 09:00", "2025-10-08 11:00")
    late = {"waiting_cause": "other", "waiting_reason": "Айгүл кешікті", "number": "=1+1"}
    builder.visit("2025-10-08 09:00", waits=44, serves=5, **late)
    builder.visit("2025-10-08 10:00", waits=3, serves=5)
    return builder


@pytest.mark.parametrize("role", sorted(Role))
def test_figures_are_for_those_who_supervise_or_answer(
    world: World, signed_in: SignIn, role: Role
) -> None:
    user = world.demo.staff.get(role)
    if user is None:
        return
    client = signed_in(user)
    for address in (FIGURES, XLSX, CSV, reverse("oversight:reports")):
        assert client.get(address).status_code == (200 if role in SEEN else 403)


def test_a_stranger_is_led_to_the_sign_in(world: World, client: Client) -> None:
    for address in (FIGURES, XLSX, CSV, reverse("oversight:reports")):
        assert client.get(address).headers["Location"].startswith(reverse("accounts:login"))


def test_the_head_sees_the_own_figures_with_charts_tables_and_rows(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    page = signed_in(world.demo.staff[Role.OFFICE_HEAD]).get(FIGURES, OCTOBER).content.decode()
    assert "DEMO ltd" in page
    assert "OTHER ltd" not in page
    assert page.count("<svg class=") == page.count("<desc id=") == 4
    assert '<th scope="row" class="govuk-table__header">Received</th>' in page
    assert f"{reverse('cases:requests')}?filed_from=2025-10-01&amp;filed_to=2025-10-31" in page
    assert reverse("oversight:books", args=["DEMO"]) in page


def test_the_link_of_what_came_leads_to_as_many_rows(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.demo.staff[Role.OFFICE_HEAD])
    page = client.get(FIGURES, {"period": f"{FILED_AT:%Y-%m}"})
    listed = client.get(page.context["tiles"][0]["link"]).context["page"].paginator.count
    assert listed == page.context["figures"].counts["received"] == len(world.demo.requests)


def test_another_providers_head_gets_nothing_of_it_by_any_address(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    client = signed_in(world.other.staff[Role.OFFICE_HEAD])
    asked = OCTOBER | {"provider": "DEMO"}
    assert client.get(FIGURES, asked).context["figures"].counts["received"] == 0
    office = OCTOBER | {"office": str(built.office.pk)}
    assert client.get(FIGURES, office).context["figures"].counts["received"] == 0
    assert "=1+1" not in client.get(CSV, office).content.decode()


def test_an_inspector_sees_all_of_them_or_one(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    client = signed_in(world.inspector)
    whole = client.get(FIGURES, OCTOBER)
    assert "DEMO ltd" in whole.content.decode()
    assert "OTHER ltd" in whole.content.decode()
    assert whole.context["figures"].counts["received"] == 7
    assert whole.context["tiles"][0]["link"]
    other = client.get(FIGURES, OCTOBER | {"provider": "OTHER"})
    assert other.context["figures"].counts["received"] == 0
    assert not other.context["tiles"][0]["link"], "the list would show all organisations"
    wrong = {"provider": "OTHER", "office": str(built.office.pk)}
    assert "belongs to another provider" in client.get(FIGURES, OCTOBER | wrong).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "2031-40"},
        {"first": "2025-10-01"},
        {"first": "2025-10-02", "last": "2025-10-01"},
        {"first": "tomorrow", "last": "2025-10-01"},
        {"office": "999999"},
    ],
)
def test_what_cannot_be_asked_is_answered_by_the_form(
    world: World, signed_in: SignIn, asked: dict[str, str]
) -> None:
    client = signed_in(world.inspector)
    page = client.get(FIGURES, asked)
    assert page.status_code == 200
    assert "govuk-error-summary" in page.content.decode()
    assert client.get(XLSX, asked).headers["Location"] == FIGURES


def test_the_workbook_has_a_sheet_for_each_table_and_computes_nothing(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    answer = signed_in(head).get(XLSX, OCTOBER)
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="figures-DEMO-2025-10-01-2025-10-31.xlsx"'
    )
    book = load_workbook(BytesIO(answer.content))
    assert title("worst").en in book.sheetnames
    assert all(sheet.freeze_panes == "A4" for sheet in book)
    for sheet, table in zip(book, tables_of(built.figures()), strict=True):
        whose, what = sheet["A1"].value, sheet["A2"].value
        assert whose == f"{world.demo.provider.name.en}, 01.10.2025 – 31.10.2025"
        assert what == table.title.en
        tab = what.replace("/", "–").replace(":", "")
        assert tab.startswith(sheet.title.removesuffix("…"))
    summary = {row[0].value: row[1] for row in book[title("summary").en].iter_rows(min_row=2)}
    assert (summary["Received"].value, summary["Share within the term"].value) == (7, 1)
    (sheet,) = [one for one in book if one["A2"].value == title("times").en]
    times = {row[0].value: row[1] for row in sheet.iter_rows(min_row=4)}
    assert times["Median"].value == timedelta(hours=2)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    values = {str(cell.value) for cell in cells}
    assert {"'=1+1", "Another reason"} <= values
    assert not [value for value in values if "Айгүл" in value], "a clerk's own words"
    entry = JournalEntry.objects.get(action="oversight.figures_exported")
    assert (entry.subject, entry.data["way"]) == (f"user:{head.pk}", "xlsx")
    assert entry.data["providers"] == ["DEMO"]


def test_the_text_file_says_the_same_and_no_cell_begins_a_formula(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    client = signed_in(world.demo.staff[Role.PROVIDER_ADMIN])
    lines = client.get(CSV, OCTOBER).content.decode().splitlines()
    assert lines[0].startswith("\ufeffDEMO ltd, 01.10.2025 – 31.10.2025")
    assert "Received;7" in lines
    assert "Visits with marks entered later;0" in lines
    assert not [line for line in lines if "Айгүл" in line], "a clerk's own words"
    assert "Share of waiting within 30 minutes;50.0 %" in lines
    assert not [cell for line in lines for cell in line.split(";") if cell[:1] in "=+-@" and cell]


def test_everybody_sees_an_ended_month_without_small_numbers(
    world: World, built: Builder, client: Client
) -> None:
    address = reverse("oversight:public_figures")
    client.cookies["kualik_language"] = "en"
    page = client.get(address)
    assert page.status_code == 200
    assert page.context["period"].is_over(world.now)
    rows = {row["row"].code: row for row in page.context["rows"]}
    assert set(rows) == {"DEMO", "OTHER"}
    assert (rows["OTHER"]["kept"], rows["OTHER"]["middle"]) == ("–", "–")
    text = page.content.decode()
    assert "=1+1" not in text
    this_month = {"month": f"{world.now:%Y-%m}"}
    assert client.get(address, this_month).context["period"].is_over(world.now)
    assert client.get(address, {"month": "'; drop"}).status_code == 200


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_table_has_a_caption_and_heads_in_each_language(
    world: World, built: Builder, signed_in: SignIn, language: str
) -> None:
    client = signed_in(world.inspector)
    client.cookies["kualik_language"] = language
    page = client.get(FIGURES, OCTOBER).content.decode()
    assert page.count("<h1") == 1
    assert page.count("<table") == page.count("<caption") > 9
    assert title("queue").get(language) in page
