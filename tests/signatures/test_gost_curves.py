"""The arithmetic of GOST 34.10 against the examples of RFC 7091 and against plain addition."""

from dataclasses import dataclass

import pytest

from kualik.signatures.adapters.gost.curves import (
    CRYPTO_PRO_A,
    PARAM_SET_256_A,
    PARAM_SET_512_A,
    Curve,
    Point,
)
from kualik.signatures.adapters.gost.keys import sign_numbers, verify_numbers

CURVES = [PARAM_SET_512_A, PARAM_SET_256_A, CRYPTO_PRO_A]


@dataclass(frozen=True)
class Example:
    """One example of RFC 7091: d, Q, e, k and the signature (r, s)."""

    curve: Curve
    secret: int
    point: Point
    number: int
    nonce: int
    signature: tuple[int, int]


SHORT = Example(
    curve=Curve(
        name="example 1 of RFC 7091",
        size=32,
        p=0x8000000000000000000000000000000000000000000000000000000000000431,
        a=7,
        b=0x5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E,
        q=0x8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3,
        cofactor=1,
        base=(2, 0x08E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8),
    ),
    secret=0x7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28,
    point=(
        0x7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B,
        0x26F1B489D6701DD185C8413A977B3CBBAF64D1C593D26627DFFB101A87FF77DA,
    ),
    number=0x2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5,
    nonce=0x77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3,
    signature=(
        0x41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493,
        0x01456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40,
    ),
)
LONG = Example(
    curve=Curve(
        name="example 2 of RFC 7091",
        size=64,
        p=int(
            "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15d"
            "f1d852741af4704a0458047e80e4546d35b8336fac224dd81664bbf528be6373",
            16,
        ),
        a=7,
        b=int(
            "1cff0806a31116da29d8cfa54e57eb748bc5f377e49400fdd788b649eca1ac43"
            "61834013b2ad7322480a89ca58e0cf74bc9e540c2add6897fad0a3084f302adc",
            16,
        ),
        q=int(
            "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15d"
            "a82f2d7ecb1dbac719905c5eecc423f1d86e25edbe23c595d644aaf187e6e6df",
            16,
        ),
        cofactor=1,
        base=(
            int(
                "24d19cc64572ee30f396bf6ebbfd7a6c5213b3b3d7057cc825f91093a68cd762"
                "fd60611262cd838dc6b60aa7eee804e28bc849977fac33b4b530f1b120248a9a",
                16,
            ),
            int(
                "2bb312a43bd2ce6e0d020613c857acddcfbf061e91e5f2c3f32447c259f39b2c"
                "83ab156d77f1496bf7eb3351e1ee4e43dc1a18b91b24640b6dbb92cb1add371e",
                16,
            ),
        ),
    ),
    secret=int(
        "0ba6048aadae241ba40936d47756d7c93091a0e8514669700ee7508e508b1020"
        "72e8123b2200a0563322dad2827e2714a2636b7bfd18aadfc62967821fa18dd4",
        16,
    ),
    point=(
        int(
            "115dc5bc96760c7b48598d8ab9e740d4c4a85a65be33c1815b5c320c854621dd"
            "5a515856d13314af69bc5b924c8b4ddff75c45415c1d9dd9dd33612cd530efe1",
            16,
        ),
        int(
            "37c7c90cd40b0f5621dc3ac1b751cfa0e2634fa0503b3d52639f5d7fb72afd61"
            "ea199441d943ffe7f0c70a2759a3cdb84c114e1f9339fdf27f35eca93677beec",
            16,
        ),
    ),
    number=int(
        "3754f3cfacc9e0615c4f4a7c4d8dab531b09b6f9c170c533a71d147035b0c591"
        "7184ee536593f4414339976c647c5d5a407adedb1d560c4fc6777d2972075b8c",
        16,
    ),
    nonce=int(
        "0359e7f4b1410feacc570456c6801496946312120b39d019d455986e364f3658"
        "86748ed7a44b3e794434006011842286212273a6d14cf70ea3af71bb1ae679f1",
        16,
    ),
    signature=(
        int(
            "2f86fa60a081091a23dd795e1e3c689ee512a3c82ee0dcc2643c78eea8fcacd3"
            "5492558486b20f1c9ec197c90699850260c93bcbcd9c5c3317e19344e173ae36",
            16,
        ),
        int(
            "1081b394696ffe8e6585e7a9362d26b6325f56778aadbc081c0bfbe933d52ff5"
            "823ce288e8c4f362526080df7f70ce406a6eeb1f56919cb92a9853bde73e5b4a",
            16,
        ),
    ),
)


