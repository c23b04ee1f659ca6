"""Addresses for the tests of the room: its real pages, and empty ones for the other rooms."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from kualik.config import views
from kualik.core.access import staff
from kualik.rules.lifecycle import Role
from tests.stub_urls import OTHER_ROOMS, empty, stub


@staff(Role.REGISTRAR, Role.OFFICE_HEAD)
def filing(_request: HttpRequest, **_facts: str) -> HttpResponse:
    """Stands for the page that files requests for a group."""
    return HttpResponse("")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("kualik.training.urls")),
    path("", views.home, name="home"),
    path("standards/", views.standards_list, name="standards"),
    path("standards/diff/", views.standards_diff, name="standards_diff"),
    path("standards/<str:edition>/", views.standard_page, name="standard"),
    *(path(f"{name}/", empty, name=name) for name in ("accessibility", "look", "stay")),
    path("", include("kualik.providers.urls")),
    *(
        stub(room, names)
        for room, names in OTHER_ROOMS.items()
        if room not in ("training", "cases")
    ),
    path(
        "",
        include(
            (
                [
                    *(path(f"{name}/", empty, name=name) for name in OTHER_ROOMS["cases"]),
                    path("file/<int:group>/", filing, name="file_group"),
                ],
                "cases",
            )
        ),
    ),
]
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.broken
