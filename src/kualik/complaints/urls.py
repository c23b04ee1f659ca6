"""Addresses of complaints: for everyone, in the cabinet, in the office."""

from django.urls import path

from kualik.complaints import views

app_name = "complaints"
urlpatterns = [
    path("complaints/new/", views.new, name="new"),
    path("complaints/status/", views.status, name="status"),
    path("complaints/filed/<str:number>/", views.filed, name="filed"),
    path("complaints/filed/<str:number>/receipt.pdf", views.filed_receipt, name="filed_receipt"),
    path("cabinet/complaints/", views.own_list, name="own_list"),
    path("cabinet/complaints/<str:number>/", views.own, name="own"),
    path("cabinet/complaints/<str:number>/receipt.pdf", views.own_receipt, name="own_receipt"),
    path("cabinet/complaints/<str:number>/withdraw/", views.withdraw, name="withdraw"),
    path("cabinet/complaints/<str:number>/files/<int:pk>/", views.own_file, name="own_file"),
    path("office/complaints/", views.office_list, name="list"),
    path("office/complaints/register/", views.register, name="register"),
    path("office/complaints/<str:number>/", views.show, name="complaint"),
    path("office/complaints/<str:number>/receipt.pdf", views.receipt, name="receipt"),
    path("office/complaints/<str:number>/files/<int:pk>/", views.file, name="file"),
    path("office/complaints/<str:number>/case.zip", views.case, name="case"),
    path("office/complaints/<str:number>/assign/", views.assign, name="assign"),
    path("office/complaints/<str:number>/take-up/", views.take, name="take_up"),
    path("office/complaints/<str:number>/forward/", views.forward, name="forward"),
    path("office/complaints/<str:number>/decide/", views.decide, name="decide"),
    path("office/complaints/<str:number>/withdrawal/", views.withdrawal, name="withdrawal"),
    path("office/complaints/<str:number>/court/", views.court, name="court"),
]
