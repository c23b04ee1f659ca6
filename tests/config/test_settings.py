"""The settings, loaded in processes of their own with environments of their own."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kualik.config import environment

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json
from kualik.config import settings
print(json.dumps({
    "demo": settings.DEMO,
    "password": settings.DEMO_PASSWORD,
    "quiet": settings.QUIET_HOURS,
    "secrets": [settings.SECRET_KEY, settings.IIN_KEY, settings.KEY_PASSPHRASE],
}))
"""
SECRETS = ("KUALIK_SECRET_KEY", "KUALIK_IIN_KEY", "KUALIK_KEY_PASSPHRASE")
VALUES = {"KUALIK_PUBLIC_URL": "https://kualik.example.kz", "KUALIK_BEHIND_PROXY": "1"}


def run(*command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A process that knows nothing but its data folder and the given variables."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "KUALIK_VAR": str(folder / "var"), **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def load(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", ASK, folder=folder, **variables)


def value_of(name: str, folder: Path) -> str:
    if name == "DATABASE_URL":
        return f"sqlite:///{folder}/other.sqlite3"
    if name.endswith("_FILE"):
        (folder / "secret").write_text("a secret in a file")
        return str(folder / "secret")
    return VALUES.get(name, "something")


def test_a_bare_clone_is_a_demonstration(tmp_path: Path) -> None:
    done = load(tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["demo"] is True


@pytest.mark.parametrize("name", environment.REAL)
def test_whatever_names_a_real_installation_ends_the_demonstration(
    name: str, tmp_path: Path
) -> None:
    done = load(tmp_path, **{name: value_of(name, tmp_path)})
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert "ImproperlyConfigured" in last
    missing = next(secret for secret in SECRETS if not name.startswith(secret))
    assert missing in last
    assert not (tmp_path / "var" / "secrets").exists()


def test_phones_are_left_in_peace_at_night_unless_they_are_those_of_the_demonstration(
    tmp_path: Path,
) -> None:
    assert json.loads(load(tmp_path).stdout)["quiet"] is False
    own = load(tmp_path, KUALIK_SMS_URL="smsc://login:secret@smsc.kz")
    assert json.loads(own.stdout)["quiet"] is True


def test_an_empty_variable_names_nothing(tmp_path: Path) -> None:
    done = load(tmp_path, **dict.fromkeys(environment.REAL, ""))
    assert json.loads(done.stdout)["demo"] is True


def test_a_real_installation_has_its_own_secrets_and_no_demonstration(tmp_path: Path) -> None:
    done = load(tmp_path, **{name: f"the {name}" for name in SECRETS})
    assert json.loads(done.stdout) == {
        "demo": False,
        "password": "",
        "quiet": True,
        "secrets": [f"the {name}" for name in SECRETS],
    }


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = load(tmp_path, KUALIK_SECRET_KEY_FILE="/nowhere/secret")
    assert "KUALIK_SECRET_KEY_FILE: cannot read /nowhere/secret" in done.stderr


def test_what_the_settings_make_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert load(tmp_path).returncode == 0
    modes = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "var", *(tmp_path / "var").rglob("*"))
    }
    assert modes == {
        "var": 0o700,
        "var/kualik.sqlite3": 0o600,
        "var/secrets": 0o700,
        **{f"var/secrets/{name.lower()}": 0o600 for name in SECRETS},
    }


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    assert "KUALIK_VAR: cannot make" in load(tmp_path).stderr


