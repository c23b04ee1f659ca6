"""Telling a person what belongs to no request: the words and the addresses of that person."""

from datetime import datetime

from django.conf import settings

from kualik.accounts.models import Person
from kualik.accounts.queries import confirmed_phone
from kualik.notifications.models import Message
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.notifications.services.wording import Values
from kualik.rules.phones import e164
from kualik.training.models import Completion


def tell_person(
    *,
    person: Person,
    event: str,
    about: str,
    path: str,
    params: Values,
    now: datetime,
    language: str = "",
    listed: Addresses | None = None,
    scope: str = "",
    occasion: str = "",
) -> list[Message]:
    """Tell one person of one event; ``path`` is the page it leads to.

    The person's own choices go first: confirmed phone, e-mail, language. ``listed`` are addresses
    that stood in a list, which get the notice where there is nothing better.
    """
    listed = listed or Addresses()
    notice = Notice(
        event=event,
        about=about,
        addresses=Addresses(
            email=person.email or listed.email, sms=confirmed_phone(person) or listed.sms
        ),
        language=person.language or language or "kk",
        params={**params, "link": f"{settings.PUBLIC_URL}{path}"},
        person=person,
        scope=scope,
        occasion=occasion,
    )
    return notify_all(notices=[notice], now=now)


def listed_addresses(person: Person, *, but: str) -> Addresses:
    """Where the newest lists reach a person: good for a notice and for nothing more (A303.10.a).

    ``but`` is a number (E.164) that would tell the wrong one.
    """
    rows = Completion.objects.filter(person=person).order_by("-mastered_on", "-pk")
    listed = list(rows.values_list("phone", "email"))
    return Addresses(
        email=next((email for _, email in listed if email), ""),
        sms=next((phone for phone, _ in listed if e164(phone) not in ("", but)), ""),
    )
