"""Samples of the forms for the stand (A303.10.e): invented data, marked all over."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from kualik.papers.adapters import render_pdf
from kualik.papers.queries import form
from kualik.papers.services.certificates import sheet_data
from kualik.papers.services.sealing import SealBlock
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text

MARK: Final = "ҮЛГІ\nОБРАЗЕЦ\nSAMPLE"
MADE_AT: Final = datetime(2026, 8, 3, 4, 0, tzinfo=UTC)
ISSUED_ON: Final = date(2026, 8, 3)
PROVIDER: Final = Text(
    "«Үлгі» медициналық білім беру ұйымы", "Организация медицинского образования «Үлгі»"
)


@lru_cache(maxsize=32)
def render_sample(*, form_key: str, check_url: str) -> bytes:
    """A form as its document would look. ``check_url`` is what its code leads to: a page that says
    what a sample is. Raises RuleViolation ``form_unknown``."""
    chosen = form(form_key)
    facts = CertificateFacts(
        number="SAMPLE-2026-000000-0",
        code="0000000000000000",
        kind=chosen.kind,
        paper=chosen.paper,
        form=chosen.key,
        edition=chosen.edition,
        edition_version=1,
        provider_name=PROVIDER,
        provider_bin="000000000000",
        city=Text("Қала", "Город"),
        holder_kk="Үлгібекова Айсұлу Үлгібекқызы",
        holder_ru="Улгибекова Айсулу Улгибековна",
        programme=Text("Бағдарламаның атауы", "Наименование программы"),
        specialty=Text("Мамандықтың атауы", "Наименование специальности"),
        hours=120,
        credits="4",
        started_on=date(2026, 7, 6),
        ended_on=date(2026, 7, 31),
        issued_on=ISSUED_ON,
        signer_name="Үлгіұлы Үлгі",
        signer_position=Text("Басшы", "Руководитель"),
    )
    seal = SealBlock(
        organisation=PROVIDER,
        certificate_serial="0" * 40,
        certificate_valid_to=date(2027, 8, 3),
        sealed_at=MADE_AT,
        has_person_signature=True,
    )
    _, data = sheet_data(facts=facts, check_url=check_url, seal=seal, is_test=False)
    title = f"{MARK.replace(chr(10), ' / ')}: {data['title']}"
    marked = {**data, "title": title, "sample": MARK}
    return render_pdf(sheet=chosen.paper, data=marked, created_at=MADE_AT)
