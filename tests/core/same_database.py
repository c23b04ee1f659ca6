"""Settings for a second process that works on the database of the running test."""

import os

from kualik.config.settings import *  # noqa: F403
from kualik.config.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
