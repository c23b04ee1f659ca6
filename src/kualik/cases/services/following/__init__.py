"""The course of a request: one telling for the cabinet, the status page, the office, messages,
the contact centre and other programs (A57.10.b, A303.10.b)."""

from kualik.cases.services.following.course import Course, Overdue, Stage, follow
from kualik.cases.services.following.deciding import Automatic, Refused, refused_of
from kualik.cases.services.following.papers import Paper
from kualik.cases.services.following.recording import to_record
from kualik.cases.services.following.usual import usual_time
from kualik.cases.services.following.words import Turn, is_revoked

__all__ = [
    "Automatic",
    "Course",
    "Overdue",
    "Paper",
    "Refused",
    "Stage",
    "Turn",
    "follow",
    "is_revoked",
    "refused_of",
    "to_record",
    "usual_time",
]
