"""The settings of the tests: a demonstration whose files lie apart from a person's own data."""

import atexit
import os
import shutil
import tempfile

if "KUALIK_VAR" not in os.environ:
    # Worker processes of one run inherit the folder; the process that made it removes it.
    os.environ["KUALIK_VAR"] = tempfile.mkdtemp(prefix="kualik-tests-")
    atexit.register(shutil.rmtree, os.environ["KUALIK_VAR"], ignore_errors=True)
os.environ["KUALIK_DEMO"] = "1"
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from kualik.config.settings import *  # noqa: F403
from kualik.config.settings import DATABASES, STORAGES, VAR

if "TEST_DATABASE_NAME" in os.environ:
    # A second process that works on the database of the running test.
    DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
if "init_command" in DATABASES["default"].get("OPTIONS", {}):
    # What outlives a loss of power is of no use to data that live for some minutes.
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )
# Phones are left in peace at night as in an installation.
QUIET_HOURS = True
# The slow hash is the point in an installation and a waste in a test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages are read without their style sheets: names without a digest, and no collected files, which
# the server would look through again for every client of a test.
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
