"""Addresses of the public directory."""

from django.urls import path

from kualik.providers import views

app_name = "providers"
urlpatterns = [
    path("providers/", views.directory, name="directory"),
    path("providers/data.json", views.open_data, name="open_data"),
    path("providers/<str:code>/", views.provider, name="provider"),
]
