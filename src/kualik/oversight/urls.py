"""Addresses of figures, packs and clauses."""

from django.urls import path

from kualik.oversight import views

app_name = "oversight"
urlpatterns = [
    path("law/", views.law, name="law"),
    path("office/clauses/", views.proofs, name="proofs"),
    path("office/books/<str:code>/", views.books, name="books"),
    path("office/evidence/<str:number>/", views.evidence, name="evidence"),
]
