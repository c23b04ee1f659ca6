"""``kualik cms verify``: its answers and its exit statuses."""

import http.server
import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine

from kualik.core import errors
from kualik.rules.language import LANGUAGES
from kualik.signatures.adapters.online import HttpFetcher, Unreachable
from kualik.signatures.adapters.test_authority import (
    Scheme,
    answer_ocsp,
    make_hierarchy,
    sign_cms,
    sign_xml,
    write_trust,
)
from kualik.signatures.management import cms
from kualik.signatures.services.verdicts import DATA, Reason
from tests.signatures.authorities import HEAD, ISSUED_AT, NOW, authority, head
from tests.signatures.verification import CONTENT, FIXTURES, kept, signed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A signature, its document and what is believed."""
    leaf = head(Scheme.GOST512)
    write_trust(tmp_path / "trust", authority(Scheme.GOST512))
    (tmp_path / "trust" / "list.crl").write_bytes(authority(Scheme.GOST512).crl({}, now=NOW))
    (tmp_path / "attached.cms").write_bytes(signed([leaf]))
    (tmp_path / "detached.cms").write_bytes(signed([leaf], detached=True))
    (tmp_path / "document").write_bytes(CONTENT)
    (tmp_path / "other").write_bytes(b"another")
    return tmp_path


def run(*arguments: Path | str, now: datetime = NOW) -> tuple[int, str]:
    """The exit status and what was printed."""
    out = StringIO()
    with time_machine.travel(now, tick=False), redirect_stdout(out):
        status = cms.main(["verify", *map(str, arguments)])
    return status, out.getvalue()


def test_the_answer_is_the_stable_record(folder: Path) -> None:
    status, printed = run(folder / "attached.cms", "--trust", folder / "trust", "--json")
    record = json.loads(printed)
    (signer,) = record["signers"]
    assert status == 0
    assert (record["status"], record["is_attached"], record["reasons"]) == ("valid", True, [])
    assert signer.pop("serial") == f"{head(Scheme.GOST512).serial:x}"
    (reason,) = signer.pop("reasons")
    assert (reason["code"], reason["kind"], set(reason["text"])) == (
        "time_is_stated", "remark", set(LANGUAGES),
    )  # fmt: skip
    assert signer == {
        "status": "valid",
        "person": "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ",
        "iin": "900101300019",
        "organisation": "«ДЕМО» МЕДИЦИНА УНИВЕРСИТЕТІ",
        "bin": "990140000015",
        "roles": ["legal_entity", "first_head"],
        "signed_at": "2026-11-21T08:00:00+00:00",
        "signed_at_source": "stated",
        "stated_at": "2026-11-21T08:00:00+00:00",
        "algorithm": "GOST3410-2015-512",
        "issuer": "КУӘЛАНДЫРУШЫ СЫНАҚ ОРТАЛЫҒЫ (GOST 512)",
        "certificate_not_before": "2026-10-22T10:00:00+00:00",
        "certificate_not_after": "2027-10-22T10:00:00+00:00",
        "is_valid_now": True,
    }


def test_a_detached_signature_needs_its_document(folder: Path) -> None:
    known = ("--trust", folder / "trust", "--json")
    detached = folder / "detached.cms"
    assert run(detached, "--content", folder / "document", *known)[0] == 0
    status, printed = run(detached, "--content", folder / "other", *known)
    assert (status, json.loads(printed)["status"]) == (1, "invalid")
    status, printed = run(detached, *known)
    assert (status, json.loads(printed)["status"]) == (1, "indeterminate")


def test_without_trust_nobody_is_believed(folder: Path) -> None:
    status, printed = run(folder / "attached.cms", "--json")
    assert (status, json.loads(printed)["status"]) == (1, "invalid")


@pytest.mark.parametrize(
    ("file", "trusted", "error"),
    [("document", "trust", "signature_malformed"), ("absent", "trust", "file_unreadable"),
     ("attached.cms", "absent", "trust_unreadable")],
)  # fmt: skip
def test_what_cannot_be_read_ends_with_two(
    folder: Path, file: str, trusted: str, error: str
) -> None:
    status, printed = run(folder / file, "--trust", folder / trusted, "--json")
    record = json.loads(printed)
    assert (status, record["status"], record["error"]) == (2, "unreadable", error)
    assert record["signers"] == []
    assert set(record["message"]) == set(LANGUAGES)
    assert run(folder / file, "--trust", folder / trusted)[0] == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_names_signer_and_reasons(folder: Path, language: str) -> None:
    _, printed = run(folder / "attached.cms", "--trust", folder / "trust", "--language", language)
    assert "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ" in printed
    assert "21.11.2026 13:00:00" in printed
    assert Reason("time_is_stated").text.get(language) in printed


def test_the_moment_may_be_given(folder: Path) -> None:
    known = ("--trust", folder / "trust", "--json")
    status, printed = run(folder / "attached.cms", "--at", "2029-01-01T00:00:00Z", *known)
    reasons = {reason["code"] for reason in json.loads(printed)["signers"][0]["reasons"]}
    assert status == 1
    assert "certificate_expired" in reasons


def test_the_national_sample_needs_only_revocation_data() -> None:
    file = "kz-gost2015/individual_attached.der"
    kept(file)
    asked = (FIXTURES / file, "--at", "2026-07-21T00:00:00Z", "--trust", FIXTURES / "kz-gost2015")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    status, printed = run(*asked, "--strict", "--json", now=now)
    assert (status, json.loads(printed)["status"]) == (1, "indeterminate")
    status, printed = run(*asked, "--json", now=now)
    (signer,) = json.loads(printed)["signers"]
    assert (status, signer["status"]) == (0, "valid")
    assert "revocation_skipped" in {reason["code"] for reason in signer["reasons"]}


def test_wrong_arguments_are_told_in_json_where_json_is_asked_for(folder: Path) -> None:
    for wrong in (["--at", "yesterday"], ["--nothing"], ["--language", "de"], []):
        out = StringIO()
        file = [str(folder / "attached.cms")] if wrong else []
        with redirect_stdout(out), pytest.raises(SystemExit) as ended:
            cms.main(["verify", *file, *wrong, "--json"])
        record = json.loads(out.getvalue())
        assert (ended.value.code, record["error"]) == (2, "arguments_unreadable")
        assert set(record["message"]) == set(LANGUAGES)


def test_a_file_of_the_trust_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "trust" / "broken.crl").write_bytes(b"0\x82\x01\x00broken")
    status, printed = run(folder / "attached.cms", "--trust", folder / "trust", "--json")
    (reason,) = json.loads(printed)["reasons"]
    assert (status, reason["code"], reason["kind"]) == (0, "trust_file_unread", "remark")
    assert all("broken.crl" in text for text in reason["text"].values())
    (folder / "trust" / "list.crl").unlink()
    status, printed = run(folder / "attached.cms", "--trust", folder / "trust", "--json")
    (signer,) = json.loads(printed)["signers"]
    assert (status, signer["status"]) == (1, "indeterminate")
    assert "revocation_unreadable" in {reason["code"] for reason in signer["reasons"]}


@pytest.mark.parametrize("environment", [{"KUALIK_DEMO": "0"},
                                         {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}])  # fmt: skip
@pytest.mark.parametrize("kind", ["cms", "xml"])
def test_with_trust_of_ones_own_the_program_needs_no_settings(
    folder: Path, kind: str, environment: dict[str, str]
) -> None:
    leaf = head(Scheme.GOST512)
    (folder / "file.cms").write_bytes(signed([leaf], signing_time=NOW))
    (folder / "file.xml").write_bytes(sign_xml(leaf, b"<a/>", exclusive=True))
    asked = ("verify", f"file.{kind}", "--trust", "trust", "--at", NOW.isoformat())
    done = program(kind, *asked, folder=folder, environment=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "ТЕСТОВ ЕРЛАН БОЛАТҰЛЫ" in done.stdout.decode()
    assert not (folder / "var").exists()


def test_without_settings_and_trust_the_program_says_what_is_missing(folder: Path) -> None:
    done = program(
        "cms", "verify", "attached.cms", "--json", folder=folder,
        environment={"KUALIK_DEMO": "0", "KUALIK_VAR": str(folder / "var")},
    )  # fmt: skip
    record = json.loads(done.stdout)
    assert (done.returncode, record["error"]) == (2, "installation_unset")
    assert "KUALIK_SECRET_KEY" in record["message"]["en"]


def program(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """The installed program in an empty environment."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "kualik"), *arguments],
        cwd=folder, env=environment, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_online_asks_the_authority(tmp_path: Path) -> None:
    with responder() as (address, answers):
        hierarchy = make_hierarchy(scheme=Scheme.RSA, now=NOW, base_url=address)
        leaf = hierarchy.issue(HEAD, not_before=ISSUED_AT)
        answers.append(
            lambda body: answer_ocsp(hierarchy, body, status_of=lambda _serial: "good", now=NOW)
        )
        write_trust(tmp_path / "trust", hierarchy)
        (tmp_path / "file").write_bytes(
            sign_cms(leaves=[leaf], content=CONTENT, detached=False, signing_time=NOW)
        )
        asked = (tmp_path / "file", "--trust", tmp_path / "trust", "--strict", "--json")
        assert json.loads(run(*asked)[1])["status"] == "indeterminate"
        assert run(*asked, "--online")[0] == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "file:///etc/passwd", "http://", "http://[", "ftp://127.0.0.1/"]
)
def test_only_reachable_addresses_of_the_web_answer(url: str) -> None:
    with pytest.raises(Unreachable):
        HttpFetcher().get(url)


