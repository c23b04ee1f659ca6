"""The address that SMS services call, and the page of texts."""

from django.urls import path

from kualik.notifications import views

app_name = "notifications"
urlpatterns = [
    path("office/notices/", views.texts, name="texts"),
    path("hooks/sms/<slug:carrier>/", views.sms_hook, name="sms_hook"),
]
