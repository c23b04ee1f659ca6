"""Certificates and references on paper (A57.5, A303.5)."""

import subprocess
from datetime import UTC, date, datetime
from itertools import combinations

import page
import pytest
import zxingcpp
from PIL import Image

from kualik.papers.queries import forms
from kualik.papers.services import render_certificate
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from tests.papers.samples import (
    CHECK_URL,
    MM,
    boxes_of,
    certificate_facts,
    is_archival_and_accessible,
    picture_of,
    seal_block,
    text_of,
)

LONG_KK = (
    "Жедел коронарлық синдромы, жүрек жеткіліксіздігі және ырғақ бұзылыстары бар пациенттерді "
    "стационарға дейінгі және стационарлық кезеңдерде жүргізудің заманауи тәсілдері, оның ішінде "
    "реперфузиялық терапияны ұйымдастыру, антитромбоздық емді таңдау, асқынулардың алдын алу "
    "және кейінгі оңалту бағдарламалары"
)
LONG_RU = (
    "Современные подходы к ведению пациентов с острым коронарным синдромом, сердечной "
    "недостаточностью и нарушениями ритма на догоспитальном и госпитальном этапах, включая "
    "организацию реперфузионной терапии, выбор антитромботического лечения, профилактику "
    "осложнений и программы последующей реабилитации взрослых"
)
LONG_OFFICE = Text(
    "Қазақстан Республикасы Денсаулық сақтау министрлігінің «Академик М.О. Досжанов атындағы "
    "еңбек гигиенасы, кәсіптік аурулар және үздіксіз медициналық білім беру ұлттық ғылыми "
    "орталығы» шаруашылық жүргізу құқығындағы республикалық мемлекеттік кәсіпорны",
    "Республиканское государственное предприятие на праве хозяйственного ведения «Национальный "
    "научный центр гигиены труда, профессиональных заболеваний и непрерывного медицинского "
    "образования имени академика М.О. Досжанова» Министерства здравоохранения Республики "
    "Казахстан",
)
LONG_NAME = "Нұрмағамбетова-Әбдірахманқызы Гүлшаһра Құдайбергенқызы Өскенова"


def render(*, is_test=False, check_url=CHECK_URL, **changed):
    return render_certificate(
        facts=certificate_facts(**changed),
        check_url=check_url,
        seal=seal_block(),
        is_test=is_test,
    )


def pages_of(pdf):
    return page.validate_pdf_bytes(pdf, profile="2a").document.page_count


@pytest.mark.parametrize("key", sorted(forms()))
@pytest.mark.parametrize("is_test", [False, True])
def test_each_form_prints_on_one_archival_page_in_both_languages(key, is_test):
    form = forms()[key]
    pdf = render(form=key, kind=form.kind, paper=form.paper, edition=form.edition, is_test=is_test)
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    assert pages_of(pdf) == 1
    for text in (form.title, form.subtitle, form.lead, form.confirms, form.appendix):
        assert text.kk in said
        assert text.ru in said


def test_the_page_gives_its_facts_back_letter_by_letter():
    said = text_of(render())
    for expected in (
        "Сейтқали Айгерім Бауыржанқызы",
        "Сейткали Айгерим Бауыржановна",
        "«Алатау медициналық университеті»",
        "№ DEMO-2026-000123-K",
        "7K3M-Q9XZ-2V5R-TB8H",
        CHECK_URL,
        "120 сағат 4 кредит",
        "120 часов 4 кредита",
        "2026 жылғы 26 қазан – 20 қараша",
        "26 октября – 20 ноября 2026 года",
        "2026 жылғы 21 қараша Алматы қаласы",
        "21 ноября 2026 года город Алматы",
        "4F8A21C09B7D3E6615AA0C2D9F10B7E34A55C6D1",
        "21.11.2026 15:10:22 (UTC+05:00)",
    ):
        assert expected in said


def test_every_kazakh_letter_survives_print_and_copy():
    letters = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
    assert letters in text_of(render(programme=Text(letters, letters)))


def test_equal_facts_give_equal_bytes_and_other_facts_do_not():
    assert render() == render()
    assert render() != render(holder_kk="Сейтқали Айгерім Бауыржановна")


def test_the_file_is_dated_by_the_seal_and_ends_in_a_newline(tmp_path):
    seal = seal_block(sealed_at=datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC))
    pdf = render_certificate(
        facts=certificate_facts(), check_url=CHECK_URL, seal=seal, is_test=False
    )
    assert pdf.endswith(b"%%EOF\n")
    assert b"D:20260302040506" in pdf
    assert "02.03.2026 09:05:06 (UTC+05:00)" in text_of(pdf)


def test_two_programs_read_the_code_from_an_ordinary_scan(tmp_path):
    picture = picture_of(render(), tmp_path)
    seen = subprocess.run(
        ["zbarimg", "--raw", "-q", str(picture)], capture_output=True, check=True, text=True
    )
    assert seen.stdout.strip() == CHECK_URL
    with Image.open(picture) as image:
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [CHECK_URL]


def render_longest(*, is_test):
    return render_certificate(
        facts=certificate_facts(
            holder_kk=LONG_NAME,
            holder_ru="Нурмагамбетова-Абдрахманова Гульшахра Кудайбергеновна Ускенова",
            programme=Text(LONG_KK, LONG_RU),
            provider_name=LONG_OFFICE,
            started_on=date(2025, 12, 28),
            city=Text(
                "Солтүстік Қазақстан облысы, Петропавл қаласы",
                "Северо-Казахстанская область, город Петропавловск",
            ),
            signer_name="Құлмағамбетов-Серікбайұлы Нұрсұлтан Әбдіғаппарұлы",
            signer_position=Text(
                "Үздіксіз кәсіптік даму және аккредиттеу жөніндегі проректордың міндетін атқарушы",
                "Исполняющий обязанности проректора по непрерывному профессиональному развитию",
            ),
        ),
        check_url=CHECK_URL,
        seal=seal_block(organisation=LONG_OFFICE),
        is_test=is_test,
    )


