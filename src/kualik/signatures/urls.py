"""The addresses of signatures: entering by a signature, the phone, the open check."""

from django.urls import path

from kualik.signatures import views

app_name = "signatures"
urlpatterns = [
    path("enter/", views.enter, name="enter"),
    path("enter/eds/", views.eds, name="eds"),
    path("enter/eds/answer/", views.eds_answer, name="eds_answer"),
    path("enter/phone/", views.by_phone, name="phone"),
    path("enter/phone/state/", views.phone_state, name="phone_state"),
    path("enter/phone/answer/", views.phone_answer, name="phone_answer"),
    path("egov/<slug:token>/", views.phone_card, name="phone_card"),
    path("egov/<slug:token>/documents/", views.phone_documents, name="phone_documents"),
    path("leave/", views.leave, name="leave"),
    path("signatures/", views.inspect, name="inspect"),
    path("api/signatures", views.inspect_data, name="inspect_data"),
]
