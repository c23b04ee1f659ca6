"""Taking the register out of the house: the lines of the table, and the note that it was taken."""

from dataclasses import asdict
from datetime import date, datetime, time

from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import Certificate
from kualik.certificates.queries import RegisterFilter
from kualik.certificates.services.wording import PAPER_LABELS, STATUS_LABELS
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.journal import Actor
from kualik.core.models import JournalEntry
from kualik.rules import facts as fact_rules
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text

READ = "certificates.read_by_program"
# A spreadsheet runs what begins with these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
HEADER = (
    Text("Нөмірі", "Номер", "Number"),
    Text("Мәртебесі", "Статус", "Status"),
    Text("Құжат", "Документ", "Document"),
    Text("Оқу түрі", "Вид обучения", "Kind of training"),
    Text("Кімге берілді (қазақша)", "Кому выдано (на казахском)", "Holder (Kazakh)"),
    Text("Кімге берілді (орысша)", "Кому выдано (на русском)", "Holder (Russian)"),
    Text("Бағдарламасы (қазақша)", "Программа (на казахском)", "Programme (Kazakh)"),
    Text("Бағдарламасы (орысша)", "Программа (на русском)", "Programme (Russian)"),
    Text("Сағат", "Часы", "Hours"),
    Text("Кредит", "Кредиты", "Credits"),
    Text("Оқу басталды", "Начало обучения", "Began"),
    Text("Оқу аяқталды", "Окончание обучения", "Ended"),
    Text("Берілген күні", "Дата выдачи", "Date of issue"),
    Text("Уәкілетті тұлға", "Уполномоченное лицо", "Authorised person"),
    Text("Қай уақыттан бастап күшінде", "Действует с", "In force since"),
    Text("Ұйым", "Организация", "Provider"),
    Text("Мәртебе өзгеруінің себебі", "Причина изменения статуса", "Reason of the status"),
    Text("Файлдың SHA-256", "SHA-256 файла", "SHA-256 of the file"),
)


def export_line(certificate: Certificate, language: str) -> list[str]:
    """The cells of one certificate under ``HEADER``; none of them can run as a formula.

    The check code is left out: whoever holds it may open the document.
    """
    facts = fact_rules.from_record(certificate.facts)
    reason = Text(certificate.status_reason_kk, certificate.status_reason_ru)
    cells = [
        certificate.number,
        STATUS_LABELS[certificate.status].get(language),
        PAPER_LABELS[certificate.paper].get(language),
        KIND_LABELS[certificate.kind].get(language),
        facts.holder_kk,
        facts.holder_ru,
        facts.programme.kk,
        facts.programme.ru,
        str(facts.hours),
        facts.credits.replace(".", ","),
        _day(facts.started_on),
        _day(facts.ended_on),
        _day(facts.issued_on),
        facts.signer_name,
        f"{certificate.sealed_at.astimezone(ZONE):%d.%m.%Y %H:%M}" if certificate.sealed_at else "",
        facts.provider_name.get(language),
        reason.get(language),
        certificate.file_sha256 if certificate.sealed_at else "",
    ]
    return [plain_cell(cell) for cell in cells]


def plain_cell(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


@transaction.atomic
def record_export(
    *, user: User, wanted: RegisterFilter, rows: int, actor: Actor, now: datetime
) -> None:
    """Write down who took how much of the register out; names searched for are not repeated."""
    filters = {name: value for name, value in asdict(wanted).items() if value}
    if "text" in filters:
        filters["text"] = True
    journal.record(
        subject=f"user:{user.pk}",
        action="certificates.exported",
        actor=actor,
        now=now,
        data={"rows": rows, "filters": filters},
    )


def record_program_read(*, actor: Actor, now: datetime) -> None:
    """Write down that a program reads the register, once for each program and day."""
    midnight = datetime.combine(local_day(now), time(), ZONE)
    known = JournalEntry.objects.filter(subject=actor.name, action=READ, at__gte=midnight)
    if not known.exists():
        journal.record(subject=actor.name, action=READ, actor=actor, now=now)


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
