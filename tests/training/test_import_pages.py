"""The way of a list through the pages of the import."""

import re
import zlib
from io import BytesIO

import pytest
from openpyxl import load_workbook
from time_machine import travel

from kualik.core import jobs
from kualik.core.errors import message
from kualik.core.models import Job
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion, Group, HeaderMapping, ImportDraft
from kualik.training.services.dry_run import (
    CHECK_JOB,
    IMPORT_JOB,
    PATIENCE,
    run_check_job,
    run_import_job,
)
from kualik.training.services.importing import IMPORTED_JOB
from tests.training.lists import content, iin, workbook
from tests.training.office import (
    MOODLE,
    NOW,
    bring,
    client_of,
    employ,
    open_provider,
    table,
    upload,
)

pytestmark = [pytest.mark.urls("tests.training.addresses"), pytest.mark.django_db]
LANGUAGES = ("kk", "ru")
TWELVE_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)")
HANDLERS = {CHECK_JOB: run_check_job, IMPORT_JOB: run_import_job}
READY = {"kk": "Дайын", "ru": "Готова"}
COLUMNS = {
    "Вид обучения": "повышение квалификации",
    "Тема (каз)": "Кардиология негіздері",
    "Тема (рус)": "Основы кардиологии",
    "Часы": 120,
    "Начало": "02.11.2026",
    "Окончание": "13.11.2026",
}
HEADER = ["ИИН", "Фамилия", "Имя", *COLUMNS]
COURSE = list(COLUMNS.values())


@pytest.fixture
def provider():
    return open_provider("DEMO", "990140000018")


@pytest.fixture(params=LANGUAGES)
def office(request, provider):
    client = client_of(employ(provider, Role.REGISTRAR), language=request.param)
    client.language = request.param
    return client


@pytest.fixture
def client(provider):
    return client_of(employ(provider, Role.REGISTRAR))


def small_list(count=3, surname="Ахметова"):
    rows = [[iin(serial), surname, "Динара", *COURSE] for serial in range(1, count + 1)]
    return workbook([HEADER, *rows])


def long_list():
    """More bytes than a page checks by itself, in few rows."""
    rows = [";".join([*HEADER, "Место работы"])]
    for serial in range(1, 301):
        cells = [iin(serial), "Ахметова", "Динара", *map(str, COURSE), "Больница " * 25]
        rows.append(";".join(cells))
    return "\n".join(rows).encode()


def confirm(client, draft, **marks):
    response = client.post(f"/office/import/{draft.pk}/confirm/", marks)
    assert response.url == f"/office/import/{draft.pk}/"
    return client.get(response.url, follow=True)


def work(now=NOW):
    return jobs.run_waiting(handlers=HANDLERS, worker="test", clock=lambda: now)


@pytest.mark.parametrize(
    ("name", "people"),
    [("cardiology-2026-11.xlsx", 28), ("nursing-kk.xlsx", 15)],
)
def test_a_list_that_holds_everything_is_imported_in_three_steps(office, name, people):
    draft = bring(office, name, content(name))
    html = table(office, draft)
    assert READY[office.language] in html
    assert f"<span data-taken-count>{people}</span>" in html
    assert not TWELVE_DIGITS.search(html)
    assert Completion.objects.count() == 0
    result = confirm(office, draft)
    assert result.redirect_chain == [(f"/office/import/{draft.pk}/result/", 302)]
    assert Completion.objects.count() == people
    group = Group.objects.get()
    assert f"/file/{group.pk}/" in result.content.decode()


def test_what_a_list_lacks_is_asked_once_for_the_group(office):
    name = "anesthesiology-certification-cp1251.csv"
    draft = bring(office, name, content(name))
    asked = office.get(f"/office/import/{draft.pk}/", follow=True)
    assert asked.redirect_chain == [(f"/office/import/{draft.pk}/group/", 302)]
    assert {"title_kk", "group_name"} <= set(asked.context["form"].fields)
    assert not {"title_ru", "hours", "kind"} & set(asked.context["form"].fields)
    answers = {"title_kk": "Анестезиология және реаниматология"}
    response = office.post(f"/office/import/{draft.pk}/group/", answers)
    assert response.url == f"/office/import/{draft.pk}/"
    ready = office.get(response.url).context["ready"]
    assert ready == 17
    confirm(office, draft)
    assert Completion.objects.count() == 17
    assert not TWELVE_DIGITS.search(table_of_group(office))


def table_of_group(client):
    return client.get(f"/office/groups/{Group.objects.get().pk}/").content.decode()


