"""The registry of phones (БМГ) as ``accounts.adapters.phones`` asks it (A303.10.a)."""

from datetime import datetime
from xml.sax.saxutils import escape

from kualik.accounts.models import Person
from kualik.accounts.services import find_person
from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.gateway.adapters.exchange import Refused
from kualik.gateway.adapters.inner import Unreadable, anywhere, element
from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Consent
from kualik.gateway.queries.registers import registers
from kualik.gateway.services import looking_up
from kualik.gateway.services.consents import token_of
from kualik.gateway.services.looking_up import Asker
from kualik.rules.errors import RuleViolation


class Registry:
    """Asks the registry where its wire is set (``registers.toml``), else knows nobody.

    Where the question carries a token, a person without a standing consent for that service is not
    asked about.
    """

    def lookup(self, iin: str) -> str | None:
        """The number of a person; None where none is known. Raises OSError when it is away."""
        book, now = registers().phones, clock.now()
        if not (book.request and book.phone):
            return None
        person = find_person(iin=iin)
        token = ("", "")
        if "{token}" in book.request:
            consent = _consent(person, now=now)
            if consent is None:
                return None
            token = token_of(consent, now=now)
        values = {"iin": iin, "token": token[0], "key": token[1]}
        data = book.request.format(**{name: escape(value) for name, value in values.items()})
        try:
            asker = Asker(actor=SYSTEM, person=person)
            call = looking_up.open_call(service_id=book.service_id, asker=asker, now=now)
            hurry = looking_up.HASTE_SECONDS
            answer = looking_up.ask(call=call, data=data, shape="element", now=now, seconds=hurry)
            found = anywhere(element(answer.data.text), book.phone)
        except (Unreachable, Refused, Unreadable, RuleViolation) as fault:
            raise ConnectionError("the registry of phones") from fault
        looking_up.note_outcome(call, "found" if found else "none")
        return found or None


def _consent(person: Person | None, *, now: datetime) -> Consent | None:
    """A consent of the person for this very registry."""
    rows = Consent.objects.filter(
        person=person,
        access_name=registers().phones.service_id,
        state=Consent.State.GIVEN,
        expires_at__gt=now,
    )
    return rows.order_by("-pk").first() if person else None
