"""A correction and a power of attorney that wait at the first organisation of the demonstration."""

from datetime import date, time, timedelta
from typing import Any, Final

import typst
from django.core.files.uploadedfile import SimpleUploadedFile

from kualik.accounts.models import Person
from kualik.accounts.services import find_person, register_persons
from kualik.accounts.services.persons import PersonFacts
from kualik.cases.models import Attachment, Correction, Draft, Mandate
from kualik.cases.services.attaching import keep_attachment, scans_of
from kualik.cases.services.correcting import Wish, file_correction, wanted_names
from kualik.cases.services.drafting import begin
from kualik.cases.services.mandating import MandateFacts, ask_mandate
from kualik.demo.cast import STRANGER
from kualik.demo.people import people
from kualik.demo.story import Stage
from kualik.training.models import Completion

# Places among the invented people: one holds a certificate, one completed and did not apply.
MISSPELLED, ABSENT = 1, 58
PAGE: Final = """
#set page(width: 148mm, height: 210mm, margin: 18mm)
#set text(size: 11pt)
#align(center, text(15pt, weight: "bold")[{title}])
#v(8mm)
{text}
#v(14mm)
#align(right)[{foot}]
"""
MARRIED: Final = (
    "НЕКЕ ҚИЮ ТУРАЛЫ КУӘЛІК",
    (
        "Үлгі: демонстрацияға арналған ойдан шығарылған қағаз. \\ Тегі некеге дейін: {old} \\ "
        "Некеден кейінгі тегі: {new}"
    ),
    "Тіркеуші органның мөрі (үлгі)",
)
POWER: Final = (
    "СЕНІМХАТ",
    (
        "Үлгі: демонстрацияға арналған ойдан шығарылған қағаз. \\ Мен, {principal}, "
        "{representative} дегенге оқу ұйымынан менің атыма берілген құжатты алуға өтініш "
        "беруге сенім білдіремін."
    ),
    "Нотариус, қолы, мөрі (үлгі)",
)
Words = dict[str, Any]


def wish(stage: Stage, words: Words, *, apart: int) -> tuple[Correction | None, Mandate | None]:
    """The person at the first place took another surname; a friend acts for the other one."""
    return _correct(stage, words, apart=apart), _act(stage, words, apart=apart)


def _correct(stage: Stage, words: Words, *, apart: int) -> Correction | None:
    [(iin, _, _)] = people(words, first=apart + MISSPELLED, count=1)
    completion = Completion.objects.filter(
        person=find_person(iin=iin), provider=stage.provider
    ).first()
    if completion is None:
        return None
    person, now = completion.person, stage.workday(1, time(16, 5))
    draft = begin(person=person, kind=f"correction:{completion.pk}", now=now)
    given = f"{completion.given_name} {completion.patronymic}".strip()
    married = "Ыбыраева"
    paper = _paper(MARRIED, old=completion.family_name, new=married)
    _attach(person, draft, Attachment.Purpose.NAME, "Неке куәлігі.pdf", paper, stage)
    name = f"{married} {given}"
    names = wanted_names(completion, {"holder_kk": name, "holder_ru": name})
    note = "Тұрмысқа шығып, тегімді ауыстырдым. Жаңа жеке куәлігім бар."
    return file_correction(
        person=person,
        wish=Wish(completion=completion, names=names, note=note),
        scans=scans_of(draft),
        draft=draft,
        now=now,
    )


def _act(stage: Stage, words: Words, *, apart: int) -> Mandate | None:
    [(iin, name, _)] = people(words, first=apart + ABSENT, count=1)
    [(own_iin, own_name, _)] = people(words, first=STRANGER, count=1)
    now = stage.workday(1, time(17, 40))
    family, given, *rest = own_name.split()
    friend = PersonFacts(own_iin, family, given, " ".join(rest))
    representative = register_persons(people=[friend], now=now)[own_iin]
    draft = begin(person=representative, kind="mandate", now=now)
    paper = _paper(POWER, principal=name, representative=own_name)
    _attach(representative, draft, Attachment.Purpose.MANDATE, "Сенімхат.pdf", paper, stage)
    issued_on: date = now.date() - timedelta(days=12)
    return ask_mandate(
        representative=representative,
        facts=MandateFacts(
            principal_iin=iin,
            principal_name=name,
            provider=stage.provider,
            document_number="1-4127",
            issued_by="Нотариус С. Жүсіпова, Алматы қаласы",
            issued_on=issued_on,
            valid_until=issued_on + timedelta(days=364),
        ),
        scans=scans_of(draft),
        draft=draft,
        now=now,
    )


def _attach(
    person: Person, draft: Draft, purpose: str, name: str, content: bytes, stage: Stage
) -> None:
    upload = SimpleUploadedFile(name, content, content_type="application/pdf")
    if not scans_of(draft):
        keep_attachment(person=person, purpose=purpose, upload=upload, draft=draft, now=stage.now)


def _paper(said: tuple[str, str, str], **values: str) -> bytes:
    """An invented paper on one page."""
    title, text, foot = said
    page = PAGE.format(title=title, text=text.format(**values), foot=foot)
    content: bytes = typst.compile(page.encode())
    return content
