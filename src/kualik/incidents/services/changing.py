"""Every change of a report: compare-and-set on its version."""

from collections.abc import Sequence

from kualik.incidents.models import Report
from kualik.rules.errors import RuleViolation

State = Report.State


def change(report: Report, *, frm: Sequence[str], **values: object) -> None:
    """Write new values if the state allows and nobody wrote since this row was read.

    Raises ``incident_state_forbids`` from another state, ``conflict``.
    """
    if report.state not in frm:
        raise RuleViolation("incident_state_forbids", number=report.incident.number)
    same = Report.objects.filter(pk=report.pk, state=report.state, version=report.version)
    if not same.update(version=report.version + 1, **values):
        raise RuleViolation("conflict", number=report.incident.number)
    report.version += 1
    for name, value in values.items():
        setattr(report, name, value)
