"""Requests of citizens: by a page, or many at once by a program."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tools.portal import forms
from tools.portal.services import Form, Service, form_of, of_person, service_of
from tools.portal.state import Portal, machine_time

FIRST_KIND = {"document": "request", "operations": "SubmitRequest"}
MOST_AT_ONCE = 5_000


def file_request(
    portal: Portal, *, service: Service, form: Form, way: str = "", person: str = ""
) -> str:
    """A request that leaves at once; its number. Raises ValueError for a way it cannot travel."""
    way = way or service.ways[0]
    if way not in service.ways:
        raise ValueError(f"way: {way}")
    now = portal.now()
    request = portal.books.open(
        person=person or portal.citizen(form).id,
        service=service.code,
        way=way,
        form=form.to_record(),
        now=now,
    )
    number = str(request["number"])
    document = forms.request_of(service, form, number=number, at=now)
    portal.books.put(
        number=number,
        kind="REQUEST" if way == "push" else FIRST_KIND[service.family],
        data=portal.confirmed(document, form),
        message_id="" if way == "push" else str(uuid4()),
        due=machine_time(),
    )
    portal.wake()
    return number


def update(portal: Portal, *, number: str, given: Mapping[str, Any]) -> None:
    """A withdrawal (``action`` WITHDRAW) or added data (ADD) for a request of the citizen.

    Raises KeyError, and ValueError where the service knows no such act.
    """
    request = portal.books.request(number)
    service = portal.service(request["service"])
    form = form_of({**portal.form(request).to_record(), "files": (), **given})
    if form.action not in ("WITHDRAW", "ADD"):
        raise ValueError(f"action: {form.action}")
    kind, way = "UPDATE", str(request["way"])
    if way == "push":
        document = forms.request_of(service, form, number=number, at=portal.now())
    elif service.family == "operations" and form.action == "WITHDRAW":
        kind = "CancelRequest"
        rows = (("requestNumber", number), ("reason", form.comment))
        document = forms.operation_of(service, kind, rows)
    elif service.family == "document":
        kind = "request"
        document = forms.request_of(service, form, number=number, at=portal.now())
    else:
        raise ValueError(f"action: {form.action}")
    portal.books.put(
        number=number,
        kind=kind,
        data=portal.confirmed(document, form),
        message_id="" if way == "push" else str(uuid4()),
        due=machine_time(),
    )
    portal.books.note(number, "update", at=portal.now(), action=form.action)
    portal.wake()


def file_many(portal: Portal, told: Mapping[str, Any]) -> list[str]:
    """Many at once; the numbers in the order of the people.

    ``told``: ``people`` (ids of the demonstration, or forms with at least an IIN), ``service``
    (a code of the catalogue or a record of a service), ``way``, and fields of the form that all
    share. Raises ValueError, TypeError and KeyError.
    """
    people = told["people"]
    if not isinstance(people, list) or len(people) > MOST_AT_ONCE:
        raise ValueError("people")
    service = _service(portal, told["service"])
    shared = {
        name: value for name, value in told.items() if name not in ("people", "service", "way")
    }
    known = portal.people()
    made = []
    for one in people:
        given = of_person(known[one]) if isinstance(one, str) else dict(one)
        form = form_of({**shared, **given})
        if not isinstance(one, str):
            portal.books.keep("person", form.iin, form.to_record())
        made.append((form, one if isinstance(one, str) else ""))
    way = str(told.get("way") or "")
    return [
        file_request(portal, service=service, form=form, way=way, person=person)
        for form, person in made
    ]


def _service(portal: Portal, told: object) -> Service:
    if not isinstance(told, Mapping):
        return portal.service(str(told))
    service = service_of(told)
    portal.books.keep("service", service.code, service.to_record())
    return service
