"""The shape of an XML signature, read strictly.

Where the standard (W3C XML Signature) is generous, everything is either understood or refused:
nothing may stand in a signature that nobody has checked.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from lxml import etree

PART_LIMIT: Final = 400
CERTIFICATE_LIMIT: Final = 8
REFERENCE_LIMIT: Final = 8
FORM_LIMIT: Final = 2
PREFIX_LIMIT: Final = 32

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
ENVELOPED: Final = f"{DS}enveloped-signature"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11: Final = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
PREFIXES: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
DEFAULT_PREFIX: Final = "#default"
OBJECT: Final = f"{{{DS}}}Object"
# The beginning of an element in a canonical form, which writes the default namespace first; an
# instruction is passed over.
START: Final = re.compile(rb'<\?.*?\?>|<([^/?][^\s>]*)(?: xmlns="[^"]*")?', re.DOTALL)
TRANSFORMS: Final = f"{{{DS}}}Transforms"
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


class _NotUnderstood(ValueError):
    """A transform, or a parameter of one, that may be good and is unknown here."""


@dataclass(frozen=True, slots=True)
class Form:
    """A canonical form: its kind, and the prefixes that the exclusive one keeps all the same, an
    empty one for the default namespace."""

    kind: str
    prefixes: tuple[str, ...] = ()

    def of(self, node: etree._Element | etree._ElementTree) -> bytes:
        """The bytes that are signed. Raises XmlSignatureError ``xml_not_canonical``."""
        tree = _apart(node) if isinstance(node, etree._Element) else node
        try:
            made: bytes = etree.tostring(
                tree,
                method="c14n",
                exclusive=self.kind == EXCLUSIVE,
                inclusive_ns_prefixes=[prefix for prefix in self.prefixes if prefix] or None,
                with_comments=False,
            )
        except etree.LxmlError as error:
            raise XmlSignatureError("xml_not_canonical") from error
        return _with_default(made, tree.getroot()) if "" in self.prefixes else made


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlReference:
    """What a reference says of its object.

    ``uri`` is None where it has no address. ``forms`` are applied one after another, the later to
    the bytes that the earlier made; None where a transform is unknown. ``is_enveloped`` says that
    the signature itself is taken out before.
    """

    uri: str | None
    is_enveloped: bool
    forms: tuple[Form, ...] | None
    digest_method: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlSignature:
    """The parts of a signature.

    ``signed`` is the canonical SignedInfo, None where its canonical form is unknown. Methods are
    addresses of algorithms. ``parts`` are what a reference may mean besides the document: KeyInfo
    and Object, the latter ``objects``.
    """

    method: str
    signed: bytes | None = field(repr=False)
    value: bytes = field(repr=False)
    references: tuple[XmlReference, ...]
    certificates: tuple[bytes, ...] = field(repr=False)
    parts: tuple[etree._Element, ...]

    @property
    def objects(self) -> tuple[etree._Element, ...]:
        """The parts that hold anything whatever."""
        return tuple(part for part in self.parts if part.tag == OBJECT)


def read_signature(signature: etree._Element) -> XmlSignature:
    """The parts of a signature that stands in the root of its document.

    Raises XmlSignatureError: ``xml_signature_malformed``, ``xml_reference_count``,
    ``xml_transform_forbidden``, ``xml_not_canonical``.
    """
    _check_parts(signature)
    _check_attributes(signature, "Id")
    objects = signature.findall(OBJECT)
    inside = list(signature)
    if inside[len(inside) - len(objects) :] != objects:
        raise XmlSignatureError("xml_signature_malformed")
    info, value, *rest = _expected(
        inside[: len(inside) - len(objects)], "SignedInfo", "SignatureValue", more=("KeyInfo",)
    )
    canonical, method, references = _signed_info(info)
    return XmlSignature(
        method=_algorithm(method),
        signed=_signed(info, canonical),
        value=_data(value),
        references=tuple(map(_reference, references)),
        certificates=tuple(_certificates(rest)),
        parts=(*rest, *objects),
    )


def canonical_part(part: etree._Element, forms: Iterable[Form]) -> bytes:
    """A part of a document as it is signed by itself.

    In the inclusive forms it inherits what its ancestors say in attributes of the namespace
    ``xml``, which the library leaves out. Raises XmlSignatureError ``xml_not_canonical``.
    """
    first, *more = forms
    alone = _apart(part)
    if first.kind != EXCLUSIVE:
        _inherit(alone.getroot(), part, first.kind)
    return canonical_again(first.of(alone), more)


def canonical_again(made: bytes, forms: Iterable[Form]) -> bytes:
    """The bytes of one canonical form in further ones. Raises XmlSignatureError."""
    for form in forms:
        try:
            made = form.of(etree.fromstring(made, _parser()).getroottree())
        except etree.LxmlError as error:
            raise XmlSignatureError("xml_not_canonical") from error
    return made


def kept_prefixes(named: etree._Element) -> tuple[str, ...]:
    """The prefixes of an element InclusiveNamespaces, as ``Form`` takes them."""
    listed = named.get("PrefixList", "").split()
    return tuple("" if prefix == DEFAULT_PREFIX else prefix for prefix in listed)


def _with_default(made: bytes, root: etree._Element) -> bytes:
    """An exclusive form whose default namespace is declared as in the inclusive one, wherever it
    changes: the library does so only where it happens to know an empty name."""
    parts = root.iter("*")

    def start(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            return found[0]
        part = next(parts)
        above = None if part is root else part.getparent()
        before = (above.nsmap.get(None) or "") if above is not None else ""
        space = part.nsmap.get(None) or ""
        if space == before:
            return b"<" + found[1]
        written = space.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return b"<" + found[1] + f' xmlns="{written}"'.encode()

    return START.sub(start, made)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, collect_ids=False, huge_tree=True
    )


def _apart(part: etree._Element) -> etree._ElementTree:
    """A copy of an element as a document of its own, with the declarations it stands under.

    In its place the library writes false ``xmlns=""`` into the inclusive form of elements whose
    default namespace is declared above them.
    """
    whole = etree.tostring(part, encoding="UTF-8", with_tail=False)
    return etree.fromstring(whole, _parser()).getroottree()


def _inherit(alone: etree._Element, part: etree._Element, kind: str) -> None:
    for above in part.iterancestors():
        for name, value in above.attrib.items():
            if not name.startswith(f"{{{XML}}}") or name in alone.attrib:
                continue
            # Version 1.1 rewrites addresses of bases, which nobody needs here.
            if kind == INCLUSIVE_11 and name == f"{{{XML}}}base":
                raise XmlSignatureError("xml_not_canonical")
            if kind == INCLUSIVE or name != f"{{{XML}}}id":
                alone.set(name, value)


def _check_parts(signature: etree._Element) -> None:
    """Elements of the standard only, without comments (those split a text in two) and without
    text between elements; only an Object may hold anything."""
    _check_part(signature)
    count = 1
    for top in signature:
        for part in [top] if top.tag == OBJECT else top.iter():
            count += 1
            if count > PART_LIMIT:
                raise XmlSignatureError("xml_signature_malformed")
            if part.tag != OBJECT:
                _check_part(part)


def _check_part(part: etree._Element) -> None:
    if not isinstance(part.tag, str):
        raise XmlSignatureError("xml_signature_malformed")
    if etree.QName(part).namespace not in (DS, DSIG11) and part.tag != PREFIXES:
        raise XmlSignatureError("xml_signature_malformed")
    texts = [part.text, *(child.tail for child in part)] if len(part) else []
    if any(text and text.strip() for text in texts):
        raise XmlSignatureError("xml_signature_malformed")


def _check_attributes(element: etree._Element, *names: str) -> None:
    if not set(element.attrib) <= set(names):
        raise XmlSignatureError("xml_signature_malformed")


def _expected(
    found: Sequence[etree._Element], *names: str, more: tuple[str, ...] = ()
) -> Sequence[etree._Element]:
    """The elements, which must have these names in this order; those of ``more`` may be absent."""
    expected = [f"{{{DS}}}{name}" for name in (*names, *more)]
    if len(found) < len(names) or [child.tag for child in found] != expected[: len(found)]:
        raise XmlSignatureError("xml_signature_malformed")
    return found


def _signed_info(
    info: etree._Element,
) -> tuple[etree._Element, etree._Element, Sequence[etree._Element]]:
    """The canonical form, the method and the references."""
    _check_attributes(info, "Id")
    references = info.findall(f"{{{DS}}}Reference")
    if not 1 <= len(references) <= REFERENCE_LIMIT:
        raise XmlSignatureError("xml_reference_count")
    named = ("Reference",) * len(references)
    canonical, method, *rest = _expected(
        list(info), "CanonicalizationMethod", "SignatureMethod", *named
    )
    return canonical, method, rest


def _signed(info: etree._Element, canonical: etree._Element) -> bytes | None:
    try:
        return canonical_part(info, (_form(canonical),))
    except _NotUnderstood:
        return None


def _reference(reference: etree._Element) -> XmlReference:
    _check_attributes(reference, "Id", "URI", "Type")
    parts = list(reference)
    listed: list[etree._Element] = []
    if parts and parts[0].tag == TRANSFORMS:
        _check_attributes(parts[0])
        listed = list(parts.pop(0))
    digest_method, digest_value = _expected(parts, "DigestMethod", "DigestValue")
    if any(item.tag != f"{{{DS}}}Transform" for item in listed):
        raise XmlSignatureError("xml_signature_malformed")
    named = [item.get("Algorithm") == ENVELOPED for item in listed]
    # The signature can only be taken out of the document itself, so before anything else.
    if any(named[1:]):
        raise XmlSignatureError("xml_transform_forbidden")
    is_enveloped = bool(named) and named[0]
    if is_enveloped:
        _algorithm(listed.pop(0))
    return XmlReference(
        uri=reference.get("URI"),
        is_enveloped=is_enveloped,
        forms=_forms(listed),
        digest_method=_algorithm(digest_method),
        digest=_data(digest_value),
    )


def _forms(transforms: Sequence[etree._Element]) -> tuple[Form, ...] | None:
    """Canonical forms, by default the inclusive one."""
    if len(transforms) > FORM_LIMIT:
        return None
    try:
        return tuple(map(_form, transforms)) or (Form(INCLUSIVE),)
    except _NotUnderstood:
        return None


def _form(element: etree._Element) -> Form:
    _check_attributes(element, "Algorithm")
    kind = CANONICAL.get(element.get("Algorithm", ""))
    parameters = list(element)
    if not parameters:
        _algorithm(element)
    if kind is None:
        raise _NotUnderstood("transform")
    if not parameters:
        return Form(kind)
    if kind != EXCLUSIVE or len(parameters) > 1 or parameters[0].tag != PREFIXES:
        raise _NotUnderstood("parameters")
    _check_attributes(parameters[0], "PrefixList")
    prefixes = kept_prefixes(parameters[0])
    if len(prefixes) > PREFIX_LIMIT:
        raise _NotUnderstood("prefixes")
    return Form(kind, prefixes)


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
