"""Transcripts and cards on paper and on a screen."""

import io
import re
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from kualik.papers.services import (
    TranscriptFacts,
    TranscriptRow,
    TranscriptTotal,
    render_card,
    render_transcript,
)
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from tests.papers.samples import (
    CHECK_URL,
    UNIVERSITY,
    certificate_facts,
    is_archival_and_accessible,
    seal_block,
    text_of,
)

SEALED_AT = seal_block().sealed_at
OPERATOR = Text("«Куәлік» көрсетілімі", "Демонстрация «Куәлік»")
LONG = "Интенсивтік терапия және реанимация бөлімшелеріндегі науқастарды күту " * 4


def row(place: int = 1, **changed: object) -> TranscriptRow:
    values = {
        "number": f"DEMO-2026-{place:06d}-K",
        "paper": Text("Куәлік", "Свидетельство"),
        "programme": Text("Кардиология негіздері", "Основы кардиологии"),
        "provider": UNIVERSITY,
        "started_on": date(2026, 1, 12) + timedelta(days=place),
        "ended_on": date(2026, 2, 6) + timedelta(days=place),
        "issued_on": date(2026, 2, 9) + timedelta(days=place),
        "hours": 54,
        "credits": "1.8",
        "state": Text("Жарамды", "Действителен"),
    }
    return TranscriptRow(**{**values, **changed})


def total(name: str = "window", **changed: object) -> TranscriptTotal:
    values = {
        "name": name,
        "first": date(2021, 11, 22),
        "last": date(2026, 11, 21),
        "count": 3,
        "hours": 174,
        "credits": "5.8",
    }
    return TranscriptTotal(**{**values, **changed})


def facts(**changed: object) -> TranscriptFacts:
    values = {
        "number": "KUALIK-2026-H000012-4",
        "organisation": OPERATOR,
        "holder": Text("Сейтқали Айгерім Бауыржанқызы", "Сейткали Айгерим Бауыржановна"),
        "made_on": date(2026, 11, 21),
        "rows": (row(1), row(2), row(3)),
        "totals": (total(), total("group", first=date(2026, 1, 1), last=date(2030, 12, 31))),
    }
    return TranscriptFacts(**{**values, **changed})


def transcript(*, is_test: bool = False, **changed: object) -> bytes:
    seal = seal_block(organisation=OPERATOR, has_person_signature=False)
    return render_transcript(
        facts=facts(**changed), check_url=CHECK_URL, seal=seal, is_test=is_test
    )


def test_it_lists_the_documents_and_the_totals_in_both_languages() -> None:
    pdf = transcript()
    said = text_of(pdf)
    assert is_archival_and_accessible(pdf)
    for expected in (
        "ҮЗІНДІ КӨШІРМЕ",
        "ВЫПИСКА",
        "Сейтқали Айгерім Бауыржанқызы",
        "Сейткали Айгерим Бауыржановна",
        "2026 жылғы 21 қараша",
        "21 ноября 2026 года",
        "DEMO-2026-000003-K",
        "Жарамды",
        "Действителен",
        "174",
        "5,8",
        "01.01.2026 – 31.12.2030",
        "календарное пятилетие",
        "KUALIK-2026-H000012-4",
        CHECK_URL,
    ):
        assert expected in said


def test_equal_transcripts_give_equal_bytes() -> None:
    assert transcript() == transcript()


def test_a_long_list_has_its_head_on_every_page_and_breaks_no_row() -> None:
    count = 60
    pdf = transcript(rows=tuple(row(place) for place in range(1, count + 1)))
    said = text_of(pdf)
    pages = int(re.findall(r"\d+ / (\d+)", said)[0])
    assert pages > 5
    assert said.count("Оқу кезеңі") in (pages - 1, pages)
    assert [place for place in range(1, count + 1) if f"DEMO-2026-{place:06d}-K" not in said] == []
    assert is_archival_and_accessible(pdf)


def test_long_names_and_states_that_do_not_count_fit() -> None:
    title = Text(LONG, LONG)
    state = Text("Тоқтатыла тұрған", "Приостановлен")
    pdf = transcript(rows=(row(programme=title, state=state, provider=title),))
    said = text_of(pdf)
    assert "Приостановлен" in said
    assert is_archival_and_accessible(pdf)


def test_the_letter_of_no_alphabet_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(RuleViolation) as violation:
        transcript(rows=(row(programme=Text("😀", "😀")),))
    assert violation.value.code == "paper_glyph_missing"


def test_a_test_seal_says_so() -> None:
    said = text_of(transcript(is_test=True))
    assert "құжаттың заңды күші жоқ" in said
    assert "документ не имеет юридической силы" in said


def test_the_code_leads_to_the_check_page(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(transcript())
    pictures = ["pdftoppm", "-r", "150", "-png", "paper.pdf", "page"]
    subprocess.run(pictures, cwd=tmp_path, check=True)
    codes = [
        found.text
        for page in sorted(tmp_path.glob("*.png"))
        for found in zxingcpp.read_barcodes(Image.open(page))
    ]
    assert codes == [CHECK_URL]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("is_test", [True, False])
def test_a_card_is_a_picture_whose_code_is_read(language: str, is_test: bool) -> None:
    png = render_card(
        facts=certificate_facts(),
        check_url=CHECK_URL,
        language=language,
        is_test=is_test,
        now=SEALED_AT,
    )
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.width) == ("PNG", 1080)
    [found] = zxingcpp.read_barcodes(picture)
    assert found.text == CHECK_URL


def test_a_card_with_long_names_grows_and_is_still_read() -> None:
    title = Text(LONG, LONG)
    png = render_card(
        facts=certificate_facts(programme=title, holder_kk="Әбдірахманова " * 12),
        check_url=CHECK_URL,
        language="kk",
        is_test=True,
        now=SEALED_AT,
    )
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    assert found.text == CHECK_URL
