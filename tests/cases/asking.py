"""An applicant at the pages of asking."""

import re
from html import unescape

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.adapters import open_iin
from kualik.accounts.models import Person
from kualik.certificates.models import SealPolicy
from kualik.certificates.services.policy import Limits, set_policy
from kualik.core import clock
from kualik.rules.lifecycle import Role
from kualik.signatures.services.test_keys import test_person_leaf as person_leaf
from kualik.training.models import Completion
from tests.entering import open_cabinet, signed
from tests.world import House, World

WISH = {"paper": "certificate", "language": "kk", "delivery": "electronic", "do": "confirm"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def at_home(person: Person, *, level: str = "otp", way: str = "code") -> Client:
    """A browser with the person's open cabinet, the pages in English."""
    client = open_cabinet(Client(), person, level=level, way=way)
    client.cookies["kualik_language"] = "en"
    return client


def hidden(answer: HttpResponse) -> dict[str, str]:
    """The hidden fields of a page, the token aside."""
    found = dict(HIDDEN.findall(answer.content.decode()))
    return {name: unescape(value) for name, value in found.items() if "csrf" not in name}


def page_of(completion: Completion) -> str:
    """The page where its document is received."""
    return reverse("cases:receive", args=[completion.pk])


def confirm(client: Client, completion: Completion, /, **changes: str) -> HttpResponse:
    """Look and press the button."""
    fields = hidden(client.get(page_of(completion)))
    answer: HttpResponse = client.post(page_of(completion), {**fields, **WISH, **changes})
    return answer


def let_decide_alone(house: House, world: World, **limits: object) -> SealPolicy:
    """The provider's machine approves and seals by itself from now on."""
    signer = house.staff[Role.AUTHORISED_PERSON]
    wanted = {"kinds": ["pd", "cc"], "daily_quota": 100, "decides_alone": True} | limits
    return set_policy(
        provider=house.provider,
        limits=Limits(way=SealPolicy.Way.AUTOMATIC, **wanted),
        takes_reading=True,
        user=signer,
        actor=signer.acting_as(Role.AUTHORISED_PERSON),
        now=world.now,
    )


def signed_by(person: Person, text: bytes) -> str:
    """What NCALayer answers when the person signs a text with the own key."""
    iin = open_iin(bytes(person.iin_sealed))
    return signed(text, person_leaf(name=person.full_name, iin=iin, now=clock.now()))
