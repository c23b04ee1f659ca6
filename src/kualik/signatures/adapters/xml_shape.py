"""The shape of an XML signature, read strictly.

Where the standard (W3C XML Signature) is generous, everything is either understood or refused:
nothing may stand in a signature that nobody has checked.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from lxml import etree

PART_LIMIT: Final = 400
CERTIFICATE_LIMIT: Final = 8
PREFIX_LIMIT: Final = 32

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
ENVELOPED: Final = f"{DS}enveloped-signature"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11: Final = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
PREFIXES: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
# Comments are nowhere signed: not in a reference to the same document, whatever its transform is
# called, and in a signature none are allowed.
CANONICAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        INCLUSIVE: INCLUSIVE,
        f"{INCLUSIVE}#WithComments": INCLUSIVE,
        INCLUSIVE_11: INCLUSIVE_11,
        f"{INCLUSIVE_11}#WithComments": INCLUSIVE_11,
        EXCLUSIVE: EXCLUSIVE,
        f"{EXCLUSIVE}WithComments": EXCLUSIVE,
    }
)


class XmlSignatureError(ValueError):
    """The signature is refused; ``code`` is a key of the table of reasons."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Form:
    """A canonical form: its kind, and the prefixes that the exclusive one keeps all the same."""

    kind: str
    prefixes: tuple[str, ...] = ()

    def of(self, node: etree._Element | etree._ElementTree) -> bytes:
        """The bytes that are signed. Raises XmlSignatureError ``xml_not_canonical``."""
        try:
            made: bytes = etree.tostring(
                node,
                method="c14n",
                exclusive=self.kind == EXCLUSIVE,
                inclusive_ns_prefixes=list(self.prefixes) or None,
                with_comments=False,
            )
        except etree.LxmlError as error:
            raise XmlSignatureError("xml_not_canonical") from error
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlSignature:
    """The parts of a signature.

    ``signed`` is the canonical SignedInfo. ``uri`` (None where the reference has no address),
    ``form`` and the digest are those of the document. Methods are addresses of algorithms.
    """

    method: str
    signed: bytes = field(repr=False)
    value: bytes = field(repr=False)
    uri: str | None
    form: Form
    digest_method: str
    digest: bytes
    certificates: tuple[bytes, ...] = field(repr=False)


def read_signature(signature: etree._Element) -> XmlSignature:
    """The parts of a signature that stands in the root of its document.

    Raises XmlSignatureError: ``xml_signature_malformed``, ``xml_object_unsupported``,
    ``xml_reference_count``, ``xml_transform_forbidden``, ``xml_not_canonical``.
    """
    if signature.find(f"{{{DS}}}Object") is not None:
        raise XmlSignatureError("xml_object_unsupported")
    _check_parts(signature)
    _check_attributes(signature, "Id")
    info, value, *rest = _children(signature, "SignedInfo", "SignatureValue", more=("KeyInfo",))
    canonical, method, reference = _signed_info(info)
    transforms, digest_method, digest_value = _children(
        reference, "Transforms", "DigestMethod", "DigestValue"
    )
    _check_attributes(reference, "Id", "URI", "Type")
    return XmlSignature(
        method=_algorithm(method),
        signed=_canonical_info(info, _form(canonical)),
        value=_data(value),
        uri=reference.get("URI"),
        form=_transformed(transforms),
        digest_method=_algorithm(digest_method),
        digest=_data(digest_value),
        certificates=tuple(_certificates(rest)),
    )


def _check_parts(signature: etree._Element) -> None:
    """Elements of the standard only, without comments (those split a text in two) and without
    text between elements."""
    for count, part in enumerate(signature.iter()):
        if not isinstance(part.tag, str) or count > PART_LIMIT:
            raise XmlSignatureError("xml_signature_malformed")
        if etree.QName(part).namespace not in (DS, DSIG11) and part.tag != PREFIXES:
            raise XmlSignatureError("xml_signature_malformed")
        texts = [part.text, *(child.tail for child in part)] if len(part) else []
        if any(text and text.strip() for text in texts):
            raise XmlSignatureError("xml_signature_malformed")


def _check_attributes(element: etree._Element, *names: str) -> None:
    if not set(element.attrib) <= set(names):
        raise XmlSignatureError("xml_signature_malformed")


