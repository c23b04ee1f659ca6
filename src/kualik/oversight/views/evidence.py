"""The evidence pack of a request, for who supervises or answers for it."""

from django.http import Http404, HttpRequest, HttpResponse

from kualik.accounts.queries import person_of
from kualik.cases.queries import requests_visible_to
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.oversight.services.evidence import export_evidence
from kualik.rules.lifecycle import SUPERVISORS


@staff(*SUPERVISORS)
@post_only("cases:request", "number")
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """The pack as a zip; the person sees that it was taken."""
    user = person_of(request)
    found = requests_visible_to(user).filter(number=number).first()
    if found is None:
        raise Http404
    actor = user.acting_as(role_of(user, SUPERVISORS))
    content = export_evidence(request=found, actor=actor, now=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="evidence-{found.number}.zip"'}
    return HttpResponse(content, content_type="application/zip", headers=headers)
