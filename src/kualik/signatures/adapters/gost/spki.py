"""SubjectPublicKeyInfo of GOST keys: strict DER in, canonical DER out.

``SEQUENCE { SEQUENCE { key, SEQUENCE { curve, hash OPTIONAL, … } }, BIT STRING { OCTET STRING } }``
"""

from asn1crypto.core import ObjectIdentifier

from kualik.signatures.adapters.gost.schemes import KEY_OIDS, GostError, GostScheme

_OID, _BIT_STRING, _OCTET_STRING, _SEQUENCE = 0x06, 0x03, 0x04, 0x30
_MOST_BYTES = 1024


def read_key_info(der: bytes) -> tuple[GostScheme, bytes]:
    """The scheme a key belongs to and its bytes x ‖ y.

    Raises GostError: ``gost_key_unreadable``, ``gost_algorithm_unknown`` for a key that is not of
    GOST, ``gost_curve_unknown`` for parameters no scheme of ours has.
    """
    if len(der) > _MOST_BYTES:
        raise GostError("gost_key_unreadable")
    algorithm, bits = _take(_whole(der, _SEQUENCE), _SEQUENCE)
    key_oid, parameters = _take(algorithm, _OID)
    scheme = _SCHEMES.get(key_oid)
    if scheme is None:
        raise GostError("gost_algorithm_unknown")
    _check_parameters(scheme, _whole(parameters, _SEQUENCE))
    content = _whole(bits, _BIT_STRING)
    if content[:1] != b"\x00":
        raise GostError("gost_key_unreadable")
    return scheme, _whole(content[1:], _OCTET_STRING)


def write_key_info(scheme: GostScheme, point: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a key given as x ‖ y."""
    curve, key_hash = _oid(scheme.curve_oid), _oid(scheme.key_hash_oid)
    parameters = _element(_SEQUENCE, _element(_OID, curve) + _element(_OID, key_hash))
    algorithm = _element(_SEQUENCE, _element(_OID, _oid(scheme.key_oid)) + parameters)
    bits = _element(_BIT_STRING, b"\x00" + _element(_OCTET_STRING, point))
    return _element(_SEQUENCE, algorithm + bits)


def _check_parameters(scheme: GostScheme, parameters: bytes) -> None:
    """The curve must be the scheme's; so must the hash when it is named; more is not looked at."""
    curve, rest = _take(parameters, _OID)
    if curve != _oid(scheme.curve_oid):
        raise GostError("gost_curve_unknown")
    if rest and _take(rest, _OID)[0] != _oid(scheme.key_hash_oid):
        raise GostError("gost_curve_unknown")


def _whole(data: bytes, tag: int) -> bytes:
    """The content of the only element in ``data``."""
    content, rest = _take(data, tag)
    if rest:
        raise GostError("gost_key_unreadable")
    return content


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, which must have this tag, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise GostError("gost_key_unreadable")
    start, length = 2, data[1]
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    content = data[start : start + length]
    # Any other form of the length, or too few bytes, would be written differently.
    if _element(tag, content) != data[: start + length]:
        raise GostError("gost_key_unreadable")
    return content, data[start + length :]


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def _oid(dotted: str) -> bytes:
    return bytes(ObjectIdentifier(dotted).contents)


_SCHEMES = {_oid(dotted): scheme for dotted, scheme in KEY_OIDS.items()}
