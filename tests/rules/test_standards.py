"""The law as data: both acts, their readings, and what a broken file says."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.standards import StandardError
from kualik.rules.standards.load import DATA

A57 = standards.get("A57")
A303 = standards.get("A303")
BOTH = (A57, A303)

# Written out here a second time on purpose: a clause dropped from the registry must not pass.
IDS = """
A57.name A303.name A57.1 A303.1 A57.2.1 A303.2.1 A57.2.2 A303.2.2 A57.3.1 A303.3.1 A57.3.2
A303.3.2 A57.3.3 A303.3.3 A57.4 A303.4 A57.5.1 A303.5.1 A57.5.2 A303.5.2 A57.6 A303.6 A57.7.1
A303.7.1 A57.7.2 A303.7.2 A57.8.1 A303.8.1 A57.8.head A303.8.head A57.8.2 A303.8.2 A57.9
A303.9.1 A303.9.2 A57.10.a A303.10.f A57.10.b A303.10.a A303.10.b A303.10.c A303.10.d A303.10.e
A57.10-2 A57.10-3 A57.10-4 A57.17-2
"""
CLAUSES_OF_THE_ACTS = IDS.split()

CLAUSES_WITH_A_READING = [
    ("A57", "A57.name"),
    ("A57", "A57.3.1"),
    ("A57", "A57.5.1"),
    ("A57", "A57.5.2"),
    ("A57", "A57.7.1"),
    ("A57", "A57.7.2"),
    ("A57", "A57.9"),
    ("A57", "A57.10-2"),
    ("A303", "A303.3.1"),
    ("A303", "A303.4"),
    ("A303", "A303.5.1"),
    ("A303", "A303.5.2"),
    ("A303", "A303.7.2"),
    ("A303", "A303.9.1"),
    ("A303", "A303.9.2"),
    ("A303", "A303.10.a"),
    ("A303", "A57.10.b"),
    ("A303", "A57.10-2"),
    ("A303", "A57.10-4"),
    ("A303", "A57.17-2"),
]

Broken = Callable[[str, str, str], Path]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """Both files copied to a folder, one text of one of them replaced once."""

    def copy(name: str, old: str, new: str) -> Path:
        for path in DATA.glob("*.toml"):
            content = path.read_text(encoding="utf-8")
            if path.name == name:
                assert old in content
                content = content.replace(old, new, 1)
            (tmp_path / path.name).write_text(content, encoding="utf-8")
        return tmp_path

    return copy


def fault(folder: Path) -> StandardError:
    with pytest.raises(StandardError) as caught:
        standards.load(folder)
    return caught.value


def line_of(folder: Path, name: str, text: str) -> int:
    """The first line that holds the text, counted from one."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize("clause", CLAUSES_OF_THE_ACTS)
def test_every_clause_of_the_acts_has_its_row_in_three_languages(clause: str) -> None:
    row = standards.get(clause.partition(".")[0]).clause(clause)
    assert row.id == clause
    assert row.original == ("kk" if clause.startswith("A57") else "ru")
    assert all((row.title.kk, row.title.ru, row.title.en))
    assert all((row.text.kk, row.text.ru, row.text.en))


def test_the_registry_names_exactly_the_clauses_of_the_acts() -> None:
    assert frozenset(CLAUSES_OF_THE_ACTS) == standards.ALL_CLAUSES


@pytest.mark.parametrize(("edition", "clause"), CLAUSES_WITH_A_READING)
def test_an_unclear_place_has_a_recorded_decision(edition: str, clause: str) -> None:
    readings = standards.get(edition).readings_of(clause)
    assert readings
    for reading in readings:
        assert all(reading.question.get(language) for language in LANGUAGES)
        assert all(reading.decision.get(language) for language in LANGUAGES)


def test_kazakh_texts_carry_no_wrong_letter_of_the_scan() -> None:
    for path in DATA.parent.rglob("*.toml"):
        assert not set("ӛӚ") & set(path.read_text(encoding="utf-8")), path.name


