"""From an uploaded list to completions: nothing before "import", nothing twice."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import override_settings
from openpyxl import load_workbook

from kualik import training
from kualik.accounts.models import Person
from kualik.accounts.services import PersonFacts, find_person, register_persons
from kualik.core.journal import Actor, history
from kualik.core.models import JournalEntry
from kualik.providers.models import Provider
from kualik.training.models import Completion, Group, HeaderMapping, ImportDraft, Programme
from kualik.training.queries import completions_of, drafts_of, groups_of
from kualik.training.services import (
    GroupDefaults,
    ImportResult,
    answer_for_group,
    choose_sheet,
    confirm_import,
    correct_mapping,
    discard_import,
    forget_lists,
    preview_import,
    start_import,
    sweep_lists,
)
from kualik.training.services.remarks import remark_text
from tests.training.lists import COURSE, LISTS, code_of, content, iin, workbook

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
AIGERIM = Actor(name="user:1", role="registrar")


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path):
        yield tmp_path


@pytest.fixture
def provider() -> Provider:
    return a_provider("DEMO", "990140000018")


def a_provider(code: str, number: str) -> Provider:
    return Provider.objects.create(
        code=code, bin=number, kind="education", name_kk="Колледж", name_ru="Колледж",
        name_en="College", city_kk="Алматы", city_ru="Алматы", city_en="Almaty",
    )  # fmt: skip


def uploaded(provider: Provider, data: bytes, defaults: GroupDefaults | None = None) -> ImportDraft:
    draft = start_import(
        provider=provider, actor=AIGERIM, filename="list.xlsx", content=data, now=NOW
    )
    if defaults:
        answer_for_group(draft=draft, defaults=defaults)
    return draft


def imported(draft: ImportDraft, accept: frozenset[int] = frozenset()) -> ImportResult:
    return confirm_import(
        draft=draft, actor=AIGERIM, now=NOW, edition="A303", accept_attention=accept
    )


def outcome(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.existing, result.refused, result.skipped


@pytest.mark.parametrize(
    ("name", "defaults", "expected"),
    [
        ("cardiology-2026-11.xlsx", None, (28, 0, 0, 0)),
        ("nursing-kk.xlsx", None, (15, 0, 0, 0)),
        (
            "anesthesiology-certification-cp1251.csv",
            GroupDefaults(title_kk="Анестезиология және реаниматология"),
            (17, 0, 0, 0),
        ),
        ("moodle-course-completion.csv", COURSE, (10, 0, 0, 2)),
        ("bad-rows.xlsx", None, (2, 0, 12, 0)),
    ],
)
def test_the_five_lists_are_imported_once(
    provider: Provider, name: str, defaults: GroupDefaults | None, expected: tuple[int, ...]
) -> None:
    result = imported(uploaded(provider, content(name), defaults))
    assert outcome(result) == expected
    assert len(result.completions) == Completion.objects.count() == expected[0]
    assert Group.objects.count() == Programme.objects.count() == 1
    again = imported(uploaded(provider, content(name), defaults))
    assert outcome(again) == (0, *expected[:1], *expected[2:])
    assert again.completions == result.completions
    assert Completion.objects.count() == Person.objects.count() == expected[0]
    assert Group.objects.count() == Programme.objects.count() == 1


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (("Қалиева", "Қарлығаш", "Асанқызы"), "name_spelled_otherwise"),
        (("Ким", "Виктор", ""), "name_of_another"),
        (("КАЛИЕВА", "карлыгаш", ""), None),
    ],
)
def test_a_name_that_the_register_has_otherwise_needs_a_look(
    provider: Provider, kept: tuple[str, str, str], code: str | None
) -> None:
    register_persons(people=[PersonFacts(iin(1), *kept)], now=NOW)
    data = workbook([["ИИН", "ФИО"], [iin(1), "Калиева Карлыгаш Асанкызы"]])
    draft = uploaded(provider, data, COURSE)
    (row,) = preview_import(draft=draft, today=date(2026, 11, 23), edition="A303").checked.rows
    assert row.verdict == ("attention" if code else "ready")
    codes = [remark.code for remark in row.remarks if remark.severity == "warning"]
    assert codes == ([code] if code else [])
    told = [remark_text(remark, "ru") for remark in row.remarks if remark.code == code]
    assert all(("Қарлығаш" in text) == (code == "name_spelled_otherwise") for text in told)
    assert not any("Ким" in text for text in told), "whose number it is, is not told"


def test_the_sample_list_can_be_imported(provider: Provider) -> None:
    sample = Path(training.__file__).parent / "static" / "training" / "sample.csv"
    assert outcome(imported(uploaded(provider, sample.read_bytes(), COURSE))) == (2, 0, 0, 0)


def test_nothing_is_saved_before_import(provider: Provider) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    preview = preview_import(draft=draft, today=date(2026, 11, 23), edition="A303")
    assert preview.checked.counts["ready"] == 15
    assert [table.objects.count() for table in (Person, Group, Programme)] == [0, 0, 0]


def verdicts(draft: ImportDraft) -> list[str]:
    found = preview_import(draft=draft, today=date(2026, 11, 23), edition="A303").checked
    return [row.verdict for row in found.rows]


def test_rows_imported_before_are_known_and_only_the_others_are_to_import(
    provider: Provider,
) -> None:
    head = ["ИИН", "ФИО", "Дата окончания"]
    first = [[iin(1), "Ким Виктор", "2026-11-10"], [iin(2), "Müller Anna", "2026-11-10"]]
    assert verdicts(uploaded(provider, workbook([head, *first]), COURSE)) == ["ready", "attention"]
    imported(uploaded(provider, workbook([head, *first]), COURSE), frozenset({3}))
    again = uploaded(provider, workbook([head, *first, [iin(3), "Цой М", "2026-11-10"]]), COURSE)
    assert verdicts(again) == ["known", "known", "ready"]
    assert outcome(imported(again)) == (1, 2, 0, 0)
    elsewhere = a_provider("OTHER", "990140000027")
    assert verdicts(uploaded(elsewhere, workbook([head, first[0]]), COURSE)) == ["ready"]


def test_another_day_is_known_in_the_same_group_and_new_in_another(provider: Provider) -> None:
    head = ["ИИН", "ФИО", "Дата окончания"]
    imported(uploaded(provider, workbook([head, [iin(1), "Ким Виктор", "2026-11-10"]]), COURSE))
    later = workbook([head, [iin(1), "Ким Виктор", "2026-11-12"]])
    assert verdicts(uploaded(provider, later, COURSE)) == ["known"]
    other = replace(COURSE, started_on=date(2026, 11, 11))
    assert verdicts(uploaded(provider, later, other)) == ["ready"]


def test_a_completion_holds_what_the_row_says(provider: Provider) -> None:
    result = imported(uploaded(provider, content("cardiology-2026-11.xlsx")))
    completion = Completion.objects.get(pk=result.completions[8])
    person = find_person(iin="000901662463")
    assert completion.person == person
    assert (completion.holder_kk, completion.source_row) == ("Сәрсенбаева Айгүл Қанатқызы", 8)
    assert (completion.hours, completion.credits, completion.result) == (120, 4, "92")
    assert completion.position == "врач-кардиолог"
    assert (completion.group.started_on, completion.group.ended_on) == (
        date(2026, 10, 26),
        date(2026, 11, 20),
    )
    assert completion.programme.title_kk.startswith("Шұғыл кардиология")


def test_the_group_ends_with_its_last_day_and_grows_with_a_later_list(provider: Provider) -> None:
    head = ["ИИН", "ФИО", "Дата окончания"]
    first = workbook([head, [iin(1), "Ким Виктор", "2026-11-10"]])
    second = workbook([head, [iin(1), "Ким Виктор", "2026-11-10"], [iin(2), "Цой М", "2026-11-12"]])
    imported(uploaded(provider, first, COURSE))
    assert outcome(imported(uploaded(provider, second, COURSE))) == (1, 1, 0, 0)
    group = Group.objects.get()
    assert group.ended_on == date(2026, 11, 12)
    assert groups_of(provider).get().people == 2


def test_a_person_may_complete_two_programmes_in_one_list(provider: Provider) -> None:
    head = ["ИИН", "ФИО", "Тема"]
    data = workbook([head, [iin(1), "Ким Виктор", "Первая"], [iin(1), "Ким Виктор", "Вторая"]])
    result = imported(uploaded(provider, data, COURSE))
    assert outcome(result) == (2, 0, 0, 0)
    assert (len(result.groups), Person.objects.count()) == (2, 1)


def test_a_row_that_needs_attention_is_imported_only_when_accepted(provider: Provider) -> None:
    rows = [["ИИН", "ФИО"], [iin(1), "Иванoва Ольга"], [iin(2), "Цой Марина"]]
    assert outcome(imported(uploaded(provider, workbook(rows), COURSE))) == (1, 0, 1, 0)
    accepted = imported(uploaded(provider, workbook(rows), COURSE), frozenset({2}))
    assert outcome(accepted) == (1, 1, 0, 0)
    assert Completion.objects.get(pk=accepted.completions[2]).family_name == "Иванова"


def test_a_refused_row_cannot_be_accepted(provider: Provider) -> None:
    rows = [["ИИН", "ФИО"], ["12345", "Ким Виктор"]]
    draft = uploaded(provider, workbook(rows), COURSE)
    assert outcome(imported(draft, frozenset({2}))) == (0, 0, 1, 0)


def test_import_waits_for_the_answers_of_the_group(provider: Provider) -> None:
    draft = uploaded(provider, content("moodle-course-completion.csv"))
    assert code_of(lambda: imported(draft)) == "list_needs_answers"
    assert not Completion.objects.exists()


def test_a_draft_imported_before_gives_its_first_result(provider: Provider) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    stale = ImportDraft.objects.get(pk=draft.pk)
    first = imported(draft)
    assert imported(ImportDraft.objects.get(pk=draft.pk)) == first
    assert imported(stale) == first
    assert code_of(lambda: answer_for_group(draft=draft, defaults=COURSE)) == "import_done"
    assert code_of(lambda: discard_import(draft=draft, actor=AIGERIM, now=NOW)) == "import_done"


def test_a_draft_changed_meanwhile_is_not_imported(provider: Provider) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    other = ImportDraft.objects.get(pk=draft.pk)
    answer_for_group(draft=other, defaults=COURSE)
    assert code_of(lambda: imported(draft)) == "import_changed"
    assert not Completion.objects.exists()


def test_the_file_goes_with_the_import_and_numbers_stay_nowhere_in_clear(
    provider: Provider, media: Path, django_capture_on_commit_callbacks
) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    name = draft.content.name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        imported(draft)
    assert not default_storage.exists(name)
    assert [path for path in media.rglob("*") if path.is_file()] == []
    rows = [*Completion.objects.values(), *ImportDraft.objects.values(), *Group.objects.values()]
    rows += [*JournalEntry.objects.values(), *Programme.objects.values()]
    assert "840805414770" not in str(rows)
    assert code_of(lambda: choose_sheet(draft=draft, sheet="Список")) == "list_gone"


def test_a_number_in_a_file_name_is_not_kept(provider: Provider) -> None:
    draft = start_import(
        provider=provider, actor=AIGERIM, filename="Ким 840805414770.xlsx",
        content=content("nursing-kk.xlsx"), now=NOW,
    )  # fmt: skip
    assert draft.filename == "Ким ….xlsx"
    assert "Ким" not in draft.content.name


def test_a_file_that_is_no_list_leaves_nothing(provider: Provider, media: Path) -> None:
    assert code_of(lambda: uploaded(provider, b"no list at all")) == "list_not_a_table"
    assert not ImportDraft.objects.exists()
    assert list(media.iterdir()) == []


def test_a_correction_is_remembered_for_this_provider_only(provider: Provider) -> None:
    rows = [["ИИН", "Кто", "Цвет"], [iin(1), "Ким Виктор", "отлично"]]
    data = workbook([["ИИН", "Фамилия", *rows[0][1:]], [iin(1), "Ким", *rows[1][1:]]])
    draft = uploaded(provider, data, COURSE)
    correct_mapping(draft=draft, changes={"C": "full_name", "D": "result", "B": None}, now=NOW)
    assert HeaderMapping.objects.count() == 3
    next_draft = uploaded(provider, data)
    assert [column[2] for column in next_draft.mapping["columns"]] == [
        "iin", None, "full_name", "result",
    ]  # fmt: skip
    stranger = a_provider("OTHER", "990140000029")
    assert [column[2] for column in uploaded(stranger, data).mapping["columns"]] == [
        "iin", "family_name", None, None,
    ]  # fmt: skip


def test_another_sheet_can_be_chosen(provider: Provider) -> None:
    book = load_workbook(LISTS / "nursing-kk.xlsx")
    book.create_sheet("Екінші").append(["ЖСН", "Тегі"])
    target = BytesIO()
    book.save(target)
    draft = uploaded(provider, target.getvalue())
    assert draft.sheet == "Список"
    assert choose_sheet(draft=draft, sheet="Екінші").fields == {"iin", "family_name"}
    assert ImportDraft.objects.get(pk=draft.pk).sheet == "Екінші"


def test_the_same_person_and_programme_belong_to_each_provider_apart(provider: Provider) -> None:
    stranger = a_provider("OTHER", "990140000029")
    imported(uploaded(provider, content("nursing-kk.xlsx")))
    result = imported(uploaded(stranger, content("nursing-kk.xlsx")))
    assert outcome(result) == (15, 0, 0, 0)
    assert completions_of(provider).count() == completions_of(stranger).count() == 15
    assert drafts_of(provider).count() == 1
    assert Person.objects.count() == 15


def test_the_journal_keeps_upload_import_and_discard(provider: Provider) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    imported(draft)
    told = history(f"import:{draft.pk}")
    assert [entry.action for entry in told] == ["training.list_uploaded", "training.list_imported"]
    assert told[1].data["created"] == 15
    given_up = uploaded(provider, content("nursing-kk.xlsx"))
    subject = f"import:{given_up.pk}"
    discard_import(draft=given_up, actor=AIGERIM, now=NOW)
    assert history(subject)[-1].action == "training.list_discarded"


def test_lists_nobody_imported_are_forgotten_after_a_week(
    provider: Provider, django_capture_on_commit_callbacks
) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    name = draft.content.name
    assert forget_lists(now=NOW + timedelta(days=7)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_lists(now=NOW + timedelta(days=8)) == 1
    assert not default_storage.exists(name)
    assert not ImportDraft.objects.exists()


def test_stored_lists_without_a_draft_are_swept_after_a_day(
    provider: Provider, media: Path
) -> None:
    draft = uploaded(provider, content("nursing-kk.xlsx"))
    orphan = media / "training" / "lists" / "left-by-a-crash"
    orphan.write_bytes(b"850315300123")
    for file in orphan.parent.iterdir():
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    assert sweep_lists(now=NOW + timedelta(hours=23)) == 0
    assert sweep_lists(now=NOW + timedelta(hours=25)) == 1
    assert [file.name for file in orphan.parent.iterdir()] == [Path(draft.content.name).name]


def test_nothing_stored_means_nothing_to_sweep(media: Path) -> None:
    assert sweep_lists(now=NOW) == 0


def test_a_long_list_is_imported_whole(provider: Provider) -> None:
    rows = [
        [iin(place), f"Ким Виктор {'А' * (place % 20 + 1)}"] for place in range(300) if place % 7
    ]
    rows = [row for row in rows if "None" not in row[0]]
    result = imported(uploaded(provider, workbook([["ИИН", "ФИО"], *rows]), COURSE))
    assert outcome(result) == (len(rows), 0, 0, 0)
    assert sorted(result.completions) == list(range(2, len(rows) + 2))
