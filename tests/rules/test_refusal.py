"""A refusal stands on a ground of the edition, facts in two languages and a way to appeal."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kualik.rules import refusal, standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.refusal import Refusal
from kualik.rules.standards import Standard, StandardError

A57 = standards.get("A57")
A303 = standards.get("A303")
PROVIDER = Text("Үлгі медицина орталығы", "Демонстрационный медицинский центр")
FACTS = Text(
    "Ұсынылған куәліктің нөмірі тіркелімде табылмады.",
    "Номер представленного свидетельства в реестре не найден.",
)
DECIDED = date(2026, 9, 1)


def refuse(standard: Standard, ground: str, facts: Text = FACTS) -> Refusal:
    return refusal.make_refusal(
        standard=standard,
        ground=ground,
        facts=facts,
        decided_on=DECIDED,
        provider_name=PROVIDER,
    )


def refuse_acceptance(standard: Standard, ground: str) -> Refusal:
    return refusal.make_acceptance_refusal(
        standard=standard,
        ground=ground,
        facts=FACTS,
        decided_on=DECIDED,
        provider_name=PROVIDER,
    )


def codes(grounds: tuple[standards.Ground, ...]) -> list[str]:
    return [ground.code for ground in grounds]


def test_a57_has_one_ground_of_refusal_and_a303_two() -> None:
    assert codes(refusal.grounds(A57)) == ["unreliable"]
    assert codes(refusal.grounds(A303)) == ["unreliable", "incomplete"]
    assert [ground.clause for ground in refusal.grounds(A57)] == ["A57.9"]
    assert [ground.clause for ground in refusal.grounds(A303)] == ["A303.9.1", "A303.9.2"]


def test_acceptance_may_be_refused_under_either_edition() -> None:
    assert codes(refusal.acceptance_grounds(A57)) == [
        "identity_not_shown",
        "papers_expired",
        "incomplete_set",
    ]
    assert codes(refusal.acceptance_grounds(A303)) == ["identity_not_shown", "papers_expired"]


@pytest.mark.parametrize("standard", [A57, A303])
def test_every_ground_names_its_law_in_three_languages(standard: Standard) -> None:
    for ground in standard.grounds:
        assert all(ground.text.get(language) for language in LANGUAGES)
        assert all(ground.law.get(language) for language in LANGUAGES)


def test_a_refusal_holds_ground_facts_provider_and_appeal() -> None:
    made = refuse(A303, "incomplete")
    assert (made.ground.code, made.ground.clause) == ("incomplete", "A303.9.2")
    assert made.ground.stage == "service"
    assert (made.facts, made.provider_name, made.decided_on) == (FACTS, PROVIDER, DECIDED)
    assert made.appeal.ways


def test_an_incomplete_set_is_no_ground_of_refusal_under_a57() -> None:
    with pytest.raises(RuleViolation) as caught:
        refuse(A57, "incomplete")
    assert caught.value.code == "refusal_ground_not_in_edition"
    assert caught.value.params == {"edition": "A57", "ground": "incomplete"}


@pytest.mark.parametrize(
    "code", ["identity_not_shown", "papers_expired", "incomplete_set", "", "x"]
)
def test_a_ground_of_acceptance_does_not_refuse_the_service(code: str) -> None:
    with pytest.raises(RuleViolation, match="refusal_ground_not_in_edition"):
        refuse(A57, code)


def test_a_refusal_to_accept_stands_on_article_19() -> None:
    made = refuse_acceptance(A57, "incomplete_set")
    assert made.ground.stage == "acceptance"
    assert "19-бабы" in made.ground.law.kk
    assert made.appeal.ways
    for standard, code in ((A303, "incomplete_set"), (A303, "unreliable"), (A57, "unreliable")):
        with pytest.raises(RuleViolation, match="refusal_ground_not_in_edition"):
            refuse_acceptance(standard, code)


@pytest.mark.parametrize(
    ("facts", "language"),
    [
        (Text("", ""), "kk"),
        (Text("   ", FACTS.ru), "kk"),
        (Text(FACTS.kk, ""), "ru"),
        (Text(FACTS.kk, "нет"), "ru"),
        (Text(FACTS.kk, "............................"), "ru"),
        (Text(FACTS.kk, "абвгдежзиклмнопрстуфхцчш"), "ru"),
        (Text(FACTS.kk, "1234567890 1234567890 1234567890"), "ru"),
        (Text(FACTS.ru, FACTS.ru), "kk"),
    ],
)
def test_facts_are_a_sentence_in_each_of_the_two_languages(facts: Text, language: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        refuse(A303, "unreliable", facts)
    assert caught.value.code == "refusal_facts_missing"
    assert caught.value.params["language"] == language


def test_repeating_the_ground_is_no_fact() -> None:
    (ground,) = refusal.grounds(A57)
    with pytest.raises(RuleViolation, match="refusal_facts_missing"):
        refuse(A57, "unreliable", Text(ground.text.kk, FACTS.ru))


def test_a_refusal_built_by_hand_is_checked_the_same_way() -> None:
    made = refuse(A303, "incomplete")
    with pytest.raises(RuleViolation, match="refusal_ground_not_in_edition"):
        replace(made, standard=A57)
    with pytest.raises(RuleViolation, match="refusal_ground_not_in_edition"):
        replace(made, ground=replace(made.ground, code="busy"))
    with pytest.raises(RuleViolation, match="refusal_facts_missing"):
        replace(made, facts=Text("", ""))
    with pytest.raises(RuleViolation, match="refusal_appeal_missing"):
        replace(made, appeal=replace(made.appeal, ways=()))
    with pytest.raises(RuleViolation, match="refusal_provider_missing"):
        replace(made, provider_name=Text("Үлгі", " "))


def test_the_appeal_names_every_way_with_its_term() -> None:
    appeal = refusal.appeal()
    assert [(way.code, way.amount, way.unit) for way in appeal.ways] == [
        ("provider", 5, "working_day"),
        ("quality_body", 15, "working_day"),
        ("higher_body", 20, "working_day"),
        ("court", 1, "month"),
    ]
    assert (appeal.months, appeal.months_if_not_named) == (3, 6)
    assert "A57.17-2" in appeal.ways[-1].source


def test_the_appeal_passage_is_written_in_three_languages() -> None:
    passage = refuse(A57, "unreliable").appeal.text()
    assert "үш айдан кешіктірілмей" in passage.kk
    assert "4) Сотқа" in passage.kk
    assert "не позднее трех месяцев" in passage.ru
    assert "4) В суд" in passage.ru
    assert "within three months" in passage.en
    assert len({passage.kk.count("\n"), passage.ru.count("\n"), passage.en.count("\n")}) == 1


def test_silence_and_the_missing_hearing_have_their_texts() -> None:
    appeal = refusal.appeal()
    assert all(appeal.silence.get(language) for language in LANGUAGES)
    assert all(appeal.hearing.get(language) for language in LANGUAGES)


def test_a_broken_appeal_file_is_named_with_key_and_line(tmp_path: Path) -> None:
    content = refusal.DATA.read_text(encoding="utf-8").replace("unit = ", "unity = ", 1)
    path = tmp_path / "appeal.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StandardError) as caught:
        refusal.load_appeal(path)
    assert (caught.value.file, caught.value.key) == ("appeal.toml", "ways[0].unit")
    assert content.splitlines()[caught.value.line - 1] == "[[ways]]"
