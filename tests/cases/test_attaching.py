"""Scans: what is let in, under which name, and who may have them."""

import os
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.cases.adapters.scans import UnfitScan, read_scan
from kualik.cases.models import Attachment, Draft
from kualik.cases.services.attaching import (
    drop_attachment,
    keep_attachment,
    plain_name,
    sweep_attachments,
)
from kualik.cases.services.drafting import begin, finish, forget_drafts, keep
from kualik.core.models import JournalEntry
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.cases.scans import chunk, jpeg, locked_pdf, pdf, png, upload
from tests.entering import open_cabinet
from tests.world import World, enrol, sign_in

TEN_MEGABYTES = 10 * 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (pdf(), "application/pdf"),
        (pdf(pages=100), "application/pdf"),
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (jpeg(progressive=True), "image/jpeg"),
        (jpeg(optimize=True, quality=1), "image/jpeg"),
    ],
)
def test_papers_and_photos_are_let_in(content: bytes, media_type: str) -> None:
    scan = read_scan(content)
    assert (scan.media_type, scan.content) == (media_type, content)


@pytest.mark.parametrize("picture", [png(), jpeg()])
def test_what_a_telephone_writes_behind_a_picture_is_cut_off(picture: bytes) -> None:
    assert read_scan(picture + b"PK\x03\x04<script>" * 9).content == picture


LINK = "/Annots [<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://egov.kz) >> >>]"


def test_a_link_to_a_page_makes_a_pdf_not_active() -> None:
    assert read_scan(pdf(page=LINK)).media_type == "application/pdf"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "scan_type_refused"),
        (SVG, "scan_type_refused"),
        (HTML, "scan_type_refused"),
        (b"GIF89a" + bytes(40), "scan_type_refused"),
        (b"PK\x03\x04" + bytes(40), "scan_type_refused"),
        (b"\n" + pdf(), "scan_type_refused"),
        (b"%PDF-1.7\n" + HTML, "scan_unreadable"),
        (pdf()[:80], "scan_unreadable"),
        (pdf(pages=0), "scan_unreadable"),
        (pdf(pages=101), "scan_too_long"),
        (locked_pdf(), "scan_encrypted"),
        (pdf(catalog="/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"), "scan_active"),
        (pdf(catalog="/Names << /JavaScript << /Names [] >> >>"), "scan_active"),
        (pdf(catalog="/Names << /EmbeddedFiles << /Names [] >> >>"), "scan_active"),
        (pdf(catalog="/OpenAction 900 0 R", more="<< /S /Launch /F (cmd.exe) >>"), "scan_active"),
        (pdf(catalog="/OpenAction << /S 900 0 R /F (cmd.exe) >>", more="/Launch"), "scan_active"),
        (pdf(page="/Annots [<< /Subtype 900 0 R >>]", more="/Movie"), "scan_active"),
        (pdf(catalog="/OpenAction << /S /J#61vaScript /J#53 (x) >>"), "scan_active"),
        (pdf(page="/Annots [<< /Subtype /FileAttachment >>]"), "scan_active"),
        (pdf(page="/AA << /O << /S /SubmitForm >> >>"), "scan_active"),
        (png()[:-1], "scan_unreadable"),
        (png().replace(b"IDAT", b"JDAT"), "scan_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "scan_unreadable"),
        (png()[:8], "scan_unreadable"),
        (jpeg()[:-2], "scan_unreadable"),
        (jpeg()[:40], "scan_unreadable"),
        (b"\xff\xd8\xff\xd9", "scan_unreadable"),
        (b"\xff\xd8\xff\xe0\x00\x01", "scan_unreadable"),
        (b"\xff\xd8\xff" + HTML, "scan_unreadable"),
    ],
)
def test_everything_else_is_refused_by_its_content(content: bytes, code: str) -> None:
    with pytest.raises(UnfitScan) as caught:
        read_scan(content)
    assert caught.value.code == code


