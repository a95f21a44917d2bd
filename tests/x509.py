"""x509: keys and certificates for tests, without openssl(1).

EcKey() and RsaKey() are new keys; certify() makes a certificate for one,
signed by itself or by another; all of them give PEM.  Only for tests: nothing here
is written with care for those who watch how long it takes.

Run as a program it tests itself.
"""

import base64
import hashlib
import secrets
import time

DAY = 24 * 3600
DAYS = 30               # that a certificate is valid, if not told
SMALL_PRIMES = [n for n in range(3, 2000, 2)
                if all(n % d for d in range(3, int(n ** 0.5) + 1, 2))]
EXPONENT = 65537

# A certificate, and its key in PKCS#8 with the password "secret" (openssl
# req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 36500).
LOCKED_KEY = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAhVXFpCCCASVQICCAAw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIaKrMAYgW+a0EgZANDaf+KKBCxWtu
qAb90rnAkJXB+QzooGNcjFymSy80AMSsBKRe7b66QvjYs/xHgOGkWBswQbLJ6XoU
/EywSrdJzZYzWHRhQ7fjvTlgQcuxLX6U1RpHw2I9bncpJi4QvenXPNvRlHqizxrw
f3L3JJS8xF9bH+raAOwRxfLuYzs2A6pzD73ppLTAIj8m+oSW99w=
-----END ENCRYPTED PRIVATE KEY-----
"""
LOCKED_CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIULs3BNwgLOF6ucZ16xPsIi1R7iyMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODEwNTgyN1oYDzIxMjYxMTA0
MTA1ODI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ+eOxjLjuBX2Z7CA/JskEvlhYJJ7RhLluukZsPVCuaoVIJnJXd4O5c
D0wf/mg3/srPvQ4QD2/FVzyq26Ie/Tl+o1MwUTAdBgNVHQ4EFgQUR4URxgkjFYMA
DFjyEskY2pK3ZxcwHwYDVR0jBBgwFoAUR4URxgkjFYMADFjyEskY2pK3ZxcwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA2WmloEJW5UJXOikNMbgE
Dg+Rn9umMEG/U3H1CS/kduYCIG3/3RCT/O/tI+gIb/hjIs/aUphRYjL6ZtrLysf0
dtbk
-----END CERTIFICATE-----
"""


# ---- DER (X.690) ----

def tlv(tag, *parts):
    """One value: its tag, its length, and its contents."""
    data = b"".join(parts)
    if len(data) < 128:
        return bytes([tag, len(data)]) + data
    size = (len(data).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(data).to_bytes(size, "big") + data


def sequence(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octet_string(data):
    return tlv(4, data)


def bit_string(data):
    return tlv(3, b"\0", data)


def oid(text):
    """An object identifier, as in "2.5.29.17"."""
    first, second, *rest = map(int, text.split("."))
    out = bytes([40 * first + second])
    for n in rest:
        octets = [n & 127]
        while n := n >> 7:
            octets.insert(0, 128 | n & 127)
        out += bytes(octets)
    return tlv(6, out)


def utf8(text):
    return tlv(12, text.encode())


def moment(seconds):
    """A time, in the form that RFC 5280, 4.1.2.5 has for its year."""
    when = time.gmtime(seconds)
    if when.tm_year < 2050:
        return tlv(23, time.strftime("%y%m%d%H%M%SZ", when).encode())
    return tlv(24, time.strftime("%Y%m%d%H%M%SZ", when).encode())


def pem(kind, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (
        kind, "\n".join(lines), kind)


# ---- keys ----

class Curve:
    """y^2 = x^3 - 3 x + b over the field of p; g has the order n."""

    def __init__(self, name, size, p, n, g):
        self.oid = oid(name)
        self.size, self.p, self.n, self.g = size, p, n, g

    def add(self, one, two):
        """The sum of two points; None is the point at infinity."""
        if one is None or two is None:
            return one or two
        (x1, y1), (x2, y2) = one, two
        if x1 == x2:
            if (y1 + y2) % self.p == 0:
                return None
            slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, k, point=None):
        point, result = point or self.g, None
        while k:
            if k & 1:
                result = self.add(result, point)
            point = self.add(point, point)
            k >>= 1
        return result


# FIPS 186-4, D.1.2.3 and D.1.2.4
P256 = Curve(
    "1.2.840.10045.3.1.7", 32, 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1,
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5))
P384 = Curve(
    "1.3.132.0.34", 48, 2 ** 384 - 2 ** 128 - 2 ** 96 + 2 ** 32 - 1,
    int("ffffffffffffffffffffffffffffffffffffffffffffffff"
        "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
    (int("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
         "59f741e082542a385502f25dbf55296c3a545e3872760ab7", 16),
     int("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
         "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f", 16)))
EC = oid("1.2.840.10045.2.1")
ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
RSA = sequence(oid("1.2.840.113549.1.1.1"), tlv(5))
RSA_SHA256 = sequence(oid("1.2.840.113549.1.1.11"), tlv(5))
SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"), tlv(5))


def prime(bits):
    """A number of so many bits that is a prime but for once in a universe,
    with its two highest bits set, and fit for EXPONENT."""
    while True:
        n = secrets.randbits(bits) | 3 << bits - 2 | 1
        if all(n % p for p in SMALL_PRIMES) and n % EXPONENT != 1 and \
                all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7)):
            return n


