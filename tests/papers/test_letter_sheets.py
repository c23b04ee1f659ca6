"""Refusals (A57.9, A303.9), notices (A57.10-2), decisions (A57.17-2) and receipts (A57.7.2,
A303.7.2) on paper."""

import re

import page
import pytest
import zxingcpp
from PIL import Image

from kualik.papers.services import render_letter, render_receipt
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from tests.papers.samples import (
    CHECK_URL,
    MM,
    boxes_of,
    is_archival_and_accessible,
    letter_facts,
    picture_of,
    receipt_facts,
    refusal_sections,
    seal_block,
    text_of,
)


def letter(*, is_test=False, seal=None, **changed):
    return render_letter(
        facts=letter_facts(**changed),
        check_url=CHECK_URL,
        seal=seal or seal_block(),
        is_test=is_test,
    )


def refusal(*, is_test=False, **sections):
    return letter(is_test=is_test, sections=refusal_sections(**sections))


def test_a_refusal_says_ground_reasons_and_appeal_in_both_languages():
    pdf = refusal()
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    for expected in (
        "ДӘЛЕЛДІ БАС ТАРТУ",
        "МОТИВИРОВАННЫЙ ОТКАЗ",
        "DEMO-2026-H000012-4",
        "DEMO-2026-R-000045",
        "Құжаттардың дәйексіздігін анықтау (стандарттың 9-тармағы)",
        "Установление недостоверности документов (пункт 9 стандарта)",
        "Жеке куәлік жарамсыз.",
        "Удостоверение личности недействительно.",
        "Шешімге үш ай ішінде шағым беруге болады. Сотқа жүгінуге болады.",
        "Решение можно обжаловать в течение трёх месяцев. Можно обратиться в суд.",
        "2026 жылғы 24 қараша",
        "24 ноября 2026 года",
        CHECK_URL,
    ):
        assert expected in said


def test_equal_refusals_give_equal_bytes():
    assert refusal() == refusal()
    assert refusal().endswith(b"%%EOF\n")


def test_long_reasons_of_a_refusal_run_on_to_further_pages():
    pdf = refusal(reasons=Text("Мән-жай анықталды. " * 200, "Обстоятельство найдено. " * 200))
    report = page.validate_pdf_bytes(pdf, profile="2a")
    assert report.is_compliant
    assert report.document.page_count > 1
    assert text_of(pdf).count("Обстоятельство") == 200


def test_a_refusal_under_a_test_seal_says_so():
    assert "СЫНАҚ МӨРІ" not in text_of(refusal())
    said = text_of(refusal(is_test=True))
    assert "СЫНАҚ МӨРІ" in said
    assert "ТЕСТОВАЯ ПЕЧАТЬ" in said


def test_the_check_address_is_read_from_the_printed_letter(tmp_path):
    code = zxingcpp.read_barcode(Image.open(picture_of(refusal(), tmp_path)))
    assert code.text == CHECK_URL


@pytest.mark.parametrize(
    ("kind", "labels", "expected"),
    [
        (
            "not_accepted",
            ("number", "applicant", "ground"),
            ("ДӘЛЕЛДІ БАС ТАРТУ", "өтінішті қабылдаудан", "в приеме заявления"),
        ),
        (
            "notice",
            ("number", "applicant", "document", "certified_by", "place"),
            ("ХАБАРЛАМА", "УВЕДОМЛЕНИЕ", "Берілген құжат", "Где находится документ"),
        ),
        (
            "decision",
            ("complaint", "applicant", "subject", "found", "decision", "effect", "court"),
            ("ШАҒЫМ БОЙЫНША ШЕШІМ", "РЕШЕНИЕ ПО ЖАЛОБЕ", "Сотқа жүгіну", "Исполнение решения"),
        ),
    ],
)
def test_each_kind_of_letter_has_its_own_words(kind, labels, expected):
    sections = tuple((name, Text(f"мәні {name}", f"значение {name}")) for name in labels)
    pdf = letter(kind=kind, sections=sections)
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    for words in (*expected, *(f"значение {name}" for name in labels)):
        assert words in said


def test_a_letter_sealed_by_the_organisation_alone_names_no_person():
    alone = seal_block(has_person_signature=False)
    pdf = letter(kind="notice", sections=(), signer_name="", seal=alone)
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    assert "Омаров" not in said
    assert "ЭЦП уполномоченного лица" not in said


def test_a_decision_names_its_signer_without_calling_him_authorised():
    said = text_of(letter(seal=seal_block(signer_label="seal_handler")))
    assert "ЭЦП подписавшего" in said
    assert "уполномоченного лица" not in said


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kk", ("2026 жылғы 24 қараша", "Өтініштің мәртебесі", "тегін", "1414")),
        ("ru", ("24 ноября 2026 года", "Статус заявления", "бесплатно", "8-800-080-7777")),
        ("en", ("24 November 2026", "Status of the request", "free", "Filed on Saturday")),
    ],
)
def test_a_receipt_speaks_the_applicants_language(language, expected, tmp_path):
    pdf = render_receipt(facts=receipt_facts(), language=language)
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    for words in (*expected, "DEMO-2026-R-000045", "483 917", "15:10", "08:30", "17:30"):
        assert words in said
    code = zxingcpp.read_barcode(Image.open(picture_of(pdf, tmp_path)))
    assert code.text == receipt_facts().status_url


@pytest.mark.parametrize("letters", [80, 400])
def test_a_word_that_no_line_holds_is_broken_within_its_column(letters):
    pdf = refusal(reasons=Text("Негізі " + "Ж" * letters, "Причина " + "Щ" * letters))
    assert is_archival_and_accessible(pdf)
    said = re.sub(r"[\s\u200b]", "", text_of(pdf))
    assert min(said.count("Ж"), said.count("Щ")) >= letters
    run = [box for box in boxes_of(pdf) if set(box[0]) <= {"Ж", "Щ", "\u200b"}]
    assert len(run) > 2
    for word, left, _, right, _ in run:
        column = (24 * MM, 104 * MM) if "Ж" in word else (112 * MM, 192 * MM)
        assert column[0] - 1 <= left < right <= column[1] + 1


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_receipt_holds_a_name_of_one_long_word(language):
    pdf = render_receipt(facts=receipt_facts(applicant="Ә" * 300), language=language)
    assert is_archival_and_accessible(pdf)
    assert text_of(pdf).count("Ә") >= 300


def test_a_receipt_too_long_for_its_page_is_refused():
    with pytest.raises(RuleViolation, match="paper_overflow"):
        render_receipt(facts=receipt_facts(clock=Text("сөз " * 3000, "слово")), language="kk")


def test_code_in_a_refusal_stays_text():
    said = text_of(refusal(reasons=Text('#panic("x")', '"))#panic("x")')))
    assert '"))#panic("x")' in said
