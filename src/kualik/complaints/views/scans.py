"""The files of a complaint's form, looked at before anything is kept."""

from django.forms import Form
from django.http import HttpRequest

from kualik.cases.adapters.scans import MOST_PAGES, UnfitScan, read_scan
from kualik.cases.services.attaching import plain_name, too_large
from kualik.complaints.services.filing import Added
from kualik.core import errors
from kualik.core.uploads import SCAN_LIMIT_BYTES, SCANS, is_any_too_large
from kualik.rules.errors import RuleViolation


def scans_of(request: HttpRequest, form: Form) -> list[Added]:
    """What was sent with the form; what is wrong with a file becomes the form's error."""
    uploads = request.FILES.getlist("scans")
    if is_any_too_large(request):
        form.add_error("scans", errors.message(too_large()))
    if len(uploads) > SCANS:
        violation = RuleViolation("too_many_scans", limit=SCANS)
        form.add_error("scans", errors.message(violation))
        return []
    found = []
    for upload in uploads:
        try:
            scan = read_scan(upload.read(SCAN_LIMIT_BYTES + 1))
        except UnfitScan as error:
            violation = RuleViolation(error.code, pages=MOST_PAGES)
            form.add_error("scans", errors.message(violation))
        else:
            found.append(Added(plain_name(upload.name or "", extension=scan.extension), scan))
    return found
