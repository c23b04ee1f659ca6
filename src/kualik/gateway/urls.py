"""Addresses of the e-government bus."""

from django.urls import URLPattern

app_name = "gateway"
urlpatterns: list[URLPattern] = []
