"""The addresses of entering; the endpoints of passkeys answer the library's script."""

from django.urls import path

from kualik.accounts import views

app_name = "accounts"
urlpatterns = [
    path("enter/idp/", views.idp, name="idp"),
    path("enter/idp/back/", views.idp_back, name="idp_back"),
    path("cabinet/consent/", views.consent, name="consent"),
    path("cabinet/consent/withdraw/", views.withdraw, name="withdraw_consent"),
    path("cabinet/looks/", views.looks, name="looks"),
    path("login/", views.login, name="login"),
    path("login/code/", views.second_factor, name="second_factor"),
    path("login/enrol/", views.enrol, name="enrol"),
    path("logout/", views.logout, name="logout"),
    path("profile/", views.profile, name="profile"),
    path("profile/devices/remove/", views.remove, name="remove_device"),
    path("office/staff/", views.staff_list, name="staff_list"),
    path("office/staff/new/", views.staff_new, name="staff_new"),
    path("office/staff/<int:pk>/", views.staff_one, name="staff_one"),
    path("office/staff/<int:pk>/invite/", views.staff_invite, name="staff_invite"),
    path("office/staff/<int:pk>/close/", views.staff_close, name="staff_close"),
    path("office/absences/", views.absences, name="absences"),
    path("office/absences/<int:pk>/cancel/", views.absence_cancel, name="absence_cancel"),
    path("office/tokens/", views.tokens, name="tokens"),
    path("office/tokens/new/", views.token_new, name="token_new"),
    path("office/tokens/<int:pk>/", views.token_one, name="token_one"),
    path("office/tokens/<int:pk>/renew/", views.token_renew, name="token_renew"),
    path("office/tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("webauthn/registration/begin/", views.passkey_offered, name="passkey_offered"),
    path("webauthn/registration/complete/", views.passkey_added, name="passkey_added"),
    path("webauthn/authentication/begin/", views.passkey_asked, name="passkey_asked"),
    path("webauthn/authentication/complete/", views.passkey_shown, name="passkey_shown"),
]
