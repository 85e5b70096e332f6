"""A certificate that nobody vouches for, made anew by whoever needs one: no private key lies among the files."""

import base64
import hashlib
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

# The standard library reads certificates and makes none. Written out by hand, one on the curve P-256 needs no other.

Point = tuple[int, int] | None  # None: the point at infinity

PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
START = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

# Identifiers of objects, as X.509 writes them.
COMMON_NAME, KEY_ID, KEY_USAGE, OTHER_NAMES, CONSTRAINTS = (
    bytes.fromhex(f"0603{number}") for number in ("550403", "551d0e", "551d0f", "551d11", "551d13")
)
EC_KEY = bytes.fromhex("06072a8648ce3d0201")
P256 = bytes.fromhex("06082a8648ce3d030107")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")

BOOLEAN, INTEGER, BITS, OCTETS, UTF8, TIME, SEQUENCE, SET = 0x01, 0x02, 0x03, 0x04, 0x0C, 0x17, 0x30, 0x31


def self_signed(folder: Path) -> Path:
    """Write a key and its certificate for this machine into one PEM file."""
    secret = secrets.randbelow(ORDER - 1) + 1
    x, y = times(secret, START) or (0, 0)
    public = der(BITS, b"\0\x04", x.to_bytes(32, "big"), y.to_bytes(32, "big"))
    to_sign = body(public)
    certificate = der(SEQUENCE, to_sign, ECDSA_SHA256, der(BITS, b"\0", signature(secret, to_sign)))
    key = der(SEQUENCE, number(1), der(OCTETS, secret.to_bytes(32, "big")), der(0xA0, P256), der(0xA1, public))
    path = folder / "certificate.pem"
    path.write_text(pem("EC PRIVATE KEY", key) + ssl.DER_cert_to_PEM_cert(certificate))
    return path


def body(public: bytes) -> bytes:
    """What the certificate says: it is for localhost and 127.0.0.1, and stands for itself."""
    name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, b"localhost"))))
    now = datetime.now(UTC)
    days = (der(TIME, f"{now + timedelta(days=by):%y%m%d%H%M%SZ}".encode()) for by in (-1, 2))
    extensions = [
        extension(CONSTRAINTS, der(SEQUENCE, der(BOOLEAN, b"\xff")), critical=True),
        extension(KEY_USAGE, der(BITS, b"\x02\x84"), critical=True),  # it signs, and it signs certificates
        extension(KEY_ID, der(OCTETS, hashlib.sha256(public).digest()[:20])),
        extension(OTHER_NAMES, der(SEQUENCE, der(0x82, b"localhost"), der(0x87, bytes([127, 0, 0, 1])))),
    ]
    return der(
        SEQUENCE,
        der(0xA0, number(2)),
        number(secrets.randbits(64)),
        ECDSA_SHA256,
        name,
        der(SEQUENCE, *days),
        name,
        der(SEQUENCE, der(SEQUENCE, EC_KEY, P256), public),
        der(0xA3, der(SEQUENCE, *extensions)),
    )


def extension(kind: bytes, value: bytes, *, critical: bool = False) -> bytes:
    return der(SEQUENCE, kind, der(BOOLEAN, b"\xff") if critical else b"", der(OCTETS, value))


def signature(secret: int, message: bytes) -> bytes:
    once = secrets.randbelow(ORDER - 1) + 1
    r = (times(once, START) or (0, 0))[0] % ORDER
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    return der(SEQUENCE, number(r), number(pow(once, -1, ORDER) * (digest + r * secret) % ORDER))


def times(factor: int, point: Point) -> Point:
    found: Point = None
    while factor:
        if factor & 1:
            found = plus(found, point)
        point, factor = plus(point, point), factor >> 1
    return found


def plus(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % PRIME == 0:
        return None
    if one == other:
        slope = 3 * (one[0] ** 2 - 1) * pow(2 * one[1], -1, PRIME)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, PRIME)
    x = (slope**2 - one[0] - other[0]) % PRIME
    return x, (slope * (one[0] - x) - one[1]) % PRIME


def der(tag: int, *parts: bytes) -> bytes:
    """A value as X.509 writes it: its tag, its length, itself."""
    value = b"".join(parts)
    size = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes([tag, len(value)] if len(value) < 128 else [tag, 0x80 | len(size), *size]) + value


def number(value: int) -> bytes:
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(label: str, data: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"
