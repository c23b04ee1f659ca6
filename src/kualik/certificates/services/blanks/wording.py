"""The words of the ledger: states of a blank, what happened to it, prints of a document."""

from collections.abc import Mapping

from kualik.certificates.models import Blank
from kualik.rules.language import Text

BLANK_STATES: Mapping[str, Text] = {
    Blank.State.IN_STOCK: Text("Қоймада", "На складе", "In the safe"),
    Blank.State.GIVEN: Text("Қызметкерде", "У сотрудника", "With staff"),
    Blank.State.USED: Text("Пайдаланылды", "Использован", "Used"),
    Blank.State.SPOILED: Text("Бүлінген", "Испорчен", "Spoiled"),
    Blank.State.LOST: Text("Жоғалған", "Утерян", "Lost"),
}
BLANK_ACTIONS: Mapping[str, Text] = {
    "certificates.blank_given": Text("Қызметкерге берілді", "Выдан сотруднику", "Given to staff"),
    "certificates.blank_returned": Text("Қоймаға қайтарылды", "Возвращён на склад", "Returned"),
    "certificates.blank_at_printer": Text("Принтерге салынды", "Вложен в принтер", "At a printer"),
    "certificates.blank_used": Text("Құжатқа пайдаланылды", "Использован для документа", "Used"),
    "certificates.blank_spoiled": Text(
        "Бүлінген, есептен шығарылды", "Испорчен, списан по акту", "Spoiled, written off"
    ),
    "certificates.blank_lost": Text(
        "Жоғалған, есептен шығарылды", "Утерян, списан по акту", "Lost, written off"
    ),
    "certificates.blank_act_kept": Text(
        "Актінің көшірмесі сақталды", "Сохранена копия акта", "A scan of the act was kept"
    ),
}
PRINT_ACTIONS: Mapping[str, Text] = {
    "certificates.printed": Text(
        "Бланкке басып шығаруға жіберілді", "Отправлен на печать на бланке", "Sent to be printed"
    ),
    "certificates.print_good": Text(
        "Бланкке басып шығарылды", "Напечатан на бланке", "Printed on a blank"
    ),
    "certificates.print_spoiled": Text(
        "Басып шығарылмады, бланк бүлінді", "Не напечатан, бланк испорчен", "The blank was spoiled"
    ),
    "certificates.print_nothing": Text(
        "Басып шығарылмады, бланк таза", "Не напечатан, бланк чист", "Nothing came out"
    ),
}
