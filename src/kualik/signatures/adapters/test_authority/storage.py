"""A test authority in a directory, shared by the program that serves it and those who use it.

The keys lie there open: they certify nothing outside tests and demonstrations.
"""

import json
import shutil
import tempfile
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from kualik.signatures.adapters.keys import LoadedKey, write_private
from kualik.signatures.adapters.test_authority.certificates import Addresses, Leaf
from kualik.signatures.adapters.test_authority.hierarchy import Hierarchy, make_hierarchy
from kualik.signatures.adapters.test_authority.revocation import Revocation, Status
from kualik.signatures.adapters.test_authority.schemes import Scheme, read_key

ABOUT_FILE = "authority.json"
ISSUED = "issued"
MEMBERS = ("root", "issuing", "ocsp_responder", "tsa")


def save_hierarchy(directory: Path, hierarchy: Hierarchy) -> None:
    """Write keys, certificates and addresses. Raises FileExistsError rather than replace any."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    (directory / ISSUED).mkdir(mode=0o700)
    for member in MEMBERS:
        save_leaf(directory, member, getattr(hierarchy, member))
    # Long-lasting proof asks about the time-stamping key too.
    for service in (hierarchy.ocsp_responder, hierarchy.tsa):
        register(directory, service)
    _replace(directory / ABOUT_FILE, _about(hierarchy.scheme, hierarchy.addresses.base))


def load_hierarchy(directory: Path) -> Hierarchy:
    """Read what ``save_hierarchy`` wrote. Raises OSError or ValueError when it is not there."""
    about = json.loads((directory / ABOUT_FILE).read_text())
    scheme = Scheme(about["scheme"])
    root = load_leaf(directory, "root", scheme=scheme, chain=())
    issuing = load_leaf(directory, "issuing", scheme=scheme, chain=(root.certificate_der,))
    above = (issuing.certificate_der, root.certificate_der)
    return Hierarchy(
        scheme=scheme,
        root=root,
        issuing=issuing,
        ocsp_responder=load_leaf(directory, "ocsp_responder", scheme=scheme, chain=above),
        tsa=load_leaf(directory, "tsa", scheme=scheme, chain=above),
        addresses=Addresses(about["base_url"]),
    )


def open_hierarchy(
    directory: Path, *, scheme: Scheme | str, now: datetime, base_url: str
) -> Hierarchy:
    """The authority of ``directory``, made when there is none yet.

    One that is there keeps its scheme; certificates issued from now on name ``base_url``. Two
    processes that start together end with the same authority: the directory appears in one step.
    """
    if not is_hierarchy(directory):
        _found(directory, make_hierarchy(scheme=scheme, now=now, base_url=base_url))
    found = held_hierarchy(directory)
    if found.addresses.base == base_url:
        return found
    _replace(directory / ABOUT_FILE, _about(found.scheme, base_url))
    return replace(found, addresses=Addresses(base_url))


def is_hierarchy(directory: Path) -> bool:
    """Whether an authority lies in ``directory``."""
    return (directory / ABOUT_FILE).is_file()


def held_hierarchy(directory: Path) -> Hierarchy:
    """The authority of ``directory``, read once per process until its files change.

    Raises OSError or ValueError as ``load_hierarchy`` does.
    """
    about, root = (directory / ABOUT_FILE).stat(), (directory / "root.cer").stat()
    return _held(directory, (about.st_mtime_ns, about.st_ino, root.st_mtime_ns, root.st_ino))


def authority_certificates(directory: Path) -> tuple[bytes, bytes]:
    """Root and issuing certificate (DER), without touching a key. Raises OSError."""
    return (directory / "root.cer").read_bytes(), (directory / "issuing.cer").read_bytes()


def save_leaf(directory: Path, name: str, leaf: Leaf) -> None:
    """Write a key and its certificate as ``name.key`` and ``name.cer`` (DER)."""
    write_private(directory / f"{name}.key", leaf.key.private_bytes())
    (directory / f"{name}.cer").write_bytes(leaf.certificate_der)


def load_leaf(directory: Path, name: str, *, scheme: Scheme, chain: tuple[bytes, ...]) -> Leaf:
    """Read what ``save_leaf`` wrote; ``chain`` is the certificates above it."""
    key = read_key(scheme, (directory / f"{name}.key").read_bytes())
    return Leaf(key, (directory / f"{name}.cer").read_bytes(), chain)


def sealing_key(leaf: Leaf) -> LoadedKey:
    """An RSA leaf as the key of a seal, with the authorities above it but the root.

    Raises TypeError for another kind of key.
    """
    private = load_der_private_key(leaf.key.private_bytes(), None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("seals are made with RSA")
    certificate, *chain = map(
        x509.load_der_x509_certificate, (leaf.certificate_der, *leaf.chain[:-1])
    )
    return LoadedKey(private, certificate, tuple(chain))


def register(directory: Path, leaf: Leaf, revocation: Revocation | None = None) -> None:
    """Tell the served authority that it issued ``leaf``, or revoked it, or took that back."""
    entry: dict[str, str] = {}
    if revocation is not None:
        entry = {"at": revocation.at.isoformat(), "reason": revocation.reason}
    _replace(directory / ISSUED / f"{leaf.serial:x}.json", json.dumps(entry))


def status_of(directory: Path, serial: int) -> Status:
    """What the register says: a certificate it does not know is "unknown"."""
    try:
        entry = json.loads((directory / ISSUED / f"{serial:x}.json").read_text())
    except FileNotFoundError:
        return "unknown"
    return _revocation(entry) or "good"


def revoked(directory: Path) -> dict[int, Revocation]:
    """All revoked certificates of the register by serial number."""
    found: dict[int, Revocation] = {}
    for file in sorted((directory / ISSUED).glob("*.json")):
        revocation = _revocation(json.loads(file.read_text()))
        if revocation is not None:
            found[int(file.stem, 16)] = revocation
    return found


def write_trust(directory: Path, *hierarchies: Hierarchy) -> None:
    """Write roots and issuing certificates (DER) as a directory of trust for checks."""
    directory.mkdir(parents=True, exist_ok=True)
    for hierarchy in hierarchies:
        for member in ("root", "issuing"):
            leaf: Leaf = getattr(hierarchy, member)
            name = f"{hierarchy.scheme.value}-{member}-{leaf.serial:x}.cer"
            (directory / name).write_bytes(leaf.certificate_der)


def _revocation(entry: dict[str, str]) -> Revocation | None:
    if not entry:
        return None
    return Revocation(at=datetime.fromisoformat(entry["at"]), reason=entry["reason"])


def _about(scheme: Scheme, base_url: str) -> str:
    return json.dumps({"scheme": scheme.value, "base_url": base_url})


def _found(directory: Path, hierarchy: Hierarchy) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".authority-"))
    save_hierarchy(draft, hierarchy)
    try:
        draft.rename(directory)
    except OSError:
        shutil.rmtree(draft)
        if not is_hierarchy(directory):
            raise


@lru_cache(maxsize=16)
def _held(directory: Path, _state: tuple[int, ...]) -> Hierarchy:
    return load_hierarchy(directory)


def _replace(path: Path, text: str) -> None:
    """Write a file in one step, also beside another process that does the same."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as draft:
        draft.write(text)
    Path(draft.name).replace(path)
