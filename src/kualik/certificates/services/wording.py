"""What pages and the command line say about a certificate: verdicts, states, the sheet itself."""

from dataclasses import dataclass
from typing import NamedTuple

from kualik.papers.queries import Form, form
from kualik.papers.services.wording import long_date, period, quoted, volume
from kualik.rules.facts import KIND_LABELS, CertificateFacts
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """A verdict in one line, what it means, and how a page colours it (good, warn, bad)."""

    title: Text
    meaning: Text
    tone: str


class Row(NamedTuple):
    """A line of the sheet; ``point`` is its place in COMPARED, 0 where it is not among them."""

    label: str
    value: str
    point: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One language's column of the sheet."""

    language: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """What kind of entry of the register this is, in words."""

    status: Text
    kind: Text
    paper: Text


VERDICTS: dict[str, VerdictWords] = {
    "valid": VerdictWords(
        Text("Құжат жарамды", "Документ действителен", "The document is valid"),
        Text(
            "Ол тізілімде тұр және күшінде. Төмендегі мазмұнды қолыңыздағы құжатпен салыстырыңыз.",
            "Он есть в реестре и имеет силу. Сравните содержание ниже с документом, который "
            "у вас в руках.",
            "The register holds it and it is in force. Compare the content below with the "
            "document in your hands.",
        ),
        "good",
    ),
    "suspended": VerdictWords(
        Text(
            "Құжаттың қолданылуы тоқтатыла тұр",
            "Действие документа приостановлено",
            "The document is suspended",
        ),
        Text(
            "Тексеру аяқталғанша оған сүйенуге болмайды.",
            "Пока идёт проверка, полагаться на него нельзя.",
            "It must not be relied on until the review ends.",
        ),
        "warn",
    ),
    "revoked": VerdictWords(
        Text("Құжаттың күші жойылған", "Документ аннулирован", "The document is revoked"),
        Text(
            "Ол берілген болатын, бірақ енді күші жоқ.",
            "Он был выдан, но больше не имеет силы.",
            "It was issued, but has no force any more.",
        ),
        "bad",
    ),
    "replaced": VerdictWords(
        Text(
            "Құжат жаңасымен ауыстырылған",
            "Документ заменён новым",
            "The document is replaced by a new one",
        ),
        Text(
            "Бұл құжаттың енді күші жоқ, оның орнына берілгені күшінде.",
            "Этот документ больше не имеет силы, действует выданный взамен.",
            "This one has no force any more; the one given in its place has.",
        ),
        "bad",
    ),
    "altered": VerdictWords(
        Text(
            "Файл тізілімдегі құжаттан өзгеше",
            "Файл отличается от документа в реестре",
            "The file differs from the document in the register",
        ),
        Text(
            "Файлды бір бағдарлама қайта сақтаған болуы да, мазмұны қолдан өзгертілген болуы да "
            "мүмкін: файлдың өзінен оны білу мүмкін емес. Оған сенбеңіз, түпнұсқа файлды сұраңыз.",
            "Возможно, его пересохранила программа, а возможно, содержание подделано: по самому "
            "файлу этого не узнать. Не полагайтесь на него, попросите исходный файл.",
            "A program may have saved it anew, or its content may be forged: the file itself does "
            "not tell. Do not rely on it, ask for the original file.",
        ),
        "bad",
    ),
    "unknown": VerdictWords(
        Text(
            "Мұндай құжат тізілімде жоқ",
            "Такого документа в реестре нет",
            "The register has no such document",
        ),
        Text(
            "Кодты теру кезінде қате кеткен болуы мүмкін: құжаттағымен әр таңбасын салыстырып, "
            "қайта теріңіз. Егер құжатта дәл осы код жазылған болса, құжат жалған.",
            "Возможно, в коде опечатка: сверьте каждый знак с документом и наберите код ещё раз. "
            "Если на документе напечатан именно этот код, документ поддельный.",
            "There may be a typing mistake: compare every character with the document and type "
            "the code again. If the document really shows this one, it is forged.",
        ),
        "bad",
    ),
}
FILE_UNKNOWN = VerdictWords(
    Text("Бұл файл тізілімде жоқ", "Этого файла в реестре нет", "The register has no such file"),
    Text(
        "Бұл – осы тізілімнен берілген құжаттың файлы емес. Қағаздың суреті немесе көшірмесі "
        "болса, құжатта басылған код бойынша тексеріңіз.",
        "Это не файл документа, выданного из этого реестра. Если это снимок или копия бумаги, "
        "проверьте её по коду, напечатанному на документе.",
        "This is not the file of a document given out of this register. If it is a picture or a "
        "copy of a paper, check it by the code printed on the document.",
    ),
    "bad",
)