def test_processes_that_start_together_keep_the_same_secrets(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    with ThreadPoolExecutor(max_workers=8) as pool:
        kept = set(pool.map(environment.made_secret, [file] * 64))
    assert len(kept) == 1
    assert kept == {file.read_text(encoding="ascii")}
    assert len(kept.pop()) >= 48


def test_a_start_that_was_killed_before_it_wrote_the_secret_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    assert environment.made_secret(tmp_path / "key")


@pytest.mark.parametrize("name", ["DATABASE_URL", "KUALIK_HOSTS", "KUALIK_SECRET_KEY_FILE"])
def test_the_start_asks_before_it_loads_a_demonstration_into_a_real_installation(
    name: str, tmp_path: Path
) -> None:
    value = value_of(name, tmp_path)
    done = run(str(ROOT / "bin" / "run"), folder=tmp_path, PORT="8000", **{name: value})
    assert done.returncode == 2
    assert name in done.stderr
    assert "KUALIK_DEMO=1" in done.stderr
    assert "KUALIK_DEMO=0" in done.stderr
    assert not (tmp_path / "var").exists()


def test_what_is_built_needs_no_secret_and_touches_no_data(tmp_path: Path) -> None:
    made = run("make", "--dry-run", "--always-make", "setup", folder=tmp_path).stdout
    (line,) = [line for line in made.splitlines() if "collectstatic" in line]
    line = line.replace("KUALIK_VAR=var/build", f"KUALIK_VAR={tmp_path}/build")
    real = {"DATABASE_URL": "postgresql://nobody@nowhere/kualik", "KUALIK_HOSTS": "example.kz"}
    static = {"KUALIK_STATIC_ROOT": str(tmp_path / "static")}
    done = run("sh", "-c", line, folder=tmp_path, **real, **static)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()
    assert not (tmp_path / "var").exists()


REAL = dict.fromkeys(SECRETS, "something") | {"KUALIK_DEMO": "0"}


def test_a_real_installation_does_not_start_with_authorities_that_nobody_pinned(
    tmp_path: Path,
) -> None:
    assert load(tmp_path, **REAL).returncode == 0
    (tmp_path / "trust").mkdir()
    trusted = {"KUALIK_TRUST_ROOT": str(tmp_path / "trust")}
    assert load(tmp_path, **REAL, **trusted).returncode == 0
    (tmp_path / "trust" / "root.cer").write_bytes(b"a certificate")
    assert "KUALIK_TRUST_PINS: name the SHA-256" in load(tmp_path, **REAL, **trusted).stderr
    assert load(tmp_path, **REAL, **trusted, KUALIK_TRUST_PINS="0" * 64).returncode == 0
    assert load(tmp_path, KUALIK_DEMO="1", **trusted).returncode == 0


@pytest.mark.parametrize("pin", ["0" * 63, "z" * 64, "sha256:" + "0" * 64])
def test_a_pin_is_a_sha256(pin: str, tmp_path: Path) -> None:
    assert "KUALIK_TRUST_PINS: write 64 hexadecimal" in load(
        tmp_path, KUALIK_TRUST_PINS=pin
    ).stderr  # fmt: skip


def test_a_pin_may_be_written_as_openssl_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUALIK_TRUST_PINS", ":".join(["AB"] * 32) + ", " + "cd" * 32)
    assert environment.fingerprints("KUALIK_TRUST_PINS") == ["ab" * 32, "cd" * 32]


def test_signing_by_phone_is_offered_in_the_name_of_an_organisation(tmp_path: Path) -> None:
    variables = {
        **dict.fromkeys(SECRETS, "a secret"),
        "KUALIK_DEMO": "0",
        "KUALIK_PUBLIC_URL": VALUES["KUALIK_PUBLIC_URL"],
        "KUALIK_EGOV_MOBILE": "1",
        "KUALIK_OPERATOR_BIN": "990140000015",
        "KUALIK_OPERATOR_KK": "Мысал орталығы",
        "KUALIK_OPERATOR_RU": "Пример центра",
    }
    done = load(tmp_path, **variables)
    assert "KUALIK_EGOV_MOBILE: set KUALIK_OPERATOR_BIN" in done.stderr
    done = load(tmp_path, **variables, KUALIK_OPERATOR_EN="Example centre")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("KUALIK_SMS_URL", "twilio://login:hidden@example.kz"),
        ("KUALIK_SMS_URL", "smpp:login:hidden"),
        ("KUALIK_SMS_URL", "smpp://login:hidden@example.kz:port"),
        ("KUALIK_EMAIL_URL", "login:hidden@mail.example.kz"),
        ("KUALIK_EMAIL_URL", "http://login:hidden@mail.example.kz"),
    ],
)
def test_a_wrong_address_of_a_carrier_is_named_and_its_secret_is_not(
    name: str, address: str, tmp_path: Path
) -> None:
    done = load(tmp_path, **{name: address})
    assert f"{name}: write " in done.stderr
    assert "hidden" not in done.stderr
    assert load(tmp_path, **{name: ""}).returncode == 0
