#!/usr/bin/env python3
"""The verifier accepts the sample and refuses what breaks it.

Two kinds of damage: a byte of the dump; and a byte of a block, with all lines
and the commitment made anew, so that only the rules can object. Chains with
one broken rule are in test_rules.py.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
from hashlib import sha256

import authority
import bip340
import blind
import codec
import desk
import make_sample as sample
import render
from chain import retarget
from curves import SECP256K1
from der import PUBLISHED, Token
from make_sample import World
from verify import Invalid, verify
from wire import Bad, compact_of, target_of
from writer import Key, Stamper, dump, finish, integer, tlv

WORLD = World()
REGISTRY, AUCTIONS = sample.make(WORLD)
LINES = dump(WORLD.net, REGISTRY, AUCTIONS, codec.block)


def remade(blocks, changed, raw):
    """The sample's lines with block number changed replaced by raw."""
    decoded = [codec.block(raw if i == changed else b)
               for i, b in enumerate(blocks)]
    lines = [LINES[0]]
    tips = []
    for i, block in enumerate(decoded):
        lines.append(render.block_line(
            block, raw if i == changed else blocks[i]))
        if tips and tips[-1][0] == block.chain and block.height:
            tips.pop()
        tips.append((block.chain, block.height, block.sealed))
    return finish(lines, tips)


class Members(unittest.TestCase):
    def test_every_kind_has_the_members_of_the_page(self):
        """Every word of F19's row, or what some of a kind lack, in order."""
        page = (os.path.dirname(os.path.abspath(__file__))
                + "/../../docs/spec/format.md")
        with open(page, encoding="utf-8") as file:
            rows = file.read().split("**F19", 1)[1].split("**F20", 1)[0]
        told = {row[0]: re.findall(r"[a-z_0-9]+", row[1]) for row in
                re.findall(r"^\| ([A-Z]+) \| (.*) \|$", rows, re.M)}
        self.assertEqual(set(told), {name for name, _, _ in
                                     codec.KINDS.values()})
        kinds = set()
        for raw in (raw for chain in [REGISTRY] + AUCTIONS
                    for raw in chain.blocks):
            for tx in codec.block(raw).txs:
                words = iter(told[tx.name])
                for name, _ in render.MEMBERS[tx.name](tx):
                    self.assertIn(name, words, tx.name)
                kinds.add(tx.name)
        self.assertGreaterEqual(len(kinds), 14)


