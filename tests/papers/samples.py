"""Fixed papers that the tests print: invented people, a real-looking office."""

import re
import subprocess
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import page

from kualik.papers.services import LetterFacts, ReceiptFacts, SealBlock
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text

MM = 72 / 25.4
ALMATY = timezone(timedelta(hours=5))
CHECK_URL = "https://kualik.example.kz/c/7K3MQ9XZ2V5RTB8H"
UNIVERSITY = Text(
    "«Алатау медициналық университеті» коммерциялық емес акционерлік қоғамы",
    "Некоммерческое акционерное общество «Медицинский университет Алатау»",
)
SERVICE = Text(
    "«Денсаулық сақтау саласы кадрларының біліктілігін арттырудан өткені туралы құжаттар беру»",
    "«Выдача документов о прохождении повышения квалификации кадров отрасли здравоохранения»",
    "Documents on professional development of healthcare staff",
)


def certificate_facts(**changed: object) -> CertificateFacts:
    values: dict[str, object] = {
        "number": "DEMO-2026-000123-K",
        "code": "7K3MQ9XZ2V5RTB8H",
        "kind": "pd",
        "paper": "certificate",
        "form": "A303-pd-certificate@1",
        "edition": "A303",
        "edition_version": 1,
        "provider_name": UNIVERSITY,
        "provider_bin": "990340000011",
        "city": Text("Алматы қаласы", "город Алматы"),
        "holder_kk": "Сейтқали Айгерім Бауыржанқызы",
        "holder_ru": "Сейткали Айгерим Бауыржановна",
        "programme": Text(
            "Жедел коронарлық синдромы бар пациенттерді жүргізу",
            "Ведение пациентов с острым коронарным синдромом",
        ),
        "specialty": Text("Кардиология (ересектер)", "Кардиология (взрослая)"),
        "hours": 120,
        "credits": "4",
        "started_on": date(2026, 10, 26),
        "ended_on": date(2026, 11, 20),
        "issued_on": date(2026, 11, 21),
        "signer_name": "Омаров Ерлан Қайратұлы",
        "signer_position": Text("Проректор", "Проректор"),
    }
    return CertificateFacts(**{**values, **changed})


def seal_block(**changed: object) -> SealBlock:
    values: dict[str, object] = {
        "organisation": UNIVERSITY,
        "certificate_serial": "4F8A21C09B7D3E6615AA0C2D9F10B7E34A55C6D1",
        "certificate_valid_to": date(2027, 11, 1),
        "sealed_at": datetime(2026, 11, 21, 15, 10, 22, tzinfo=ALMATY),
        "has_person_signature": True,
    }
    return SealBlock(**{**values, **changed})


def letter_facts(**changed: object) -> LetterFacts:
    """A refusal, unless another kind with its sections is asked for."""
    values: dict[str, object] = {
        "kind": "refusal",
        "number": "DEMO-2026-H000012-4",
        "provider_name": UNIVERSITY,
        "sections": refusal_sections(),
        "dated": date(2026, 11, 24),
        "signer_name": "Омаров Ерлан Қайратұлы",
        "signer_position": Text("Проректор", "Проректор"),
    }
    return LetterFacts(**{**values, **changed})


def refusal_sections(**changed: Text) -> tuple[tuple[str, Text], ...]:
    values = {
        "number": Text("DEMO-2026-R-000045", "DEMO-2026-R-000045"),
        "applicant": Text("Сейтқали Айгерім Бауыржанқызы", "Сейткали Айгерим Бауыржановна"),
        "service": SERVICE,
        "ground": Text(
            "Құжаттардың дәйексіздігін анықтау (стандарттың 9-тармағы)",
            "Установление недостоверности документов (пункт 9 стандарта)",
        ),
        "reasons": Text("Жеке куәлік жарамсыз.", "Удостоверение личности недействительно."),
        "appeal": Text(
            "Шешімге үш ай ішінде шағым беруге болады.\nСотқа жүгінуге болады.",
            "Решение можно обжаловать в течение трёх месяцев.\nМожно обратиться в суд.",
        ),
        "decided_on": Text("2026 жылғы 24 қараша", "24 ноября 2026 года"),
    }
    return tuple({**values, **changed}.items())


def receipt_facts(**changed: object) -> ReceiptFacts:
    values: dict[str, object] = {
        "request_number": "DEMO-2026-R-000045",
        "provider_name": UNIVERSITY,
        "applicant": "Сейтқали Айгерім Бауыржанқызы",
        "service": SERVICE,
        "filed_at": datetime(2026, 11, 21, 15, 10, tzinfo=ALMATY),
        "accepted_at": datetime(2026, 11, 23, 8, 30, tzinfo=ALMATY),
        "due_at": datetime(2026, 11, 24, 17, 30, tzinfo=ALMATY),
        "clock": Text(
            "Сенбіде жұмыс уақыты аяқталғаннан кейін берілді.",
            "Подано в субботу после закрытия.",
            "Filed on Saturday after the close.",
        ),
        "status_url": "https://kualik.example.kz/status/DEMO-2026-R-000045",
        "status_code": "483 917",
    }
    return ReceiptFacts(**{**values, **changed})


def is_archival_and_accessible(pdf: bytes) -> bool:
    """Whether the file keeps PDF/A-2a and PDF/UA-1.

    The validator takes a carriage return that happens to end compressed data for a part of the
    line end and finds a wrong length: lengths are compared here instead.
    """
    found = {
        failure.rule_id
        for profile in ("2a", "ua1")
        for failure in page.validate_pdf_bytes(pdf, profile=profile).failures
    }
    return found <= {"PDFA2A-STREAM-LENGTH-001"} and all(
        pdf[one.end() + int(one[1]) :].startswith(b"\nendstream")
        for one in re.finditer(rb"(?s)/Length (\d+)(?:(?!endobj).)*?>>\s*stream\n", pdf)
    )


def text_of(pdf: bytes) -> str:
    """The words of a file as any reader copies them, blanks and line ends made single."""
    found = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return re.sub(r"\s+", " ", found.stdout.decode())


def boxes_of(pdf: bytes) -> list[tuple[str, float, float, float, float]]:
    """The words of a file with their left, upper, right and lower edges in points."""
    found = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
    )
    words = re.findall(
        r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.+?)</word>',
        found.stdout.decode(),
    )
    return [(said, *map(float, edges)) for *edges, said in words]


def picture_of(pdf: bytes, folder: Path, dpi: int = 150) -> Path:
    """The first page as PNG."""
    (folder / "paper.pdf").write_bytes(pdf)
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", "paper.pdf", "page"],
        cwd=folder,
        check=True,
    )
    return folder / "page.png"
