"""How the two acts are kept: in words for everybody, with code and tests for who supervises."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kualik.core.access import public, staff
from kualik.oversight.queries.proofs import clauses, last_run
from kualik.rules import standards
from kualik.rules.lifecycle import SUPERVISORS, Role
from kualik.rules.standards import CLAUSES


@public
def law(request: HttpRequest) -> HttpResponse:
    """Every clause: what it says, how far it is kept and how, in plain words."""
    return render(request, "oversight/law.html", _context())


@staff(*SUPERVISORS, Role.PLATFORM_ADMIN)
def proofs(request: HttpRequest) -> HttpResponse:
    """The same with rules, screens and tests, and what the last whole run of them proved."""
    return render(request, "oversight/proofs.html", _context())


def _context() -> dict[str, object]:
    on, passed = last_run()
    found = clauses()
    acts = [
        (standards.get(act), [clause for clause in found if clause.act == act]) for act in CLAUSES
    ]
    unproved = sum(not clause.is_proved for clause in found)
    return {"acts": acts, "on": on, "passed": passed, "unproved": unproved, "total": len(found)}