class Primitives(unittest.TestCase):
    def test_bip340_vectors(self):
        """Signing vectors 0 and 1 of BIP340."""
        for secret, aux, message, signature in (
                (f"{3:064x}", bytes(32), bytes(32),
                 "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2d"
                 "ca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4"
                 "900d310536c0"),
                ("b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d90451"
                 "90cfef", bytes(31) + b"\1", bytes.fromhex(
                     "243f6a8885a308d313198a2e03707344a4093822299f31d0082ef"
                     "a98ec4e6c89"),
                 "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78"
                 "de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95"
                 "f6de339e4b0a")):
            secret = bytes.fromhex(secret)
            made = bip340.sign(secret, message, aux)
            self.assertEqual(made.hex(), signature)
            self.assertTrue(bip340.verify(bip340.public(secret), message,
                                          made))

    def test_bip340_refuses(self):
        n, p, g = SECP256K1.n, SECP256K1.p, SECP256K1.g
        key, message = Key("any"), bytes(32)
        good = key.sign(message)
        r, s = good[:32], int.from_bytes(good[32:], "big")

        def refused(public, signature):
            self.assertFalse(bip340.verify(public, message, signature))

        refused(key.public, r + ((s + 1) % n).to_bytes(32, "big"))
        refused(key.public, r + (n - s).to_bytes(32, "big"))
        refused(key.public, p.to_bytes(32, "big") + good[32:])
        refused(key.public, r + n.to_bytes(32, "big"))
        refused(bytes(32), good)
        refused((g[0] + p).to_bytes(33, "big")[1:], good)
        d = int.from_bytes(key.secret, "big")
        if SECP256K1.times_g(d)[1] % 2:
            d = n - d
        e = int.from_bytes(bip340.h_tag("BIP0340/challenge", bytes(32)
                                        + key.public + message), "big") % n
        refused(key.public, bytes(32) + (e * d % n).to_bytes(32, "big"))

    def test_table_and_endomorphism_agree(self):
        for i in range(1, bip340.OFTEN + 10):
            key = bip340._Key(SECP256K1.times_g(i))
            k = int.from_bytes(sha256(bytes([i])).digest(), "big")
            first = SECP256K1.affine(bip340._times(key, k))
            key.uses = bip340.OFTEN
            second = SECP256K1.affine(bip340._times(key, k))
            self.assertIsNotNone(key.table)
            self.assertEqual(first, second)
            self.assertEqual(first, SECP256K1.times_g(
                k * i % SECP256K1.n))

    def test_tokens_as_the_openssl_program_sees_them(self):
        """RSASSA-PSS, signed by one and verified by the other."""
        p, q, n = desk.TOKEN_P, desk.TOKEN_Q, desk.TOKEN_N
        numbers = (0, n, blind.E, pow(blind.E, -1, (p - 1) * (q - 1)), p, q,
                   desk.TOKEN_DP, desk.TOKEN_DQ, desk.TOKEN_QINV)
        text, modulus = b"prefix" + bytes(32), n.to_bytes(384, "big")
        with tempfile.TemporaryDirectory() as folder:
            def path(name, data=None):
                full = os.path.join(folder, name)
                if data is not None:
                    with open(full, "wb") as file:
                        file.write(data)
                return full

            key = path("key", tlv(0x30, b"".join(map(integer, numbers))))
            said = path("text", text)

            def dgst(*arguments, salt="48"):
                done = subprocess.run(
                    ["openssl", "dgst", "-sha384", "-keyform", "DER",
                     "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                     "rsa_pss_saltlen:" + salt, *arguments, said],
                    capture_output=True, check=False, timeout=60)
                return done.returncode == 0

            def openssl_signs(salt):
                out = path("signature")
                self.assertTrue(dgst("-sign", key, "-out", out, salt=salt))
                with open(out, "rb") as file:
                    return file.read()

            good = openssl_signs("48")
            self.assertTrue(blind.verify(modulus, text, good))
            self.assertFalse(blind.verify(modulus, text + b"x", good))
            for salt in ("47", "49", "0"):
                self.assertFalse(blind.verify(modulus, text,
                                              openssl_signs(salt)))
            for salt, fine in ((b"s" * 48, True), (b"s" * 47, False)):
                ours = path("ours", desk.sign(text, salt))
                self.assertEqual(fine, dgst("-prverify", key, "-signature",
                                            ours))

    def test_compact(self):
        for compact in (0x200fffff, 0x2000ffff, 0x1d100000, 0x01120000,
                        0x02008000, 0x2100ffff):
            target = target_of(compact)
            self.assertIsNotNone(target)
            self.assertEqual(compact_of(target), compact)
        for compact in (0x20007fff, 0x20800000, 0x2200ffff, 0x21010000,
                        0x02008001, 0x00010000):
            self.assertIsNone(target_of(compact), hex(compact))

    def test_retarget_keeps_the_target_at_the_pace(self):
        target = target_of(0x1f00ffff)
        easiest = target_of(0x200fffff)
        self.assertEqual(retarget(target, 1000, 1000, 1000, target, easiest),
                         0x1f00ffff)
        self.assertEqual(
            retarget(target, 1000, 8000, 1000, target, easiest),
            compact_of(2 * target))
        self.assertEqual(
            retarget(target // 64, 0, 0, 1000, target, easiest),
            compact_of(target // 64))


class Damage(unittest.TestCase):
    def test_sample_is_valid(self):
        result = verify(LINES)
        self.assertEqual(len(result.auctions), 6)
        self.assertEqual(sorted(len(c.bids) for c in result.auctions if c.y),
                         [2, 3, 3, 8])
        self.assertEqual(sum(len(c.disclosed) for c in result.auctions), 4)

    def test_sample_is_valid_in_parallel(self):
        verify(LINES, processes=2)

    def test_final_dump_without_the_end(self):
        """F18: what makes an outcome final is itself never final."""
        first = render.first_line(WORLD.net, True)
        end = [i for i, line in enumerate(LINES)
               if AUCTIONS[0].sealed[-1].hex().encode() in line][0]
        for keep, fine in ((LINES[1:end], True), (LINES[1:end + 1], False)):
            blocks = [codec.block(bytes.fromhex(json.loads(line)["block"]))
                      for line in keep]
            tips = {b.chain: (b.chain, b.height, b.sealed) for b in blocks}
            lines = finish([first] + keep, list(tips.values()))
            if fine:
                self.assertTrue(verify(lines).only_final)
                continue
            with self.assertRaises(Invalid) as caught:
                verify(lines)
            self.assertTrue(caught.exception.args[1].startswith("F18"))

    def test_any_byte_of_the_dump(self):
        whole = b"".join(LINES)
        step = 1499
        for at in range(0, len(whole), step):
            bad = bytearray(whole)
            bad[at] ^= 1
            with self.assertRaises(Invalid, msg=f"byte {at}"):
                verify(bytes(bad).splitlines(keepends=True))

    def test_missing_and_extra_lines(self):
        for lines in (LINES[:-1], LINES + [b"\n"], LINES[:4] + LINES[5:],
                      LINES[:-1] + [LINES[-1].rstrip()], [], LINES[1:],
                      [b"[" * 100000 + b"\n"]):
            with self.assertRaises(Invalid):
                verify(lines)

    def test_any_byte_of_a_block(self):
        """The seal's free bytes of a tip may still meet the target."""
        blocks = [raw for c in [REGISTRY] + sorted(
            AUCTIONS, key=lambda c: c.chain) for raw in c.blocks]
        tips = {c.blocks[-1] for c in [REGISTRY] + AUCTIONS}
        tried = 0
        for i, raw in enumerate(blocks):
            for at in range(i % 131, len(raw), 131):
                if raw in tips and 118 <= at < 198:
                    continue
                bad = bytearray(raw)
                bad[at] ^= 1 << at % 8
                try:
                    lines = remade(blocks, i, bytes(bad))
                except Bad:
                    continue
                tried += 1
                with self.assertRaises(Invalid, msg=f"block {i} byte {at}"):
                    verify(lines)
        self.assertGreater(tried, 50)


class Tokens(unittest.TestCase):
    """Every byte of TSTInfo and of the attributes is bound."""

    def test_bytes_of_tokens(self):
        for alg in (authority.ECDSA, authority.RSA):
            stamper = Stamper("a", alg)
            pinned = codec.Thing(alg=alg, key=stamper.key, cert=stamper.cert,
                                 accuracy_ms=100, ordering=1)
            raw = stamper.token(bytes(32), 1735776000300001)

            def valid(data):
                try:
                    token = Token(data)
                    token.check(pinned, (PUBLISHED,), bytes(32))
                except Bad:
                    return False
                return authority.verify(alg, pinned.key, token.signed,
                                        token.signature)

            self.assertTrue(valid(raw))
            allowed = raw.index(bytes.fromhex("0603550403"))
            free = range(allowed, allowed + 12)
            for at in range(len(raw)):
                bad = bytearray(raw)
                bad[at] ^= 1
                if valid(bytes(bad)):
                    self.assertIn(at, free)


if __name__ == "__main__":
    unittest.main()
