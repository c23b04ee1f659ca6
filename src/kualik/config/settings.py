"""All settings, from the environment; the defaults run a fresh clone (docs/settings.md)."""

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from kualik.config import environment

ROOT = Path(__file__).resolve().parents[3]
VAR = environment.made_folder("KUALIK_VAR", Path(environment.text("KUALIK_VAR", str(ROOT / "var"))))
NODE_MODULES = Path(environment.text("KUALIK_NODE_MODULES", str(ROOT / "node_modules")))


def kept_secret(name: str) -> str:
    """The secret of the environment; on a demonstration one made at first start under ``var``."""
    value = environment.secret(name)
    if value:
        return value
    if not DEMO:
        raise ImproperlyConfigured(f"{name}: set it, or {name}_FILE, or start a demonstration")
    return environment.made_secret(VAR / "secrets" / name.lower())


BARE = not environment.real_variables()
DEMO = environment.flag("KUALIK_DEMO", default=BARE)
DEMO_PASSWORD = environment.text("KUALIK_DEMO_PASSWORD", "kualik-demo") if DEMO else ""
DEBUG = environment.flag("KUALIK_DEBUG", default=False)
CLOCK = environment.text("KUALIK_CLOCK")
if CLOCK and not DEMO:
    raise ImproperlyConfigured("KUALIK_CLOCK: only a demonstration may play with the time")
SECRET_KEY = kept_secret("KUALIK_SECRET_KEY")
IIN_KEY = kept_secret("KUALIK_IIN_KEY")
KEY_PASSPHRASE = kept_secret("KUALIK_KEY_PASSPHRASE")
KEYS_ROOT = Path(environment.text("KUALIK_KEYS_ROOT", str(VAR / "keys")))
FONT_ROOT = NODE_MODULES / "@expo-google-fonts" / "pt-serif"
LAST_URL = environment.first_line(VAR / "public-url") if DEMO else ""
PUBLIC_URL = environment.text("KUALIK_PUBLIC_URL", LAST_URL or "http://localhost:8000").rstrip("/")
# The simulators of outside parties, on a demonstration only: NCALayer, the phone, the authority,
# then the three addresses of the message catcher: SMTP, SMPP and its page; eGov IDP, the digital
# documents service, the portal with the gateway beside it, a Moodle.
SIMULATORS_PORT = environment.number("KUALIK_SIMULATORS_PORT", 13580)
SIMULATORS = [f"127.0.0.1:{SIMULATORS_PORT + place}" for place in range(10)]
TEST_AUTHORITY_URL = f"http://{SIMULATORS[2]}"
NCALAYER_URL = environment.text(
    "KUALIK_NCALAYER_URL", f"ws://{SIMULATORS[0]}/" if DEMO else "wss://127.0.0.1:13579/"
)
IDP_URL = environment.text("KUALIK_IDP_URL", f"http://{SIMULATORS[6]}" if DEMO else "").rstrip("/")
IDP_CLIENT_ID = environment.text("KUALIK_IDP_CLIENT_ID", "kualik-demo" if DEMO else "")
IDP_CLIENT_SECRET = environment.secret("KUALIK_IDP_CLIENT_SECRET") or ("demo" if DEMO else "")
# OAuth 2.0 as eGov IDP speaks it: its paths, and where the fields stand in what it tells.
IDP = {
    "authorize": "/idp/oauth/authorize",
    "token": "/idp/oauth/token",
    "scope": "user:basic:read",
    "profile": "/idp/resource/user/basic",
    "phone": "/idp/resource/user/phone",
}
IDP_FIELDS = {
    "iin": "person.iin",
    "family_name": "person.surname",
    "given_name": "person.name",
    "patronymic": "person.patronymic",
    "phone": "phone",
}
# Seconds that a connection and each answer may take.
IDP_PATIENCE = (5.0, 8.0)
environment.check_address("KUALIK_IDP_URL", IDP_URL, ("https", "http") if DEMO else ("https",))
if IDP_URL and not (IDP_CLIENT_ID and IDP_CLIENT_SECRET):
    raise ImproperlyConfigured("KUALIK_IDP_URL: set KUALIK_IDP_CLIENT_ID and _SECRET too")
