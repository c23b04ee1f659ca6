"""Addresses of figures, packs and clauses."""

from django.urls import path

from kualik.oversight import views

app_name = "oversight"
urlpatterns = [
    path("law/", views.law, name="law"),
    path("office/clauses/", views.proofs, name="proofs"),
    path("figures/", views.public_figures, name="public_figures"),
    path("office/figures/", views.figures, name="figures"),
    path("office/figures/figures.xlsx", views.figures_xlsx, name="figures_xlsx"),
    path("office/figures/figures.csv", views.figures_csv, name="figures_csv"),
    path("office/figures/reports/", views.reports, name="reports"),
    path("office/figures/reports/make/", views.make, name="report_make"),
    path("office/books/<str:code>/", views.books, name="books"),
    path("office/books/<str:code>/compare/", views.compare, name="books_compare"),
    path("office/evidence/<str:number>/", views.evidence, name="evidence"),
]