def test_both_names_of_a57_are_kept_with_language_and_place() -> None:
    kazakh = {name.place: name.text for name in A57.names if name.language == "kk"}
    assert kazakh["rules"].endswith("қайта даярлаудан өту туралы құжаттар беру")
    assert kazakh["standard"].endswith("қайта даярлау туралы құжаттар беру")
    assert {name.clause for name in A57.names} == {"A57.name"}
    assert all(name.original for name in A57.names if name.language == "kk")
    assert [name.language for name in A303.names if name.original] == ["ru"]


def test_the_acts_are_named_with_their_registration_and_a_mark_on_the_publication_date() -> None:
    assert (A57.act.number, A57.act.registered_number) == ("ҚР ДСМ-57/2020", "20733")
    assert (A57.act.adopted_on, A57.act.registered_on) == (date(2020, 5, 26), date(2020, 5, 27))
    assert (A303.act.number, A303.act.registered_number) == ("ҚР ДСМ-303/2020", "21847")
    assert (A303.act.adopted_on, A303.act.registered_on) == (date(2020, 12, 21), date(2020, 12, 22))
    assert A57.act.published_check
    assert A303.act.published_check
    assert {check.about for check in A57.checks} >= {"forms", "in_force_to", "translation"}


def test_the_edition_in_force_follows_the_day_without_a_gap() -> None:
    assert standards.in_force(date(2020, 6, 9)) is A57
    assert standards.in_force(date(2021, 1, 14)) is A57
    assert standards.in_force(date(2021, 1, 15)) is A303
    assert standards.in_force(date(2040, 1, 1)) is A303
    assert A57.in_force_to is not None
    assert A57.in_force_to + timedelta(days=1) == A303.in_force_from
    assert A303.in_force_to is None


def test_no_standard_is_in_force_before_the_first_act() -> None:
    with pytest.raises(RuleViolation) as caught:
        standards.in_force(date(2020, 6, 8))
    assert caught.value.code == "no_standard_in_force"
    assert caught.value.params == {"on": date(2020, 6, 8)}


def test_editions_are_read_once_and_found_by_name_and_version() -> None:
    assert standards.load_all() is standards.load_all()
    assert set(standards.load_all()) == {"A57", "A303"}
    assert standards.get("A303", 1) is A303
    for edition, version in (("A303", 2), ("A999", None)):
        with pytest.raises(RuleViolation) as caught:
            standards.get(edition, version)
        assert caught.value.code == "edition_unknown"


def test_a57_gives_two_certificates_and_no_reference() -> None:
    assert [(one.kind, one.paper, one.form) for one in A57.results] == [
        ("pd", "certificate", "A57-pd-certificate@1"),
        ("rt", "certificate", "A57-rt-certificate@1"),
    ]


def test_a303_gives_certificates_and_references_for_two_kinds() -> None:
    assert [one.form for one in A303.results] == [
        "A303-pd-certificate@1",
        "A303-pd-reference@1",
        "A303-cc-certificate@1",
        "A303-cc-reference@1",
    ]
    assert all(one.check for one in (*A57.results, *A303.results))


