"""The simulated NCALayer answers as the real one does, with signatures that verify."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kualik.demo.cast import write_cast
from kualik.demo.loading import PEOPLE_APART, read_data
from kualik.rules.identifiers import check_iin
from kualik.signatures.services import installation_trust, test_fetcher, verify_cms
from kualik.signatures.services.verdicts import Verification
from tools.nca_basics import MODULE_NOT_FOUND
from tools.ncalayer import NCALayer, main
from tools.people import people_file, read_people

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SIGNER, BIN = "authorised-person-demo", "990240001237"


@pytest.fixture
def layer(kualik_files: Path, settings) -> NCALayer:
    settings.VAR = kualik_files
    write_cast(path=people_file(), data=read_data(), apart=PEOPLE_APART)
    return NCALayer(lambda: NOW)


def behave(layer: NCALayer, **given: object) -> None:
    layer.behaviour = layer.behaviour.changed(given, layer.people())


def ask(layer: NCALayer, *contents: bytes, module: str = "kz.gov.pki.knca.basics", **params):
    data = [base64.b64encode(content).decode() for content in contents]
    signing = {"decode": True, "encapsulate": False, "digested": False, "tsaProfile": None}
    signer = {"extKeyUsageOids": [], "iin": "", "bin": "", "serialNumber": "", "chain": []}
    args = {
        "format": "cms",
        "data": data[0] if len(data) == 1 else data,
        "signingParams": signing | params.pop("signing", {}),
        "signerParams": signer | params.pop("signer", {}),
        "locale": "kk",
        **params,
    }
    return layer.answer(json.dumps({"module": module, "method": "sign", "args": args}), "")


def signatures(answer: dict) -> list[bytes]:
    assert answer["status"] is True
    return [base64.b64decode("".join(text.split("\n")[1:-2])) for text in answer["body"]["result"]]


def verdict(signature: bytes, document: bytes | None) -> Verification:
    return verify_cms(
        signature=signature,
        document=document,
        trust=installation_trust(),
        at=NOW,
        now=NOW,
        purpose="signing",
        is_revocation_required=True,
        fetcher=test_fetcher(now=NOW),
    )


@pytest.mark.parametrize("scheme", ["rsa", "gost512"])
def test_a_batch_is_signed_in_one_call(layer: NCALayer, scheme: str) -> None:
    behave(layer, person=SIGNER, scheme=scheme)
    contents = (b"one", b"two", b"three")
    found = signatures(ask(layer, *contents, signer={"bin": BIN}))
    for content, signature in zip(contents, found, strict=True):
        checked = verdict(signature, content)
        assert (checked.status, checked.is_attached) == ("valid", False)
        [signer] = checked.signers
        assert signer.bin == BIN
        assert "first_head" in signer.roles
        assert signer.is_test


def test_an_attached_signature_with_a_stamp(layer: NCALayer) -> None:
    behave(layer, person="graduate-demo-1")
    answer = ask(layer, b"text", signing={"encapsulate": True, "tsaProfile": {}})
    [signature] = signatures(answer)
    checked = verdict(signature, None)
    assert (checked.status, checked.content) == ("valid", b"text")
    assert checked.signers[0].signed_at_source == "timestamp"


@pytest.mark.parametrize(("shape", "kind"), [("array", list), ("string", str), ("object", dict)])
def test_the_shape_of_an_answer_is_chosen(layer: NCALayer, shape: str, kind: type) -> None:
    behave(layer, person=SIGNER, shape=shape, armour="base64")
    assert isinstance(ask(layer, b"one")["body"]["result"], kind)


def test_a_revoked_key_and_other_content_do_not_pass(layer: NCALayer) -> None:
    behave(layer, person=SIGNER, act="revoked")
    [signature] = signatures(ask(layer, b"one"))
    codes = {reason.code for reason in verdict(signature, b"one").signers[0].reasons}
    assert "certificate_revoked" in codes
    behave(layer, act="some_wrong")
    found = signatures(ask(layer, b"one", b"two", b"three", b"four"))
    status = [
        verdict(signature, content).status
        for signature, content in zip(found, (b"one", b"two", b"three", b"four"), strict=True)
    ]
    assert status == ["invalid", "valid", "valid", "invalid"]


def test_only_fitting_keys_are_offered_unless_told_otherwise(layer: NCALayer) -> None:
    nothing = {"status": True, "body": {}}
    behave(layer, person="graduate-demo-1")
    assert ask(layer, b"one", signer={"bin": BIN}) == nothing
    assert ask(layer, b"one", signer={"chain": None}) == nothing
    assert ask(layer, b"one", signer={"extKeyUsageOids": ["1.3.6.1.5.5.7.3.2"]}) == nothing
    assert [one.outcome for one in layer.noted] == ["no_key"] * 3
    behave(layer, person=SIGNER, act="other")
    assert len(signatures(ask(layer, b"one", signer={"bin": BIN}))) == 1
    assert layer.noted[0].person != read_people()[SIGNER].name


def test_faults_have_the_codes_of_the_protocol(layer: NCALayer) -> None:
    behave(layer, person=SIGNER)
    assert ask(layer, b"one", module="kz.gov.pki.knca.commonUtils") == MODULE_NOT_FOUND
    assert layer.answer("no json", "")["code"] == "INVOCATION_ERROR"
    for wrong in ({"data": 5}, {"data": "%"}, {"format": "pdf"}, {"signing": {"digested": True}}):
        assert ask(layer, b"one", **wrong)["code"] == "INVALID_SIGNING_PARAMS"
    behave(layer, act="refuse")
    assert ask(layer, b"one")["status"] is False
    behave(layer, act="cancel")
    assert ask(layer, b"one") == {"status": True, "body": {}}


def test_a_real_installation_serves_no_simulator(settings, monkeypatch) -> None:
    settings.DEMO = False
    monkeypatch.setattr("sys.argv", ["ncalayer.py"])
    with pytest.raises(SystemExit, match="demonstrations only"):
        main()


def test_what_is_no_choice_is_not_taken(layer: NCALayer) -> None:
    for wrong in ({"act": "steal"}, {"person": "nobody"}, {"scheme": "md5"}, {"delay": "long"}):
        with pytest.raises(ValueError, match=r"\S"):
            layer.behaviour.changed(wrong, layer.people())


def test_the_people_of_the_demonstration_differ_and_have_numbers(layer: NCALayer) -> None:
    people = read_people().values()
    assert len({person.iin for person in people}) == len(people)
    for person in people:
        check_iin(person.iin)
    assert {person.id for person in people} >= {SIGNER, "stranger", "registrar-turan"}
    assert all(person.label(language) for person in people for language in ("kk", "ru", "en"))
