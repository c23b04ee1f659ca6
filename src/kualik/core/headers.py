"""What the browser is told never to do on our pages."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase

# Own files only: no inline script, no frame, no form that leads away.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=()"


def headers_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Adds the policies to every answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def reaching(response: HttpResponse, address: str) -> HttpResponse:
    """The answer, whose scripts may speak to the program at ``address`` too (NCALayer)."""
    where = urlsplit(address)
    allowed = f"connect-src 'self' {where.scheme}://{where.netloc}"
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; {allowed}"
    return response