class EcKey:
    signature = ECDSA_SHA256

    def __init__(self, curve=P256):
        self.curve = curve
        self.secret = secrets.randbelow(curve.n - 1) + 1
        x, y = curve.times(self.secret)
        self.point = (b"\4" + x.to_bytes(curve.size, "big") +
                      y.to_bytes(curve.size, "big"))

    def public(self):
        return sequence(sequence(EC, self.curve.oid), bit_string(self.point))

    def inner(self, *more):
        """RFC 5915."""
        return sequence(integer(1), octet_string(
            self.secret.to_bytes(self.curve.size, "big")), *more,
            tlv(0xa1, bit_string(self.point)))

    def pem(self):
        """PKCS#8."""
        return pem("PRIVATE KEY", sequence(
            integer(0), sequence(EC, self.curve.oid),
            octet_string(self.inner())))

    def old_pem(self):
        """As "openssl ecparam -genkey" writes it."""
        return pem("EC PARAMETERS", self.curve.oid) + pem(
            "EC PRIVATE KEY", self.inner(tlv(0xa0, self.curve.oid)))

    def sign(self, data):
        digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
        n = self.curve.n
        while True:
            k = secrets.randbelow(n - 1) + 1
            r = self.curve.times(k)[0] % n
            s = pow(k, -1, n) * (digest + r * self.secret) % n
            if r and s:
                return sequence(integer(r), integer(s))