def _children(
    parent: etree._Element, *names: str, more: tuple[str, ...] = ()
) -> Sequence[etree._Element]:
    """The children, which must have these names in this order; those of ``more`` may be absent."""
    found = list(parent)
    expected = [f"{{{DS}}}{name}" for name in (*names, *more)]
    if len(found) < len(names) or [child.tag for child in found] != expected[: len(found)]:
        raise XmlSignatureError("xml_signature_malformed")
    return found


def _signed_info(info: etree._Element) -> Sequence[etree._Element]:
    """The canonical form, the method and the only reference."""
    _check_attributes(info, "Id")
    if len(info.findall(f"{{{DS}}}Reference")) != 1:
        raise XmlSignatureError("xml_reference_count")
    return _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")


def _algorithm(element: etree._Element) -> str:
    """The algorithm of an element that may hold no parameters."""
    _check_attributes(element, "Algorithm")
    if len(element) or (element.text or "").strip():
        raise XmlSignatureError("xml_signature_malformed")
    return str(element.get("Algorithm", ""))


def _data(element: etree._Element) -> bytes:
    _check_attributes(element, "Id")
    if len(element):
        raise XmlSignatureError("xml_signature_malformed")
    text = "".join((element.text or "").split())
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise XmlSignatureError("xml_signature_malformed") from error
    # The decoder lets padding through where none belongs.
    if base64.b64encode(data).decode() != text:
        raise XmlSignatureError("xml_signature_malformed")
    return data


def _certificates(key_infos: Sequence[etree._Element]) -> Iterator[bytes]:
    for key_info in key_infos:
        found = key_info.findall(f"{{{DS}}}X509Data/{{{DS}}}X509Certificate")
        if len(found) > CERTIFICATE_LIMIT:
            raise XmlSignatureError("xml_signature_malformed")
        yield from map(_data, found)


def _transformed(transforms: etree._Element) -> Form:
    """The form of the document, from the only lists of transforms that are understood: the
    signature taken out, then a canonical form or, by default, the inclusive one."""
    _check_attributes(transforms)
    listed = list(transforms)
    if not 1 <= len(listed) <= 2 or any(item.tag != f"{{{DS}}}Transform" for item in listed):
        raise XmlSignatureError("xml_transform_forbidden")
    if _algorithm(listed[0]) != ENVELOPED:
        raise XmlSignatureError("xml_transform_forbidden")
    return _form(listed[1]) if len(listed) == 2 else Form(INCLUSIVE)


def _form(element: etree._Element) -> Form:
    parameters = list(element)
    kind = CANONICAL.get(element.get("Algorithm", "") if parameters else _algorithm(element))
    if kind is None:
        raise XmlSignatureError("xml_transform_forbidden")
    if not parameters:
        return Form(kind)
    _check_attributes(element, "Algorithm")
    if kind != EXCLUSIVE or len(parameters) > 1 or parameters[0].tag != PREFIXES:
        raise XmlSignatureError("xml_transform_forbidden")
    _check_attributes(parameters[0], "PrefixList")
    prefixes = tuple(parameters[0].get("PrefixList", "").split())
    # The library passes over the name of the default namespace.
    if "#default" in prefixes or len(prefixes) > PREFIX_LIMIT:
        raise XmlSignatureError("xml_transform_forbidden")
    return Form(kind, prefixes)


def _canonical_info(info: etree._Element, form: Form) -> bytes:
    """The SignedInfo as it is signed.

    The library leaves out what a part of a document inherits in the inclusive forms: the root's
    attributes of the namespace ``xml``.
    """
    root = info.getroottree().getroot()
    inherited = {
        name: value
        for name, value in root.attrib.items()
        if form.kind != EXCLUSIVE and name.startswith(f"{{{XML}}}")
    }
    if form.kind == INCLUSIVE_11:
        inherited.pop(f"{{{XML}}}id", None)
        # Version 1.1 rewrites addresses of bases, which nobody needs here.
        if f"{{{XML}}}base" in inherited:
            raise XmlSignatureError("xml_not_canonical")
    for name, value in inherited.items():
        info.set(name, value)
    try:
        return form.of(info)
    finally:
        for name in inherited:
            del info.attrib[name]
