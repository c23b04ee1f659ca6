from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "kualik.providers"
