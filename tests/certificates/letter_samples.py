"""Letters of the tests, made by the services."""

from datetime import UTC, date, datetime
from typing import Any

from django.core.files.storage import default_storage

from kualik.accounts.models import Person, User
from kualik.accounts.services import PersonFacts, register_persons
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import accept_letter, draft_letter, run_letter_job
from kualik.certificates.services.signing import Intake
from kualik.core.journal import SYSTEM
from kualik.rules.language import Text
from kualik.signatures.adapters.test_authority import Leaf, sign_cms
from kualik.signatures.services import installation_trust, test_fetcher
from tests.certificates.people import NAMES, NOW, STAFF_IINS

# A Monday after the Digital Code took effect: since then the organisation's key may seal alone.
LATER = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)
ABOUT = "request:DEMO-2026-Z000001-5"
APPLICANT = Text("Жүнісова Айгүл Серікқызы", "Жунусова Айгуль Сериковна")
SERVICE = Text(
    "Біліктілікті арттыру туралы құжат беру", "Выдача документа о повышении квалификации"
)
FACTS: dict[str, dict[str, object]] = {
    "refusal": {
        "request": "DEMO-2026-Z000001-5",
        "applicant": APPLICANT,
        "service": SERVICE,
        "ground": Text("дәйексіздігін анықтау", "установление недостоверности"),
        "law": Text("Заңның 19-1-бабы", "статья 19-1 Закона"),
        "clause": Text("стандарттың 9-жолы", "строка 9 стандарта"),
        "reasons": Text("Дипломның нөмірі табылмады.", "Номер диплома не найден."),
        "mend": Text("Дипломды тексеріңіз.", "Проверьте диплом."),
        "appeal": Text("Үш ай ішінде шағым беруге болады.", "Жалоба в течение трёх месяцев."),
        "bodies": Text("1) Академия, Абай даңғылы", "1) Академия, проспект Абая"),
        "appeal_until": date(2026, 6, 2),
        "decided_on": date(2026, 3, 2),
    },
    "notice": {
        "request": "DEMO-2026-Z000001-5",
        "applicant": APPLICANT,
        "service": SERVICE,
        "document": Text("КУӘЛІК", "СВИДЕТЕЛЬСТВО"),
        "document_number": "DEMO-2026-000001-1",
        "document_code": "7K3M-Q9XZ-2V5R-TB8H",
        "programme": Text("Кардиология негіздері", "Основы кардиологии"),
        "issued_on": date(2026, 3, 2),
        "certified_by": Text("Сейітқали Б. М., проректор", "Сейиткали Б. М., проректор"),
    },
    "decision": {
        "complaint": "DEMO-2026-S000001-1",
        "filed_on": date(2026, 2, 26),
        "applicant": APPLICANT,
        "subject": Text("бас тарту", "отказ"),
        "complained_of": Text("Диплом дұрыс", "Диплом подлинный"),
        "found": Text("Диплом расталды.", "Диплом подтверждён."),
        "decision": Text("Шағым қанағаттандырылды", "Жалоба удовлетворена"),
        "effect": Text("Өтінім қайта қаралады", "Заявление рассматривается заново"),
        "court": Text("Сотқа жүгінуге болады.", "Можно обратиться в суд."),
        "decided_on": date(2026, 3, 2),
    },
}
FACTS["not_accepted"] = FACTS["refusal"]
FACTS["report"] = {
    "period": Text("2026 жылғы ақпан", "февраль 2026 года"),
    "tables": [
        {
            "title": {"kk": "Жиыны", "ru": "Итоги"},
            "columns": [{"kk": "Көрсеткіш", "ru": "Показатель"}, {"kk": "Мәні", "ru": "Значение"}],
            "rows": [[{"kk": "Түсті", "ru": "Поступило"}, {"kk": "7", "ru": "7"}]],
            "note": {"kk": "", "ru": ""},
            "shares": [],
        }
    ],
    "made_on": date(2026, 3, 2),
}


def addressee() -> Person:
    """The person to whom the letters are written."""
    iin, family, given, patronymic = NAMES[0]
    facts = PersonFacts(iin=iin, family_name=family, given_name=given, patronymic=patronymic)
    return register_persons(people=[facts], now=NOW)[iin]


def draft(signer: User, /, kind: str = "refusal", **changed: Any) -> Letter:
    """A letter of the signer's provider, not rendered yet."""
    values: dict[str, Any] = {
        "kind": kind,
        "provider": signer.provider,
        "person": addressee(),
        "about": ABOUT,
        "edition": "A303",
        "facts": FACTS[kind],
        "signer": signer,
        "actor": SYSTEM,
        "now": NOW,
    }
    return draft_letter(**{**values, **changed})


def make(letter: Letter, now: datetime = NOW) -> Letter:
    """The letter after its job."""
    run_letter_job({"letter": letter.pk}, now)
    return Letter.objects.select_related("provider", "key", "signer").get(pk=letter.pk)


def prepared(signer: User, /, kind: str = "refusal", **changed: Any) -> Letter:
    """A letter with its file."""
    return make(draft(signer, kind, **changed), changed.get("now", NOW))


def content_of(letter: Letter) -> bytes:
    """The stored file."""
    with default_storage.open(letter.file) as stored:
        content: bytes = stored.read()
    return content


def leaf_of(user: User) -> Leaf:
    """The person's test key with the right to sign for the provider."""
    assert user.provider is not None
    return trial_leaf(user, user.provider, iins=STAFF_IINS, now=NOW)


def signature_of(letter: Letter, *leaves: Leaf, content: bytes | None = None) -> bytes:
    """A detached signature over the prepared file, by its signer unless others are named."""
    assert letter.signer is not None
    return sign_cms(
        leaves=list(leaves) or [leaf_of(letter.signer)],
        content=content or content_of(letter),
        detached=True,
        signing_time=NOW,
    )


def sign(letter: Letter, signature: bytes | None = None, *, user: User | None = None) -> bool:
    """Hand in a signature, the signer's own unless another is given."""
    assert letter.signer is not None
    intake = Intake(
        user=user or letter.signer,
        trust=installation_trust(),
        fetcher=test_fetcher(now=NOW),
        now=NOW,
    )
    found = signature or signature_of(letter)
    return accept_letter(letter=letter, signature=found, intake=intake, after=str)


def signed(signer: User, /, kind: str = "refusal", **changed: Any) -> Letter:
    """A letter that is a document."""
    letter = prepared(signer, kind, **changed)
    assert sign(letter)
    return letter
