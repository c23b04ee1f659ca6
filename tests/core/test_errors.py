"""Every code that a rule may raise has a text in three languages and a status."""

import ast
import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from kualik.core import errors
from kualik.rules.errors import RuleViolation

SOURCES = Path(errors.__file__).resolve().parents[1]
PART = re.compile(r'paper_overflow: (\w+)"|part="(\w+)"|"(signer)",$', re.MULTILINE)


def raised_codes() -> set[str]:
    codes = set()
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "RuleViolation"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                codes.add(str(node.args[0].value))
    return codes


def test_every_code_raised_in_the_sources_is_in_the_table() -> None:
    assert sorted(raised_codes() - set(errors.table())) == []


def test_no_code_is_in_two_files_where_one_text_would_hide_the_other() -> None:
    files = sorted(errors.DATA.glob("errors*.toml"))
    codes = Counter(code for file in files for code in tomllib.loads(file.read_text("utf-8")))
    assert [code for code, count in codes.items() if count > 1] == []


def test_every_text_exists_in_three_languages_and_they_differ() -> None:
    for entry in errors.table().values():
        texts = {entry.text.kk, entry.text.ru, entry.text.en}
        assert "" not in texts, entry.code
        assert len(texts) == 3, entry.code
        assert 400 <= entry.status < 600, entry.code


def test_a_message_names_the_facts_in_the_asked_language() -> None:
    violation = RuleViolation("iin_length", length=11)
    assert errors.message(violation, "kk") == "ЖСН 12 цифрдан тұрады, мұнда 11."
    assert errors.message(violation, "ru") == "ИИН состоит из 12 цифр, здесь 11."


def test_a_message_writes_days_and_moments_as_people_do() -> None:
    violation = RuleViolation("not_completed_yet", on=date(2027, 11, 1))
    assert errors.message(violation, "kk") == (
        "Бағдарлама әлі толық игерілмеген: аяқталатын күні 01.11.2027."
    )
    evening = datetime(2027, 10, 31, 19, 30, tzinfo=UTC)
    said = errors.message(RuleViolation("not_completed_yet", on=evening), "ru")
    assert said.endswith("завершается 01.11.2027 00:30.")


def test_no_text_names_a_clause_by_the_mark_of_the_program() -> None:
    """People know rows of the standard, not A303.3.1."""
    for entry in errors.table().values():
        for text in (entry.text.kk, entry.text.ru, entry.text.en):
            assert not re.search(r"\bA(57|303)\b", text), entry.code


def test_a_missing_fact_does_not_break_a_message() -> None:
    assert "…" in errors.message(RuleViolation("iin_length"), "en")


def test_a_name_of_the_program_is_said_in_words() -> None:
    violation = RuleViolation("paper_overflow", part="holder")
    assert "тегі, аты, әкесінің аты" in errors.message(violation, "kk")
    assert "фамилия, имя, отчество" in errors.message(violation, "ru")
    assert "full name" in errors.message(violation, "en")


def test_every_part_of_a_paper_that_may_overflow_has_words() -> None:
    papers = SOURCES / "papers"
    named = {
        part
        for file in papers.rglob("*.*")
        if file.suffix in {".py", ".typ"}
        for found in PART.findall(file.read_text(encoding="utf-8"))
        for part in filter(None, found)
    }
    words = errors.table()["paper_overflow"].words["part"]
    assert {"page", "seal", "signer"} <= named
    assert named - set(words) == set()
    assert all(len({said.kk, said.ru, said.en} - {""}) == 3 for said in words.values())


def test_the_rule_that_ends_a_trace_is_read_back_with_its_facts() -> None:
    trace = "Traceback …\nkualik.rules.errors.RuleViolation: paper_overflow (part=programme)\n"
    found = errors.violation_in(trace)
    assert found is not None
    assert (found.code, found.params) == ("paper_overflow", {"part": "programme"})
    assert errors.violation_in("Traceback …\nOSError: no room") is None