LETTER_VERDICTS: dict[str, VerdictWords] = {
    "valid": VerdictWords(
        Text(
            "Бұл – ұйымның шын құжаты",
            "Это подлинный документ организации",
            "This is a genuine paper of the organisation",
        ),
        Text(
            "Ол тізілімде тұр және күшінде. Төменде жазылғанды қолыңыздағы құжатпен салыстырыңыз.",
            "Он есть в реестре и имеет силу. Сравните указанное ниже с документом, который у вас "
            "в руках.",
            "The register holds it and it is in force. Compare what stands below with the paper in "
            "your hands.",
        ),
        "good",
    ),
    "revoked": VerdictWords(
        Text("Құжат қайтарып алынған", "Документ отозван", "The paper was taken back"),
        Text(
            "Ұйым оны берген, бірақ шешім өзгертілген: құжаттың енді күші жоқ.",
            "Организация выдала его, но решение изменено: документ больше не имеет силы.",
            "The organisation gave it out, but the decision was changed: it has no force any more.",
        ),
        "bad",
    ),
}

# Nothing was looked up: a slip of the hand says nothing about a document.
MISREAD: dict[str, VerdictWords] = {
    "code_unreadable": VerdictWords(
        Text("Код оқылмады", "Код не читается", "The code cannot be read"),
        Text(
            "Тексеру коды 16 таңбадан – цифрлардан және латын әріптерінен – тұрады. Оны құжатта "
            "басылғандай етіп қайта теріңіз. Құжаттың өзі туралы бұл ештеңе білдірмейді.",
            "Код проверки состоит из 16 знаков – цифр и латинских букв. Наберите его ещё раз так, "
            "как он напечатан на документе. О самом документе это ничего не говорит.",
            "A check code has 16 characters, digits and Latin letters. Type it again as it is "
            "printed on the document. This says nothing about the document itself.",
        ),
        "warn",
    ),
    "number_alone": VerdictWords(
        Text(
            "Бұл – тексеру коды емес, құжаттың нөмірі",
            "Это номер документа, а не код проверки",
            "This is the number of a document, not a check code",
        ),
        Text(
            "Нөмірдің өзі ештеңені ашпайды. Құжатта басылған 16 таңбалы тексеру кодын теріңіз "
            "немесе оның PDF файлын тексеріңіз.",
            "Сам по себе номер ничего не открывает. Наберите код проверки из 16 знаков, "
            "напечатанный на документе, или проверьте его файл PDF.",
            "A number alone opens nothing. Type the check code of 16 characters printed on the "
            "document, or check its PDF file.",
        ),
        "warn",
    ),
}

REASONS: dict[str, Text] = {
    "number_alone": Text(
        "Нөмірдің өзі ештеңені ашпайды: тексеру коды немесе PDF файлы керек.",
        "Сам по себе номер ничего не открывает: нужен код проверки или файл PDF.",
        "A number alone opens nothing: the check code or the PDF file is needed.",
    ),
    "code_unknown": Text(
        "Тізілімде мұндай тексеру коды жоқ.",
        "В реестре нет такого кода проверки.",
        "The register has no such check code.",
    ),
    "file_not_in_register": Text(
        "Файл тізілімде тіркелмеген.",
        "Файл не зарегистрирован в реестре.",
        "The file is not entered in the register.",
    ),
    "not_the_registered_file": Text(
        "Файлда тіркелген құжаттың коды немесе нөмірі бар, бірақ бұл оның түпнұсқа файлы емес.",
        "В файле стоит код или номер зарегистрированного документа, но это не его исходный файл.",
        "The file bears the code or number of a registered document but is not its original file.",
    ),
}

