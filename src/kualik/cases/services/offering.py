"""Telling people that they completed a programme and may have its document by one answer
(A303.10.a).

The number of a list gets a notice and nothing more: only the answer from a number confirmed for
the person files anything (``answering``). Who withdrew the consent is offered nothing (reading
A303-offer).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse

from kualik.accounts.queries import confirmed_phones, withdrawn_among
from kualik.cases.queries import unrequested
from kualik.core.clock import local_day
from kualik.core.jobs import Payload
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.rules import standards
from kualik.training.models import Completion, ImportDraft

OFFER: Final = "completion_offer"
BATCH: Final = 400


def run_offer_job(payload: Payload, now: datetime) -> None:
    """The handler of the job that a confirmed import leaves behind; run twice it tells once."""
    draft = ImportDraft.objects.filter(pk=str(payload["import"])).first()
    if draft is not None:
        offer_documents(completions=[pk for _, pk in draft.result["completions"]], now=now)


def offer_documents(*, completions: Sequence[int], now: datetime) -> int:
    """Tell those of the completed programmes, by primary key, who have a phone and neither a
    document nor a request and did not withdraw their consent; how many were told, each once."""
    today = local_day(now)
    kinds = {row.kind for row in standards.in_force(today).results}
    told = 0
    for start in range(0, len(completions), BATCH):
        rows = unrequested(Completion.objects.filter(pk__in=completions[start : start + BATCH]))
        waiting = rows.filter(mastered_on__lte=today, programme__kind__in=kinds)
        related = list(waiting.select_related("person", "programme", "provider").order_by("pk"))
        people = {row.person_id for row in related}
        phones, withdrawn = confirmed_phones(people), withdrawn_among(people)
        asked = [row for row in related if row.person_id not in withdrawn]
        notices = [notice for row in asked if (notice := _notice(row, phones))]
        notify_all(notices=notices, now=now)
        told += len(notices)
    return told


def about_completion(pk: int) -> str:
    """The subject of an offer."""
    return f"completion:{pk}"


def completions_of(abouts: Iterable[str]) -> dict[str, Completion]:
    """The completed programmes that offers were about, by the subject; without those gone."""
    subjects = {subject.partition(":")[2]: subject for subject in abouts}
    related = ("person", "programme", "provider", "group")
    rows = Completion.objects.select_related(*related).filter(pk__in=subjects)
    return {subjects[str(row.pk)]: row for row in rows}


def _notice(row: Completion, phones: Mapping[int, str]) -> Notice | None:
    """The offer, by SMS to the person's own number where one is confirmed, and by e-mail."""
    phone = phones.get(row.person_id, "") or row.phone
    if not phone:
        return None
    link = f"{settings.PUBLIC_URL}{reverse('cases:receive', args=[row.pk])}"
    return Notice(
        event=OFFER,
        about=about_completion(row.pk),
        addresses=Addresses(sms=phone, email=row.person.email or row.email),
        language=row.person.language or "kk",
        params={
            "programme": row.programme.title,
            "on": row.mastered_on,
            "provider": row.provider.name,
            "link": link,
        },
        person=row.person,
        scope=row.provider.code,
    )
