"""Values of every event, and short ways to tell somebody something."""

from datetime import UTC, date, datetime

from kualik.notifications.models import Message
from kualik.notifications.services.sending import Addresses, notify
from kualik.notifications.services.wording import Values
from kualik.rules.language import Text
from kualik.rules.lifecycle import STATE_LABELS, State

PHONE, EMAIL = "+77011234567", "aigerim@demo.example"
NUMBER = "DEMO-2026-000123"
ABOUT = f"request:{NUMBER}"
LINK = "https://kualik.example.kz/status/DEMO-2026-000123/"
GROUND = Text(
    "көрсетілетін қызметті алушы ұсынған құжаттардың және (немесе) олардағы деректердің дұрыс емес"
    " екендігі анықталды",
    "установлена недостоверность документов, представленных услугополучателем для получения"
    " государственной услуги, и (или) данных, содержащихся в них",
    "the documents submitted by the applicant, or the data in them, are unreliable",
)
PROGRAMME = Text(
    "Балалар мен жасөспірімдерге кардиологиялық көмек көрсетудің заманауи тәсілдері және"
    " дәлелді медицина негіздері",
    "Современные подходы к оказанию кардиологической помощи детям и подросткам и основы"
    " доказательной медицины",
    "Modern approaches to cardiological care of children and the basics of evidence-based medicine",
)
DECISION = Text(
    "Әкімшілік актінің күші жойылып, жаңа акт қабылданды",
    "Административный акт отменён и принят новый",
    "The act is cancelled and a new one is made",
)
BODY = Text(
    "Мемлекеттік қызметтер көрсету сапасын бағалау және бақылау жөніндегі уәкілетті органның"
    " аумақтық департаменті",
    "Территориальный департамент уполномоченного органа по оценке и контролю за качеством"
    " оказания государственных услуг",
    "Territorial department of the body that assesses the quality of state services",
)
VALUES: Values = {
    "number": NUMBER,
    "accepted_at": datetime(2026, 11, 23, 3, 30, tzinfo=UTC),
    "due_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
    "handed_at": datetime(2026, 11, 24, 6, 5, tzinfo=UTC),
    "appeal_until": date(2027, 2, 23),
    "certificate": "DEMO-2026-000123-K",
    "ground": GROUND,
    "programme": PROGRAMME,
    "on": date(2026, 11, 22),
    "decision": DECISION,
    "body": BODY,
    "answers": "Дана Маратқызы Оспанова, +7 727 300 00 01",
    "name": "Әбдірахманова Айгерім Нұрланқызы",
    "provider": Text("Медицина академиясы", "Медицинская академия", "Medical academy"),
    "valid_until": date(2027, 5, 3),
    "reason": GROUND,
    "state": STATE_LABELS[State.APPROVED],
    "code": "482913",
    "minutes": 5,
    "by": "Дана Маратқызы Оспанова",
    "roles": Text("Тіркеуші", "Регистратор", "Registrar"),
    "last": "4567",
    "link": LINK,
    "provider_kk": "Медицина академиясы",
    "provider_ru": "Медицинская академия",
    "bin": "970440000337",
    "what_kk": "құжаттар қоймасына жазу мүмкін емес",
    "what_ru": "хранилище документов не записывает",
    "began_at": "23.11.2026 10:00",
    "found_at": "23.11.2026 10:02",
    "ended_kk": "әлі аяқталған жоқ",
    "ended_ru": "ещё продолжается",
    "requests": "12",
}


def tell(
    event: str = "request_filed",
    *,
    now: datetime,
    sms: str = PHONE,
    email: str = "",
    about: str = ABOUT,
    language: str = "kk",
) -> list[Message]:
    """Tell a person, by default by SMS alone."""
    return notify(
        event=event,
        about=about,
        addresses=Addresses(email=email, sms=sms),
        language=language,
        params=VALUES,
        now=now,
        scope="DEMO",
    )