@pytest.mark.parametrize(
    ("edition", "kind", "paper"),
    [
        ("A303", "rt", "certificate"),
        ("A303", "rt", "reference"),
        ("A57", "cc", "certificate"),
        ("A57", "pd", "reference"),
    ],
)
def test_a_result_of_another_edition_is_a_named_error(edition: str, kind: str, paper: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        standards.get(edition).result(kind, paper)
    assert caught.value.code == "result_not_in_edition"
    order = standards.get(edition).act.number
    told = {"edition": edition, "order": order, "kind": kind, "paper": paper}
    assert caught.value.params == told


def test_retraining_is_given_under_a57() -> None:
    assert A57.result("rt", "certificate").clause == "A57.5.2"


@pytest.mark.parametrize("standard", BOTH)
def test_terms_of_row_3_are_one_working_day_and_thirty_minutes_twice(
    standard: standards.Standard,
) -> None:
    terms = {code: standard.term(code) for code in ("issue", "waiting", "serving")}
    assert {code: (term.amount, term.unit) for code, term in terms.items()} == {
        "issue": (1, "working_day"),
        "waiting": (30, "minute"),
        "serving": (30, "minute"),
    }
    assert [term.clause for term in terms.values()] == [
        f"{standard.edition}.3.{number}" for number in (1, 2, 3)
    ]


def test_incident_terms_of_a303_rest_on_a57_by_a_recorded_reading() -> None:
    for code in ("incident_notice", "incident_protocol"):
        assert (A57.term(code).amount, A57.term(code).reading) == (1, "")
        assert (A303.term(code).clause, A303.term(code).reading) == ("A57.10-4", "A303-incident")


def test_an_unknown_term_or_clause_is_a_named_error() -> None:
    with pytest.raises(RuleViolation, match="term_not_in_edition"):
        A303.term("tea")
    with pytest.raises(RuleViolation, match="clause_not_in_edition"):
        A57.clause("A303.9.2")


def test_weekly_hours_are_minutes_of_the_day_and_sunday_is_absent() -> None:
    assert A57.weekly_hours == dict.fromkeys(range(5), (480, 1200)) | {5: (540, 840)}
    assert A303.weekly_hours == dict.fromkeys(range(5), (510, 1050)) | {5: (540, 840)}


def test_the_saturday_of_a57_is_a_reading_and_the_contradiction_stays_in_the_text() -> None:
    assert A57.hours.reading == "A57-saturday"
    (reading,) = A57.readings_of("A57.7.1")
    assert reading.id == "A57-saturday"
    assert "(сенбі, жексенбі)" in A57.clause("A57.7.1").text.kk


@pytest.mark.parametrize("standard", BOTH)
def test_the_portal_never_closes_and_a_break_never_extends_the_term(
    standard: standards.Standard,
) -> None:
    assert standard.portal.round_the_clock
    assert standard.portal.after_hours == "next_working_day"
    assert not standard.portal.break_extends_term
    assert standard.fee.amount_tenge == 0


def test_science_organisations_provide_under_a303_only() -> None:
    assert A57.provider_kinds == ("education",)
    assert A303.provider_kinds == ("education", "science")


@pytest.mark.parametrize("standard", BOTH)
def test_channels_media_and_contacts_are_the_same_in_both_acts(
    standard: standards.Standard,
) -> None:
    assert [item.code for item in standard.items_of("channel")] == ["counter", "portal"]
    assert [item.code for item in standard.items_of("medium")] == ["electronic", "paper"]
    assert [item.value for item in standard.items_of("contact")] == ["8-800-080-7777", "1414"]
    assert "status_at_any_stage" in {item.code for item in standard.items_of("information")}


def test_documents_follow_row_8() -> None:
    common = {"identity_document", "power_of_attorney", "electronic_request"}
    assert {item.code for item in A57.items_of("document")} == common
    assert {item.code for item in A303.items_of("document")} == common | {"digital_document"}


def test_a303_names_five_facts_of_accessibility_and_a57_none() -> None:
    assert [item.code for item in A303.items_of("accessibility")] == [
        "ramp",
        "call_button",
        "tactile_path",
        "waiting_hall",
        "sample_stand",
    ]
    assert A57.items_of("accessibility") == ()


def test_a_password_or_a_text_answer_confirms_and_only_an_eds_signs() -> None:
    assert {item.code: item.value for item in A303.items_of("confirmation")} == {
        "otp": "confirmation",
        "sms_answer": "confirmation",
        "eds": "signature",
    }


def test_the_steps_to_a_digital_document_come_in_their_order() -> None:
    steps = [item.code for item in A303.items_of("digital_document")]
    assert steps == ["authorise", "open_section", "pick_document"]


def test_the_key_of_the_organisation_alone_seals_only_under_a303_and_the_digital_code() -> None:
    assert not A57.may_seal("organisation", date(2026, 9, 1))
    assert not A303.may_seal("organisation", date(2026, 7, 11))
    assert A303.may_seal("organisation", date(2026, 7, 12))
    assert A57.may_seal("authorised_person", date(2020, 6, 9))
    assert A303.may_seal("authorised_person", date(2021, 1, 15))


def test_the_difference_of_the_acts_is_told_clause_by_clause() -> None:
    kinds = {(one.kind, one.number) for one in standards.diff(A57, A303)}
    assert {number for kind, number in kinds if kind == "added"} == {
        "9.2",
        "10.a",
        "10.b",
        "10.c",
        "10.d",
        "10.e",
    }
    assert {number for kind, number in kinds if kind == "changed"} == {
        "name",
        "1",
        "3.1",
        "5.1",
        "5.2",
        "7.1",
        "8.1",
        "10.f",
    }
    assert {number for kind, number in kinds if kind == "removed"} == {"10.b"}
    assert {number for kind, number in kinds if kind == "same"} == {
        *("2.1", "2.2", "3.2", "3.3", "4", "6", "7.2", "8.head", "8.2", "9.1")
    }


def test_points_of_rules_not_at_hand_are_not_called_removed() -> None:
    unknown = [one.number for one in standards.diff(A57, A303) if one.kind == "not_held"]
    assert unknown == ["10-2", "10-3", "10-4", "17-2"]


def test_a_difference_carries_the_texts_of_both_sides() -> None:
    found = {one.topic: one for one in standards.diff(A57, A303)}
    hours = found["hours_provider"]
    assert hours.old is not None
    assert hours.new is not None
    assert "8.00-ден 20.00-ге" in hours.old.text.kk
    assert "с 8.30 до 17.30" in hours.new.text.ru
    assert found["ground_incomplete"].old is None
    assert found["status_at_any_stage"].new is None
    moved = found["addresses_and_contact_centre"]
    assert moved.old is not None
    assert (moved.old.id, moved.number) == ("A57.10.a", "10.f")


def test_differences_come_in_the_order_of_the_rows() -> None:
    numbers = [one.number for one in standards.diff(A57, A303)]
    assert numbers[0] == "name"
    assert numbers.index("9.2") < numbers.index("10.a") < numbers.index("10-2")


def test_an_edition_does_not_differ_from_itself() -> None:
    assert {one.kind for one in standards.diff(A57, A57)} == {"same"}


def test_whole_files_load_from_a_folder_or_a_list(broken: Broken) -> None:
    folder = broken("A57.toml", "version = 1", "version = 1")
    assert standards.load(folder) == standards.load_all()
    assert set(standards.load([folder / "A303.toml"])) == {"A303"}


def test_a_missing_language_is_named_with_file_key_and_line(broken: Broken) -> None:
    folder = broken(
        "A303.toml", "text.ru = 'Организации образования и науки в области здравоохранения'\n", ""
    )
    error = fault(folder)
    assert (error.file, error.key) == ("A303.toml", "rows[1].text.ru")
    assert error.line == line_of(folder, "A303.toml", 'id = "A303.1"') - 1
    assert str(error) == f"A303.toml:{error.line}: rows[1].text.ru: is missing"


def test_an_empty_language_is_named_at_its_own_line(broken: Broken) -> None:
    folder = broken("A57.toml", "text.ru = 'бесплатно – физическим лицам'", "text.ru = ''")
    error = fault(folder)
    assert (error.key, error.problem) == ("rows[10].text.ru", "must be a text")
    assert error.line == line_of(folder, "A57.toml", "text.ru = ''")


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "problem"),
    [
        ("A303.toml", 'id = "A303.9.2"', 'id = "A303.9.3"', "rows[17].id", "is no clause"),
        ("A303.toml", 'id = "A303.9.2"', 'id = "A57.9"', "rows[17].id", "is no clause"),
        ("A57.toml", 'clause = "A57.6"', 'clause = "A57.66"', "fee.clause", "is no clause"),
        (
            "A57.toml",
            'clause = "A57.10-4"',
            'clause = "A303.3.1"',
            "terms[3].clause",
            "names no reading",
        ),
        (
            "A57.toml",
            'reading = "A57-saturday"',
            'reading = "A57-monday"',
            "hours.reading",
            "is no reading",
        ),
        (
            "A57.toml",
            'id = "A57-saturday"\nclause = "A57.7.1"',
            'id = "A57-saturday"\nclause = "A57.77"',
            "readings[7].clause",
            "is no clause",
        ),
        ("A57.toml", "amount_tenge = 0", "amount_tenge = 0\nvat = 12", "fee.vat", "known key"),
        ("A57.toml", 'edition = "A57"', 'edition = "A57"\nfee2 = 1', "fee2", "known key"),
        ("A57.toml", 'edition = "A57"', 'edition = "A58"', "edition", "must be one of"),
        (
            "A57.toml",
            'form = "A57-rt-certificate@1"',
            'form = "A57-rt-certificate"',
            "results[1].form",
            "must be a form template",
        ),
        ("A57.toml", 'sunday = "closed"', 'sunday = "10-12"', "hours.sunday", "must be"),
        ("A57.toml", "version = 1", "version = true", "version", "whole number"),
        ("A57.toml", "check = true", "check = 1", "publication.check", "true or false"),
        (
            "A303.toml",
            "in_force_from = 2021-01-15",
            "in_force_from = 2021-01-14",
            "in_force_from",
            "must be 2021-01-15",
        ),
        ("A57.toml", "2021-01-14", "2020-01-14", "in_force_to", "is before"),
        ("A57.toml", "2021-01-14", "2021-01-14T00:00:00", "in_force_to", "must be a date"),
        ("A57.toml", 'code = "serving"', 'code = "waiting"', "terms[2].code", "exists twice"),
        ("A57.toml", 'topic = "fee"', 'topic = "form"', "rows[10].topic", "exists twice"),
    ],
)
def test_a_fault_is_named_with_file_key_and_the_line_it_stands_on(
    broken: Broken, name: str, old: str, new: str, key: str, problem: str
) -> None:
    folder = broken(name, old, new)
    error = fault(folder)
    assert (error.file, error.key) == (name, key)
    assert problem in error.problem
    line = (folder / name).read_text(encoding="utf-8").splitlines()[error.line - 1]
    assert line.startswith(f"{key.rpartition('.')[2]} = ")


