"""Who may take tickets without standing at the reception: screens of the hall, phones in it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.core.throttle import DAY, Limit, check_limit, count_miss
from kualik.counter.models import Hall
from kualik.counter.queries.presence import is_code
from kualik.providers.models import Office
from kualik.rules.errors import RuleViolation

# A hall shares one address by its own network, so the limits are those of a hall, not of a person.
TAKEN = Limit("queue_ticket", 60)
BOOKED = Limit("queue_booking", 20, DAY)
# Of one office, whoever asks: a crowd that really comes stays below.
TAKEN_OF_OFFICE = Limit("queue_ticket_office", 400, DAY)
BOOKED_OF_OFFICE = Limit("queue_booking_office", 120, DAY)
# One ticket in five seconds, without a pause: no kiosk is pressed faster.
KIOSK = Limit("kiosk_ticket", 180)
KIOSK_NUMBERS = Limit("kiosk_number", 60)
# Of ten thousand codes two are right.
GUESSED = Limit("presence_code", 10)
GUESSED_OF_OFFICE = Limit("presence_code_office", 100)


def check_presence(*, office: Office, code: str, address: str, now: datetime) -> None:
    """Raises ``presence_code_wrong`` for what the board does not show, ``too_many_tries``."""
    mine = ((GUESSED, f"{office.pk}:{address}"), (GUESSED_OF_OFFICE, str(office.pk)))
    for limit, guesser in mine:
        check_limit(limit, guesser, now=now)
    if is_code(office, code, now=now):
        return
    for limit, guesser in mine:
        count_miss(limit, guesser, now=now)
    raise RuleViolation("presence_code_wrong")


@transaction.atomic
def pair_screen(*, hall: Hall, actor: Actor, now: datetime) -> None:
    """Journal that a device became a screen of the hall; the device keeps ``screen_value``."""
    _record(hall, "screen_paired", actor, now)


@transaction.atomic
def unpair_screens(*, hall: Hall, actor: Actor, now: datetime) -> None:
    """End the pairing of all screens of a hall: each has to be paired anew."""
    Hall.objects.filter(pk=hall.pk).update(pairing=F("pairing") + 1)
    hall.refresh_from_db(fields=["pairing"])
    _record(hall, "screens_unpaired", actor, now)


def _record(hall: Hall, act: str, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=f"hall:{hall.office_id}",
        action=f"counter.{act}",
        actor=actor,
        now=now,
        data={"pairing": hall.pairing},
    )
