"""Why a message is not taken: the codes that both ends of the bus know, and some of our own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kualik.rules.language import LANGUAGES, Text

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "faults.toml"
SCHEMA: Final = "2005"
SENDER: Final = "2007"
PARSE: Final = "2013"
SIGNING: Final = "2014"
SIGNATURE: Final = "2015"
SERVICE: Final = "2016"
CORRELATION: Final = "2019"
TIMEOUT: Final = "2020"
EXPIRED: Final = "2022"
INTERNAL: Final = "9000"
WINDOW: Final = "9001"
OTHER_CONTENT: Final = "9002"
TOO_LARGE: Final = "9003"
TOO_MANY: Final = "9004"
REFUSED: Final = "9005"

# Those from 2005 to 2022 are the bus's own (EsbError), those from 9000 on are ours. The Russian
# text travels; the others are for our own pages.
TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        SCHEMA: Text(
            "Хабарлама схемаға сәйкес емес.",
            "Сообщение не соответствует схеме.",
            "The message does not fit the schema.",
        ),
        SENDER: Text(
            "Жіберуші табылмады.",
            "Отправитель не найден.",
            "The sender is not known.",
        ),
        PARSE: Text(
            "Хабарламаны талдау қатесі.",
            "Ошибка разбора сообщения.",
            "The message cannot be parsed.",
        ),
        SIGNING: Text(
            "Хабарламаға қол қою қатесі.",
            "Ошибка при подписании сообщения.",
            "The message could not be signed.",
        ),
        SIGNATURE: Text(
            "Қолтаңбаны тексеру қатесі.",
            "Ошибка валидации подписи.",
            "The signature does not hold.",
        ),
        SERVICE: Text(
            "Сервис табылмады.",
            "Сервис не найден.",
            "The service is not known.",
        ),
        CORRELATION: Text(
            "Хабарламалар тізбегі (correlationId) табылмады.",
            "Цепочка сообщений (correlationId) не найдена.",
            "The chain of messages (correlationId) is not known.",
        ),
        TIMEOUT: Text(
            "Күту уақыты өтіп кетті.",
            "Истекло время ожидания.",
            "The time of waiting is over.",
        ),
        EXPIRED: Text(
            "Сертификаттың қолданылу мерзімі аяқталған немесе әлі басталмаған.",
            "Срок действия сертификата истёк или ещё не наступил.",
            "The certificate is no longer, or not yet, in force.",
        ),
        INTERNAL: Text(
            "Ішкі қате. Хабарламаны кейінірек қайталаңыз.",
            "Внутренняя ошибка. Повторите сообщение позже.",
            "An inner error. Repeat the message later.",
        ),
        WINDOW: Text(
            "Хабарламаның күні рұқсат етілген аралықтан тыс.",
            "Дата сообщения вне допустимого промежутка.",
            "The date of the message is outside the permitted interval.",
        ),
        OTHER_CONTENT: Text(
            "Осындай messageId бар хабарлама басқа мазмұнмен қабылданған.",
            "Сообщение с таким messageId уже принято с другим содержанием.",
            "A message with this messageId was taken with other content.",
        ),
        TOO_LARGE: Text(
            "Хабарлама 16 мегабайттан үлкен.",
            "Сообщение больше 16 мегабайт.",
            "The message is larger than 16 megabytes.",
        ),
        TOO_MANY: Text(
            "Хабарлама тым көп. Кейінірек қайталаңыз.",
            "Слишком много сообщений. Повторите позже.",
            "Too many messages. Repeat later.",
        ),
        REFUSED: Text(
            "Хабарламаны өңдеуден бас тартылды.",
            "В обработке сообщения отказано.",
            "The message was refused in processing.",
        ),
    }
)


@cache
def details() -> Mapping[str, Text]:
    """What may be wrong with a message, by name; ``{name}`` is an element of it."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return MappingProxyType({name: Text(**row) for name, row in rows.items()})


class GatewayFault(Exception):
    """A message that is answered by a fault.

    ``code`` is one of this module. ``why`` is a row of ``details`` (``name`` the element that it
    speaks of), or the words themselves; by default those of the code. ``message`` is the Russian
    text: it and the code travel to the other side, so neither may hold personal data.
    """

    def __init__(self, code: str, why: str | Text = "", *, name: str = "") -> None:
        super().__init__(code)
        self.code = code
        words = Text(why, why, why) if isinstance(why, str) else why
        found = details().get(words.ru, words) if words.ru else TEXTS.get(code, TEXTS[INTERNAL])
        self.text = Text(*(found.get(one).replace("{name}", name) for one in LANGUAGES))
        self.message = self.text.ru
