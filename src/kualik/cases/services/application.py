"""The application in words: the one text that the person sees, confirms or signs, and we keep.

It names what will be printed in both languages of the register. Its last line is the key of the
form, so that a signature over it fits one application and no other.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from kualik.accounts.models import Person
from kualik.cases.models import Attachment, Mandate, Request
from kualik.providers.models import Provider
from kualik.rules import volumes
from kualik.rules.facts import KIND_LABELS
from kualik.rules.language import Text
from kualik.rules.standards import Standard
from kualik.training.models import Completion

Line = tuple[Text, Text]
DELIVERIES: Final[Mapping[str, Text]] = {
    Request.Delivery.ELECTRONIC: Text(
        "Электрондық түрде, жеке кабинетте",
        "В электронной форме, в личном кабинете",
        "Electronically, in the cabinet",
    ),
    Request.Delivery.PAPER: Text(
        "Қағаз түрінде, көрсетілетін қызметті берушіден",
        "На бумаге, у услугодателя",
        "On paper, at the provider",
    ),
    Request.Delivery.BOTH: Text(
        "Электрондық әрі қағаз түрінде", "В электронной форме и на бумаге", "Both ways"
    ),
}
LANGUAGES: Final[Mapping[str, Text]] = {
    "kk": Text("Қазақ тілі", "Казахский", "Kazakh"),
    "ru": Text("Орыс тілі", "Русский", "Russian"),
}
TITLE: Final = Text("Мемлекеттік қызмет көрсетуге өтініш", "Заявление на государственную услугу")
EDITION: Final = Text("Стандарт", "Стандарт")
PROVIDER: Final = Text("Көрсетілетін қызметті беруші", "Услугодатель")
HOLDER: Final = Text("Көрсетілетін қызметті алушы", "Услугополучатель")
REPRESENTATIVE: Final = Text("Сенімхат бойынша өкілі", "Представитель по доверенности")
KIND: Final = Text("Оқу түрі", "Вид обучения")
PROGRAMME: Final = Text("Бағдарлама", "Программа")
VOLUME: Final = Text("Көлемі", "Объём")
DAYS: Final = Text("Оқу күндері", "Дни обучения")
DOCUMENT: Final = Text("Сұралатын құжат", "Запрашиваемый документ")
LANGUAGE: Final = Text("Хабарламалар тілі", "Язык уведомлений")
DELIVERY: Final = Text("Алу тәсілі", "Способ получения")
CONTACT: Final = Text("Байланыс", "Связь")
COMMENT: Final = Text("Түсініктеме", "Пояснение")
SCAN: Final = Text("Қоса берілген құжат", "Приложенный документ")
KEY: Final = Text("Өтініш кілті", "Ключ заявления")
DIGEST: Final = ", SHA-256 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person chose: certificate or reference, language of notices, way of receiving.

    ``note`` are own words with papers that answer an earlier refusal.
    """

    paper: str = "certificate"
    language: str = "kk"
    delivery: str = Request.Delivery.ELECTRONIC
    mandate: Mandate | None = None
    note: str = ""


def printed_data(completion: Completion) -> list[Line]:
    """What of a completed programme will be printed, line by line."""
    return [
        (PROVIDER, completion.provider.name),
        (HOLDER, Text(completion.holder_kk, completion.holder_ru)),
        (KIND, KIND_LABELS[completion.programme.kind]),
        (PROGRAMME, completion.programme.title),
        (VOLUME, volume_text(completion)),
        (DAYS, _same(f"{completion.started_on:%d.%m.%Y} – {completion.mastered_on:%d.%m.%Y}")),
    ]


def volume_text(completion: Completion) -> Text:
    """Hours and credits in words."""
    hours, credits = completion.hours, volumes.credits_text(completion.credits)
    return Text(
        f"{hours} сағат, {credits} кредит",
        f"{hours} ч., кредитов: {credits}",
        f"{hours} h, credits: {credits}",
    )