PROOF_LABELS: dict[str, Text] = {
    "B-B": Text(
        "мөр қойылған, уақыт белгісі қойылмаған",
        "печать без метки времени",
        "seal without a time-stamp",
    ),
    "B-T": Text("уақыты дәлелденген", "время доказано", "the time is proven"),
    "B-LT": Text(
        "уақыты дәлелденген, тексеру деректері файлда",
        "время доказано, данные для проверки в файле",
        "the time is proven, the data for checking are in the file",
    ),
    "B-LTA": Text(
        "уақыты дәлелденген, тексеру деректері файлда қорғалған",
        "время доказано, данные для проверки в файле защищены",
        "the time is proven, the data for checking are in the file and protected",
    ),
}
"""How far a document proves itself without this system."""

STATUS_LABELS: dict[str, Text] = {
    "draft": Text("Қол қоюды күтуде", "Ожидает подписи", "Waits for the seal"),
    "valid": Text("Жарамды", "Действителен", "Valid"),
    "suspended": Text("Тоқтатыла тұрған", "Приостановлен", "Suspended"),
    "revoked": Text("Күші жойылған", "Аннулирован", "Revoked"),
    "replaced": Text("Ауыстырылған", "Заменён", "Replaced"),
    "void": Text("Жарамсыз жазба", "Недействительная запись", "Void entry"),
}
SIGNER_ROLES: dict[str, Text] = {
    "first_head": Text("Ұйымның бірінші басшысы", "Первый руководитель организации", "First head"),
    "right_to_sign": Text(
        "Ұйым атынан қол қою құқығы бар тұлға",
        "Лицо с правом подписи от имени организации",
        "Person with the right to sign for the organisation",
    ),
    "employee": Text("Ұйымның қызметкері", "Работник организации", "Employee of the organisation"),
}
PAPER_LABELS: dict[str, Text] = {
    "certificate": Text("Куәлік", "Свидетельство", "Certificate"),
    "reference": Text("Анықтама", "Справка", "Reference"),
}
ACTION_LABELS: dict[str, Text] = {
    "certificates.drafted": Text(
        "Нөмір берілді, деректер бекітілді",
        "Присвоен номер, данные закреплены",
        "Number given, facts frozen",
    ),
    "certificates.seal_ordered": Text(
        "Қол қоюға жіберілді", "Отправлен на подписание", "Ordered to be sealed"
    ),
    "certificates.prepared": Text(
        "Ұйымның ЭЦҚ-сымен дайындалды, қол қоюды күтуде",
        "Подготовлен с ЭЦП организации, ожидает подписи",
        "Prepared with the organisation's seal, waits for the signature",
    ),
    "certificates.discarded": Text(
        "Дайындалған файл жарамсыз деп танылды",
        "Подготовленный файл отброшен",
        "The prepared file was discarded",
    ),
    "certificates.signed": Text(
        "Уәкілетті тұлғаның ЭЦҚ-сымен куәландырылды",
        "Удостоверен ЭЦП уполномоченного лица",
        "Signed with the authorised person's electronic signature",
    ),
    "certificates.sealed": Text(
        "Ұйымның ЭЦҚ-сымен куәландырылды",
        "Удостоверен ЭЦП организации",
        "Sealed with the organisation's electronic signature",
    ),
    "certificates.preserved": Text(
        "Ұзақ мерзімді дәлел қосылды",
        "Добавлено долговременное доказательство",
        "Lasting proof was added",
    ),
    "certificates.signature_stamped": Text(
        "Уәкілетті тұлғаның қолтаңбасына ұзақ мерзімді дәлел қосылды",
        "К подписи уполномоченного лица добавлено долговременное доказательство",
        "Lasting proof was added to the authorised person's signature",
    ),
    "certificates.preservation_given_up": Text(
        "Ұзақ мерзімді дәлел бір аптада толық жиналмады",
        "Долговременное доказательство за неделю собрать не удалось",
        "The lasting proof could not be completed within a week",
    ),
    "certificates.voided": Text("Жарамсыз деп танылды", "Признан недействительным", "Voided"),
    "certificates.suspended": Text(
        "Қолданылуы тоқтатыла тұрды", "Действие приостановлено", "Suspended"
    ),
    "certificates.valid": Text(
        "Қолданылуы қалпына келтірілді", "Действие возобновлено", "Restored"
    ),
    "certificates.revoked": Text("Күші жойылды", "Аннулирован", "Revoked"),
    "certificates.replaced": Text("Жаңасымен ауыстырылды", "Заменён новым", "Replaced"),
}
LETTER_STATES: dict[str, Text] = {
    "draft": Text("Дайындалуда", "Готовится", "Being prepared"),
    "prepared": Text("Қол қоюды күтуде", "Ожидает подписи", "Waits for the signature"),
    "signed": Text("Күшінде", "Имеет силу", "In force"),
    "void": Text("Қайтарып алынған", "Отозвано", "Taken back"),
}
HOLDER = Text("Кімге берілді", "Кому выдано")
COMPARED: tuple[Text, ...] = (
    Text(
        "тегі, аты, әкесінің аты – жеке басты куәландыратын құжатпен де",
        "фамилия, имя, отчество – также с удостоверением личности",
        "surname, given name and patronymic – also with an identity document",
    ),
    Text("бағдарламасы, әр әрпіне дейін", "программа, буква в букву", "programme, to the letter"),
    Text("сағаты мен кредиті", "часы и кредиты", "hours and credits"),
    Text("нөмірі", "номер", "number"),
    Text(
        "оқу кезеңі мен берілген күні", "даты обучения и выдачи", "dates of training and of issue"
    ),
)
PROGRAMME = Text("Бағдарламасы", "Программа")
PROVIDER = Text("Ұйым", "Организация")
AUTHORISED_PERSON = Text("Уәкілетті тұлға", "Уполномоченное лицо")


