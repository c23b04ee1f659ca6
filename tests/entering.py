"""Somebody at a browser with a key of the test authority, and an open cabinet without one."""

import re
from base64 import b64decode, b64encode
from datetime import datetime
from html import unescape

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import Person
from kualik.accounts.queries import consent_text
from kualik.accounts.services import applicant, give_consent
from kualik.core import clock
from kualik.core.access import APPLICANT_KEY
from kualik.signatures.adapters.test_authority import Leaf, sign_cms

Asked = tuple[dict[str, str], bytes]


def ask(client: Client, **query: str) -> Asked:
    """The hidden fields of the page with a challenge, and the text that is to be signed."""
    page = client.get(reverse("signatures:eds"), query).content.decode()
    form = re.search(r'<form id="eds".*?</form>', page, re.DOTALL)
    assert form, "the page has the form of the challenge"
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0])
    content = re.search(r'data-content="([^"]+)"', form[0])
    assert content
    return {name: unescape(value) for name, value in fields}, b64decode(content[1])


def signed(content: bytes, *leaves: Leaf) -> str:
    """What the script puts into the form."""
    signature = sign_cms(leaves=leaves, content=content, detached=False, signing_time=clock.now())
    return b64encode(signature).decode()


def answer(client: Client, fields: dict[str, str], signature: str) -> HttpResponse:
    """Send the form."""
    sent = fields | {"signature": signature}
    response: HttpResponse = client.post(reverse("signatures:eds_answer"), sent)
    return response


def enter(client: Client, leaf: Leaf, **query: str) -> HttpResponse:
    """The whole way: page, signature, answer."""
    fields, content = ask(client, **query)
    return answer(client, fields, signed(content, leaf))


def consent(person: Person, *, way: str = "ncalayer", level: str = "eds") -> None:
    """The person has read the text in Kazakh and agreed."""
    give_consent(
        person=person,
        sha256=consent_text().sha256("kk"),
        way=way,
        level=level,
        actor=applicant(person),
        now=clock.now(),
    )


def open_cabinet(
    client: Client,
    person: Person,
    *,
    since: datetime | None = None,
    way: str = "ncalayer",
    level: str = "eds",
) -> Client:
    """The client as an applicant who agreed and entered at ``since``, by default now."""
    consent(person, way=way, level=level)
    session = client.session
    session[APPLICANT_KEY] = {
        "person": person.pk,
        "level": level,
        "way": way,
        "since": (since or clock.now()).isoformat(),
    }
    session.save()
    return client
