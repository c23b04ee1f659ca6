"""How the acts are kept: the public page in words, and the proofs for who supervises."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import User
from kualik.oversight.queries import proofs
from kualik.oversight.queries.proofs import Proof, clauses
from kualik.rules.lifecycle import Role
from kualik.rules.standards import ALL_CLAUSES
from tests.world import World

SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("kk", "Күту уақыты талон алынғаннан құжаттар тапсырылғанға дейін есептеледі."),
        ("ru", "Ожидание считается от талона до сдачи документов."),
        ("en", "Waiting is counted from the ticket to the handing in of documents."),
    ],
)
def test_anybody_reads_in_words_how_each_clause_is_kept(
    client: Client, db, language: str, words: str
) -> None:
    client.cookies["kualik_language"] = language
    page = client.get(reverse("oversight:law")).content.decode()
    assert words in page
    assert all(f'id="{clause}"' in page for clause in ALL_CLAUSES)


def test_a_clause_without_a_test_or_with_a_failed_one_is_not_proved() -> None:
    kept = json.loads(proofs.PROOFS.read_text(encoding="utf-8"))
    one, two, three, *_ = kept["clauses"]
    files = {"tests/a.py": {"passed": 3, "failed": 0}, "tests/b.py": {"passed": 2, "failed": 1}}
    kept["run"] = {"on": "2026-11-22", "files": files}
    for clause, tests in ((one, ["tests/a.py"]), (two, ["tests/a.py", "tests/b.py"]), (three, [])):
        kept["clauses"][clause]["tests"] = tests
    found = {clause.id: clause for clause in clauses(kept)}
    assert found[one].is_proved
    assert found[one].proofs == (Proof("tests/a.py", 3, 0),)
    assert not found[two].is_proved
    assert not found[three].is_proved


def test_everybody_sees_as_well_which_clause_has_no_passing_proof(client: Client, db) -> None:
    page = client.get(reverse("oversight:law"), {"lang": "en"}).content.decode()
    unproved = [clause for clause in clauses() if not clause.is_proved]
    assert page.count("No passing proof") == len(unproved)


def test_a_test_that_the_last_run_did_not_have_proves_nothing() -> None:
    assert not Proof("tests/new.py", None, None).is_good


def test_proofs_are_for_who_supervises(world: World, signed_in: SignIn) -> None:
    address = reverse("oversight:proofs")
    page = signed_in(world.inspector).get(address).content.decode()
    assert "src/kualik/rules/deadline.py" in page
    assert signed_in(world.demo.staff[Role.CLERK]).get(address).status_code == 403
    assert Client().get(address).status_code == 302
