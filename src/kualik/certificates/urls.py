"""Addresses of the open check, of the register and of the holder's own documents."""

from django.urls import path

from kualik.certificates import views

app_name = "certificates"
urlpatterns = [
    path("check/", views.check, name="check"),
    path("c/<str:code>.json", views.by_code_data, name="by_code_data"),
    path("c/<str:code>", views.by_code, name="by_code"),
    path("c/<str:code>/card", views.card, name="card"),
    path("c/<str:code>/card.webmanifest", views.card_manifest, name="card_manifest"),
    path("s/<str:token>/", views.shared, name="shared"),
    path("s/<str:token>/<str:number>.pdf", views.shared_file, name="shared_file"),
    path("cabinet/share/", views.shares, name="shares"),
    path("cabinet/share/<int:pk>/end/", views.share_end, name="share_end"),
    path("cabinet/transcript/", views.transcript, name="transcript"),
    path("cabinet/transcript.csv", views.transcript_csv, name="transcript_csv"),
    path("cabinet/transcript.json", views.transcript_json, name="transcript_json"),
    path("cabinet/documents/<str:number>/", views.own_document, name="own_document"),
    path("cabinet/documents/<str:number>/print.pdf", views.own_print, name="own_print"),
    path(
        "cabinet/documents/<str:number>/lasting.pdf",
        views.own_lasting_file,
        name="own_lasting_file",
    ),
    path("cabinet/documents/<str:number>/archive.zip", views.own_archive, name="own_archive"),
    path("cabinet/documents/<str:number>/share/", views.share_document, name="share_document"),
    path("cabinet/documents/<str:number>/phone/", views.own_phone, name="own_phone"),
    path("cabinet/documents/<str:number>/phone/card.png", views.own_card, name="own_card"),
    path("cabinet/documents/<str:number>.pdf", views.own_file, name="own_file"),
    path("cabinet/documents/<str:number>.pdf.p7s", views.own_signature, name="own_signature"),
    path("cabinet/documents/<str:number>.zip", views.own_bundle, name="own_bundle"),
    path("cabinet/letters/<str:number>.pdf", views.own_letter, name="own_letter"),
    path(
        "cabinet/letters/<str:number>.pdf.p7s",
        views.own_letter_signature,
        name="own_letter_signature",
    ),
    path("cabinet/letters/<str:number>.zip", views.own_letter_bundle, name="own_letter_bundle"),
    path("office/letters/<str:number>/", views.letter, name="letter"),
    path("office/letters/<str:number>/file", views.letter_file, name="letter_file"),
    path("office/letters/<str:number>/signature", views.letter_signature, name="letter_signature"),
    path("office/letters/<str:number>/bundle.zip", views.letter_bundle, name="letter_bundle"),
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
