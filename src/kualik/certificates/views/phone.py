"""A document on the screen of a phone: a card with a large code, an icon, a picture to keep.

The card is public as the check page is, for who holds the code: an icon on a phone must open after
the cabinet was left, too.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kualik.certificates.services.answers import Check
from kualik.certificates.services.sealing import check_address
from kualik.certificates.services.wording import PAPER_LABELS, STATUS_LABELS, labels_of
from kualik.certificates.views.own import own_row
from kualik.certificates.views.public import canonical_code, guarded_check, unlisted
from kualik.core import clock
from kualik.core.access import applicant, public
from kualik.core.language import spoken
from kualik.core.qr import qr_code
from kualik.papers.services import render_card
from kualik.rules.facts import from_record

COLOUR = "#0b4f5f"


@applicant
@require_safe
def own_phone(request: HttpRequest, number: str) -> HttpResponse:
    """The card, and how to put it on the home screen of an Android phone or an iPhone."""
    row = own_row(request, number)
    labels = labels_of(status=row.status, kind=row.kind, paper=row.paper)
    context = {
        "row": row,
        "facts": from_record(row.facts),
        "status": row.status,
        "label": labels.status,
        "paper": labels.paper,
        "qr": qr_code(check_address(row.code)),
    }
    return render(request, "certificates/phone.html", context)


@applicant
@require_safe
def own_card(request: HttpRequest, number: str) -> HttpResponse:
    """The card as a picture, to keep among the photos."""
    row = own_row(request, number)
    content = render_card(
        facts=from_record(row.facts),
        check_url=check_address(row.code),
        language=get_language() or "kk",
        is_test=bool(row.key and row.key.is_test),
        now=clock.now(),
    )
    response = HttpResponse(content, content_type="image/png")
    response["Content-Disposition"] = f'attachment; filename="{row.number}.png"'
    return response


@public
@never_cache
@require_safe
def card(request: HttpRequest, code: str) -> HttpResponse:
    """What the icon opens; for anything but a certificate the check page answers."""
    found = _certificate(request, code)
    facts = found.facts
    if facts is None or found.standing is None or code != facts.code:
        return redirect("certificates:by_code", code=code)
    context = {
        "facts": facts,
        "status": found.standing,
        "label": STATUS_LABELS[found.standing],
        "paper": PAPER_LABELS[facts.paper],
        "qr": qr_code(check_address(facts.code)),
        "is_test": found.is_test,
    }
    return unlisted(render(request, "certificates/card.html", context))


@public
@never_cache
@require_safe
def card_manifest(request: HttpRequest, code: str) -> HttpResponse:
    """What a phone needs to know to make a named icon of the card; 404 without a document."""
    facts = _certificate(request, code).facts
    if facts is None:
        return unlisted(HttpResponse(status=404))
    icon = static("certificates/icon-512.png")
    paper = spoken(PAPER_LABELS[facts.paper])
    manifest = {
        "name": f"{paper} № {facts.number}",
        "short_name": paper,
        "start_url": reverse("certificates:card", args=[facts.code]),
        "id": reverse("certificates:card", args=[facts.code]),
        "scope": "/c/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": "#ffffff",
        "lang": get_language() or "kk",
        "icons": [{"src": icon, "sizes": "512x512", "type": "image/png", "purpose": "any"}],
    }
    return unlisted(JsonResponse(manifest, content_type="application/manifest+json"))


def _certificate(request: HttpRequest, code: str) -> Check:
    return guarded_check(request, canonical_code(code) or code)
