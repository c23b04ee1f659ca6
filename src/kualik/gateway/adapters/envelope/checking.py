"""What leaves is of the contract: the schemas of the channels."""

import copy
from typing import Final

from lxml import etree

from kualik.gateway.adapters.envelope.names import ASYNC, CLIENT, FAULT, SYNC, XS
from kualik.gateway.adapters.envelope.parsing import local, parse, parts
from kualik.gateway.adapters.envelope.payload import TYPE
from kualik.gateway.adapters.faults import SCHEMA, GatewayFault
from kualik.gateway.adapters.schemas import schema_of

CHANNELS: Final = {
    SYNC: "sync-types.xsd",
    ASYNC: "async-types.xsd",
    CLIENT: "async-client-types.xsd",
}


def check(envelope: bytes) -> None:
    """Raises GatewayFault 2005 for a message that is not as the schema of its channel says.

    The type of ``data`` is not looked at: the channels know none.
    """
    _, body = parts(parse(envelope))
    found = list(body)
    if len(found) == 1 and local(found[0]) == FAULT:
        detail = found[0].find("detail")
        found = [] if detail is None else list(detail)
    if len(found) != 1:
        raise GatewayFault(SCHEMA, "one_element")
    root = copy.deepcopy(found[0])
    for data in root.iter("data"):
        # A type that the channel's schema does not know would make it invalid.
        if _names_foreign_type(data):
            del data.attrib[TYPE]
    _validate(root, etree.QName(root).namespace or "")


def _names_foreign_type(data: etree._Element) -> bool:
    prefix, _, name = data.get(TYPE, "").rpartition(":")
    return bool(name) and data.nsmap.get(prefix or None) != XS


def _validate(root: etree._Element, namespace: str) -> None:
    name = CHANNELS.get(namespace)
    if name is None:
        raise GatewayFault(SCHEMA, "unknown_namespace")
    schema = schema_of(name)
    if not schema.validate(root):
        entry = schema.error_log.last_error
        # What is wrong, without the values that the library quotes: they may be personal.
        place = entry.path.rsplit("/", 1)[-1] if entry and entry.path else ""
        raise GatewayFault(SCHEMA, "against_schema", name=place)
