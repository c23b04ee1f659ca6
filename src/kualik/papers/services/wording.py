"""Dates, times, volumes and codes in words, as papers write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from kualik.papers.queries import Form
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text

ALMATY = ZoneInfo("Asia/Almaty")
MONTHS = {
    "kk": (
        "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
        "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
    ),
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня",
        "июля", "августа", "сентября", "октября", "ноября", "декабря",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
HOURS_RU = ("час", "часа", "часов")
CREDITS_RU = ("кредит", "кредита", "кредитов")


def long_date(day: date, language: str) -> str:
    """``2026 жылғы 21 қараша``, ``21 ноября 2026 года``, ``21 November 2026``."""
    month = MONTHS[language][day.month - 1]
    if language == "kk":
        return f"{day.year} жылғы {day.day} {month}"
    if language == "ru":
        return f"{day.day} {month} {day.year} года"
    return f"{day.day} {month} {day.year}"


def period(first: date, last: date, language: str) -> tuple[str, ...]:
    """The days of a course in one or two lines, in the nominative, nothing said twice."""
    if first == last:
        return (long_date(last, language),)
    if first.year != last.year:
        return (f"{long_date(first, language)} –", long_date(last, language))
    begin, end = _day(first, language), _day(last, language)
    if first.month == last.month:
        begin, dash = str(first.day), "–"
    else:
        dash = " – "
    if language == "kk":
        return (f"{last.year} жылғы", f"{begin}{dash}{end}")
    return (f"{begin}{dash}{end}", f"{last.year} года")


def _day(day: date, language: str) -> str:
    return f"{day.day} {MONTHS[language][day.month - 1]}"


def short_date(day: date) -> str:
    """``21.11.2026``, the same in every language."""
    return day.strftime("%d.%m.%Y")


def local(moment: datetime) -> datetime:
    """An aware moment by the clock of Kazakhstan."""
    return moment.astimezone(ALMATY)


def clock_time(moment: datetime) -> str:
    """``21.11.2026 15:10:22 (UTC+05:00)``."""
    offset = local(moment).strftime("%z")
    return f"{local(moment):%d.%m.%Y %H:%M:%S} (UTC{offset[:3]}:{offset[3:]})"


def dashed(code: str) -> str:
    """``ABCDEFGHJKMNPQRS`` as people read it: ``ABCD-EFGH-JKMN-PQRS``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def quoted(title: str) -> str:
    """A programme's title in guillemets, unless it already brings them."""
    return title if title.startswith("«") and title.endswith("»") else f"«{title}»"


def volume(form: Form, facts: CertificateFacts) -> Text:
    """Hours and credits by the form's sentence, a line each."""
    sentence = form.volume
    known = {
        "hours": str(facts.hours),
        "hours_word": _counted(str(facts.hours), HOURS_RU),
        "credits": facts.credits.replace(".", ","),
        "credits_word": _counted(facts.credits, CREDITS_RU),
    }
    return Text(sentence.kk.format(**known), sentence.ru.format(**known))


def _counted(number: str, forms: tuple[str, str, str]) -> str:
    """The Russian form of a counted noun; a decimal fraction governs the second form."""
    if "." in number:
        return forms[1]
    whole = int(number)
    if whole % 100 in range(11, 15):
        return forms[2]
    return {1: forms[0], 2: forms[1], 3: forms[1], 4: forms[1]}.get(whole % 10, forms[2])
