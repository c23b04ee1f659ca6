"""The holder's own documents, to take along from the cabinet (Digital Code, article 50).

The key's certificate inside a signature names an IIN, so nobody but the holder and staff has it.
"""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kualik.accounts.queries import applicant_of
from kualik.certificates.models import Certificate, PersonSignature
from kualik.certificates.queries import certificates_of
from kualik.certificates.views.sending import sent_bundle, sent_file, sent_signature
from kualik.core.access import applicant


@applicant
@require_safe
def own_file(request: HttpRequest, number: str) -> FileResponse:
    """The sealed PDF."""
    row = own_row(request, number)
    return sent_file(row.file, f"{row.number}.pdf")


@applicant
@require_safe
def own_signature(request: HttpRequest, number: str) -> FileResponse:
    """The authorised person's signature (A57.10-2); none where the organisation sealed alone."""
    return sent_signature(_entry(request, number))


@applicant
@require_safe
def own_bundle(request: HttpRequest, number: str) -> HttpResponse:
    """Both in one archive."""
    return sent_bundle(_entry(request, number))


def own_row(request: HttpRequest, number: str) -> Certificate:
    """A document of the visitor; anybody else's is 404."""
    return get_object_or_404(certificates_of(applicant_of(request)), number=number)


def _entry(request: HttpRequest, number: str) -> PersonSignature:
    found = PersonSignature.objects.select_related("certificate")
    return get_object_or_404(found, certificate=own_row(request, number))
