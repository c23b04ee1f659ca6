"""Addresses for the tests of the room: its real pages, and empty ones for the other rooms."""

from django.urls import URLPattern, URLResolver, include, path

from kualik.config import views
from tests.stub_urls import OTHER_ROOMS, empty, stub

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
                    path("file/<int:group>/", empty, name="file_group"),
                ],
                "cases",
            )
        ),
    ),
]
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.broken
