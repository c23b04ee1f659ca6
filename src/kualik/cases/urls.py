"""Addresses of the office and of the public status page."""

from django.urls import path

from kualik.cases import views

app_name = "cases"
urlpatterns = [
    path("status/", views.status, name="status"),
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
    path("office/groups/<int:group>/file/", views.file_group, name="file_group"),
]
