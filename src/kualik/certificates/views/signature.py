"""The authorised person's signature of one document, to take along; for staff, since the key's
certificate inside names an IIN."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.certificates import queries
from kualik.certificates.models import PersonSignature
from kualik.certificates.services.packing import packed
from kualik.core.access import staff
from kualik.rules.lifecycle import READERS


@staff(*READERS)
@require_safe
def signature(request: HttpRequest, number: str) -> FileResponse:
    """The detached CMS as it was handed in, with the time-stamp that was added since."""
    entry = _entry(request, number)
    if not default_storage.exists(entry.file):
        raise Http404
    return FileResponse(
        default_storage.open(entry.file, "rb"),
        as_attachment=True,
        filename=f"{number}.pdf.p7s",
        content_type="application/pkcs7-signature",
    )


@staff(*READERS)
@require_safe
def bundle(request: HttpRequest, number: str) -> HttpResponse:
    """The document with the signature beside it, as an archive."""
    entry = _entry(request, number)
    if not all(default_storage.exists(name) for name in (entry.file, entry.certificate.file)):
        raise Http404
    response = HttpResponse(b"".join(packed([entry])), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{number}.zip"'
    return response


def _entry(request: HttpRequest, number: str) -> PersonSignature:
    """The signature of a document in the register that the person may see; else 404."""
    row = get_object_or_404(queries.register_visible_to(person_of(request)), number=number)
    found = PersonSignature.objects.select_related("certificate")
    return get_object_or_404(found, certificate=row)
