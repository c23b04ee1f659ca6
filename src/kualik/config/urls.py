"""All addresses; every view states who may open it."""

from django.urls import URLPattern, URLResolver, include, path

from kualik.config import api_docs, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("standards/", views.standards_list, name="standards"),
    path("standards/diff/", views.standards_diff, name="standards_diff"),
    path("standards/<str:edition>/", views.standard_page, name="standard"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("view/", views.look, name="look"),
    path("stay/", views.stay_longer, name="stay"),
    path("healthz", views.health, name="health"),
    path("api/", api_docs.page, name="api_docs"),
    path("api/v1/", include(("kualik.config.api", "api"))),
    path("favicon.ico", views.favicon, name="favicon"),
    path("", include("kualik.accounts.urls")),
    path("", include("kualik.notifications.urls")),
    path("", include("kualik.signatures.urls")),
    path("", include("kualik.providers.urls")),
    path("", include("kualik.certificates.urls")),
    path("", include("kualik.training.urls")),
    path("", include("kualik.cases.urls")),
    path("", include("kualik.complaints.urls")),
    path("", include("kualik.incidents.urls")),
    path("", include("kualik.oversight.urls")),
    path("", include("kualik.counter.urls")),
    path("", include("kualik.gateway.urls")),
]
handler403 = "kualik.config.views.forbidden"
handler404 = "kualik.config.views.not_found"
handler500 = "kualik.config.views.broken"
