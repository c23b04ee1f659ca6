"""The descriptions of our channels, with the address at which they are asked for."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from lxml import etree

from kualik.gateway.adapters.schemas import FOLDER

DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"sync": "sync-channel.wsdl", "async": "async-channel-client.wsdl"}
)
PARTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sync": frozenset(
            {"sync-types.xsd", "sync-info.xsd", "sync-request.xsd", "sync-response.xsd",
             "common.xsd"}
        ),
        "async": frozenset(
            {"async-types.xsd", "async-client-types.xsd", "async-itypes.xsd", "common.xsd"}
        ),
    }
)  # fmt: skip
ADDRESS: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


@lru_cache(maxsize=32)
def description(channel: str, address: str) -> bytes:
    """The WSDL of a channel that answers at ``address``."""
    return _written(DESCRIPTIONS[channel], address)


@lru_cache(maxsize=64)
def schema_part(channel: str, name: str, address: str) -> bytes | None:
    """A schema that the description of the channel imports; None for any other name."""
    return _written(name, address) if name in PARTS[channel] else None


def _written(name: str, address: str) -> bytes:
    tree = etree.parse(FOLDER / name, etree.XMLParser(remove_comments=True))
    for element in tree.iter(etree.Element):
        if element.get("schemaLocation"):
            element.set("schemaLocation", f"{address}?xsd={element.get('schemaLocation')}")
        if element.tag == ADDRESS:
            element.set("location", address)
    made: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    return made
