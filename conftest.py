"""Before Django reads its settings: tests keep their files apart from a person's own data."""

import os
import tempfile

os.environ.setdefault("KUALIK_VAR", tempfile.mkdtemp(prefix="kualik-tests-"))
os.environ["KUALIK_DEMO"] = "1"
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
