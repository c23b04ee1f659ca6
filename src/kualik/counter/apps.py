from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "kualik.counter"
