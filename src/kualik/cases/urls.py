"""Addresses of the office, of the cabinet and of the public status page."""

from django.urls import path

from kualik.cases import views

app_name = "cases"
urlpatterns = [
    path("status/", views.status, name="status"),
    path("cabinet/", views.cabinet, name="cabinet"),
    path("office/", views.office, name="office"),
    path("office/requests/", views.requests, name="requests"),
    path("office/requests/approve/", views.approve_many, name="approve_many"),
    path("office/requests/<str:number>/", views.show, name="request"),
    path("office/requests/<str:number>/approve/", views.approve, name="approve"),
    path("office/requests/<str:number>/review/", views.review, name="start_review"),
    path("office/requests/<str:number>/hand-over/", views.hand_over, name="hand_over"),
    path("office/requests/<str:number>/send-back/", views.send_back, name="send_back"),
    path("office/requests/<str:number>/receipt.pdf", views.receipt, name="receipt"),
    path("office/requests/<str:number>/refuse/", views.refuse, name="refuse"),
    path("office/requests/<str:number>/decline/", views.decline, name="decline"),
    path("office/requests/<str:number>/withdrawal/", views.withdrawal, name="withdrawal"),
    path("office/seal/", views.seal, name="seal"),
    path("office/seal/progress/", views.progress, name="seal_progress"),
    path("office/seal/sign/", views.sign, name="sign"),
    path("office/seal/sign/<str:number>.pdf", views.prepared_file, name="prepared_file"),
    path("office/seal/phone/", views.seal_phone, name="seal_phone"),
    path("office/seal/phone/state/", views.seal_phone_state, name="seal_phone_state"),
    path("office/seal/phone/answer/", views.seal_phone_answer, name="seal_phone_answer"),
    path("office/seal/signatures/", views.signatures, name="signatures"),
    path("office/seal/signed/", views.signed, name="signed"),
    path("office/seal/signed/files.zip", views.signed_files, name="signed_files"),
    path("office/groups/<int:group>/file/", views.file_group, name="file_group"),
]
