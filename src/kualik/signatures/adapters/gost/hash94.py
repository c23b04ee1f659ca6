"""GOST 34.311-95, equal to GOST R 34.11-94 with the S-box of its test parameters (RFC 5831).

Only signatures kept in archives use it. Byte strings are in the usual order of digests.
"""

from functools import cache

_MASK_32 = 0xFFFFFFFF
_MASK_256 = (1 << 256) - 1
# id-GostR3411-94-TestParamSet of RFC 4357, the row of the lowest four bits first.
_SUBSTITUTION = (
    (4, 10, 9, 2, 13, 8, 0, 14, 6, 11, 1, 12, 7, 15, 5, 3),
    (14, 11, 4, 12, 6, 13, 15, 10, 2, 3, 8, 1, 0, 7, 5, 9),
    (5, 8, 1, 13, 10, 3, 4, 2, 14, 15, 12, 7, 6, 0, 9, 11),
    (7, 13, 10, 1, 0, 8, 9, 15, 14, 4, 6, 12, 11, 2, 5, 3),
    (6, 12, 7, 1, 5, 15, 13, 8, 4, 10, 9, 14, 0, 3, 11, 2),
    (4, 11, 10, 0, 7, 2, 1, 13, 3, 6, 8, 5, 9, 12, 15, 14),
    (13, 11, 4, 1, 3, 15, 5, 9, 0, 10, 14, 7, 6, 8, 2, 12),
    (1, 15, 13, 0, 5, 7, 10, 4, 9, 2, 3, 14, 6, 11, 8, 12),
)
_KEY_CONSTANT = 0xFF00FFFF000000FFFF0000FF00FFFF0000FF00FF00FF00FFFF00FF00FF00FF00
_KEY_ORDER = (*range(8), *range(8), *range(8), *reversed(range(8)))


def gost_hash_94(data: bytes) -> bytes:
    """The digest of ``data``, 32 bytes."""
    state, total = 0, 0
    for start in range(0, len(data), 32):
        block = int.from_bytes(data[start : start + 32], "little")
        state = _compress(state, block)
        total += block
    state = _compress(state, len(data) * 8 & _MASK_256)
    state = _compress(state, total & _MASK_256)
    return state.to_bytes(32, "little")


def _compress(state: int, block: int) -> int:
    """The step hash function of the standard."""
    coded = 0
    for part, key in enumerate(_keys(state, block)):
        coded |= _encrypt(state >> 64 * part & (1 << 64) - 1, key) << 64 * part
    mixed = _shuffle(coded, 12) ^ block
    return _shuffle(_shuffle(mixed, 1) ^ state, 61)


def _keys(state: int, block: int) -> list[tuple[int, ...]]:
    """The four keys of one step, each as eight words of 32 bits."""
    keys = []
    for number in range(4):
        if number:
            state = _fold(state) ^ (_KEY_CONSTANT if number == 2 else 0)
            block = _fold(_fold(block))
        spread = (state ^ block).to_bytes(32, "little")
        keys.append(
            tuple(
                int.from_bytes(spread[index : 8 * 3 + index + 1 : 8], "little")
                for index in range(8)
            )
        )
    return keys


def _fold(value: int) -> int:
    """The transformation A: words of 64 bits move down, the sum of the lowest two goes on top."""
    return value >> 64 | ((value ^ value >> 64) & (1 << 64) - 1) << 192


def _shuffle(value: int, rounds: int) -> int:
    """The shift register psi over sixteen words of 16 bits, ``rounds`` times."""
    words = [value >> 16 * index & 0xFFFF for index in range(16)]
    for first in range(rounds):
        a, b, c, d = words[first : first + 4]
        words.append(a ^ b ^ c ^ d ^ words[first + 12] ^ words[first + 15])
    return sum(word << 16 * index for index, word in enumerate(words[rounds:]))


def _encrypt(block: int, key: tuple[int, ...]) -> int:
    """GOST 28147-89 in the mode of simple substitution: one block of 64 bits."""
    t0, t1, t2, t3 = _tables()
    low, high = block & _MASK_32, block >> 32
    for index in _KEY_ORDER:
        word = low + key[index]
        low, high = (
            high
            ^ t0[word & 255]
            ^ t1[word >> 8 & 255]
            ^ t2[word >> 16 & 255]
            ^ t3[word >> 24 & 255],
            low,
        )
    return low << 32 | high


@cache
def _tables() -> tuple[list[int], ...]:
    """For each byte of a word: its substitution, turned left by eleven bits."""
    tables = []
    for position in range(4):
        low, high = _SUBSTITUTION[2 * position : 2 * position + 2]
        words = [(low[byte & 15] | high[byte >> 4] << 4) << 8 * position for byte in range(256)]
        tables.append([(word << 11 | word >> 21) & _MASK_32 for word in words])
    return tuple(tables)
