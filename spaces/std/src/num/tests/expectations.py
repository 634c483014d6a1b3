"""Writes the tables (*.tsv) the tests compare with. Run with CPython 3.14: expectations.py FOLDER [SIZE [SEED]]."""

import math
import operator
import random
import struct
import sys
import warnings

folder = sys.argv[1]
size = int(sys.argv[2]) if len(sys.argv) > 2 else 150
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 7)
warnings.simplefilter("ignore")


def bits(f):
    return format(struct.unpack("<Q", struct.pack("<d", f))[0], "x") if f == f else "nan"


def esc(s):
    return s.encode("unicode_escape").decode().replace("\t", "\\t")


def outcome(f, *args):
    try:
        r = f(*args)
        str(r)
    except (ArithmeticError, ValueError, MemoryError) as e:
        return "!" + type(e).__name__ + ": " + esc(str(e))
    if isinstance(r, float):
        return bits(r)
    if isinstance(r, complex):
        return bits(r.real) + " " + bits(r.imag)
    if isinstance(r, tuple):
        return " ".join(map(str, r))
    return esc(str(r))


def write(name, rows):
    with open(f"{folder}/{name}.tsv", "w") as f:
        for row in rows:
            f.write("\t".join(row) + "\n")


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 0.1, 1e16, 1e15, 123456789.125, 9.995, 1e-4, 1e-5, 5e-324, 2.2250738585072014e-308,
           1.7976931348623157e308, math.inf, -math.inf, math.nan, 1e22, 1e23, 2.675, 0.15, 99999.5, 999999.5, 1234567.0, -0.4, -0.0001,
           2203897006416242.25, -8908742003913.8125]


def any_float():
    k = rnd.randrange(6)
    if k == 0:
        return rnd.choice(SPECIAL)
    if k == 1:
        return struct.unpack("<d", rnd.randbytes(8))[0]
    if k == 2:
        return round(rnd.uniform(-1000, 1000), rnd.randrange(5))
    if k == 3:
        return float(rnd.randrange(-10**17, 10**17))
    if k == 4:
        return rnd.randrange(-10**6, 10**6) / 2**rnd.randrange(12)
    return rnd.uniform(-1, 1) * 10**rnd.randrange(-20, 20)


def any_int():
    k = rnd.randrange(6)
    if k == 0:
        return rnd.randrange(-10, 11)
    if k == 1:
        return rnd.randrange(-2**31, 2**31)
    if k == 2:
        return rnd.choice([-1, 1]) * 2**rnd.choice([30, 31, 53, 61, 62, 63, 64, 100, 1023, 1024]) + rnd.randrange(-2, 3)
    if k == 3:
        return rnd.randrange(-2**62, 2**62)
    if k == 4:
        return rnd.randrange(-2**200, 2**200)
    return rnd.choice([-1, 1]) * rnd.randrange(1000) * 10**rnd.randrange(30)


def any_spec(codes):
    s = ""
    if rnd.random() < 0.3:
        s += rnd.choice(["", "*", "0", "\u20ac", "x", "<"]) + rnd.choice("<>=^")
    if rnd.random() < 0.3:
        s += rnd.choice("+- ")
    if rnd.random() < 0.15:
        s += "z"
    if rnd.random() < 0.2:
        s += "#"
    if rnd.random() < 0.25:
        s += "0"
    if rnd.random() < 0.5:
        s += str(rnd.randrange(1, 30))
    if rnd.random() < 0.3:
        s += rnd.choice(",_")
    if rnd.random() < 0.4:
        s += "." + rnd.choice(["", "0", "1", "2", "3", "5", "10", "17", "30"])
        if rnd.random() < 0.2:
            s += rnd.choice(",_")
    return s + rnd.choice(codes)


BAD = ["Z", "5Z", ",_", "_,", "._,", ",n", "_n", "._n", ".", "5.", "xx", "d5", "99999999999999999999", ",x", ",c", "_c", "+c", "#c", ".99999999999f",
       "99999999999999999999f", "\u0665", "\u20ac", "zd", ".3d", "c", "5c", "=5c", "010", "010,", "08,", "09,", "020_x", "#020_x", "#_b", "=+8"]
specs = lambda codes: BAD + [any_spec(codes) for _ in range(size)]