# Asked at the window for a digital document; empty: only the document itself is looked at.
DIGITAL_DOCUMENTS_URL = environment.text(
    "KUALIK_DIGITAL_DOCUMENTS_URL", f"http://{SIMULATORS[7]}" if DEMO else ""
).rstrip("/")
DIGITAL_DOCUMENTS_TOKEN = environment.secret("KUALIK_DIGITAL_DOCUMENTS_TOKEN") or (
    "demo" if DEMO else ""
)
DIGITAL_DOCUMENTS_PATIENCE = (3.0, 5.0)
# The class that asks that service another way than at its own address; none by default.
DIGITAL_DOCUMENTS_LINE = (
    "kualik.gateway.services.documents.Line"
    if environment.flag("KUALIK_GATEWAY_DOCUMENTS", default=False)
    else ""
)
environment.check_address(
    "KUALIK_DIGITAL_DOCUMENTS_URL",
    DIGITAL_DOCUMENTS_URL,
    ("https", "http") if DEMO else ("https",),
)
EGOV_MOBILE = environment.flag("KUALIK_EGOV_MOBILE", default=DEMO)
# Who asks for a signature at the entry, as the phone shows it.
OPERATOR = {
    "bin": environment.text("KUALIK_OPERATOR_BIN", "250140000013" if DEMO else ""),
    "kk": environment.text("KUALIK_OPERATOR_KK", "«Куәлік» көрсетілімі" if DEMO else ""),
    "ru": environment.text("KUALIK_OPERATOR_RU", "Демонстрация «Куәлік»" if DEMO else ""),
    "en": environment.text("KUALIK_OPERATOR_EN", "Kualik demonstration" if DEMO else ""),
}
if EGOV_MOBILE and not all(OPERATOR.values()):
    raise ImproperlyConfigured("KUALIK_EGOV_MOBILE: set KUALIK_OPERATOR_BIN, _KK, _RU and _EN too")
EMAIL_URL = environment.secret("KUALIK_EMAIL_URL") or (
    f"smtp://{SIMULATORS[3]}/?tls=none&from=kualik@demo.example" if DEMO else ""
)
CATCHER_URL = f"smpp://kualik:demo@{SIMULATORS[4]}/?sender=KUALIK"
SMS_URL = environment.secret("KUALIK_SMS_URL") or (CATCHER_URL if DEMO else "")
# The phones of the message catcher wake nobody; every other carrier waits for the morning.
QUIET_HOURS = SMS_URL != CATCHER_URL
# What the SMS service signs its calls to us with.
SMS_HOOK_SECRET = environment.secret("KUALIK_SMS_HOOK_SECRET")
environment.check_address("KUALIK_EMAIL_URL", EMAIL_URL, ("smtp",))
environment.check_address(
    "KUALIK_SMS_URL", SMS_URL, ("smpp", "smsc", "mobizon", "kazinfoteh", "kazinfoteh+old")
)
TRUST_ROOT = Path(environment.text("KUALIK_TRUST_ROOT", str(KEYS_ROOT / "trust")))
TRUST_PINS = environment.fingerprints("KUALIK_TRUST_PINS")
if not DEMO and not TRUST_PINS and environment.has_files(TRUST_ROOT):
    raise ImproperlyConfigured(f"KUALIK_TRUST_PINS: name the SHA-256 of the roots in {TRUST_ROOT}")
