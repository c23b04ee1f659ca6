"""The stand with samples of documents, and the notice for the wall (A303.10.e, A303.10.f)."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import public, staff
from kualik.counter.services.stand import make_notice
from kualik.papers.queries import Form, forms
from kualik.papers.services import render_sample
from kualik.providers.models import Office
from kualik.rules import standards
from kualik.rules.language import Text
from kualik.rules.lifecycle import READERS, Role

SIZES = ("a4", "a3")
HANGS = (READERS - {Role.INSPECTOR}) | {Role.PROVIDER_ADMIN}


@public
@require_safe
def samples(request: HttpRequest) -> HttpResponse:
    """Every form of the editions, to look at and to print."""
    return render(request, "counter/samples.html", {"forms": _shown(), "is_office": False})


@public
@require_safe
def sample(_request: HttpRequest, form: str) -> HttpResponse:
    """One form with invented data and the mark of a sample; the same bytes for everybody."""
    if form not in forms():
        raise Http404
    address = f"{settings.PUBLIC_URL}{reverse('counter:samples')}"
    headers = {"Content-Disposition": f'inline; filename="sample-{form}.pdf"'}
    content = render_sample(form_key=form, check_url=address)
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@staff(*HANGS)
@require_safe
def stand(request: HttpRequest) -> HttpResponse:
    """What to print for the premises: samples, and the notice of each office."""
    own = Office.objects.filter(provider=person_of(request).provider_id)
    offices = own.order_by("-is_main", "pk")
    context = {
        "forms": _shown(),
        "is_office": True,
        "offices": [(row, Text(row.name_kk, row.name_ru, row.name_en)) for row in offices],
        "sizes": SIZES,
    }
    return render(request, "counter/samples.html", context)


@staff(*HANGS)
@require_safe
def notice(request: HttpRequest, pk: int, size: str) -> HttpResponse:
    """The notice of one office of the own provider."""
    user = person_of(request)
    if size not in SIZES or user.provider_id is None:
        raise Http404
    office = get_object_or_404(
        Office.objects.select_related("provider"), pk=pk, provider=user.provider_id
    )
    content = make_notice(office=office, size=size, now=clock.now())
    headers = {"Content-Disposition": f'inline; filename="notice-{size}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _shown() -> list[tuple[Form, Text]]:
    """The forms with their titles in small letters, those of the edition in force first."""
    today = clock.local_day(clock.now())
    current = standards.in_force(today).edition
    found = sorted(forms().values(), key=lambda one: (one.edition != current, one.key))
    return [(one, Text(one.title.kk.capitalize(), one.title.ru.capitalize())) for one in found]
