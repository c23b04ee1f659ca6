"""One document of its holder: everything about it at one place, and everything to take along."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kualik.certificates.queries import preservation_of
from kualik.certificates.services.archiving import archive_of
from kualik.certificates.services.checking import signature_of
from kualik.certificates.services.wording import PROOF_LABELS, labels_of, sides
from kualik.certificates.views.own import own_row
from kualik.certificates.views.sending import sent_file
from kualik.core.access import applicant
from kualik.rules.facts import from_record
from kualik.rules.language import Text

# The browser shows the file by a part of its own, which "object-src 'none'" would forbid.
SHOWN_BY_BROWSER = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)


@applicant
@require_safe
def own_document(request: HttpRequest, number: str) -> HttpResponse:
    """What it says, whether it is in force, who signed, and what can be done with it."""
    row = own_row(request, number)
    facts = from_record(row.facts)
    preserved = preservation_of(row)
    context = {
        "row": row,
        "facts": facts,
        "labels": labels_of(status=row.status, kind=row.kind, paper=row.paper),
        "reason": Text(row.status_reason_kk, row.status_reason_ru),
        "sides": sides(facts),
        "signature": signature_of(row),
        "preserved": preserved,
        "proof": PROOF_LABELS[preserved.level] if preserved else None,
    }
    return render(request, "certificates/document.html", context)


@applicant
@require_safe
def own_print(request: HttpRequest, number: str) -> FileResponse:
    """The sealed PDF in the browser's own window, from which it is printed."""
    row = own_row(request, number)
    if not default_storage.exists(row.file):
        raise Http404
    response = FileResponse(
        default_storage.open(row.file, "rb"),
        filename=f"{row.number}.pdf",
        content_type="application/pdf",
    )
    response["Content-Security-Policy"] = SHOWN_BY_BROWSER
    return response


@applicant
@require_safe
def own_lasting_file(request: HttpRequest, number: str) -> FileResponse:
    """The PDF with the proof that was added behind its end; 404 where there is none yet."""
    found = preservation_of(own_row(request, number))
    return sent_file(found.file if found else "", f"{number}-lasting.pdf")


@applicant
@require_safe
def own_archive(request: HttpRequest, number: str) -> HttpResponse:
    """The document with all that proves it outside this system."""
    row = own_row(request, number)
    try:
        content = archive_of(row)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{row.number}-archive.zip"'
    return response