TSA_URL = environment.text("KUALIK_TSA_URL", f"{TEST_AUTHORITY_URL}/rsa/tsa" if DEMO else "")
TSA_POLICY = environment.text("KUALIK_TSA_POLICY")
NCANODE_URL = environment.text("KUALIK_NCANODE_URL")
# What messages of the e-government bus are signed with: PKCS#12 files in KEYS_ROOT, RSA (opened by
# KEY_PASSPHRASE) and GOST (signed with by the NCANode server, its certificate beside it).
GATEWAY_KEY = environment.text("KUALIK_GATEWAY_KEY")
GATEWAY_GOST_KEY = environment.text("KUALIK_GATEWAY_GOST_KEY")
GATEWAY_GOST_CERTIFICATE = environment.text("KUALIK_GATEWAY_GOST_CERTIFICATE")
GATEWAY_GOST_PASSWORD = environment.secret("KUALIK_GATEWAY_GOST_PASSWORD")
# Our own password there, sent in every message where the other end asks for one.
GATEWAY_PASSWORD = environment.secret("KUALIK_GATEWAY_PASSWORD")
# How far the date of a message that is pushed may be from now; one that waited longer is pulled.
GATEWAY_WINDOW_MINUTES = environment.number("KUALIK_GATEWAY_WINDOW_MINUTES", 1440)
# How many messages of one address that nobody known signed are borne within a minute.
GATEWAY_REFUSALS = environment.number("KUALIK_GATEWAY_REFUSALS", 60)
# A file with values in place of those of gateway/data/registers.toml: how other systems are asked.
REGISTERS = environment.text("KUALIK_REGISTERS")
# Learning systems in the inner network that a provider may have us ask.
MOODLE_HOSTS = environment.words("KUALIK_MOODLE_HOSTS")
# What the form of a provider's Moodle begins with.
MOODLE_URL = f"http://{SIMULATORS[9]}" if DEMO else ""
PKCS11_MODULE = environment.text("KUALIK_PKCS11_MODULE")
PKCS11_PIN = environment.secret("KUALIK_PKCS11_PIN")
# A file of one's own in place of complaints/data/bodies.toml: which body is higher than a provider.
COMPLAINT_BODIES = environment.text("KUALIK_COMPLAINT_BODIES")
ALLOWED_HOSTS = environment.words("KUALIK_HOSTS", "localhost,127.0.0.1,[::1]")
SECURE = PUBLIC_URL.startswith("https:")
BEHIND_PROXY = environment.flag("KUALIK_BEHIND_PROXY", default=False)
# Where screens hear what changes (``kualik live``). A page over TLS may not listen without it.
LIVE_PORT = environment.number("KUALIK_LIVE_PORT", 8001)
LIVE_URL = environment.text(
    "KUALIK_LIVE_URL",
    f"http://{urlsplit(PUBLIC_URL).hostname}:{LIVE_PORT}" if DEMO and not SECURE else "",
).rstrip("/")

ROOMS = [
    "kualik.config",
    "kualik.oversight",
    "kualik.demo",
    "kualik.counter",
    "kualik.gateway",
    "kualik.complaints",
    "kualik.incidents",
    "kualik.cases",
    "kualik.certificates",
    "kualik.training",
    "kualik.notifications",
    "kualik.signatures",
    "kualik.papers",
    "kualik.accounts",
    "kualik.providers",
    "kualik.core",
]
INSTALLED_APPS = [
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp_webauthn",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "kualik.core.headers.headers_middleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kualik.core.language.language_middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "kualik.core.staying.staying_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kualik.core.access.AccessMiddleware",
    "kualik.core.errors.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "kualik.config.urls"
WSGI_APPLICATION = "kualik.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kualik.core.language.page_context",
                "kualik.core.looks.look_context",
                "kualik.core.staying.staying_context",
                "kualik.config.menu.menu",
                "kualik.config.notices.notices",
                "kualik.config.notices.queues",
            ],
            "builtins": ["kualik.core.templatetags.kualik"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": environment.database(
        environment.text("DATABASE_URL"), default_file=VAR / "kualik.sqlite3"
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR / "cache",
    }
}
# Touched by the worker, read by /healthz.
WORKER_HEARTBEAT = VAR / "worker-heartbeat"
# Left where the database does not answer, read when it does again.
DATABASE_AWAY = VAR / "database-away"
# Outside a demonstration, which is started and stopped at will, a time without a worker is a
# failure.
COUNTS_GAPS = not DEMO
# Whom a provider tells of a failure of the system (A57.10-4): the operator of the information and
# communication infrastructure of e-government.
FAILURE_EMAIL = environment.text("KUALIK_OPERATOR_EMAIL", "operator@demo.example" if DEMO else "")