@pytest.mark.parametrize("is_test", [False, True])
def test_long_names_stay_whole_on_one_page(is_test, tmp_path):
    pdf = render_longest(is_test=is_test)
    said = text_of(pdf)
    assert len(LONG_NAME) >= 60
    assert min(len(LONG_KK), len(LONG_RU)) >= 300
    assert pages_of(pdf) == 1
    assert is_archival_and_accessible(pdf)
    for expected in (LONG_NAME, LONG_KK, LONG_RU, LONG_OFFICE.kk, LONG_OFFICE.ru):
        assert expected in said
    assert zxingcpp.read_barcode(Image.open(picture_of(pdf, tmp_path))).text == CHECK_URL


@pytest.mark.parametrize("drawn", [render, render_longest])
def test_words_keep_within_their_column_and_never_touch(drawn):
    pdf = drawn(is_test=True)
    columns = ((27 * MM, 139 * MM), (158 * MM, 270 * MM))
    boxes = boxes_of(pdf)
    address = next(upper for said, _, upper, *_ in boxes if said == CHECK_URL)
    for said, left, upper, right, _ in boxes:
        inside = any(start - 1 <= left and right <= end + 1 for start, end in columns)
        assert inside or abs(upper - address) < 1, said
    for (one, left, upper, right, lower), (other, *edges) in combinations(boxes, 2):
        apart = right <= edges[0] or edges[2] <= left
        assert apart or abs((upper + lower) - (edges[1] + edges[3])) > (lower - upper), (one, other)


def test_a_name_of_sixty_letters_without_a_blank_is_set_smaller():
    name = "Әбдірахман" * 6
    assert name in text_of(render(holder_kk=name, holder_ru=name))


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"holder_kk": "Ш" * 190}, "holder"),
        ({"programme": Text("сөз " * 500, "слово " * 500)}, "programme"),
        ({"provider_name": Text("Ұйым " * 200, "Слово " * 200)}, "provider"),
    ],
)
def test_what_cannot_fit_is_refused_not_clipped(changed, part):
    with pytest.raises(RuleViolation, match="paper_overflow") as caught:
        render(**changed)
    assert caught.value.params["part"] == part


@pytest.mark.parametrize("sign", ["₸", "漢", "😀"])
def test_a_sign_the_font_lacks_is_refused(sign):
    with pytest.raises(RuleViolation, match="paper_glyph_missing") as caught:
        render(holder_kk=f"Сейтқали {sign}")
    assert caught.value.params["character"] == sign


def test_letters_written_in_two_signs_are_composed():
    assert render(holder_ru="Андрей Иосифов") == render(holder_ru="Андреи\u0306 Иосифов")


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x")',
        '"))#panic("x")',
        '\\u{22}))#read("common.typ")',
        "*б* _в_ $x$ `y` = //z /*w",
        "{kk} {hours} #data @label <label>",
    ],
)
def test_data_are_text_and_never_code(name):
    said = text_of(render(programme=Text(name, name)))
    assert f"«{name}»" in said


def test_a_test_seal_says_so_in_words_and_a_real_one_does_not():
    real, trial = text_of(render()), text_of(render(is_test=True))
    for words in ("СЫНАҚ МӨРІ", "ТЕСТОВАЯ ПЕЧАТЬ"):
        assert words not in real
        assert trial.count(words) == 2
    assert "құжаттың заңды күші жоқ" in trial
    assert "документ не имеет юридической силы" in trial


def test_a_test_seal_says_in_words_that_the_document_has_no_force():
    assert "юридической силы" not in text_of(render())
    said = text_of(render(is_test=True))
    assert said.count("документ не имеет юридической силы") == 2
    assert said.count("құжаттың заңды күші жоқ") == 2


@pytest.mark.parametrize(
    ("issued_on", "kk", "ru"),
    [
        (date(2026, 7, 11), "№ 370-II Заңы 7-бабының 1-тармағына", "пункту 1 статьи 7 Закона"),
        (date(2026, 7, 12), "62-бабының 2-тармағына", "пункту 2 статьи 62 Цифрового кодекса"),
    ],
)
def test_the_footer_follows_the_day_of_issue(issued_on, kk, ru):
    said = text_of(
        render(issued_on=issued_on, ended_on=date(2026, 7, 10), started_on=date(2026, 7, 6))
    )
    assert kk in said
    assert ru in said


@pytest.mark.parametrize(
    ("hours", "credits", "said"),
    [(901, "30", "901 час 30 кредитов"), (45, "1.5", "45 часов 1,5 кредита")],
)
def test_russian_counts_hours_and_credits_by_its_grammar(hours, credits, said):
    assert said in text_of(render(hours=hours, credits=credits))


def test_a_course_of_one_day_names_one_date():
    said = text_of(render(started_on=date(2026, 11, 20), ended_on=date(2026, 11, 20)))
    assert "20 ноября 2026 года" in said
    assert "20–20" not in said


def test_a_form_of_another_kind_is_refused():
    with pytest.raises(RuleViolation, match="form_mismatch"):
        render(form="A303-cc-certificate@1")


def test_a_form_nobody_knows_is_refused():
    with pytest.raises(RuleViolation, match="form_unknown"):
        render(form="A303-pd-certificate@9")
