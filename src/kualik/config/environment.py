"""Reading the environment; a wrong value stops the start with its name."""

import fcntl
import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Whoever names one of these runs the program for real. KUALIK_HOST is none of ours but a slip of
# the pen for KUALIK_HOSTS: it must not bring the demonstration back.
REAL = (
    "DATABASE_URL",
    "KUALIK_PUBLIC_URL",
    "KUALIK_HOSTS",
    "KUALIK_HOST",
    "KUALIK_BEHIND_PROXY",
    "KUALIK_S3_BUCKET",
    "KUALIK_SECRET_KEY",
    "KUALIK_SECRET_KEY_FILE",
    "KUALIK_IIN_KEY",
    "KUALIK_IIN_KEY_FILE",
    "KUALIK_KEY_PASSPHRASE",
    "KUALIK_KEY_PASSPHRASE_FILE",
)
FINGERPRINT = re.compile("[0-9a-f]{64}")
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def real_variables() -> list[str]:
    """The variables of ``REAL`` that are set; a clone where none is set is a demonstration."""
    return [name for name in REAL if os.environ.get(name)]


def flag(name: str, default: bool) -> bool:
    """A yes-or-no variable: 1/true/yes/on or 0/false/no/off."""
    text = os.environ.get(name)
    if text is None:
        return default
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}: write 1 or 0, not {text!r}")


def number(name: str, default: int) -> int:
    """A whole number."""
    text = os.environ.get(name, "")
    try:
        return int(text) if text else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: write a whole number, not {text!r}") from error


def text(name: str, default: str = "") -> str:
    """A plain value."""
    return os.environ.get(name, default)


def words(name: str, default: str = "") -> list[str]:
    """Values divided by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def fingerprints(name: str) -> list[str]:
    """SHA-256 values divided by commas, in lower-case hexadecimal whether or not with colons."""
    found = [word.replace(":", "").lower() for word in words(name)]
    for value in found:
        if not FINGERPRINT.fullmatch(value):
            raise ImproperlyConfigured(f"{name}: write 64 hexadecimal digits, not {value!r}")
    return found


def has_files(folder: Path) -> bool:
    """Whether anything lies in a folder; one that nobody made holds nothing."""
    return folder.is_dir() and any(folder.iterdir())


def secret(name: str) -> str:
    """A secret from the variable or the file that ``<name>_FILE`` names; empty when neither."""
    file = os.environ.get(f"{name}_FILE", "")
    if not file:
        return os.environ.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}") from error


def check_address(name: str, address: str, schemes: Sequence[str]) -> None:
    """Stop the start at an address of another kind; the message never repeats its secret."""
    if not address:
        return
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in schemes and bool(parts.netloc) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        kinds = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(
            f"{name}: write {kinds} and then user:secret@host:port/?option=value"
        )


def made_secret(file: Path) -> str:
    """The secret of a file, made at first; processes that start together get the same one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if not stream.read():
            stream.write(secrets.token_urlsafe(48))
        stream.seek(0)
        return stream.read()


def first_line(file: Path) -> str:
    """The first line of a small file; empty when there is none."""
    return file.read_text(encoding="utf-8").split("\n", 1)[0].strip() if file.is_file() else ""


def made_folder(name: str, path: Path) -> Path:
    """The folder of a variable, made at first for its owner alone."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: cannot make {path}: {error.strerror}") from error
    return path


def database(url: str, default_file: Path) -> dict[str, object]:
    """Django's database entry for ``sqlite:///file`` or ``postgresql://user:secret@host/name``.

    SQLite runs with WAL, ``synchronous=FULL`` and immediate transactions: an issued certificate
    survives a power cut and a reader never fails a writer.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "sqlite"):
        return _sqlite(unquote(parts.path.removeprefix("/")), default_file)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL: sqlite or postgresql, not {parts.scheme!r}")
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.pop("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": {name: unquote(value) for name, value in options.items()},
    }


def _sqlite(name: str, default_file: Path) -> dict[str, object]:
    file = Path(name) if name else default_file
    # SQLite would let everybody read the file; its log takes the permissions of the file. A folder
    # that is missing or closed is named when the database is opened.
    with suppress(OSError):
        os.close(os.open(file, os.O_RDONLY | os.O_CREAT, 0o600))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        # A file, so that threads and processes of a test meet the locks that users meet.
        "TEST": {"NAME": str(default_file.with_name("test.sqlite3"))},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
