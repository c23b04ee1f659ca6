"""Addresses of the public directory, of the own house and of technical breaks."""

from django.urls import path

from kualik.providers import views

app_name = "providers"
urlpatterns = [
    path("providers/", views.directory, name="directory"),
    path("providers/data.json", views.open_data, name="open_data"),
    path("providers/data.csv", views.open_table, name="open_table"),
    path("providers/<str:code>/", views.provider, name="provider"),
    path("providers/<str:code>/photos/<int:pk>.jpg", views.photo, name="photo"),
    path("office/house/", views.house, name="house"),
    path("office/house/facts/", views.facts, name="facts"),
    path("office/house/history/", views.history, name="history"),
    path("office/house/closures/", views.closures, name="closures"),
    path("office/house/closures/cancel/", views.closure_cancel, name="closure_cancel"),
    path("office/house/offices/new/", views.office_new, name="office_new"),
    path("office/house/offices/<int:pk>/", views.office, name="office"),
    path("office/house/offices/<int:pk>/place/", views.office_place, name="office_place"),
    path("office/house/offices/<int:pk>/hours/", views.office_hours, name="office_hours"),
    path("office/house/offices/<int:pk>/hours/cancel/", views.hours_cancel, name="hours_cancel"),
    path("office/house/offices/<int:pk>/access/", views.office_access, name="office_access"),
    path("office/house/offices/<int:pk>/photo/", views.photo_put, name="photo_put"),
    path("office/house/offices/<int:pk>/photo/remove/", views.photo_remove, name="photo_remove"),
    path("office/breaks/", views.breaks, name="breaks"),
    path("office/breaks/<int:pk>/cancel/", views.break_cancel, name="break_cancel"),
    path("office/breaks/<int:pk>/end/", views.break_end, name="break_end"),
]
