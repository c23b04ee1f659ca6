"""The address that SMS services call, the page of texts, and the web hooks of a provider."""

from django.urls import path

from kualik.notifications.views import hooks, sms, texts

app_name = "notifications"
urlpatterns = [
    path("office/notices/", texts.texts, name="texts"),
    path("office/notices/<slug:event>/", texts.own_words, name="own_words"),
    path("hooks/sms/<slug:carrier>/", sms.sms_hook, name="sms_hook"),
    path("office/hooks/", hooks.hooks, name="hooks"),
    path("office/hooks/new/", hooks.hook_new, name="hook_new"),
    path("office/hooks/<int:pk>/", hooks.hook, name="hook"),
    path("office/hooks/<int:pk>/change/", hooks.hook_change, name="hook_change"),
    path("office/hooks/<int:pk>/secret/", hooks.hook_secret, name="hook_secret"),
    path("office/hooks/<int:pk>/renew/", hooks.hook_renew, name="hook_renew"),
    path("office/hooks/<int:pk>/act/", hooks.hook_act, name="hook_act"),
    path("office/hooks/deliveries/<int:pk>/", hooks.delivery, name="delivery"),
    path("office/hooks/deliveries/<int:pk>/replay/", hooks.delivery_replay, name="replay"),
]
