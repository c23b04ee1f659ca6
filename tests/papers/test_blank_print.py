"""Words for a numbered blank (A57.4, A303.4): where they stand, how a printer's alignment moves
them, and that nothing of the frame is printed a second time."""

from datetime import UTC, datetime

import pytest
import zxingcpp
from PIL import Image, ImageChops

from kualik.papers.queries import forms
from kualik.papers.services import render_certificate, render_on_blank, render_ruler
from kualik.papers.services.blanks import millimetres
from kualik.rules.errors import RuleViolation
from tests.papers.samples import (
    CHECK_URL,
    MM,
    boxes_of,
    certificate_facts,
    is_archival_and_accessible,
    picture_of,
    seal_block,
    text_of,
)

PRINTED_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NEAR = 0.02  # points; the reader rounds to thousandths


def on_blank(*, right=0, down=0, is_test=False, **changed):
    return render_on_blank(
        facts=certificate_facts(**changed),
        check_url=CHECK_URL,
        seal=seal_block(),
        is_test=is_test,
        right=right,
        down=down,
        printed_at=PRINTED_AT,
    )


def sheet(**changed):
    return render_certificate(
        facts=certificate_facts(**changed), check_url=CHECK_URL, seal=seal_block(), is_test=False
    )


@pytest.mark.parametrize("key", sorted(forms()))
def test_each_form_prints_on_its_blank_the_very_words_of_its_sheet(key):
    form = forms()[key]
    facts = {"form": key, "kind": form.kind, "paper": form.paper, "edition": form.edition}
    printed = on_blank(**facts)
    assert is_archival_and_accessible(printed)
    assert text_of(printed) == text_of(sheet(**facts))


def test_without_alignment_every_word_stands_where_the_sheet_has_it():
    assert boxes_of(on_blank()) == boxes_of(sheet())


@pytest.mark.parametrize(("right", "down"), [(15, 0), (0, -30), (-7, 42), (200, 200), (-200, -200)])
def test_alignment_moves_every_word_by_just_so_many_tenths_of_a_millimetre(right, down):
    still, moved = boxes_of(on_blank()), boxes_of(on_blank(right=right, down=down))
    assert [word for word, *_ in still] == [word for word, *_ in moved]
    for (_, *before), (_, *after) in zip(still, moved, strict=True):
        shifts = [new - old for old, new in zip(before, after, strict=True)]
        wanted = (right * MM / 10, down * MM / 10) * 2
        assert all(abs(got - want) < NEAR for got, want in zip(shifts, wanted, strict=True))


def test_frame_ornament_and_lines_are_left_to_the_blank(tmp_path):
    with Image.open(picture_of(on_blank(), tmp_path)) as opened:
        picture = opened.convert("L")
    paper = Image.new("L", picture.size, 255)
    left, top, right, bottom = ImageChops.difference(picture, paper).getbbox()
    inch = 150 / 25.4
    assert left > 26 * inch
    assert top > 21 * inch
    assert right < (297 - 26) * inch
    assert bottom < (210 - 20) * inch
    middle = picture.crop((int(147.5 * inch), int(25 * inch), int(149.5 * inch), int(120 * inch)))
    assert middle.getextrema() == (255, 255), "no divider between the columns"


def test_the_code_on_paper_leads_to_the_check_page(tmp_path):
    with Image.open(picture_of(on_blank(right=35, down=-20), tmp_path)) as picture:
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [CHECK_URL]


def test_a_test_seal_says_so_on_paper_too():
    assert "құжаттың заңды күші жоқ" in text_of(on_blank(is_test=True))


def test_the_same_print_has_the_same_bytes():
    assert on_blank(right=3) == on_blank(right=3)


def test_the_test_page_measures_from_the_edge_of_the_paper():
    words = boxes_of(render_ruler(printer="Терезе 2", right=0, down=0, made_at=PRINTED_AT))
    hundreds = [edges for word, *edges in words if word == "100" and edges[1] < 40 * MM]
    [(left, _, right, _)] = hundreds
    assert abs((left + right) / 2 - 100 * MM) < NEAR * 10


def test_the_test_page_moves_as_a_print_does_and_names_the_printer():
    still = render_ruler(printer="Терезе 2", right=0, down=0, made_at=PRINTED_AT)
    moved = render_ruler(printer="Терезе 2", right=-15, down=30, made_at=PRINTED_AT)
    assert is_archival_and_accessible(moved)
    assert "Терезе 2" in text_of(moved)
    assert "Вправо: -1,5 мм, вниз: 3,0 мм" in text_of(moved)
    before = next(edges for word, *edges in boxes_of(still) if word == "150")
    after = next(edges for word, *edges in boxes_of(moved) if word == "150")
    assert abs(after[0] - before[0] + 1.5 * MM) < NEAR
    assert abs(after[1] - before[1] - 3 * MM) < NEAR


def test_a_printer_whose_name_cannot_be_printed_is_refused():
    with pytest.raises(RuleViolation, match="paper_glyph_missing"):
        render_ruler(printer="🖨", right=0, down=0, made_at=PRINTED_AT)


@pytest.mark.parametrize(
    ("tenths", "said"), [(0, "0,0"), (-15, "-1,5"), (-5, "-0,5"), (200, "20,0")]
)
def test_tenths_are_written_as_millimetres(tenths, said):
    assert millimetres(tenths) == said