def labels_of(*, status: str, kind: str, paper: str) -> Labels:
    """The stored values of an entry as people read them."""
    return Labels(STATUS_LABELS[status], KIND_LABELS[kind], PAPER_LABELS[paper])


def sides(facts: CertificateFacts) -> tuple[Side, Side]:
    """The Kazakh and the Russian column in the very words of the sheet (A57.5, A303.5)."""
    return _side(facts, "kk"), _side(facts, "ru")


def _side(facts: CertificateFacts, language: str) -> Side:
    chosen = form(facts.form)
    labels = chosen.labels
    holder = facts.holder_kk if language == "kk" else facts.holder_ru
    issued = f"{long_date(facts.issued_on, language)}, {facts.city.get(language)}"
    rows = [
        Row(HOLDER.get(language), holder, 1),
        Row(PROGRAMME.get(language), quoted(facts.programme.get(language)), 2),
        Row(labels["volume"].get(language), _volume(chosen, facts, language), 3),
        Row(labels["period"].get(language), _period(facts, language), 5),
        Row(labels["number"].get(language), facts.number, 4),
        Row(labels["issued"].get(language), issued, 5),
        Row(PROVIDER.get(language), facts.provider_name.get(language)),
        Row(
            AUTHORISED_PERSON.get(language),
            f"{facts.signer_name}, {facts.signer_position.get(language)}",
        ),
    ]
    if facts.specialty:
        rows.insert(2, Row(labels["specialty"].get(language), facts.specialty.get(language)))
    return Side(language, _title(chosen, language), tuple(rows))


def _title(chosen: Form, language: str) -> str:
    """Name and subject of the paper as one phrase: in Kazakh the subject comes first."""
    name, subject = chosen.title.get(language).lower(), chosen.subtitle.get(language)
    phrase = f"{subject} {name}" if language == "kk" else f"{name} {subject}"
    return phrase[:1].upper() + phrase[1:]


def _volume(chosen: Form, facts: CertificateFacts, language: str) -> str:
    return ", ".join(volume(chosen, facts).get(language).splitlines())


def _period(facts: CertificateFacts, language: str) -> str:
    return " ".join(period(facts.started_on, facts.ended_on, language))