class RsaKey:
    signature = RSA_SHA256

    def __init__(self, bits=2048):
        self.p, self.q = prime(bits // 2), prime(bits // 2)
        self.n = self.p * self.q
        self.d = pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))
        self.size = bits // 8

    def public(self):
        return sequence(RSA, bit_string(sequence(integer(self.n),
                                                 integer(EXPONENT))))

    def inner(self):
        """PKCS#1."""
        p, q, d = self.p, self.q, self.d
        return sequence(*map(integer, (
            0, self.n, EXPONENT, d, p, q, d % (p - 1), d % (q - 1),
            pow(q, -1, p))))

    def pem(self):
        """PKCS#8."""
        return pem("PRIVATE KEY", sequence(integer(0), RSA,
                                           octet_string(self.inner())))

    def old_pem(self):
        return pem("RSA PRIVATE KEY", self.inner())

    def sign(self, data):
        """RFC 8017, 9.2."""
        digest = sequence(SHA256, octet_string(hashlib.sha256(data).digest()))
        padded = b"\0\1" + b"\xff" * (self.size - 3 - len(digest)) + b"\0" + \
            digest
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(
            self.size, "big")

    def parts(self):
        """What only the private key has, as octets."""
        return [n.to_bytes((n.bit_length() + 7) // 8, "big")
                for n in (self.p, self.q, self.d)]


# ---- certificates (RFC 5280) ----

NAMES = {"CN": "2.5.4.3", "C": "2.5.4.6", "O": "2.5.4.10",
         "OU": "2.5.4.11"}


def name(text):
    """A name, as in "/C=DE/O=Example/CN=pager"."""
    parts = []
    for part in text.strip("/").split("/"):
        kind, value = part.split("=", 1)
        parts.append(set_of(sequence(
            oid(NAMES[kind]),
            tlv(19, value.encode()) if kind == "C" else utf8(value))))
    return sequence(*parts)


def alternative(text):
    """One of the subject's names, as in "DNS:localhost" or "IP:127.0.0.1"."""
    kind, value = text.split(":", 1)
    if kind == "IP":
        return tlv(0x87, bytes(map(int, value.split("."))))
    return tlv(0x82, value.encode())


def identifier(key):
    """What a key is known by (RFC 5280, 4.2.1.2)."""
    return hashlib.sha1(key.public()).digest()


def extension(number, value, critical=False):
    return sequence(oid("2.5.29.%d" % number),
                    tlv(1, b"\xff") if critical else b"",
                    octet_string(value))


def extensions(key, signer, names, ca):
    """Who it is for, whose key it is and who signs it, and whether it may
    sign itself: all that clients ask for that are strict."""
    found = [extension(14, octet_string(identifier(key))),
             extension(35, sequence(tlv(0x80, identifier(signer)))),
             extension(19, sequence(tlv(1, b"\xff")) if ca else sequence(),
                       True)]
    if names:
        found.append(extension(17, sequence(*map(alternative, names))))
    if ca:      # digitalSignature, keyCertSign, cRLSign
        found.append(extension(15, tlv(3, b"\1\x86"), True))
    return tlv(0xa3, sequence(*found))


class Certificate:
    """One that was made: .subject, .key, .pem, .end (seconds)."""

    def __init__(self, subject, key, text, end):
        self.subject, self.key, self.pem, self.end = subject, key, text, end


def certify(key, subject="/CN=localhost", issuer=None, names=(), ca=None,
            start=None, end=None):
    """A certificate for this key.

    issuer       the Certificate whose key signs it; None: its own
    names        what it is for, as alternative() has it
    ca           whether it may sign others; if not told, one that has signed
                 itself may
    start, end   when it is valid, in seconds since 1970
    """
    signer = issuer.key if issuer else key
    start = time.time() - DAY if start is None else start
    end = time.time() + DAYS * DAY if end is None else end
    body = sequence(
        tlv(0xa0, integer(2)), integer(secrets.randbits(63) | 1),
        signer.signature, name(issuer.subject if issuer else subject),
        sequence(moment(start), moment(end)), name(subject), key.public(),
        extensions(key, signer, names, issuer is None if ca is None else ca))
    text = pem("CERTIFICATE", sequence(body, signer.signature,
                                       bit_string(signer.sign(body))))
    return Certificate(subject, key, text, end)


# ---- itself ----

def handshake(context, server):
    """What the client says of the server's certificate: None, or why not."""
    import ssl
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(down, up, server_hostname="localhost")
    other = server.wrap_bio(up, down, server_side=True)
    done = set()
    for _ in range(10):
        for side in (client, other):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as why:
                return why.reason
    return None if len(done) == 2 else "no end"


def selftest():
    import os
    import ssl
    import tempfile

    import tap

    folder = tempfile.TemporaryDirectory(prefix="smtp2sms-x509.")

    def file(text):
        with tempfile.NamedTemporaryFile("w", dir=folder.name,
                                         delete=False) as out:
            out.write(text)
        return out.name

    def believed(chain, key_text, root):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file(chain), file(key_text))
        context = ssl.create_default_context(cafile=file(root.pem))
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # as of Python 3.13
        return handshake(context, server)

    @tap.test("keys and certificates, as OpenSSL sees them")
    def kinds():
        root = certify(EcKey(), "/CN=root")
        for kind, key in (("P-256", EcKey()), ("P-384", EcKey(P384)),
                          ("RSA", RsaKey())):
            one = certify(key, "/C=DE/O=Example/CN=server", root,
                          ["DNS:localhost", "IP:127.0.0.1"])
            for how, text in (("PKCS#8", key.pem()), ("old", key.old_pem())):
                tap.is_(believed(one.pem, text, root), None,
                        "%s, %s" % (kind, how))
        middle = certify(RsaKey(), "/CN=middle", root, ca=True)
        leaf = certify(EcKey(), "/CN=leaf", middle, ["DNS:localhost"])
        tap.is_(believed(leaf.pem + middle.pem, leaf.key.pem(), root), None,
                "signed by RSA, in a chain")

    @tap.test("what must not be believed")
    def bad():
        root = certify(EcKey(), "/CN=root")
        for why, one in (
                ("another name", certify(EcKey(), issuer=root,
                                         names=["DNS:elsewhere"])),
                ("expired", certify(EcKey(), issuer=root, end=time.time() - 1,
                                    names=["DNS:localhost"])),
                ("of the future", certify(
                    EcKey(), issuer=root, names=["DNS:localhost"],
                    start=time.time() + DAY, end=2 ** 32)),
                ("of another root", certify(
                    EcKey(), issuer=certify(EcKey(), "/CN=root"),
                    names=["DNS:localhost"]))):
            tap.is_(believed(one.pem, one.key.pem(), root),
                    "CERTIFICATE_VERIFY_FAILED", why)

    @tap.test("the key that is locked")
    def locked():
        cert, key = file(LOCKED_CERTIFICATE), file(LOCKED_KEY)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key, password="secret")
        tap.ok(True, "opens with its password")
        try:
            context.load_cert_chain(cert, key, password="other")
            tap.ok(False, "but not with another")
        except ssl.SSLError:
            tap.ok(True, "but not with another")
        os.unlink(key)

    tap.run()


if __name__ == "__main__":
    selftest()
