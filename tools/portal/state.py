"""What all parts of the portal share: the books, the keys, whom it knows, how it behaves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from kualik.core import clock
from kualik.gateway.adapters import wsse
from kualik.gateway.adapters.transport_keys import LeafKey
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_xml
from kualik.signatures.adapters.test_authority.storage import load_leaf
from tools.people import KeyRing, Person, read_people
from tools.portal.books import Books, Row
from tools.portal.faults import Faults
from tools.portal.services import Form, Service, catalogue, form_of, service_of

SENDER = "pep"
DOCUMENTS_SENDER = "digilocker"
# Choices that a page or POST /behaviour changes.
BEHAVIOUR = {
    "scheme": ("rsa", "gost512"),
    "push": ("yes", "no"),
    "away": ("no", "yes"),
    "consent": ("ask", "answer", "deny", "timeout"),
    "documents": ("ask", "allow", "deny", "timeout"),
    "register": ("usual", "dead", "another_name", "not_found", "broken"),
    "files": ("usual", "full", "broken"),
}


def folder() -> Path:
    """Where the portal keeps its keys and books."""
    return Path(settings.VAR) / "simulators" / "portal"


@dataclass(slots=True)
class Portal:
    """The portal with the gateway beside it.

    ``target`` is the address of the system. ``behaviour`` holds a choice for each row of BEHAVIOUR.
    ``poll_seconds`` is how often the status of a synchronous service is asked.
    """

    books: Books
    root: Path
    target: str
    our_sender: str = "kualik"
    now: Callable[[], datetime] = clock.now
    faults: Faults = field(default_factory=Faults)
    behaviour: dict[str, str] = field(
        default_factory=lambda: {name: choices[0] for name, choices in BEHAVIOUR.items()}
    )
    ring: KeyRing = field(default_factory=KeyRing)
    poll_seconds: float = 3.0
    late_seconds: float = 3.0
    wake: Callable[[], None] = lambda: None

    def change(self, given: Mapping[str, Any]) -> None:
        """Other behaviour. Raises ValueError for none of the choices."""
        for name, value in given.items():
            if name in ("poll_seconds", "late_seconds"):
                setattr(self, name, float(value))
            elif value not in BEHAVIOUR.get(name, ()):
                raise ValueError(f"{name}: {value}")
            else:
                self.behaviour[name] = str(value)

    # Keys

    def leaf(self) -> Leaf:
        """The portal's key that signs now. Raises OSError where the demonstration made none."""
        scheme = Scheme(self.behaviour["scheme"])
        return load_leaf(self.root, scheme.value, scheme=scheme, chain=())

    def sign(self, envelope: bytes) -> bytes:
        """The envelope with the header of the transport."""
        return wsse.sign(envelope, LeafKey(self.leaf()))

    def check(self, envelope: bytes) -> None:
        """Raises GatewayFault unless a key of the system signed the body."""
        pins = [file.read_bytes() for file in sorted((self.root / "kualik").glob("*.cer"))]
        wsse.verify(envelope, pinned=pins, now=self.now())

    def confirmed(self, document: str, form: Form) -> str:
        """The document signed by the citizen's key, or by the portal that checked a code."""
        leaf = self.leaf()
        if form.confirmation == "EDS":
            leaf = self.ring.key(self.citizen(form), scheme=leaf.key.suite.scheme, now=self.now())
        return sign_xml(leaf, document.encode(), exclusive=False).decode()

    # People and services

    def people(self) -> dict[str, Person]:
        """The citizens of the demonstration, who come first, and its staff."""
        try:
            found = read_people(self.root.parent / "people.json")
        except OSError:
            return {}
        return {key: one for key, one in found.items() if not one.bin}

    def by_iin(self, iin: str) -> Person | None:
        """A citizen by number; those who came by POST /requests are known too."""
        known = next((one for one in self.people().values() if one.iin == iin), None)
        told = self.books.kept("person", iin)
        return known or (self.citizen(form_of(told)) if told else None)

    def citizen(self, form: Form) -> Person:
        """The person of a form."""
        known = {one.iin: one for one in self.people().values()}
        return known.get(form.iin) or Person(
            id=form.iin, surname=form.surname, given_name=form.name, patronymic=form.patronymic,
            iin=form.iin, organisation="", bin="", roles=("individual",), labels={"kk": ""},
            phone=form.phone,
        )  # fmt: skip

    def studied(self) -> dict[str, list[dict[str, str]]]:
        """What each citizen of the demonstration completed, by the citizen's id."""
        try:
            found: dict[str, list[dict[str, str]]] = json.loads(
                (self.root / "studied.json").read_text("utf-8")
            )
        except OSError:
            return {}
        return found

    def service(self, code: str) -> Service:
        """By its code; others than those of the catalogue were brought by POST /requests.

        Raises KeyError.
        """
        if code in catalogue():
            return catalogue()[code]
        record = self.books.kept("service", code)
        if record is None:
            raise KeyError(code)
        return service_of(record)

    def services(self) -> dict[str, Service]:
        """All services by code."""
        brought = self.books.all_kept("service")
        return {**catalogue(), **{code: service_of(one) for code, one in brought.items()}}

    def form(self, request: Row) -> Form:
        """The form of a request."""
        return form_of(json.loads(request["form"]))


def machine_time() -> float:
    """Seconds by the clock of the machine, whatever time is played."""
    return clock.machine_now().timestamp()
