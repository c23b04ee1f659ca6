"""The demonstration with one more organisation, whose people are those of the applicants' journeys.

It is open at every hour of every day, so that no journey hangs on when it is run, and decides alone
what its list names. ``main`` runs in a process of its own, with the environment of the server.
"""

import json
import sys
from datetime import datetime, time, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from kualik.accounts.models import Person, PersonPhone
from kualik.accounts.queries import consent_text
from kualik.accounts.services import applicant, confirm_phone, give_consent, register_persons
from kualik.accounts.services.persons import PersonFacts
from kualik.cases.models import Request
from kualik.cases.services.deciding import start_review
from kualik.cases.services.offering import offer_documents
from kualik.core import clock
from kualik.core.access import APPLICANT_KEY
from kualik.demo.cast import write_cast
from kualik.demo.gateway import PORTAL, studied
from kualik.demo.loading import PEOPLE_APART
from kualik.demo.organisations import open_organisation
from kualik.demo.people import invented_iin, people, read_data
from kualik.demo.story import Stage, approve_and_seal, bring_group, file_all, set_stage
from kualik.gateway.models import Peer, Profile
from kualik.gateway.services.keys import portal_directory
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role
from tests.e2e.parts import ALL, LANGUAGES, OFFERED, PARTS, REPRESENTATIVE
from tests.e2e.portals import SERVICE

FIRST = 600
STAFF = 970
OPENED = timedelta(days=40)
ORGANISATION = {
    "code": "SYR",
    "bin": "150940006120",
    "kind": "education",
    "name": {
        "kk": "«Сырдария» медицина мамандарын дамыту орталығы",
        "ru": "Центр развития медицинских кадров «Сырдарья»",
        "en": "Syrdarya Centre for Medical Staff",
    },
    "city": {"kk": "Қызылорда", "ru": "Кызылорда", "en": "Kyzylorda"},
    "accreditation": "IA-0733",
    "licence": "KZ05LAA00021984",
    "site": "https://syrdarya.example",
    "hours": "Mon-Sun 00:00-23:59",
    "automatic": {
        "kinds": ["pd", "cc"],
        "opens": 0,
        "closes": 24,
        "daily_quota": 500,
        "decides_alone": True,
    },
    "office": {"kk": "Оқу бөлімі", "ru": "Учебный отдел", "en": "Training Department"},
    "address": {
        "kk": "Желтоқсан көшесі, 40",
        "ru": "улица Желтоксан, 40",
        "en": "40 Zheltoksan Street",
    },
    "phones": ["+7 724 240 11 60"],
    "accessible": ["ramp"],
    "windows": 1,
}
WORKERS = (
    ("registrar", "Сүлейменова Әлия Бекқызы", "тіркеуші", "регистратор", "registrar"),
    ("clerk", "Ахметов Данияр Ерболұлы", "терезе маманы", "специалист окна", "window clerk"),
    ("office_head", "Оразова Жанна Тимурқызы", "бөлім басшысы", "начальник отдела", "head"),
    ("provider_admin", "Қасымова Дина Маратқызы", "әкімші", "администратор", "administrator"),
    ("authorised_person", "Нұрғалиев Асқар Сәкенұлы", "директор", "директор", "director"),
)


def main() -> None:
    """Load the demonstration, then the stage, and print the parts as a JSON object."""
    call_command("demo", stdout=sys.stderr)
    organisation = {**ORGANISATION, "staff": list(staff())}
    data = read_data()
    with transaction.atomic():
        parts = play(organisation, data)
    data["provider"].append(organisation)
    file = settings.VAR / "simulators" / "people.json"
    write_cast(path=file, data=data, apart=PEOPLE_APART)
    rows = json.loads(file.read_text(encoding="utf-8"))
    rows += [holder(part) for part in parts.values()]
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write(json.dumps(parts, ensure_ascii=False))


def staff() -> Any:
    """The staff of the organisation as the demonstration's data write it."""
    for place, (role, name, kk, ru, en) in enumerate(WORKERS):
        iin = invented_iin(STAFF + place)
        yield {"role": role, "name": name, "iin": iin, "kk": kk, "ru": ru, "en": en}


