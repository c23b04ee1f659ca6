"""What nobody has filled in of ``data/registers.toml``, in words."""

from collections.abc import Mapping

from kualik.gateway.queries.registers import Registers
from kualik.rules.language import Text

SECTIONS: Mapping[str, Text] = {
    "consent": Text("Келісім (КДП)", "Согласие (КДП)", "Consent (КДП)"),
    "persons": Text("Жеке тұлғалар (ЖТ МДҚ)", "Физические лица (ГБД ФЛ)", "Persons (ГБД ФЛ)"),
    "files": Text("Уақытша файлдар (ХЭД)", "Временные файлы (ХЭД)", "Temporary files (ХЭД)"),
    "phones": Text("Телефондар (МАБ)", "Телефоны (БМГ)", "Phones (БМГ)"),
    "documents": Text(
        "Сұралатын цифрлық құжаттар",
        "Запрашиваемые цифровые документы",
        "Digital documents, asked for",
    ),
    "supplier": Text(
        "Біз беретін цифрлық құжаттар",
        "Отдаваемые нами цифровые документы",
        "Digital documents, ours",
    ),
}
VALUES: Mapping[str, Text] = {
    "service_id": Text("сервистің коды", "код сервиса", "code of the service"),
    "namespace": Text("атау кеңістігі", "пространство имён", "namespace"),
    "responsible": Text("жауапты адам", "ответственное лицо", "responsible person"),
    "words": Text("жауаптардың мағынасы", "значения ответов", "meaning of the answers"),
    "sender_code": Text(
        "жүйеміздің дерекқордағы коды",
        "код нашей системы в базе данных",
        "code of our system in the database",
    ),
    "data_name": Text("деректердің атауы", "название данных", "name of the data"),
    "request": Text("сұрау салудың XML үлгісі", "образец запроса (XML)", "XML of a question"),
    "phone": Text("нөмірі бар элемент", "элемент с номером", "element with the number"),
    "found": Text("адам табылған жауаптар", "ответы «найден»", "answers of somebody found"),
    "absent": Text("адам табылмаған жауаптар", "ответы «не найден»", "answers of nobody found"),
    "alive": Text("өмір сүру мәртебелері", "статусы жизни", "life statuses"),
    "papers": Text("құжат түрлері", "виды документов", "kinds of identity documents"),
    "paper_valid": Text(
        "жарамды құжаттың мәртебелері",
        "статусы действующего документа",
        "statuses of a document in force",
    ),
    "ok": Text("сәтті жауаптар", "успешные ответы", "good answers"),
    "gone": Text("файл жойылған жауаптар", "ответы «файла больше нет»", "answers of a file gone"),
    "senders": Text("сұрай алатын жүйелер", "кто может спрашивать", "who may ask"),
    "type_code": Text("құжат түрінің коды", "код вида документа", "code of the document's kind"),
    "type_kk": Text("құжат түрі, қазақша", "вид документа, по-казахски", "its kind, in Kazakh"),
    "type_ru": Text("құжат түрі, орысша", "вид документа, по-русски", "its kind, in Russian"),
    "type_en": Text("құжат түрі, ағылшынша", "вид документа, по-английски", "its kind, in English"),
}
LANGUAGES = ("kk", "ru", "en")


def lacking(known: Registers) -> list[Text]:
    """The values that stand empty, as "where: what"."""
    found = []
    for name in known.unset:
        section, _, value = name.partition(".")
        where, what = SECTIONS[section], VALUES[value]
        kk, ru, en = (f"{where.get(one)}: {what.get(one)}" for one in LANGUAGES)
        found.append(Text(kk, ru, en))
    return found