def data_digest(completion: Completion) -> str:
    """SHA-256 over the printed data: another one when any of it was changed since."""
    return hashlib.sha256(written(printed_data(completion)).encode()).hexdigest()


def completion_lines(
    completion: Completion,
    wish: Wish,
    *,
    scans: Sequence[Attachment],
    standard: Standard,
    key: str,
) -> list[Line]:
    """The application for the document on a programme that the provider's list names."""
    note = [(COMMENT, _same(wish.note))] if wish.note else []
    return [
        *_head(standard),
        *printed_data(completion),
        *note,
        *_enclosed(scans),
        *_wishes(wish, kind=completion.programme.kind, standard=standard),
        (KEY, _same(key)),
    ]


def claim_lines(
    claim: Mapping[str, object],
    wish: Wish,
    *,
    provider: Provider,
    person: Person,
    scans: Sequence[Attachment],
    standard: Standard,
    key: str,
) -> list[Line]:
    """The application of somebody whom no list names, see ``Request.claim``."""
    hours = claim.get("hours") or 0
    reach = ", ".join(str(claim[name]) for name in ("phone", "email") if claim.get(name))
    return [
        *_head(standard),
        (PROVIDER, provider.name),
        (HOLDER, _same(person.full_name)),
        (KIND, KIND_LABELS[str(claim["kind"])]),
        (PROGRAMME, _same(str(claim["title"]))),
        (VOLUME, Text(f"{hours} сағат", f"{hours} ч.") if hours else _same("–")),
        (DAYS, _same(claim_days(claim))),
        (CONTACT, _same(reach or "–")),
        (COMMENT, _same(str(claim.get("comment") or "–"))),
        *_enclosed(scans),
        *_wishes(wish, kind=str(claim["kind"]), standard=standard),
        (KEY, _same(key)),
    ]


def claim_days(claim: Mapping[str, object]) -> str:
    """The first and the last day as people write them."""
    days = (date.fromisoformat(str(claim[name])) for name in ("started_on", "ended_on"))
    return " – ".join(f"{day:%d.%m.%Y}" for day in days)


def _enclosed(scans: Sequence[Attachment]) -> list[Line]:
    return [(SCAN, _same(f"{scan.filename}{DIGEST}{scan.sha256}")) for scan in scans]


def _head(standard: Standard) -> list[Line]:
    act = standard.act.number
    return [(TITLE, standard.title), (EDITION, _same(f"{standard.edition}, № {act}"))]


def _wishes(wish: Wish, *, kind: str, standard: Standard) -> list[Line]:
    lines = [
        (DOCUMENT, standard.result(kind, wish.paper).title),
        (LANGUAGE, LANGUAGES[wish.language]),
        (DELIVERY, DELIVERIES[wish.delivery]),
    ]
    mandate = wish.mandate
    if mandate is not None:
        paper = f"{mandate.document_number}, {mandate.issued_on:%d.%m.%Y}"
        named = f"{mandate.representative.full_name}, № {paper}"
        lines.insert(0, (REPRESENTATIVE, _same(named)))
    return lines


def for_the_eye(lines: Sequence[Line]) -> list[Line]:
    """What people read of an application: scans by their names, the key of the form left out."""
    return [
        (label, _same(value.kk.rpartition(DIGEST)[0])) if label is SCAN else (label, value)
        for label, value in lines
        if label is not KEY
    ]


def for_programs(lines: Sequence[Line]) -> list[str]:
    """What of the written application only programs read: the digests of scans and the key."""
    return [written([line]).strip() for line in lines if line[0] in (SCAN, KEY)]


def _same(text: str) -> Text:
    return Text(text, text)


def written(lines: Iterable[Line]) -> str:
    """Each line once in Kazakh and Russian; what is the same in both stands once."""
    return "".join(f"{_both(label)}: {_both(value)}\n" for label, value in lines)


def _both(text: Text) -> str:
    said = [" ".join(part.split()) for part in (text.kk, text.ru)]
    return " / ".join(dict.fromkeys(said))
