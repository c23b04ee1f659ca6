"""Addresses for tests of the sign-in: its own pages, and empty ones for the other rooms."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from kualik.core.access import applicant, public, staff
from kualik.rules.lifecycle import Role


@public
def anyones(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to all")


@staff(Role.REGISTRAR)
def registrars(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("work of the office")


@applicant
def applicants(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("own cabinet")


def room(name: str, pages: dict[str, object]):
    listed = [path(f"{name}/{page}/", view, name=page) for page, view in pages.items()]
    return path("", include((listed, name)))


urlpatterns = [
    path("", anyones, name="home"),
    path("standards/", anyones, name="standards"),
    path("accessibility/", anyones, name="accessibility"),
    path("view/", anyones, name="look"),
    path("stay/", anyones, name="stay"),
    path("", include("kualik.accounts.urls")),
    path("", include("kualik.signatures.urls")),
    room("providers", {"directory": anyones}),
    room("certificates", {"check": anyones, "register": registrars}),
    room("training", {"groups": registrars, "import": registrars}),
    room("counter", {"samples": anyones}),
    room("incidents", {"public": anyones}),
    room("oversight", {"law": anyones, "public_figures": anyones}),
    room(
        "cases",
        {
            "status": anyones,
            "cabinet": applicants,
            "office": registrars,
            "requests": registrars,
            "seal": registrars,
        },
    ),
]
