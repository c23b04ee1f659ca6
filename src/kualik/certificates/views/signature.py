"""The authorised person's signature of one document, to take along; for staff, since the key's
certificate inside names an IIN."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.certificates import queries
from kualik.certificates.models import PersonSignature
from kualik.certificates.views.sending import sent_bundle, sent_signature
from kualik.core.access import staff
from kualik.rules.lifecycle import READERS


@staff(*READERS)
@require_safe
def signature(request: HttpRequest, number: str) -> FileResponse:
    """The detached CMS beside the document."""
    return sent_signature(_entry(request, number))


@staff(*READERS)
@require_safe
def bundle(request: HttpRequest, number: str) -> HttpResponse:
    """The document and the signature in one archive."""
    return sent_bundle(_entry(request, number))


def _entry(request: HttpRequest, number: str) -> PersonSignature:
    """The signature of a document in the register that the person may see; else 404."""
    row = get_object_or_404(queries.register_visible_to(person_of(request)), number=number)
    found = PersonSignature.objects.select_related("certificate")
    return get_object_or_404(found, certificate=row)
