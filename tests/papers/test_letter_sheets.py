"""Refusals (A57.9, A303.9) and receipts (A57.7.2, A303.7.2) on paper."""

import page
import pytest
import zxingcpp
from PIL import Image

from kualik.papers.services import render_receipt, render_refusal
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from tests.papers.samples import (
    CHECK_URL,
    is_archival_and_accessible,
    picture_of,
    receipt_facts,
    refusal_facts,
    seal_block,
    text_of,
)


def refusal(*, is_test=False, **changed):
    return render_refusal(
        facts=refusal_facts(**changed), check_url=CHECK_URL, seal=seal_block(), is_test=is_test
    )


def test_a_refusal_says_ground_reasons_and_appeal_in_both_languages():
    pdf = refusal()
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    for expected in (
        "ДӘЛЕЛДІ БАС ТАРТУ",
        "МОТИВИРОВАННЫЙ ОТКАЗ",
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


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kk", ("2026 жылғы 24 қараша", "Өтінімнің жай-күйі", "тегін", "1414")),
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


def test_a_receipt_too_long_for_its_page_is_refused():
    with pytest.raises(RuleViolation, match="paper_overflow"):
        render_receipt(facts=receipt_facts(clock=Text("сөз " * 3000, "слово")), language="kk")


def test_code_in_a_refusal_stays_text():
    said = text_of(refusal(reasons=Text('#panic("x")', '"))#panic("x")')))
    assert '"))#panic("x")' in said