write("format_float", ([bits(f), esc(s), outcome(format, f, s)] for s in specs(["", "e", "f", "g", "E", "F", "G", "%", "n", "d"]) if s for f in [any_float(), any_float()]))
write("format_int", ([str(i), esc(s), outcome(format, i, s)] for s in specs(["", "d", "b", "o", "x", "X", "n", "c", "f", "e", "g", "%", "s"]) if s for i in [any_int(), rnd.randrange(-3000, 3000)]))
write("format_complex", ([bits(c.real), bits(c.imag), esc(s), outcome(format, c, s)] for s in specs(["", "e", "f", "g", "G", "n", "%"]) if s for c in [complex(any_float(), any_float())]))
write("repr_float", ([bits(f), repr(f), f.hex(), outcome(int, f), outcome(f.as_integer_ratio), outcome(round, f)] for f in SPECIAL + [any_float() for _ in range(size)]))
write("repr_complex", ([bits(c.real), bits(c.imag), repr(c)] for c in (complex(any_float(), any_float()) for _ in range(size))))
write("round_float", ([bits(f), str(n), outcome(round, f, n)] for f, n in [(any_float(), rnd.choice([*range(-5, 18), -20, -308, -309, 300, 323, 324, 400])) for _ in range(2 * size)]))
write("hash", [["i", str(i), str(hash(i))] for i in (any_int() for _ in range(size))] + [["f", bits(f), str(hash(f))] for f in (any_float() for _ in range(size)) if f == f])

ints = ["0", "1", "-1", "+5", " 12\n", "", " ", "_1", "1_", "1__0", "1_000", "0x1f", "0X1F", "0b101", "0o17", "00", "0_0", "01", "0_1", "0x", "0x_f", "0x__f",
        "-0x1f", "- 1", "+-1", "z", "Zz9", "12a", "1" * 30, "-" + "9" * 50, "f" * 40, "\u0661\u0662", "\u20031\u2003", "\x1c7", "1\x00", "0b", "0b12", "9" * 4300, "9" * 4301,
        "1" * 641, "0" * 5000, "f" * 5000, "0x" + "f" * 5000, "_", "0_", "1_2_3"]
write("parse_int", ([esc(s), str(b), outcome(int, s, b)] for s in ints for b in [10, 0, 16, 2, 8, 36, 7] if len(s) < 100 or b in (0, 10, 16, 7)))

floats = ["0", "1.5", "-1.5", ".5", "5.", ".", "", "e5", "1e5", "1e", "1e+", "1E-5", "+1.", "1_0.0_1", "1__0", "_1", "1_", "1_.5", "1._5", "1_e5", "1e_5", "1e1_0", "inf", "-Infinity", "INF",
          "nan", "-nan", "infi", "nanx", "1e400", "-1e400", "1e-400", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", " 1 ", "1 2", "1\x00", "\u0661.\u0665", "\u2003 1\x1c",
          "0x10", "1e99999999999999999999", "1e-99999999999999999999", "179769313486231580793e289", "9007199254740993", "++1", "1.2.3", "\u20ac", "1d5", "infinity ", "i", "in",
          "1" * 400, "0." + "0" * 400 + "1", "123456789012345678901234567890.5"]
floats += [repr(any_float()) for _ in range(size)]
write("parse_float", ([esc(s), outcome(float, s)] for s in floats))

parts = ["", "1", "1.5", "nan", "inf", "-2", "+3", "1e5", ".5", "j", "1_0", "x", "("]
texts = ["", "1", "1j", "j", "-j", "+j", "J", "1+2j", "1-2J", " 1+2j ", "(1+2j)", "( 1+2j )", "(1+2j", "1+2j)", "((1+2j))", "1 +2j", "1+ 2j", "1+j", "1-j", "1j+2", "1+2", "1+2jj", "1++2j", "nan+nanj",
         "-inf-infj", "1e5j", "1e+5j", "1e+j", "1+1e5j", "()", "(j)", "(", "1_0+2_0j", "1_+2j", "\u0661+\u0662j", "1\x00", "(1)", "(1j)", "( )", "--j", "1-+2j", "infj", "+infinityj", "1+nanj", " ( 1 ) "]
