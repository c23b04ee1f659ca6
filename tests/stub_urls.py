"""Addresses for tests of public pages: the real pages, and empty ones for the other rooms."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from kualik.config import views
from kualik.core.access import public


@public
def empty(_request: HttpRequest, **_facts: str) -> HttpResponse:
    """Stands for a page of another room."""
    return HttpResponse("")


@public
def failing(_request: HttpRequest) -> HttpResponse:
    """Stands for a page with a fault."""
    raise RuntimeError("a fault in a page")


OTHER_ROOMS = {
    "accounts": ("login", "logout", "profile", "second_factor"),
    "signatures": ("enter", "eds", "phone", "leave", "inspect"),
    "certificates": ("check", "register", "seal_policy"),
    "training": ("groups", "import"),
    "cases": ("status", "cabinet", "office", "requests", "seal"),
    "counter": ("samples",),
    "incidents": ("public",),
    "oversight": ("law", "public_figures"),
}


def stub(room: str, names: tuple[str, ...]) -> URLResolver:
    """An address for each name of a room."""
    return path("", include(([path(f"{name}/", empty, name=name) for name in names], room)))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("standards/", views.standards_list, name="standards"),
    path("standards/diff/", views.standards_diff, name="standards_diff"),
    path("standards/<str:edition>/", views.standard_page, name="standard"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("view/", views.look, name="look"),
    path("stay/", views.stay_longer, name="stay"),
    path("healthz", views.health, name="health"),
    path("", include("kualik.providers.urls")),
    *(stub(room, names) for room, names in OTHER_ROOMS.items()),
    path("failing/", failing),
]
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.broken
