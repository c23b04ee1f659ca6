"""The organisation of the load and the people who ask it through the portal.

``main`` runs in a process of its own, with the environment of the server: ``load N`` fills tables
that stand empty and prints, as JSON, what the portal's forms say of each; ``counter N`` is somebody
who comes to the registrar instead.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from django.db import transaction

from bench.gateway.services import SERVICES
from kualik.accounts.adapters import open_iin
from kualik.core import clock
from kualik.demo.gateway import meet_portal
from kualik.demo.organisations import open_organisation, open_platform
from kualik.demo.people import invented_iin, read_data
from kualik.demo.story import approve_and_seal, bring_group, file_all, set_stage
from kualik.gateway.models import Profile
from kualik.providers.models import Provider
from kualik.training.models import Completion

CODE = "SHU"
FIRST, STAFF = 1000, 4000
OPENED = timedelta(days=40)
ORGANISATION = {
    "code": CODE,
    "bin": "160940007136",
    "kind": "education",
    "name": {
        "kk": "«Шу» медицина мамандарын дамыту орталығы",
        "ru": "Центр развития медицинских кадров «Шу»",
        "en": "Shu Centre for Medical Staff",
    },
    "city": {"kk": "Тараз", "ru": "Тараз", "en": "Taraz"},
    "accreditation": "IA-0744",
    "licence": "KZ05LAA00021995",
    "site": "https://shu.example",
    # Open at every hour, so that nothing hangs on when the load is played.
    "hours": "Mon-Sun 00:00-23:59",
    "automatic": {
        "kinds": ["pd", "cc"],
        "opens": 0,
        "closes": 24,
        "daily_quota": 5000,
        "decides_alone": True,
    },
    "office": {"kk": "Оқу бөлімі", "ru": "Учебный отдел", "en": "Training Department"},
    "address": {"kk": "Төле би көшесі, 4", "ru": "улица Толе би, 4", "en": "4 Tole Bi Street"},
    "phones": ["+7 726 245 11 60"],
    "accessible": ["ramp"],
    "windows": 1,
}
WORKERS = (
    ("registrar", "Сүлейменова Әлия Бекқызы", "тіркеуші", "регистратор", "registrar"),
    ("office_head", "Оразова Жанна Тимурқызы", "бөлім басшысы", "начальник отдела", "head"),
    ("authorised_person", "Нұрғалиев Асқар Сәкенұлы", "директор", "директор", "director"),
)
# A list of an office has no more rows.
GROUP = 250


def main() -> None:
    """What the two arguments name."""
    act, number = sys.argv[1], int(sys.argv[2])
    if act == "counter":
        ask_at_counter(number)
    else:
        sys.stdout.write(json.dumps(load(number), ensure_ascii=False))


def load(count: int) -> list[dict[str, Any]]:
    """The organisation with its services at the portal, and what ``count`` people completed."""
    now, data = clock.now(), read_data()
    staff = [
        {"role": role, "name": name, "iin": invented_iin(STAFF + at), "kk": kk, "ru": ru, "en": en}
        for at, (role, name, kk, ru, en) in enumerate(WORKERS)
    ]
    with transaction.atomic():
        open_platform(data["platform"], now=now - OPENED)
        provider = open_organisation({**ORGANISATION, "staff": staff}, now=now - OPENED)
        peer = meet_portal(now=now)
        for service in SERVICES:
            Profile.objects.create(
                provider=provider,
                peer=peer,
                family=service["family"],
                service_id=service["service_id"],
                result_by=service["result_by"],
                mapping={"namespace": service["namespace"]},
                is_active=True,
                changed_at=now,
            )
        stage, told = set_stage(provider, now=now), []
        for first in range(FIRST, FIRST + count, GROUP):
            size = min(GROUP, FIRST + count - first)
            done = bring_group(
                stage, data["people"], data["programme"][1], first=first, count=size, back=6
            )
            told += [form_of(one) for one in done]
    return told


def ask_at_counter(place: int) -> None:
    """One more person, who files at the counter and leaves with the document."""
    now, data = clock.now(), read_data()
    stage = set_stage(Provider.objects.get(code=CODE), now=now)
    programme, first = data["programme"][1], FIRST + place
    done = bring_group(stage, data["people"], programme, first=first, count=1, back=6)
    approve_and_seal(stage, file_all(stage, done, moment=now), moment=now)


def form_of(completion: Completion) -> dict[str, Any]:
    """What the citizen fills in: all that will be printed."""
    person, programme = completion.person, completion.programme
    return {
        "iin": open_iin(bytes(person.iin_sealed)),
        "surname": person.family_name.upper(),
        "name": person.given_name.upper(),
        "patronymic": person.patronymic.upper(),
        "phone": f"7701{person.pk:07d}",
        "kind": programme.kind,
        "programme": programme.title_ru,
        "started_on": completion.started_on.isoformat(),
        "ended_on": completion.mastered_on.isoformat(),
        "hours": str(completion.hours),
        "language": "ru",
    }