def test_a_moodle_report_needs_the_programme_and_leaves_out_who_did_not_complete(office):
    name = "moodle-course-completion.csv"
    draft = bring(office, name, content(name))
    response = office.post(f"/office/import/{draft.pk}/group/", MOODLE | {"credits": "3"})
    assert response.status_code == 422
    assert response.context["form"].has_error("credits")
    assert office.post(f"/office/import/{draft.pk}/group/", MOODLE).status_code == 302
    filters = office.get(f"/office/import/{draft.pk}/").context["filters"]
    counts = {one.verdict: one.count for one in filters}
    assert (counts["ready"], counts["skipped"]) == (10, 2)
    confirm(office, draft)
    assert Completion.objects.count() == 10


def test_a_programme_of_the_provider_answers_most_of_the_questions(client):
    first = bring(client, "a.xlsx", small_list())
    confirm(client, first)
    programme = Group.objects.get().programme
    draft = bring(client, "moodle.csv", content("moodle-course-completion.csv"))
    answers = {"programme": programme.pk, "started_on": "2026-11-02"}
    assert client.post(f"/office/import/{draft.pk}/group/", answers).status_code == 302
    confirm(client, draft)
    assert Completion.objects.filter(programme=programme).count() == 13


def test_every_fault_stands_under_its_cell_in_the_language_of_the_page(office):
    draft = bring(office, "bad-rows.xlsx", content("bad-rows.xlsx"))
    html = table(office, draft)
    said = {
        "kk": ["ЖСН-нің бақылау цифры", "Күнтізбеде мұндай күн жоқ", "Ұяшықта формула тұр"],
        "ru": [
            "Контрольная цифра ИИН не сходится",
            "Такого дня нет в календаре",
            "В ячейке формула",
        ],
    }
    for text in said[office.language]:
        assert text in html
    assert 'class="govuk-table__cell k-cell k-cell--error"' in html
    assert not TWELVE_DIGITS.search(html)
    refused = office.get(f"/office/import/{draft.pk}/?show=refused").context
    assert {row.verdict for row in refused["rows"]} == {"refused"}
    assert 15 in [row.number for row in refused["rows"]]


def test_the_remarks_come_back_as_a_workbook_in_the_language_of_the_page(office):
    draft = bring(office, "bad-rows.xlsx", content("bad-rows.xlsx"))
    response = office.get(f"/office/import/{draft.pk}/remarks.xlsx")
    assert response["Content-Disposition"] == f'attachment; filename="list-{draft.pk}-remarks.xlsx"'
    page = load_workbook(BytesIO(response.content)).active
    head = {"kk": "Ескертулер", "ru": "Замечания"}[office.language]
    assert head in [cell.value for cell in page[1]]


def test_rows_that_need_attention_are_taken_only_when_ticked(client):
    rows = [[iin(1), "Ахметова", "Динара", *COURSE], [iin(2), "Ахмeтoва", "Алия", *COURSE]]
    draft = bring(client, "a.xlsx", workbook([HEADER, *rows]))
    html = table(client, draft)
    assert "→ Ахметова" in html
    marked = client.post(
        f"/office/import/{draft.pk}/marks/",
        {"shown": ["3"], "take": ["3"], "next": "?show=attention&page=1"},
    )
    assert marked.url == f"/office/import/{draft.pk}/?show=attention&page=1"
    assert "<span data-taken-count>2</span>" in table(client, draft)
    confirm(client, draft)
    assert sorted(Completion.objects.values_list("family_name", flat=True)) == ["Ахметова"] * 2


def test_unticked_rows_stay_out_and_a_page_may_be_ticked_at_once(client):
    draft = bring(client, "a.xlsx", small_list(3, surname="Ахмeтова"))
    refused = confirm(client, draft)
    assert Completion.objects.count() == 0
    assert refused.redirect_chain == []
    shown = {"shown": ["2", "3", "999"], "take": ["2"]}
    client.post(f"/office/import/{draft.pk}/marks/", shown | {"do": "all"})
    assert "<span data-taken-count>2</span>" in table(client, draft)
    client.post(f"/office/import/{draft.pk}/marks/", shown)
    assert "<span data-taken-count>1</span>" in table(client, draft)
    confirm(client, draft)
    assert Completion.objects.count() == 1


def test_confirming_twice_and_uploading_again_add_nothing(client):
    draft = bring(client, "a.xlsx", small_list())
    confirm(client, draft)
    confirm(client, draft)
    again = bring(client, "a.xlsx", small_list())
    result = confirm(client, again)
    assert Completion.objects.count() == 3
    assert (result.context["counts"]["created"], result.context["counts"]["existing"]) == (0, 3)