def test_a_result_without_a_template_is_named(broken: Broken) -> None:
    folder = broken("A303.toml", 'form = "A303-pd-reference@1"\n', "")
    error = fault(folder)
    assert (error.key, error.problem) == ("results[1].form", "is missing")
    line = (folder / "A303.toml").read_text(encoding="utf-8").splitlines()[error.line - 1]
    assert line == "[[results]]"


def test_a_clause_without_a_row_is_named(broken: Broken) -> None:
    content = (DATA / "A303.toml").read_text(encoding="utf-8")
    start = content.index('[[rows]]\nid = "A303.10.e"')
    row = content[start : content.index("[[rows]]", start + 1)]
    error = fault(broken("A303.toml", row, ""))
    assert (error.key, error.problem) == ("rows", "clause A303.10.e has no row")


def test_a_required_term_may_not_be_left_out(broken: Broken) -> None:
    error = fault(broken("A57.toml", 'code = "serving"', 'code = "sitting"'))
    assert (error.key, error.problem) == ("terms", "term serving is missing")


def test_editions_may_not_be_in_force_on_the_same_day(broken: Broken) -> None:
    error = fault(broken("A57.toml", "in_force_to = 2021-01-14", "in_force_to = 2021-01-15"))
    assert error.key == "in_force_from"
    assert "overlaps" in error.problem


def test_the_same_version_may_not_exist_twice(broken: Broken) -> None:
    folder = broken("A57.toml", "version = 1", "version = 1")
    with pytest.raises(StandardError) as caught:
        standards.load([folder / "A57.toml", folder / "A57.toml"])
    assert (caught.value.key, caught.value.problem) == ("version", "A57 version 1 exists twice")


def test_broken_syntax_is_named_with_its_line(broken: Broken) -> None:
    folder = broken("A57.toml", 'monday = "08:00-20:00"', 'monday = "08:00-20:00')
    error = fault(folder)
    assert error.file == "A57.toml"
    assert error.line == line_of(folder, "A57.toml", "monday =")


def test_text_falls_back_to_kazakh_only_where_the_data_let_it() -> None:
    assert Text("а", "б").get("en") == "а"
    assert A303.title.get("en").startswith("Issue of documents")