@pytest.mark.parametrize("example", [SHORT, LONG], ids=["256", "512"])
def test_the_examples_of_rfc_7091_come_out(example: Example) -> None:
    curve = example.curve
    assert curve.holds(curve.base)
    assert curve.sum_of((example.secret, curve.base)) == example.point
    made = sign_numbers(curve, example.secret, number=example.number, nonce=example.nonce)
    assert made == example.signature
    assert verify_numbers(curve, example.point, number=example.number, signature=made)


@pytest.mark.parametrize("example", [SHORT, LONG], ids=["256", "512"])
def test_any_other_number_in_an_example_is_refused(example: Example) -> None:
    r, s = example.signature
    q = example.curve.q
    others = [(r, s + 1), (r + 1, s), (s, r), (0, s), (r, 0), (r + q, s), (r, s + q), (q, s)]
    for signature in others:
        assert not verify_numbers(
            example.curve, example.point, number=example.number, signature=signature
        )
    assert not verify_numbers(
        example.curve, example.point, number=example.number + 1, signature=(r, s)
    )


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_base_point_is_on_the_curve_and_has_its_order(curve: Curve) -> None:
    assert curve.holds(curve.base)
    assert curve.sum_of((curve.q, curve.base)) is None
    x, y = curve.base
    assert curve.sum_of((curve.q - 1, curve.base)) == (x, curve.p - y)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_multiples_are_what_adding_again_and_again_gives(curve: Curve) -> None:
    total = curve.base
    for number in range(2, 70):
        total = plain_sum(curve, total, curve.base)
        assert curve.sum_of((number, curve.base)) == total
    other = curve.sum_of((5, curve.base))
    assert other is not None
    assert curve.sum_of((9, curve.base), (12, other)) == total
    assert curve.sum_of((0, curve.base), (0, other)) is None
    assert curve.sum_of((curve.q - 10, curve.base), (2, other)) is None
    assert curve.sum_of((5, curve.base), (1, other)) == curve.sum_of((2, other))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_points_off_the_curve_and_out_of_the_field_are_no_keys(curve: Curve) -> None:
    x, y = curve.base
    for point in [(x, y + 1), (x + 1, y), (0, 0), (x + curve.p, y), (x, y - curve.p), (y, x)]:
        assert not curve.holds(point)


def test_points_outside_the_group_of_the_base_are_no_keys() -> None:
    """The curve of 256 bits has four times as many points as the group of its base."""
    curve = PARAM_SET_256_A
    outside = [point for x in range(1, 40) if (point := point_at(curve, x)) is not None]
    held = [point for point in outside if curve.holds(point)]
    assert 0 < len(held) < len(outside) / 2
    small = {curve.sum_of((curve.q, point)) for point in outside} - {None}
    assert small
    assert not any(curve.holds(point) for point in small if point)


def plain_sum(curve: Curve, left: Point, right: Point) -> Point:
    """The sum by the formulas of the standard (RFC 7091, part 5.2)."""
    if left == right:
        slope = (3 * left[0] ** 2 + curve.a) * pow(2 * left[1], -1, curve.p)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, curve.p)
    x = (slope * slope - left[0] - right[0]) % curve.p
    return x, (slope * (left[0] - x) - left[1]) % curve.p


def point_at(curve: Curve, x: int) -> Point | None:
    """A point with this x, if there is one; the field's p is 3 modulo 4."""
    square = (x**3 + curve.a * x + curve.b) % curve.p
    y = pow(square, (curve.p + 1) // 4, curve.p)
    return (x, y) if y * y % curve.p == square else None