@pytest.mark.parametrize(("marks", "offers"), [({"offers": "yes"}, 1), ({}, 0)])
@pytest.mark.parametrize("make", [small_list, long_list])
def test_the_office_says_at_the_import_whether_people_are_told(client, make, marks, offers):
    draft = bring(client, "list", make())
    table(client, draft)
    work()
    assert 'name="offers" value="yes" checked' in table(client, draft)
    with travel(NOW, tick=False):
        confirm(client, draft, **marks)
    work()
    assert ImportDraft.objects.get().imported_at
    told = Job.objects.filter(name=IMPORTED_JOB)
    assert [job.payload for job in told] == [{"import": draft.pk}] * offers


def test_a_list_imported_before_has_nothing_to_import(client):
    waiting = bring(client, "b.xlsx", small_list())
    assert "<span data-taken-count>3</span>" in table(client, waiting)
    confirm(client, bring(client, "a.xlsx", small_list()))
    html = table(client, waiting)
    assert "data-taken-count" not in html
    assert "Уже внесены: <strong>3</strong>" in html
    assert "второй раз не добавляется" in html


def test_the_remarks_of_a_row_stand_beside_its_state(client):
    draft = bring(client, "bad-rows.xlsx", content("bad-rows.xlsx"))
    table(client, draft)
    rows = client.get(f"/office/import/{draft.pk}/").context["rows"]
    by_number = {row.number: row for row in rows}
    assert [cell.letter for cell in by_number[14].faults] == ["K"]
    assert [cell.letter for cell in by_number[15].faults] == ["A", "B"]
    assert [cell.letter for cell in by_number[7].faults] == ["A"]


@pytest.mark.parametrize("name", ["title_kk", "title_ru", "specialty_kk", "specialty_ru"])
def test_letters_that_cannot_be_printed_are_refused_in_the_answers(client, name):
    draft = bring(client, "moodle.csv", content("moodle-course-completion.csv"))
    address = f"/office/import/{draft.pk}/group/"
    refused = client.post(address, MOODLE | {name: "Курс 😀 β"})
    assert refused.status_code == 422
    assert "😀, β" in refused.context["form"].errors[name][0]
    assert client.post(address, MOODLE | {name: "Уход\r\nза детьми"}).status_code == 302
    draft.refresh_from_db()
    assert draft.defaults[name] == "Уход за детьми"


def test_every_column_left_out_is_named(client):
    upload(client, "moodle.csv", content("moodle-course-completion.csv"))
    page = client.get(f"/office/import/{ImportDraft.objects.get().pk}/columns/")
    named = [match.letter for kind in ("unknown", "unused") for match in page.context[kind]]
    assert sorted(named) == ["A", "E", "F"]


def test_an_imported_list_opens_its_result_from_every_step(client):
    draft = bring(client, "a.xlsx", small_list())
    confirm(client, draft)
    for step in ("", "columns/", "group/", "remarks.xlsx"):
        response = client.get(f"/office/import/{draft.pk}/{step}")
        assert response.url == f"/office/import/{draft.pk}/result/"


