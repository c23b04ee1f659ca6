"""Taking the scans of a form into its draft."""

from datetime import datetime

from django.forms import Form
from django.http import HttpRequest

from kualik.accounts.models import Person
from kualik.cases.models import Draft
from kualik.cases.services.attaching import (
    drop_attachment,
    keep_attachment,
    scans_of,
    too_large,
)
from kualik.core import errors
from kualik.core.uploads import is_any_too_large
from kualik.rules.errors import RuleViolation


def take_scans(
    request: HttpRequest, form: Form, *, person: Person, purpose: str, draft: Draft, now: datetime
) -> int:
    """Keep what was sent with the form, so that another mistake on the page loses no file; how
    many scans the draft has now. What is wrong with a file becomes the form's error."""
    uploads = request.FILES.getlist("scans")
    if is_any_too_large(request):
        form.add_error("scans", errors.message(too_large()))
    for upload in uploads:
        try:
            keep_attachment(person=person, purpose=purpose, upload=upload, draft=draft, now=now)
        except RuleViolation as violation:
            form.add_error("scans", errors.message(violation))
    return len(scans_of(draft))


def drop_scan(request: HttpRequest, draft: Draft) -> bool:
    """Take back the draft's scan whose button was pressed; whether one was pressed."""
    dropped = request.POST.get("drop", "")
    for scan in scans_of(draft):
        if str(scan.pk) == dropped:
            drop_attachment(attachment=scan)
    return bool(dropped)