def play(organisation: dict[str, Any], data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Everyone by part and language, each where the journey begins."""
    now = clock.now()
    stage = set_stage(open_organisation(organisation, now=now - OPENED), now=now)
    open_service(stage.provider, now=now - OPENED)
    words, programme = data["people"], data["programme"][1]
    count = len(ALL)
    done = bring_group(stage, words, programme, first=FIRST, count=count, back=6)
    facts = people(words, first=FIRST, count=count)
    parts = {}
    for name, completion, (iin, full_name, phone) in zip(ALL, done, facts, strict=True):
        person = completion.person
        part, _, person.language = name.rpartition("-")
        person.save(update_fields=["language"])
        parts[name] = {
            "id": f"applicant-{name}",
            "name": full_name,
            "iin": iin,
            "phone": phone.replace(" ", ""),
            "session": enter(person, now) if PARTS[part].has_agreed else "",
            "completion": completion.pk,
            "title": {"kk": completion.programme.title_kk, "ru": completion.programme.title_ru},
            "number": begin(stage, part, completion),
        }
        if PARTS[part].has_phone:
            confirm(stage, person, phone)
    waiting = [
        parts[f"{part}-{language}"]["completion"] for part in OFFERED for language in LANGUAGES
    ]
    offer_documents(completions=waiting, now=now)
    tell_portal(stage.provider, parts)
    for place, language in enumerate(LANGUAGES):
        name = f"{REPRESENTATIVE}-{language}"
        parts[name] = representative(words, FIRST + count + place, name, now)
    return parts


def begin(stage: Stage, part: str, completion: Any) -> str:
    """What happened before the journey of a part; the number of its request, if there is one."""
    if part == "misspelt":
        (request,) = file_all(stage, [completion], moment=stage.workday(3, time(10)))
        approve_and_seal(stage, [request], moment=stage.workday(3, time(10, 20)))
    elif part == "overdue":
        moment = stage.workday(5, time(16, 10))
        (request,) = file_all(stage, [completion], moment=moment)
        start_review(request=request, user=stage.registrar, role=Role.REGISTRAR, now=moment)
    elif part == "refused":
        (request,) = file_all(stage, [completion], moment=stage.now - timedelta(hours=2))
    else:
        return ""
    number: str = Request.objects.get(completion=completion).number
    return number


def open_service(provider: Provider, *, now: datetime) -> None:
    """The organisation takes requests of the portal too, by the second family of documents."""
    Profile.objects.create(
        provider=provider,
        peer=Peer.objects.get(code=PORTAL),
        family=SERVICE["family"],
        service_id=SERVICE["service_id"],
        mapping={"namespace": SERVICE["namespace"]},
        is_active=True,
        changed_at=now,
    )


def tell_portal(provider: Provider, parts: dict[str, dict[str, Any]]) -> None:
    """What the citizens of the portal remember of their trainings."""
    file = portal_directory() / "studied.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told |= {part["id"]: list(studied(provider, part["iin"])) for part in parts.values()}
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def representative(words: Any, index: int, name: str, now: datetime) -> dict[str, Any]:
    """Somebody whom no list names."""
    [(iin, full_name, phone)] = people(words, first=index, count=1)
    family, given, *rest = full_name.split()
    facts = PersonFacts(iin, family, given, " ".join(rest))
    person = register_persons(people=[facts], now=now)[iin]
    session = enter(person, now)
    about = {"id": f"applicant-{name}", "name": full_name, "iin": iin, "phone": phone}
    return {**about, "session": session, "completion": 0, "title": {}, "number": ""}


def enter(person: Person, now: datetime) -> str:
    """A cabinet that the person agreed to and entered by a key; the key of its session."""
    how = {"way": "ncalayer", "level": "eds"}
    read = consent_text().sha256("kk")
    give_consent(person=person, sha256=read, actor=applicant(person), now=now, **how)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[APPLICANT_KEY] = {**how, "person": person.pk, "since": now.isoformat()}
    session.save()
    return str(session.session_key)


def confirm(stage: Stage, person: Person, phone: str) -> None:
    """The number is the person's own, as a counter found out."""
    confirm_phone(
        person=person,
        phone=phone,
        how=PersonPhone.How.COUNTER,
        evidence={"document": "identity_card", "last": "0417"},
        actor=stage.registrar.acting_as(Role.REGISTRAR),
        now=stage.workday(5, time(9, 15)),
    )


def holder(part: dict[str, Any]) -> dict[str, Any]:
    """A row of the list of those who hold keys."""
    surname, given, *rest = part["name"].split()
    return {
        "id": part["id"],
        "surname": surname,
        "given_name": given,
        "patronymic": " ".join(rest),
        "iin": part["iin"],
        "phone": part["phone"],
        "organisation": "",
        "bin": "",
        "roles": ["individual"],
        "label": dict.fromkeys(("kk", "ru", "en"), part["id"]),
    }