texts += [rnd.choice(parts) + rnd.choice(["", "+", "-"]) + rnd.choice(parts) + rnd.choice(["", "j", "j"]) for _ in range(size)]
write("parse_complex", ([esc(s), outcome(complex, s)] for s in texts))

hexes = ["0x1p0", "0x1.8p1", "1.8", "-0x.8p-3", "inf", "-Infinity", "nan", "0x", "", "0x1p", "0x1p+", "0x1p5000", "0x1p-5000", "0x1.fffffffffffffp1023", "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7p1023",
         "0x1p-1074", "0x1p-1075", "0x1.8p-1075", "0x1.00000000000008p0", "0x1.000000000000080001p0", "0x1.00000000000018p0", "0x0p99999999999999999999", "0x1p99999999999999999999", "0x1p-99999999999999999999", " 0x1p1 ", "0x1 p1",
         "0x1.g", "0x.p1", "0x10000000000000000000000000000p-100", "0x0.00000000000000000000000001p100", "0X1P+3", "+0x1", "0x1_0", "0x1.0000000000001p-1022", "0x0.8p-1022", "0x0.fffffffffffff8p-1022"]
hexes += [any_float().hex() for _ in range(size)]
write("parse_hex", ([esc(s), outcome(float.fromhex, s)] for s in hexes))

OPS = {"truediv": operator.truediv, "floordiv": operator.floordiv, "mod": operator.mod, "pow": lambda a, b: a**b, "lshift": operator.lshift, "rshift": operator.rshift,
       "and": operator.and_, "or": operator.or_, "xor": operator.xor, "round": round}
rows = []
for op, f in OPS.items():
    for _ in range(size):
        a, b = any_int(), any_int()
        if op in ("lshift", "rshift"):
            b = rnd.choice([b, rnd.randrange(100), rnd.randrange(70), -1]) if op == "rshift" else rnd.choice([rnd.randrange(300), -1, 2**70])
        if op == "pow":
            b = rnd.randrange(40)
        if op == "round":
            b = -rnd.randrange(1, 40)
        if op in ("truediv", "floordiv", "mod") and rnd.random() < 0.1:
            a, b = any_int() << rnd.randrange(1200), any_int() << rnd.randrange(1200)
        rows.append([op, str(a), str(b), outcome(f, a, b)])
for _ in range(size):
    a, b, c = any_int(), any_int(), any_int()
    if rnd.random() < 0.3:
        c = rnd.randrange(-50, 50)
    rows.append(["pow3", f"{a} {b}", str(c), outcome(pow, a, b, c)])
for _ in range(size):
    f = any_float()
    i = rnd.choice([any_int(), int(f) + rnd.randrange(-1, 2) if math.isfinite(f) else 5])
    rows.append(["cmp", str(i), bits(f), f"{i < f} {i == f} {i > f}"])
for _ in range(size):
    i, n, signed = any_int(), rnd.randrange(12), rnd.random() < 0.5
    rows.append(["to_bytes", str(i), f"{n} {signed}", outcome(lambda: i.to_bytes(n, "little", signed=signed).hex())])
write("int_ops", rows)

rows = []
for op, f in {"floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow}.items():
    for _ in range(size):
        a, b = any_float(), any_float()
        if op == "pow" and rnd.random() < 0.7:
            a, b = rnd.uniform(-20, 20), rnd.choice([rnd.uniform(-20, 20), float(rnd.randrange(-20, 20))])
        rows.append([op, bits(a), bits(b), outcome(f, a, b)])
write("float_ops", rows)

rows = []
for op, f in {"mul": operator.mul, "truediv": operator.truediv, "pow": operator.pow, "rdiv": lambda a, b: a.real / b}.items():
    for _ in range(size):
        a, b = complex(any_float(), any_float()), complex(any_float(), any_float())
        if op == "pow" and rnd.random() < 0.8:
            a, b = complex(rnd.uniform(-9, 9), rnd.uniform(-9, 9)), rnd.choice([complex(rnd.uniform(-9, 9), rnd.uniform(-9, 9)), complex(rnd.randrange(-9, 9), 0.0)])
        rows.append([op, bits(a.real) + " " + bits(a.imag), bits(b.real) + " " + bits(b.imag), outcome(f, a, b)])
write("complex_ops", rows)
