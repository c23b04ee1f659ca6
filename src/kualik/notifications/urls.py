"""The address that SMS services call."""

from django.urls import path

from kualik.notifications import views

app_name = "notifications"
urlpatterns = [
    path("hooks/sms/<slug:carrier>/", views.sms_hook, name="sms_hook"),
]