def test_a_picture_that_would_fill_the_memory_is_refused() -> None:
    head = bytearray(png())
    body = b"IHDR" + (40_000).to_bytes(4, "big") * 2 + bytes(head[24:29])
    bomb = bytes(head[:8]) + chunk(b"IHDR", body[4:]) + bytes(head[33:])
    with pytest.raises(UnfitScan, match="scan_too_long"):
        read_scan(bomb)


def test_a_pdf_whose_objects_lead_in_a_circle_ends() -> None:
    circle = pdf(catalog="/Next 900 0 R", more="<< /Next 900 0 R /Prev 1 0 R >>")
    assert read_scan(circle).media_type == "application/pdf"


@pytest.mark.parametrize(
    ("name", "extension", "kept"),
    [
        ("Диплом.pdf", ".pdf", "Диплом.pdf"),
        ("Диплом.PDF", ".pdf", "Диплом.pdf"),
        ("фото.jpeg", ".jpg", "фото.jpg"),
        ("C:\\Users\\А\\скан.pdf", ".pdf", "скан.pdf"),
        ("../../etc/passwd", ".png", "passwd.png"),
        ("счёт\u202efdp.exe", ".pdf", "счётfdp.exe.pdf"),
        ("a\u0000b\r\nX: 1\u200f.pdf", ".pdf", "abX_ 1.pdf"),
        ("диплом 😀.pdf", ".pdf", "диплом 😀.pdf"),
        ("850315300123.pdf", ".pdf", "….pdf"),
        ("", ".pdf", "scan.pdf"),
        ("....", ".jpg", "scan.jpg"),
        ("ұ" * 300 + ".pdf", ".pdf", "ұ" * 116 + ".pdf"),
    ],
)
def test_names_are_plain_short_and_end_as_their_content(name, extension, kept) -> None:
    assert plain_name(name, extension=extension) == kept


@pytest.fixture
def draft(world: World) -> Draft:
    return begin(person=world.demo.requests[0].person, kind="claim", now=world.now)


def attach(draft: Draft, content: bytes, name: str = "скан.pdf") -> Attachment:
    return keep_attachment(
        person=draft.person,
        purpose="training",
        upload=upload(content, name),
        now=draft.created_at,
        draft=draft,
    )


def test_a_scan_is_kept_under_a_name_that_tells_nothing(draft: Draft) -> None:
    kept = attach(draft, jpeg() + b"tail", "Ғалия дипломы.HEIC")
    assert kept.filename == "Ғалия дипломы.HEIC.jpg"
    assert (kept.media_type, kept.size) == ("image/jpeg", len(jpeg()))
    assert kept.content.name.startswith("cases/attachments/")
    with kept.content.open() as stored:
        assert stored.read() == jpeg()


def test_ten_megabytes_are_taken_and_a_byte_more_is_not(draft: Draft) -> None:
    room = TEN_MEGABYTES - len(pdf(pad=10_000_000))
    full = pdf(pad=10_000_000 + room)
    assert attach(draft, full).size == TEN_MEGABYTES
    with pytest.raises(RuleViolation, match="scan_too_large"):
        attach(draft, full + b"\n")


def test_the_sixth_scan_is_one_too_many(draft: Draft) -> None:
    for wide in range(1, 6):
        attach(draft, png(wide=wide))
    with pytest.raises(RuleViolation, match="too_many_scans"):
        attach(draft, png(wide=6))


def test_the_same_bytes_are_kept_once_even_where_no_more_are_taken(draft: Draft) -> None:
    kept = [attach(draft, png(wide=wide)) for wide in range(1, 6)]
    assert attach(draft, png(wide=3), "бет.png") == kept[2]
    assert Attachment.objects.count() == 5


def test_a_scan_can_be_taken_back_until_it_is_filed(
    world: World, draft: Draft, django_capture_on_commit_callbacks
) -> None:
    first, second = attach(draft, png()), attach(draft, pdf())
    storage, name = first.content.storage, first.content.name
    with django_capture_on_commit_callbacks(execute=True):
        drop_attachment(attachment=first)
    assert not storage.exists(name)
    second.request = world.demo.requests[0]
    with pytest.raises(RuleViolation, match="scan_filed"):
        drop_attachment(attachment=second)