MEDIA_ROOT = environment.text("KUALIK_MEDIA_ROOT", str(VAR / "media"))
S3_BUCKET = environment.text("KUALIK_S3_BUCKET")
FILES = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": environment.text("KUALIK_S3_ENDPOINT") or None,
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o640},
    }
)
STORAGES = {
    "default": FILES,
    "staticfiles": {"BACKEND": "kualik.core.assets.LightStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(environment.text("KUALIK_STATIC_ROOT", str(ROOT / "var" / "static")))
STATICFILES_DIRS = [
    ("govuk", NODE_MODULES / "govuk-frontend" / "dist" / "govuk"),
    ("golos", NODE_MODULES / "@fontsource-variable" / "golos-text" / "files"),
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750
UPLOAD_LIMIT_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
FILE_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_LIMIT_BYTES

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "cases:office"
# For those whom the office does not let in.
LOGIN_REDIRECT_PAGES = ("cases:office", "cases:contact", "providers:breaks")
LOGOUT_REDIRECT_URL = "home"
APPLICANT_LOGIN_URL = "signatures:enter"
# Names the page that a visitor has to pass before the cabinet.
APPLICANT_GATE = "kualik.accounts.queries.first_page"
# The class that asks a registry of phones; none by default.
PHONE_REGISTRY = (
    "kualik.gateway.services.phones.Registry"
    if environment.flag("KUALIK_GATEWAY_PHONES", default=False)
    else ""
)
# The class that the window asks for facts of a person, with their consent.
PERSON_REGISTERS = "kualik.gateway.services.window.Registers"
STAFF_LETTERS = "kualik.config.letters.Letters"
# Names and addresses of the bodies that refusals name as ways of appeal.
APPEAL_ADDRESSES = "kualik.complaints.queries.appeal_addresses"
# The classes that hear of every change of a request.
REQUEST_OBSERVERS = [
    "kualik.config.hooking.RequestHooks",
    "kualik.gateway.services.telling.PortalObserver",
]
AXES_FAILURE_LIMIT = environment.number("KUALIK_LOGIN_TRIES", 7)
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "kualik.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "kualik.core.throttle.address_of"
AXES_SENSITIVE_PARAMETERS = ["username", "email", "ip_address"]
# The journal keeps the sign-ins; a second log of addresses and browsers would only collect data.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
OTP_TOTP_ISSUER = "Kualik"
OTP_WEBAUTHN_RP_NAME = "Kualik"
OTP_WEBAUTHN_RP_ID = urlsplit(PUBLIC_URL).hostname or "localhost"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_URL]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
# Over plain http browsers offer no passkeys; that must not stop a trial in a closed network.
SILENCED_SYSTEM_CHECKS = ["otp_webauthn.E031"]

SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "kualik.config.views.csrf_failed"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"

USE_TZ = True
TIME_ZONE = "Asia/Almaty"
USE_I18N = True
LANGUAGE_CODE = "kk"
LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale", ROOT / "locale-django"]
FORMAT_MODULE_PATH = ["kualik.config.formats"]

DEFAULT_EXCEPTION_REPORTER_FILTER = "kualik.config.logs.SecretsHidden"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {
        "refusals": {"()": "kualik.config.logs.RefusalsWithoutTrace"},
        "faults": {"()": "kualik.config.logs.FaultsOnce"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refusals", "faults"],
        }
    },
    # These two print a trace for every tampered file that anyone uploads.
    "loggers": {
        name: {"level": "CRITICAL", "propagate": True}
        for name in ("pyhanko", "pyhanko_certvalidator")
    },
    "root": {"handlers": ["console"], "level": environment.text("KUALIK_LOG_LEVEL", "WARNING")},
}
