"""Who looked at a person's data, and how the person entered: the journal in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kualik.accounts.models import ApiToken, Person, User
from kualik.accounts.queries.staff import ROLE_LABELS
from kualik.core.models import JournalEntry
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

LOOKED, ENTERED = "accounts.looked", "accounts.entered"
SHOWN = 200
PLATFORM = Text(
    "Жүйенің операторы немесе бақылаушы орган",
    "Оператор системы или контролирующий орган",
    "The operator of the system or a supervising body",
)
VISITOR, APP = "visitor", "digital-documents"
BY_APP = Text("Цифрлық құжаттар сервисі", "Сервис цифровых документов", "Digital documents service")
PROGRAM = "program"
BY_PROGRAM = Text("Ұйымның бағдарламасы", "Программа организации", "A program of the organisation")
BY_LINK = Text(
    "Сіз берген сілтеме бойынша келуші",
    "Посетитель по ссылке, которую вы дали",
    "A visitor by a link that you gave",
)
WHAT_LABELS: Mapping[str, Text] = {
    "request": Text("Өтініш", "Заявление", "Request"),
    "receipt": Text("Өтініштің қолхаты", "Расписка о заявлении", "Receipt of a request"),
    "certificate": Text("Тізілімдегі құжат", "Документ в реестре", "Document in the register"),
    "attachment": Text("Қоса берілген файл", "Приложенный файл", "Attached file"),
    "correction": Text("Деректерді түзету", "Исправление данных", "Correction of data"),
    "mandate": Text("Сенімхат", "Доверенность", "Power of attorney"),
    "complaint": Text("Шағым", "Жалоба", "Complaint"),
    "share": Text("Сілтеме бойынша құжаттар", "Документы по ссылке", "Documents by a link"),
    "share_file": Text("Құжаттың файлы", "Файл документа", "File of a document"),
    "contact": Text(
        "Байланыс орталығы өтініштің жағдайын қарады",
        "Контакт-центр смотрел состояние заявления",
        "The contact centre looked at how a request stands",
    ),
    "evidence": Text(
        "Өтініштің дәлелдер жинағы",
        "Набор доказательств по заявлению",
        "Evidence pack of a request",
    ),
    "window": Text("Терезеде қызмет көрсету", "Обслуживание у окна", "Service at the window"),
    "phone": Text("Телефонды растау", "Подтверждение телефона", "Confirmation of a phone"),
    "register": Text(
        "Мемлекеттік тізілімге сұрау салу",
        "Запрос в государственный регистр",
        "Question to a register of the state",
    ),
    "digital_document": Text(
        "Цифрлық құжаттар сервисіндегі құжаттарыңыз",
        "Ваши документы в сервисе цифровых документов",
        "Your documents in the digital documents service",
    ),
}
WAY_LABELS: Mapping[str, Text] = {
    "ncalayer": Text("ЭЦҚ, NCALayer", "ЭЦП, NCALayer", "EDS, NCALayer"),
    "egov-mobile": Text("eGov Mobile", "eGov Mobile", "eGov Mobile"),
    "idp": Text("eGov IDP", "eGov IDP", "eGov IDP"),
    "code": Text("телефонға келген код", "код на телефон", "code to the phone"),
}
LEVEL_LABELS: Mapping[str, Text] = {
    "eds": Text("электрондық цифрлық қолтаңба", "электронная цифровая подпись", "EDS"),
    "idp": Text(
        "бірыңғай сәйкестендіру жүйесі",
        "единая система идентификации",
        "single identification system",
    ),
    "otp": Text("бір реттік код", "одноразовый код", "one-time code"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """That somebody in an office opened something about the person; no name of staff."""

    at: datetime
    organisation: Text
    role: Text
    what: Text
    about: str


@dataclass(frozen=True, slots=True)
class Entry:
    """That the person entered the own cabinet."""

    at: datetime
    way: Text
    level: Text


def looks_of(person: Person) -> list[Look]:
    """Who opened this person's data, the last look first; at most ``SHOWN`` of them."""
    rows = _journal(person, LOOKED)
    actors = _actors(row.actor for row in rows)
    return [
        Look(
            at=row.at,
            organisation=_organisation(row.actor, actors.get(row.actor)),
            role=_role(row.role),
            what=WHAT_LABELS.get(str(row.data.get("what")), Text("", "")),
            about=str(row.data.get("about", "")),
        )
        for row in rows
    ]


def entries_of(person: Person) -> list[Entry]:
    """The person's own entries, the last first."""
    return [
        Entry(
            row.at,
            WAY_LABELS.get(str(row.data.get("way")), Text("", "")),
            LEVEL_LABELS.get(str(row.data.get("level")), Text("", "")),
        )
        for row in _journal(person, ENTERED)
    ]


def _journal(person: Person, action: str) -> list[JournalEntry]:
    rows = JournalEntry.objects.filter(subject=f"person:{person.pk}", action=action)
    return list(rows.order_by("-sequence")[:SHOWN])


def _actors(names: Iterable[str]) -> dict[str, User | ApiToken]:
    """The members of staff and the programs by the names of the journal."""
    numbers: dict[str, set[str]] = {"user": set(), "token": set()}
    for name in names:
        kind, _, number = name.partition(":")
        if kind in numbers:
            numbers[kind].add(number)
    staff = User.objects.filter(pk__in=numbers["user"]).select_related("provider")
    tokens = ApiToken.objects.filter(pk__in=numbers["token"]).select_related("provider")
    found: dict[str, User | ApiToken] = {f"user:{row.pk}": row for row in staff}
    return found | {f"token:{row.pk}": row for row in tokens}


def _organisation(actor: str, found: User | ApiToken | None) -> Text:
    if actor == VISITOR:
        return BY_LINK
    if actor == APP:
        return BY_APP
    return found.provider.name if found and found.provider else PLATFORM


def _role(name: str) -> Text:
    if name == PROGRAM:
        return BY_PROGRAM
    return ROLE_LABELS[Role(name)] if name in list(Role) else Text("", "")
