"""What registers of the state answer over the bus of the tests: КДП, ГБД ФЛ, ХЭД and others."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from lxml import etree

from kualik.gateway.adapters import envelope, wsse
from kualik.gateway.adapters.envelope import Envelope
from kualik.gateway.adapters.inner import anywhere, element
from tests.gateway.bus import Bus, Reply

SAMPLES = Path(__file__).parents[1] / "fixtures" / "gateway" / "samples"
KDP = "http://service.2fa-chain.kz/ns/kdp"
TOKEN, KEY = "KDP.TOKEN.EXAMPLE", "MIIBIjANBgkqEXAMPLE"


@dataclass
class State:
    """The registers: ``words`` are what КДП says next, the last one for ever."""

    words: list[str] = field(default_factory=lambda: ["VALID"])
    names: tuple[str, str, str] = ("", "", "")
    life: str = "0"
    paper: str = "00"
    code: str = "00000"
    iin: str = ""
    is_known: bool = True
    phone: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    document: str = ""

    def __call__(self, bus: Bus, asked: Envelope) -> Reply:
        """The answer of the service that is asked; the plan holds this for every question."""
        bus.plan.append(self)
        made = {
            "KDP_SERVICE": self._kdp,
            "GBDFLUniversal_token": self._persons,
            "EDS_TEMP_FILES": self._files,
            "MCDB_SERVICE": self._phones,
            "DIGITAL_DOCUMENTS": self._documents,
        }[asked.info.service_id]
        return made(bus, asked)

    def _kdp(self, bus: Bus, asked: Envelope) -> Reply:
        """As sample 13: a wrapper of its own, without a status of the bus."""
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        root = ElementTree.fromstring((SAMPLES / "13-sync-kdp-response.xml").read_bytes())
        for name, text in (("status", word), ("messageId", asked.info.message_id)):
            for found in root.iter(f"{{{KDP}}}{name}"):
                if found.text:
                    found.text = text
        if word != "VALID":
            data = next(root.iter(f"{{{KDP}}}data"))
            for name in ("code", "public-key"):
                data.remove(next(data.iter(f"{{{KDP}}}{name}")))
        else:
            # Real answers break the token into lines.
            next(root.iter(f"{{{KDP}}}code")).text = f"{TOKEN[:6]}\n  {TOKEN[6:]}"
        return bus.signed(ElementTree.tostring(root))

    def _persons(self, bus: Bus, asked: Envelope) -> Reply:
        """As sample 11, about whoever was asked."""
        question = element(asked.data.text)
        assert anywhere(question, "kdpToken") == TOKEN
        assert anywhere(question, "publicKey") == KEY
        assert anywhere(question, "messageId") == asked.info.message_id
        root = etree.parse(SAMPLES / "11-sync-gbdfl-response.xml").getroot()
        changes = {
            "iin": self.iin or anywhere(question, "iin"),
            **dict(zip(("surname", "name", "patronymic"), self.names, strict=True)),
        }
        person = next(root.iter("person"))
        for name, text in changes.items():
            place = person.find(name)
            if text:
                place.text = text
            else:
                person.remove(place)
        person.find("lifeStatus/code").text = self.life
        person.find("documents/document/status/code").text = self.paper
        next(root.iter("messageResult")).find("code").text = self.code
        if not self.is_known:
            persons = next(root.iter("persons"))
            persons.getparent().remove(persons)
        next(root.iter("messageId")).text = asked.info.message_id
        return bus.signed(etree.tostring(root))

    def _files(self, bus: Bus, asked: Envelope) -> Reply:
        question = element(asked.data.text)
        kind = anywhere(question, "type")
        if anywhere(question, "password") != "a word of the bus":
            return self._stored(bus, asked, kind, "401", "")
        if kind == "UPLOAD":
            name = f"00000000-0000-7071-6571-{len(self.files):012d}"
            self.files[name] = base64.b64decode(anywhere(question, "content"))
            return self._stored(bus, asked, kind, "0", name)
        name = anywhere(question, "fileIdentifiers")
        return self._stored(bus, asked, kind, "0" if name in self.files else "404", name)

    def _stored(self, bus: Bus, asked: Envelope, kind: str, code: str, name: str) -> Reply:
        branch, row, content = {
            "UPLOAD": ("upload", "uploadFileResults", ""),
            "DOWNLOAD": ("download", "fileDownloadResults", "content"),
            "CONFIRM": ("confirm", "fileConfirmResults", ""),
        }[kind]
        status = f"<t:status><t:code>{code}</t:code><t:status>word</t:status></t:status>"
        held = self.files.get(name)
        inner = f"{status}<t:fileIdentifier>{name}</t:fileIdentifier>"
        if kind == "UPLOAD":
            inner = f"<t:fileProcessIdentifier>p</t:fileProcessIdentifier>{inner}"
        if content and held is not None:
            inner += f"<t:content>{base64.b64encode(held).decode()}</t:content>"
        text = (
            '<t:tempStorageResponse xmlns:t="http://egov.bee.kz/eds/tempstorage/v2/">'
            f"<t:type>{kind}</t:type><t:{branch}Response><t:{row}>{inner}</t:{row}>{status}"
            f"</t:{branch}Response></t:tempStorageResponse>"
        )
        return self._told(bus, asked, text)

    def _phones(self, bus: Bus, asked: Envelope) -> Reply:
        phone = f"<phone>{self.phone}</phone>" if self.phone else ""
        text = f'<getPhonesResponse xmlns="urn:example:mcdb">{phone}</getPhonesResponse>'
        return self._told(bus, asked, text)

    def _documents(self, bus: Bus, asked: Envelope) -> Reply:
        question, word = element(asked.data.text), self.words[0]
        if question.tag.endswith("documentAccessRequest"):
            inner = f"<requestId>3f2a-0001</requestId><status>{word}</status>"
            name = "documentAccessResponse"
        else:
            document = f"<document>{self.document}</document>" if word == "ALLOWED" else ""
            inner, name = f"<status>{word}</status>{document}", "documentResponse"
        space = "urn:example:digital-documents"
        return self._told(bus, asked, f'<{name} xmlns="{space}">{inner}</{name}>')

    def _told(self, bus: Bus, asked: Envelope, text: str) -> Reply:
        made = envelope.sync_response(
            message_id=asked.info.message_id, now=bus.now, data=text, shape="element"
        )
        return 200, wsse.sign(made, bus.key)


def answering(bus: Bus, **facts: object) -> State:
    """The registers at the other end of the bus."""
    state = State(**facts)  # type: ignore[arg-type]  # the fields of the class
    bus.plan.append(state)
    return state
