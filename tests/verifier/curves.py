"""Points of y^2 = x^3 + ax + b over a prime field, for a = 0 and a = -3.

Affine points are pairs (x, y); Jacobian points are triples (X, Y, Z) with
x = X/Z^2, y = Y/Z^3, and Z = 0 at infinity. Nothing here runs in constant
time: it checks public data and signs with public test keys.
"""

INFINITY = (1, 1, 0)


class Curve:
    """A curve of prime order n with the generator (gx, gy)."""

    def __init__(self, p, a, b, n, gx, gy):
        self.p, self.a, self.b, self.n = p, a, b, n
        self.g = (gx, gy)
        self._comb_g = None

    def holds(self, x, y):
        """True if (x, y) are reduced coordinates of a point."""
        p = self.p
        return (0 <= x < p and 0 <= y < p
                and (y * y - (x * x + self.a) * x - self.b) % p == 0)

    def double(self, point):
        x, y, z = point
        p = self.p
        yy = y * y % p
        s = 4 * x * yy % p
        if self.a == 0:
            m = 3 * x * x
        else:
            zz = z * z % p
            m = 3 * (x - zz) * (x + zz)
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def add_affine(self, point, other):
        """Jacobian point + affine other."""
        x1, y1, z1 = point
        x2, y2 = other
        if z1 == 0:
            return x2, y2, 1
        p = self.p
        zz = z1 * z1 % p
        h = (x2 * zz - x1) % p
        r = (y2 * zz % p * z1 - y1) % p
        if h == 0:
            return self.double(point) if r == 0 else INFINITY
        hh = h * h % p
        hhh = h * hh % p
        v = x1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p

    def affine(self, point):
        """The affine form, or None at infinity."""
        x, y, z = point
        if z == 0:
            return None
        p = self.p
        i = pow(z, -1, p)
        ii = i * i % p
        return x * ii % p, y * ii * i % p

    def affine_all(self, points):
        """The affine forms of points, none at infinity, by one inversion."""
        p = self.p
        products, product = [], 1
        for point in points:
            products.append(product)
            product = product * point[2] % p
        inverse = pow(product, -1, p)
        out = [None] * len(points)
        for k in range(len(points) - 1, -1, -1):
            x, y, z = points[k]
            i = inverse * products[k] % p
            inverse = inverse * z % p
            ii = i * i % p
            out[k] = (x * ii % p, y * ii * i % p)
        return out

    def comb(self, point, width):
        """A table of d * 2^(width i) * point for every digit d > 0."""
        count = (1 << width) - 1
        flat, base = [], point
        for _ in range((self.n.bit_length() + width - 1) // width):
            row, current = [], (base[0], base[1], 1)
            for _ in range(count):
                row.append(current)
                current = self.add_affine(current, base)
            flat += row
            base = self.affine(current)
        flat = self.affine_all(flat)
        rows = [flat[i:i + count] for i in range(0, len(flat), count)]
        return width, rows

    def add_comb(self, start, table, scalar):
        """start + scalar * (the point of table)."""
        width, rows = table
        mask = (1 << width) - 1
        for row in rows:
            digit = scalar & mask
            if digit:
                start = self.add_affine(start, row[digit - 1])
            scalar >>= width
        return start

    def comb_g(self):
        """The generator's table, made once a process."""
        if self._comb_g is None:
            self._comb_g = self.comb(self.g, 8)
        return self._comb_g

    def times_g(self, scalar):
        """scalar * generator, affine."""
        return self.affine(self.add_comb(INFINITY, self.comb_g(), scalar))


SECP256K1 = Curve(
    2**256 - 2**32 - 977, 0, 7,
    0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
    0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
    0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)

P256 = Curve(
    2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
    0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
