"""Scans of signed papers: looked at before they are kept, handed out as files to be saved."""

from django.core.files.uploadedfile import UploadedFile
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse

from kualik.cases.adapters.scans import MOST_PAGES, Scan, UnfitScan, read_scan
from kualik.cases.services.attaching import too_large
from kualik.core import errors
from kualik.core.uploads import SCAN_LIMIT_BYTES, is_any_too_large
from kualik.counter.forms.handing import ScanForm
from kualik.rules.errors import RuleViolation

# Whatever a browser may think of it: it runs nothing and loads nothing.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def read_upload(request: HttpRequest, form: ScanForm) -> Scan | None:
    """The file of the form; what is wrong with it becomes the form's error."""
    if is_any_too_large(request):
        form.errors.pop("scan", None)
        form.add_error("scan", errors.message(too_large()))
        return None
    upload = form.cleaned_data.get("scan") if form.is_valid() else None
    if not isinstance(upload, UploadedFile):
        return None
    try:
        return read_scan(upload.read(SCAN_LIMIT_BYTES + 1))
    except UnfitScan as error:
        form.add_error("scan", errors.message(RuleViolation(error.code, pages=MOST_PAGES)))
        return None


def sent_scan(kept: FieldFile, name: str) -> HttpResponse:
    """A kept scan under a plain name; its ending follows from its bytes."""
    with kept.open("rb") as file:
        scan = read_scan(file.read())
    response = HttpResponse(scan.content, content_type=scan.media_type)
    filename = f"{name}{scan.extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
