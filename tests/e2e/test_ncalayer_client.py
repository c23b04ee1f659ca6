"""The page's client of NCALayer against the simulated one: every answer, every fault."""

import pytest

# As the page of the sign-in does it, under its own policy of connections.
SIGN = """async ([url, asked, patience]) => {
  const { connect } = await import(document.getElementById("ncalayer-client").href);
  try {
    const layer = await connect(url ?? document.getElementById("eds").dataset.ncalayer, patience);
    const signed = await layer.sign({ data: ["aGVsbG8="], chain: "test", ...asked });
    layer.close();
    return signed;
  } catch (fault) {
    return fault.code;
  }
}"""
TWICE = """async () => {
  const { connect } = await import(document.getElementById("ncalayer-client").href);
  const layer = await connect(document.getElementById("eds").dataset.ncalayer);
  const first = layer.sign({ data: ["aGVsbG8="], chain: "test" });
  const second = await layer.sign({ data: ["aGVsbG8="], chain: "test" }).catch((one) => one.code);
  return [second, (await first).length, layer.version];
}"""


@pytest.fixture
def ask(visit, ncalayer):
    visitor = visit("kk")
    visitor.open("/enter/eds/")
    page = visitor.page

    def asked(url=None, patience=3000, person="stranger", behaviour=None, **wanted):
        ncalayer.behave(person, **(behaviour or {}))
        return page.evaluate(SIGN, [url, wanted, patience])

    asked.page = page
    return asked


@pytest.mark.parametrize("armour", ["pem", "base64"])
@pytest.mark.parametrize("shape", ["array", "string", "object"])
def test_every_shape_of_an_answer_gives_plain_base64(ask, shape: str, armour: str) -> None:
    behaviour = {"shape": shape, "armour": armour}
    [alone] = ask(behaviour=behaviour)
    pair = ask(behaviour=behaviour, data=["aGVsbG8=", "YQ=="])
    assert len(pair) == 2
    assert all(text.startswith("MII") and "-" not in text for text in (alone, *pair))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("cancel", "cancelled"),
        ("refuse", "refused"),
        ("no_module", "outdated"),
        ("drop", "lost"),
    ],
)
def test_every_fault_has_its_code(ask, act: str, code: str) -> None:
    assert ask(behaviour={"act": act}) == code


def test_who_does_not_greet_is_absent(ask) -> None:
    assert ask(behaviour={"act": "silent"}, patience=500) == "absent"


def test_nobody_at_the_port_is_told_from_a_lost_connection(ask, ncalayer) -> None:
    with ncalayer.away():
        assert ask.page.evaluate(SIGN, [None, {}, 3000]) == "absent"


def test_the_person_chooses_only_among_keys_that_fit(ask) -> None:
    own = {"bin": "990240001237", "usage": "1.3.6.1.5.5.7.3.4"}
    assert len(ask(person="authorised-person-demo", **own)) == 1
    assert ask(person="authorised-person-ishim", **own) == "cancelled"
    assert ask(person="authorised-person-demo", chain="production") == "cancelled"


def test_one_request_at_a_time(ask, ncalayer) -> None:
    ncalayer.behave("stranger", delay=0.5)
    assert ask.page.evaluate(TWICE) == ["busy", 1, "1.4"]
