"""Keeping who looked at a complaint, whether its complainant is known or not (A57.10.b)."""

from datetime import datetime

from django.db import transaction

from kualik.accounts.services import note_look, record_look
from kualik.complaints.models import Complaint
from kualik.core.journal import Actor

WHAT = "complaint"


@transaction.atomic
def look_at(*, complaint: Complaint, actor: Actor, now: datetime) -> None:
    """Journal a look under the complaint and, where the complainant is known, for that person."""
    number = complaint.number
    note_look(subject=f"complaint:{number}", what=WHAT, about=number, actor=actor, now=now)
    if complaint.person is not None:
        record_look(person=complaint.person, what=WHAT, about=number, actor=actor, now=now)
