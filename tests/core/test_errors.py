"""Every code that a rule may raise has a text in three languages and a status."""

import ast
import tomllib
from collections import Counter
from pathlib import Path

from kualik.core import errors
from kualik.rules.errors import RuleViolation

SOURCES = Path(errors.__file__).resolve().parents[1]


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


def test_a_missing_fact_does_not_break_a_message() -> None:
    assert "…" in errors.message(RuleViolation("iin_length"), "en")
