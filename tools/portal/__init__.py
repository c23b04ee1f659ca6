"""A simulated portal of e-government with the gateway beside it (``tools/portal/__main__.py``)."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kualik.config.settings")
# Its checks of signatures are those of the site, whose modules want the settings.
django.setup()
