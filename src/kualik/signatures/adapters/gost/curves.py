"""The curves of GOST 34.10 and the sum of two multiples, all that a signature needs.

Points travel as affine pairs of integers; inside, Jacobian coordinates and one chain of doublings
for both multiples (Shamir's trick) over signed digits. The time taken depends on the numbers:
fine for checking, and for signing with keys of tests only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

Point = tuple[int, int]
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)
_BASE_WIDTH = 8
_POINT_WIDTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """y² = x³ + ax + b over the field of ``p``, with ``base`` of prime order ``q``.

    ``size`` is the length of a coordinate in bytes; ``a`` may be negative, which is faster.
    """

    name: str
    size: int
    p: int
    a: int
    b: int
    q: int
    cofactor: int
    base: Point

    def holds(self, point: Point) -> bool:
        """Whether the point is a key: on the curve and of order ``q``."""
        x, y = point
        if not (0 <= x < self.p and 0 < y < self.p):
            return False
        if (y * y - (x * x + self.a) * x - self.b) % self.p:
            return False
        return self.cofactor == 1 or self.sum_of((self.q, point)) is None

    def sum_of(self, *terms: tuple[int, Point]) -> Point | None:
        """The sum of the points times their numbers; ``None`` is the point at infinity.

        The numbers are not negative; a point must lie on the curve and not be of order two.
        """
        chains = []
        for number, point in terms:
            is_base = point == self.base
            width = _BASE_WIDTH if is_base else _POINT_WIDTH
            table = _base_table(self) if is_base else _odd_multiples(self, point, width)
            chains.append((list(_signed_digits(number, width)), table))
        total = _INFINITY
        for index in reversed(range(max(len(digits) for digits, _ in chains))):
            total = _double(self, total)
            for digits, table in chains:
                digit = digits[index] if index < len(digits) else 0
                if digit:
                    x, y = table[abs(digit) >> 1]
                    total = _add(self, total, (x, y if digit > 0 else self.p - y))
        return _affine(self, total) if total[2] else None


def _signed_digits(number: int, width: int) -> Iterator[int]:
    """The number in digits that are zero or odd and below 2^(width-1) in size, lowest first."""
    window = 1 << width
    while number:
        digit = 0
        if number & 1:
            digit = number & window - 1
            if digit >= window >> 1:
                digit -= window
            number -= digit
        yield digit
        number >>= 1


@cache
def _base_table(curve: Curve) -> Sequence[Point]:
    return _odd_multiples(curve, curve.base, _BASE_WIDTH)


def _odd_multiples(curve: Curve, point: Point, width: int) -> Sequence[Point]:
    """The point times 1, 3, 5 … 2^(width-1) - 1."""
    current: _Jacobian = (*point, 1)
    twice = _affine(curve, _double(curve, current))
    multiples = [point]
    for _ in range((1 << width - 2) - 1):
        current = _add(curve, current, twice)
        multiples.append(_affine(curve, current))
    return multiples


def _affine(curve: Curve, point: _Jacobian) -> Point:
    x, y, z = point
    inverse = pow(z, -1, curve.p)
    square = inverse * inverse % curve.p
    return x * square % curve.p, y * square * inverse % curve.p


def _double(curve: Curve, point: _Jacobian) -> _Jacobian:
    x, y, z = point
    p = curve.p
    yy = y * y % p
    zz = z * z % p
    s = 4 * x * yy % p
    m = (3 * x * x + curve.a * (zz * zz)) % p
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p


def _add(curve: Curve, left: _Jacobian, right: Point) -> _Jacobian:
    x, y, z = left
    if not z:
        return right[0], right[1], 1
    p = curve.p
    zz = z * z % p
    h = (right[0] * zz - x) % p
    r = (right[1] * (zz * z % p) - y) % p
    if not h:
        return _INFINITY if r else _double(curve, left)
    hh = h * h % p
    hhh = h * hh % p
    v = x * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y * hhh) % p, z * h % p


PARAM_SET_512_A = Curve(
    name="id-tc26-gost-3410-12-512-paramSetA (RFC 7836)",
    size=64,
    p=2**512 - 569,
    a=-3,
    b=int(
        "e8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265"
        "ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760",
        16,
    ),
    q=int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275",
        16,
    ),
    cofactor=1,
    base=(
        3,
        int(
            "7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921"
            "df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4",
            16,
        ),
    ),
)
PARAM_SET_256_A = Curve(
    name="id-tc26-gost-3410-2012-256-paramSetA (RFC 7836)",
    size=32,
    p=2**256 - 617,
    a=0xC2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335,
    b=0x295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513,
    q=0x400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67,
    cofactor=4,
    base=(
        0x91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28,
        0x32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C,
    ),
)
CRYPTO_PRO_A = Curve(
    name="id-GostR3410-2001-CryptoPro-A-ParamSet (RFC 4357)",
    size=32,
    p=2**256 - 617,
    a=-3,
    b=166,
    q=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893,
    cofactor=1,
    base=(1, 0x8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14),
)
