"""Addresses of incidents: what everybody may know, and the office's part."""

from django.urls import path

from kualik.incidents import views

app_name = "incidents"
urlpatterns = [
    path("incidents/", views.public, name="public"),
    path("office/incidents/", views.office_list, name="list"),
    path("office/incidents/declare/", views.declare, name="declare"),
    path("office/incidents/proposed/<int:pk>/", views.proposal, name="proposal"),
    path("office/incidents/proposed/<int:pk>/decline/", views.decline, name="decline"),
    path("office/incidents/<str:number>/", views.show, name="incident"),
    path("office/incidents/<str:number>/end/", views.end, name="end"),
    path("office/incidents/<str:number>/<str:code>/draft.pdf", views.draft, name="draft"),
    path("office/incidents/<str:number>/<str:code>/draft.txt", views.draft_text, name="draft_text"),
    path("office/incidents/<str:number>/<str:code>/send/", views.send, name="send"),
    path("office/incidents/<str:number>/<str:code>/notice/", views.notice, name="notice"),
    path("office/incidents/<str:number>/<str:code>/measures/", views.measures, name="measures"),
    path("office/incidents/<str:number>/<str:code>/cancel/", views.cancel, name="cancel"),
    path("office/incidents/<str:number>/<str:code>/upload/", views.upload, name="upload"),
    path("office/incidents/<str:number>/<str:code>/protocol.pdf", views.protocol, name="protocol"),
    path("office/incidents/<str:number>/<str:code>/sign/", views.sign, name="sign"),
    path("office/incidents/<str:number>/<str:code>/archive.zip", views.archive, name="archive"),
]
