"""Why a message is not taken: the codes that both ends of the bus know, and some of our own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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

# Those from 2005 to 2022 are the bus's own (EsbError), those from 9000 on are ours.
MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        SCHEMA: "Сообщение не соответствует схеме.",
        SENDER: "Отправитель не найден.",
        PARSE: "Ошибка разбора сообщения.",
        SIGNING: "Ошибка при подписании сообщения.",
        SIGNATURE: "Ошибка валидации подписи.",
        SERVICE: "Сервис не найден.",
        CORRELATION: "Цепочка сообщений (correlationId) не найдена.",
        TIMEOUT: "Истекло время ожидания.",
        EXPIRED: "Срок действия сертификата истёк или ещё не наступил.",
        INTERNAL: "Внутренняя ошибка. Повторите сообщение позже.",
        WINDOW: "Дата сообщения вне допустимого промежутка.",
        OTHER_CONTENT: "Сообщение с таким messageId уже принято с другим содержанием.",
        TOO_LARGE: "Сообщение больше 16 мегабайт.",
        TOO_MANY: "Слишком много сообщений. Повторите позже.",
        REFUSED: "В обработке сообщения отказано.",
    }
)


class GatewayFault(Exception):
    """A message that is answered by a fault.

    ``code`` is one of this module, ``message`` the Russian text of the answer (by default that of
    the code): both travel to the other side, so neither may hold personal data.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, MESSAGES[INTERNAL])
