"""Addresses of the open check, of the register and of the holder's own documents."""

from django.urls import path

from kualik.certificates import views

app_name = "certificates"
urlpatterns = [
    path("check/", views.check, name="check"),
    path("c/<str:code>.json", views.by_code_data, name="by_code_data"),
    path("c/<str:code>", views.by_code, name="by_code"),
    path("cabinet/documents/<str:number>.pdf", views.own_file, name="own_file"),
    path("cabinet/documents/<str:number>.pdf.p7s", views.own_signature, name="own_signature"),
    path("cabinet/documents/<str:number>.zip", views.own_bundle, name="own_bundle"),
    path("office/signing/", views.seal_policy, name="seal_policy"),
    path("office/register/", views.register, name="register"),
    path("office/register/export.csv", views.export, name="export"),
    path("office/register/<str:number>/", views.certificate, name="certificate"),
    path("office/register/<str:number>/file", views.file, name="certificate_file"),
    path("office/register/<str:number>/lasting-file", views.lasting_file, name="lasting_file"),
    path("office/register/<str:number>/signature", views.signature, name="signature"),
    path("office/register/<str:number>/bundle.zip", views.bundle, name="bundle"),
    path("office/register/<str:number>/<str:act>/", views.change, name="change"),
]
