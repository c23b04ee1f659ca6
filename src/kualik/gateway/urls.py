"""Addresses of the e-government bus."""

from django.urls import URLPattern, path

from kualik.gateway import views

app_name = "gateway"
urlpatterns: list[URLPattern] = [
    path("gateway/sync/", views.sync_channel, name="sync"),
    path("gateway/async/", views.async_channel, name="async"),
    path("cabinet/registers/", views.own_registers, name="own_registers"),
    path("cabinet/registers/allow/", views.allow_register, name="allow_register"),
    path("office/gateway/registers/", views.registers_page, name="registers"),
    path("office/gateway/", views.services, name="services"),
    path("office/gateway/services/new/", views.connect, name="connect"),
    path("office/gateway/services/<int:pk>/", views.service, name="service"),
    path("office/gateway/services/<int:pk>/try/", views.service_try, name="service_try"),
    path("office/gateway/talks/", views.talks, name="talks"),
    path("office/gateway/talks/<int:pk>/", views.talk, name="talk"),
    path("office/gateway/queue/", views.queue, name="queue"),
    path("office/gateway/queue/<int:pk>/resend/", views.queue_resend, name="queue_resend"),
    path("office/gateway/arrivals/", views.arrivals, name="arrivals"),
    path("office/gateway/arrivals/<int:pk>/", views.arrival, name="arrival"),
    path("office/gateway/peers/", views.peers, name="peers"),
    path("office/gateway/peers/new/", views.peer, name="peer_new"),
    path("office/gateway/peers/<int:pk>/", views.peer, name="peer"),
]
