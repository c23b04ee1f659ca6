"""What is asked of incidents."""

from kualik.incidents.queries.causes import DECLARED, Cause, causes
from kualik.incidents.queries.faults import coded, fault_detail, fault_text, faults
from kualik.incidents.queries.rows import (
    course,
    current,
    effect_of,
    history_since,
    incidents_visible_to,
    is_planned,
    lasting,
    proposals_visible_to,
    report_visible_to,
    reports_visible_to,
    what_of,
)
from kualik.incidents.queries.touched import touched_at, touched_of, touched_requests

__all__ = [
    "DECLARED",
    "Cause",
    "causes",
    "coded",
    "course",
    "current",
    "effect_of",
    "fault_detail",
    "fault_text",
    "faults",
    "history_since",
    "incidents_visible_to",
    "is_planned",
    "lasting",
    "proposals_visible_to",
    "report_visible_to",
    "reports_visible_to",
    "touched_at",
    "touched_of",
    "touched_requests",
    "what_of",
]
