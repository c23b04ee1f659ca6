"""Keeping who looked at a complaint, whether its complainant is known or not (A57.10.b)."""

from collections.abc import Iterable
from datetime import datetime

from kualik.accounts.services import note_looks
from kualik.complaints.models import Complaint
from kualik.core.journal import Actor

WHAT = "complaint"


def look_at(*, complaints: Iterable[Complaint], actor: Actor, now: datetime) -> None:
    """Journal a look under each complaint and, where the complainant is known, for that person."""
    looks = []
    for complaint in complaints:
        looks.append((f"complaint:{complaint.number}", complaint.number))
        if complaint.person_id is not None:
            looks.append((f"person:{complaint.person_id}", complaint.number))
    note_looks(looks=looks, what=WHAT, actor=actor, now=now)
