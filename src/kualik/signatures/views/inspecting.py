"""The open check of signatures (Digital Code art. 61): no sign-in, no session, nothing kept.

Files stay in memory. Checking one is work, so each counts towards the limit of a network address.
"""

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.core.uploads import UploadInMemory
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.signatures.forms import InspectForm
from kualik.signatures.services.inspecting import inspect_file
from kualik.signatures.services.inspection import Inspection
from kualik.signatures.services.trusting import installation_fetcher, installation_trust
from kualik.signatures.services.wording import summary_of

FILES = Limit("signature file", 30)
MEGABYTE = 1024 * 1024
NOT_ALLOWED = 405
NO_CONTENT = 204
ALLOWED = "POST, OPTIONS"
# No credentials: nothing here depends on who asks.
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ALLOWED,
    "Access-Control-Allow-Headers": "Accept-Language, Content-Type",
    "Access-Control-Max-Age": "86400",
}
FORM_DATA = "multipart/form-data"
READABLE = {"ensure_ascii": False}
NO_FILE = frozenset({"application/json", "text/html"})


@public
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def inspect(request: HttpRequest) -> HttpResponse:
    """The page. Exempt from the CSRF token: nothing is changed or kept, and so an upload can be
    bounded before its first byte is read and the page needs no cookie."""
    if request.method != "POST":
        return render(request, "signatures/inspect.html", {"form": InspectForm()})
    check_limit(FILES, address_of(request), now=clock.now())
    intake = UploadInMemory(request)
    request.upload_handlers = [intake]
    form = InspectForm(request.POST, request.FILES)
    form.is_valid()
    for name in intake.too_large:
        form.refuse(_too_large(), name)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        try:
            found = _inspected(request, form.content("file") or b"", form.content("document"))
            context |= {"found": found, "summary": summary_of(found), "form": InspectForm()}
        except RuleViolation as violation:
            form.refuse(violation)
    return render(request, "signatures/inspect.html", context)


@public
@never_cache
@csrf_exempt
def inspect_data(request: HttpRequest) -> HttpResponse:
    """The same for machines: the file as the body, or both as form data; open to other sites, whose
    browsers ask before they send a file."""
    if request.method == "OPTIONS":
        return HttpResponse(status=NO_CONTENT, headers={"Allow": ALLOWED, **PREFLIGHT})
    with translation.override(_language(request)):
        try:
            if request.method != "POST":
                raise RuleViolation("post_expected", page=reverse("signatures:inspect"))
            check_limit(FILES, address_of(request), now=clock.now())
            content, document = _sent(request)
            found = _inspected(request, content, document)
        except RuleViolation as violation:
            refused = {"status": "unreadable", "error": violation.code}
            refused["message"] = errors.message(violation)
            status = errors.status(violation)
            response = JsonResponse(refused, status=status, json_dumps_params=READABLE)
        else:
            response = JsonResponse(found.to_record(), json_dumps_params=READABLE)
        response["Content-Language"] = translation.get_language()
    if response.status_code == NOT_ALLOWED:
        response["Allow"] = ALLOWED
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _inspected(request: HttpRequest, content: bytes, document: bytes | None) -> Inspection:
    now = clock.now()
    count_miss(FILES, address_of(request), now=now)
    return inspect_file(
        content=content,
        document=document,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )


def _sent(request: HttpRequest) -> tuple[bytes, bytes | None]:
    """The file and its document. Raises RuleViolation."""
    if request.content_type in NO_FILE:
        raise RuleViolation("media_type_unsupported")
    if request.content_type != FORM_DATA:
        return _body(request), None
    intake = UploadInMemory(request)
    request.upload_handlers = [intake]
    try:
        files = request.FILES
    except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        raise RuleViolation("upload_unreadable") from error
    if intake.is_too_large:
        raise _too_large()
    content, document = (_bytes_of(files.get(name)) for name in ("file", "document"))
    if content is None:
        raise RuleViolation("file_missing")
    return content, document


def _bytes_of(given: object) -> bytes | None:
    return given.read() if isinstance(given, UploadedFile) else None


def _body(request: HttpRequest) -> bytes:
    try:
        content = request.read(settings.UPLOAD_LIMIT_BYTES + 1)
    except UnreadablePostError as error:
        raise RuleViolation("upload_unreadable") from error
    if len(content) > settings.UPLOAD_LIMIT_BYTES:
        raise _too_large()
    if not content:
        raise RuleViolation("file_missing")
    return bytes(content)


def _too_large() -> RuleViolation:
    return RuleViolation("file_too_large", limit=settings.UPLOAD_LIMIT_BYTES // MEGABYTE)


def _language(request: HttpRequest) -> str:
    """``?lang=``, else the language that the program asks for, else Kazakh."""
    chosen = request.GET.get("lang", "")
    return chosen if chosen in LANGUAGES else translation.get_language_from_request(request)