def test_a_discarded_list_is_gone(client):
    draft = bring(client, "a.xlsx", small_list())
    assert client.post(f"/office/import/{draft.pk}/discard/").url == "/office/import/"
    assert not ImportDraft.objects.exists()
    assert client.get(f"/office/import/{draft.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "list_old_excel"),
        (b"%PDF-1.7 x", "list_format_unknown"),
        (b"PK\x03\x04 broken", "list_not_a_table"),
        ("один\nдва\n".encode(), "list_not_a_table"),
        (b"a;b\n1;2\n", "list_header_not_found"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_its_field(office, data, code):
    response = upload(office, "list.xlsx", data)
    assert response.status_code == 422
    assert response.context["form"].errors["file"] == [
        message(RuleViolation(code), office.language)
    ]
    assert not ImportDraft.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_its_field(client):
    response = upload(client, "list.csv", b"x" * (5 * 1024 * 1024 + 1))
    assert "5" in response.context["form"].errors["file"][0]
    assert upload(client, "list.csv", b"").context["form"].errors["file"]


def test_columns_are_corrected_and_the_choice_is_remembered(client):
    head = ["ИИН", "Кто", *HEADER[3:]]
    rows = [head, [iin(1), "Ахметова Динара", *COURSE]]
    upload(client, "a.xlsx", workbook(rows))
    draft = ImportDraft.objects.get()
    address = f"/office/import/{draft.pk}/columns/"
    page = client.get(address)
    assert [match.header for match in page.context["unknown"]] == ["Кто"]
    answers = {field.html_name: field.value() for field in page.context["form"]}
    refused = client.post(address, answers)
    assert refused.status_code == 422
    assert client.post(address, answers | {"B": "iin"}).status_code == 422
    assert client.post(address, answers | {"B": "full_name"}).status_code == 302
    assert HeaderMapping.objects.get().field == "full_name"
    bring(client, "b.xlsx", workbook(rows))


def test_examples_of_the_columns_hide_the_iin_even_where_nobody_named_the_column(client):
    number = iin(2)
    spaced, dashed = f"{number[:6]} {number[6:9]} {number[9:]}", f"{number[:4]}-{number[4:8]}-"
    rows = [
        ["ИИН", "Фамилия", "Имя", "Код", "Место работы"],
        [iin(1), "Ахметова", "Динара", number, f"ИИН {spaced}"],
        [iin(3), "Ахметова", "Динара", spaced, dashed + number[8:]],
    ]
    upload(client, "a.xlsx", workbook(rows))
    html = client.get(f"/office/import/{ImportDraft.objects.get().pk}/columns/").content.decode()
    assert not TWELVE_DIGITS.search(html)
    assert spaced not in html
    assert dashed not in html
    assert "Ахметова" in html


def test_another_sheet_of_the_workbook_may_be_taken(client):
    book = load_workbook(BytesIO(small_list(1)))
    other = book.create_sheet("Декабрь")
    for row in [HEADER, *([iin(n), "Омарова", "Сауле", *COURSE] for n in (5, 6))]:
        other.append(row)
    target = BytesIO()
    book.save(target)
    draft = bring(client, "a.xlsx", target.getvalue())
    client.post(f"/office/import/{draft.pk}/sheet/", {"sheet": "Декабрь"})
    assert client.get(f"/office/import/{draft.pk}/").context["ready"] == 2
    assert client.post(f"/office/import/{draft.pk}/sheet/", {"sheet": "Нет"}).status_code == 302


def test_a_long_list_is_checked_and_imported_by_jobs_while_the_page_waits(client):
    draft = bring(client, "long.csv", long_list())
    waiting = client.get(f"/office/import/{draft.pk}/")
    assert waiting.headers["Refresh"] == "2"
    assert work() == 1
    page = client.get(f"/office/import/{draft.pk}/")
    assert "Refresh" not in page.headers
    assert len(page.context["rows"]) == 100
    confirmed = confirm(client, draft)
    assert confirmed.headers["Refresh"] == "2"
    assert Completion.objects.count() == 0
    client.post(f"/office/import/{draft.pk}/confirm/")
    assert work() == 1
    assert Completion.objects.count() == page.context["ready"]
    assert client.get(f"/office/import/{draft.pk}/").url == f"/office/import/{draft.pk}/result/"
    assert not TWELVE_DIGITS.search(str(list(Job.objects.values())))


def test_a_long_list_is_checked_by_the_page_when_no_worker_runs(client, at):
    draft = bring(client, "long.csv", long_list())
    assert "Refresh" in client.get(f"/office/import/{draft.pk}/").headers
    at(NOW + PATIENCE)
    page = client.get(f"/office/import/{draft.pk}/")
    assert page.context["ready"] > 200
    client.post(f"/office/import/{draft.pk}/confirm/")
    at(NOW + PATIENCE + PATIENCE)
    client.post(f"/office/import/{draft.pk}/confirm/")
    assert Completion.objects.count() == page.context["ready"]
    assert work(NOW + 2 * PATIENCE) == 2
    assert Completion.objects.count() == page.context["ready"]


def test_an_import_that_fails_in_its_job_is_told_on_the_page(client):
    draft = bring(client, "long.csv", long_list())
    client.get(f"/office/import/{draft.pk}/")
    work()
    client.post(f"/office/import/{draft.pk}/confirm/")
    draft.content.storage.delete(draft.content.name)
    work()
    page = client.get(f"/office/import/{draft.pk}/")
    assert message(RuleViolation("list_gone"), "ru") in page.content.decode()


def test_what_is_kept_of_a_list_holds_no_iin(client, tmp_path):
    draft = bring(client, "bad-rows.xlsx", content("bad-rows.xlsx"))
    table(client, draft)
    name = "Сәрсенбаева"
    files = [file.read_bytes() for file in (tmp_path / "cache").glob("*.djcache")]
    # The expiry stands before the packed value.
    kept = b"".join(zlib.decompress(file[file.index(b"\x78\x9c") :]) for file in files)
    assert name.encode() in kept
    assert not re.search(rb"\d{12}", kept)