def test_a_draft_that_nobody_touched_for_a_month_goes_with_its_scans(
    world: World, draft: Draft, django_capture_on_commit_callbacks
) -> None:
    left, filed = attach(draft, png()), attach(draft, pdf())
    Attachment.objects.filter(pk=filed.pk).update(request=world.demo.requests[0])
    keep(draft=draft, data={"title": "Кардиология"}, now=world.now)
    assert forget_drafts(now=world.now + timedelta(days=29)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_drafts(now=world.now + timedelta(days=31)) == 1
    assert not left.content.storage.exists(left.content.name)
    assert Attachment.objects.get().pk == filed.pk
    assert filed.content.storage.exists(filed.content.name)


def test_files_that_no_row_names_are_swept_after_a_day(world: World, draft: Draft) -> None:
    kept = attach(draft, png())
    gone = attach(draft, pdf())
    Attachment.objects.filter(pk=gone.pk).delete()
    for row in (kept, gone):
        os.utime(row.content.path, times=(world.now.timestamp(),) * 2)
    assert sweep_attachments(now=world.now) == 0
    assert sweep_attachments(now=world.now + timedelta(days=2)) == 1
    assert kept.content.storage.exists(kept.content.name)


def test_a_draft_has_one_result(world: World, draft: Draft) -> None:
    finish(draft=draft, result="DEMO-1", now=world.now)
    with pytest.raises(RuleViolation, match="conflict"):
        finish(draft=draft, result="DEMO-2", now=world.now)
    assert begin(person=draft.person, kind="claim", now=world.now).pk != draft.pk


@pytest.fixture
def sent(world: World, draft: Draft) -> Attachment:
    """A scan that came with a request of the first provider."""
    kept = attach(draft, pdf(), "Диплом <1>.pdf")
    kept.request = world.by_state[State.IN_REVIEW]
    kept.save()
    return kept


def test_the_owner_saves_the_scan_as_a_file_that_can_do_nothing(sent: Attachment) -> None:
    answer = open_cabinet(Client(), sent.person).get(
        reverse("cases:own_attachment", args=[sent.pk])
    )
    assert b"".join(answer.streaming_content) == pdf()
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "no-store" in answer.headers["Cache-Control"]


def test_another_person_does_not_find_it(world: World, sent: Attachment) -> None:
    stranger = open_cabinet(Client(), world.demo.requests[1].person)
    assert stranger.get(reverse("cases:own_attachment", args=[sent.pk])).status_code == 404


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD])
def test_staff_of_the_provider_have_it_and_the_look_is_kept(
    world: World, sent: Attachment, role: Role
) -> None:
    client = sign_in(Client(), world.demo.staff[role])
    answer = client.get(reverse("cases:attachment", args=[sent.pk]))
    assert b"".join(answer.streaming_content) == pdf()
    looks = JournalEntry.objects.filter(subject=f"person:{sent.person_id}", role=role)
    assert [look.data["what"] for look in looks] == ["attachment"]


def test_staff_of_another_provider_and_a_draft_of_nobody_are_not_found(
    world: World, sent: Attachment, draft: Draft
) -> None:
    address = reverse("cases:attachment", args=[sent.pk])
    other = sign_in(Client(), world.other.staff[Role.REGISTRAR])
    assert other.get(address).status_code == 404
    assert sign_in(Client(), world.inspector).get(address).status_code == 403
    drafted = attach(draft, png())
    own = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    assert own.get(reverse("cases:attachment", args=[drafted.pk])).status_code == 404


def test_staff_without_a_provider_find_no_scans(world: World, sent: Attachment) -> None:
    clerk = enrol("clerk-of-nobody", None, Role.CLERK, now=world.now)
    address = reverse("cases:attachment", args=[sent.pk])
    assert sign_in(Client(), clerk).get(address).status_code == 404