@contextmanager
def responder() -> Iterator[tuple[str, list[object]]]:
    """An OCSP service on the loopback that answers by the first of the given functions."""
    answers: list[object] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = answers[0]
            assert callable(answer)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer(body))

        def log_message(self, *_args: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_every_reason_has_three_languages_and_a_kind() -> None:
    rows = tomllib.loads((DATA / "reasons.toml").read_text(encoding="utf-8"))
    for code, row in rows.items():
        assert Reason(code).kind in {"invalid", "indeterminate", "remark"}
        assert all(Reason(code).text.get(language) == row[language] for language in LANGUAGES)


def test_every_unreadable_file_has_a_text() -> None:
    for code in ("empty", "too_large", "too_deep", "too_complex", "malformed", "trailing_data",
                 "not_signed_data", "too_many_signers", "mail_unsigned"):  # fmt: skip
        assert f"signature_{code}" in errors.table()


def test_every_code_of_the_source_is_in_the_table() -> None:
    """A code without a row would fail only when it is met."""
    rows = set(tomllib.loads((DATA / "reasons.toml").read_text(encoding="utf-8")))
    sources = DATA.parent.rglob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert {code for code in rows if f'"{code}"' not in text} == set()


def test_times_are_told_apart_by_a_day(folder: Path) -> None:
    later = NOW + timedelta(days=400)
    _, printed = run(
        folder / "attached.cms", "--trust", folder / "trust", "--json",
        now=later,
    )  # fmt: skip
    (signer,) = json.loads(printed)["signers"]
    assert (signer["status"], signer["is_valid_now"]) == ("valid", False)
    assert "certificate_expired_since" in {reason["code"] for reason in signer["reasons"]}
