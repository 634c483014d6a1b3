"""Writes random programs from (most of) the grammar: `generate.py SEED COUNT FOLDER`, for compare.py.

The layout is random too: newlines and comments inside brackets, line continuations, odd spacing.
"""

import pathlib
import random
import sys

R = random.Random()
NAMES = "a b c print exec type match case _ async_ xy é self x1".split()


def pick(*xs):
    return R.choice(xs)


def seq(f, lo=0, hi=3, trail=True):
    n = R.randint(lo, hi)
    out = ", ".join(f() for _ in range(n))
    return out + pick("", ",") if n and trail else out


def nl(d):
    return pick("", "", "", " ", "\n", "  # c\n", "\\\n") if d else pick("", "", " ")


def name():
    return R.choice(NAMES)


def atom(d):
    k = R.randint(0, 22 if d > 0 else 6)
    e = lambda: expr(d - 1)
    if k <= 2: return name()
    if k == 3: return pick("1", "0x1f", "1.5", "2j", "1_000", ".5", "5.", "0")
    if k == 4: return pick("'s'", '"t"', "b'b'", "r'\\d'", "'''m\nn'''", "'a' 'b'", "u'u'")
    if k == 5: return pick("None", "True", "False", "...")
    if k == 6: return name()
    if k == 7: return "(" + nl(1) + named(d - 1) + nl(1) + ")"
    if k == 8: return "(" + (star(d) + "," + seq(lambda: star(d), 0, 2) if R.random() < .9 else "") + nl(1) + ")"
    if k == 9: return "[" + nl(1) + seq(lambda: star(d)) + "]"
    if k == 10: return "{" + seq(lambda: pick(e() + nl(1) + ":" + nl(1) + e(), "**" + bor(d - 1))) + "}"
    if k == 11: return "{" + star(d) + nl(1) + seq(lambda: "," + star(d), 0, 1, False) + "}"
    if k == 12: return pick("[%s]", "(%s)", "{%s}") % (named(d - 1) + " " + comp(d))
    if k == 13: return "{" + e() + ":" + e() + " " + comp(d) + "}"
    if k == 14: return fstring(d)
    if k == 15: return prim(d - 1) + nl(0) + "." + nl(0) + name()
    if k in (16, 17): return prim(d - 1) + "(" + nl(1) + args(d) + ")"
    if k == 18: return prim(d - 1) + "(" + e() + " " + comp(d) + ")"
    if k in (19, 20): return prim(d - 1) + "[" + nl(1) + pick(sl(d), sl(d) + "," + seq(lambda: sl(d)), "*" + e()) + "]"
    if k == 21: return "(yield" + pick("", " " + stars(d - 1), " from " + e()) + ")"
    return "(" + name() + " := " + e() + ")"


def prim(d):
    a = atom(d)
    return a if a[:1] not in "0123456789." or a == "..." else "(" + a + ")"


def args(d):
    pos = [pick(named(d - 1), expr(d - 1), "*" + expr(d - 1)) for _ in range(R.randint(0, 2))]
    kw = [pick(name() + "=" + expr(d - 1), "*" + expr(d - 1)) for _ in range(R.randint(0, 1))]
    kw = [k if not k.startswith("*") else "k=1, " + k for k in kw]
    dbl = [pick("**" + expr(d - 1), name() + "=" + expr(d - 1)) for _ in range(R.randint(0, 1))]
    out = ("," + nl(1)).join(pos + kw + dbl)
    return out + pick("", ",") if out else out


def sl(d):
    e = lambda: pick("", expr(d - 1))
    return pick(named(d - 1), e() + ":" + e(), e() + ":" + e() + ":" + e())


def fstring(d, depth=2):
    q = pick("'", '"', "'''")
    p = pick("f", "rf", "F", "f")
    body = ""
    for _ in range(R.randint(0, 3)):
        body += pick("t", "{{", "}}", " x ", "")
        inner = stars(0) if d > 1 else name()
        inner = inner.replace("\\\n", "")
        body += "{" + " " + inner + " " + pick("", "=", "= ") + pick("", "!r", "!s") + pick("", ":", ":>{" + name() + "}", ":x{a}{b!r}y") + "}"
    if q == "'" or q == '"':
        body = body.replace("\n", " ")
        body = body.replace("#", "")
    return p + q + body + q + pick("", " 's'", " f'{a}'")


def comp(d):
    out = ""
    for _ in range(R.randint(1, 2)):
        out += nl(1) + pick("for ", "for ", "async for ") + targets(d - 1) + " in " + disj(d - 1) + " "
        for _ in range(R.randint(0, 2)):
            out += "if " + disj(d - 1) + " "
    return out


def power(d):
    a = pick("", "", "", "await ") + atom(d)
    return a + pick("", "", "", "**" + unary(d - 1)) if d > 0 else a


def unary(d):
    return pick("", "", "", "-", "~", "+", "- -") + power(d)


def bor(d):
    out = unary(d)
    for _ in range(pick(0, 0, 1, 2, 3) if d > 0 else 0):
        out += " " + pick(*"+ - * / // % @ << >> & ^ |".split()) + nl(0) + " " + unary(d - 1)
    return out


def cmp(d):
    out = bor(d)
    for _ in range(pick(0, 0, 0, 1, 2) if d > 0 else 0):
        out += " " + pick(*"< > == >= <= != in is".split(), "not in", "is not") + " " + bor(d - 1)
    return out


def inv(d):
    return pick("", "", "", "not ", "not not ") + cmp(d)


def disj(d):
    out = inv(d)
    for _ in range(pick(0, 0, 0, 1, 2, 3) if d > 0 else 0):
        out += pick(" and ", " or ") + inv(d - 1)
    return out


def expr(d):
    k = R.randint(0, 12)
    if d > 0 and k == 0: return disj(d - 1) + " if " + disj(d - 1) + " else " + expr(d - 1)
    if d > 0 and k == 1: return "lambda" + params(d, True) + ": " + expr(d - 1)
    return disj(d)


def named(d):
    return pick(expr(d), expr(d), name() + " := " + expr(d))


def star(d):
    return pick(named(d - 1), expr(d - 1), "*" + bor(d - 1))


def stars(d):
    return pick(expr(d), expr(d), seq(lambda: pick(expr(d), "*" + bor(d)), 1, 3).rstrip(",") + ",", expr(d) + ", " + expr(d))


def target(d):
    k = R.randint(0, 6)
    if d <= 0 or k < 3: return name()
    if k == 3: return prim(d - 1) + "." + name()
    if k == 4: return prim(d - 1) + "[" + sl(d - 1) + "]"
    if k == 5: return pick("(%s,)", "[%s]", "(%s)") % target(d - 1)
    return pick("(%s, *%s)", "[%s, *%s]", "(*%s, %s)") % (target(d - 1), target(d - 1))


def targets(d):
    return pick(target(d), target(d), target(d) + ", ", target(d) + ", *" + target(d), "*" + target(d) + ", " + target(d))


def params(d, lam=False):
    ann = lambda: "" if lam else pick("", "", ": " + expr(d - 1))
    n = [0]
    def p(default=None):
        n[0] += 1
        return "p%d" % n[0] + ann() + ("=" + expr(d - 1) if default else "")
    parts = [p() for _ in range(R.randint(0, 2))]
    parts += [p(True) for _ in range(R.randint(0, 2))]
    if parts and R.random() < .3: parts.insert(R.randint(1, len(parts)), "/")
    if R.random() < .4:
        parts.append("*va" + ("" if lam else pick("", ": " + expr(d - 1), ": *" + bor(d - 1))))
        parts += [p(pick(0, 1)) for _ in range(R.randint(0, 2))]
    elif R.random() < .3:
        parts.append("*")
        parts += [p(pick(0, 1)) for _ in range(R.randint(1, 2))]
    if R.random() < .3: parts.append("**kw" + ann())
    out = ", ".join(parts)
    return (" " if lam and out else "") + out + (pick("", ",") if out else "")


def tparams(d):
    if R.random() < .7: return ""
    one = lambda: pick(name(), name() + ": " + expr(d - 1), "*" + name(), "**" + name(), name() + " = " + expr(d - 1),
                       name() + ": " + expr(d - 1) + " = " + expr(d - 1), "*" + name() + " = " + pick("*" + bor(d - 1), expr(d - 1)),
                       "**" + name() + " = " + expr(d - 1))
    return "[" + seq(one, 1, 3) + "]"


def pattern(d, top=False):
    k = R.randint(0, 13 if d > 0 else 6)
    pat = lambda: pattern(d - 1)
    mstar = lambda: pick(pat(), pat(), "*" + name())
    if k == 0: return "a1"
    if k == 1: return pick("1", "-1", "1+2j", "-1.5-2j", "- 3", "1 - 2j")
    if k == 2: return pick("'s'", "b'x' b'y'", "None", "True", "False")
    if k == 3: return pick("_", "a.b", "a.b.c", "type.x")
    if k == 4: return "_"
    if k == 5: return "[]"
    if k == 6: return "()"
    if k == 7: return "[" + seq(mstar, 1, 3) + "]"
    if k == 8: return "(" + mstar() + ", " + seq(mstar) + ")"
    if k == 9: return "(" + pat() + ")"
    if k == 10: return "{" + seq(lambda: pick("'k'", "1", "-1", "a.b", "None", "1+1j") + ": " + pat(), 1, 2, False) + pick("", ", **rest") + pick("", ",") + "}"
    if k == 11: return pick("C", "a.C", "match") + "(" + seq(pat, 0, 2, False) + ")"
    if k == 12: return "C(" + pat() + ", " + name() + "=" + pat() + ", k=" + pick(pat(), pat() + " as q") + ")"
    return pattern(0) + " | " + pattern(0) + pick("", " as z")


def block(d, ind):
    if R.random() < .2: return " " + simple(d) + pick("", "; " + simple(d), ";") + "\n"
    step = pick(" ", "    ", "\t")
    out = pick("", "  # c") + "\n"
    for _ in range(R.randint(1, 3)):
        out += pick("", "\n", "# c\n", "  # c\n") + stmt(d - 1, ind + step)
    return out


def simple(d):
    k = R.randint(0, 20)
    if k <= 4: return stars(d)
    if k <= 7: return "".join(targets(d) + pick(" = ", "=") for _ in range(R.randint(1, 2))) + pick(stars(d), "yield", "yield " + stars(d))
    if k == 8: return pick(name(), name() + "." + name(), name() + "[" + sl(d) + "]", "(" + name() + ")") + ": " + expr(d) + pick("", " = " + stars(d))
    if k == 9: return pick(name(), prim(d) + "." + name(), prim(d) + "[" + sl(d) + "]") + " " + pick(*"+= -= *= /= //= %= @= &= |= ^= <<= >>= **=".split()) + " " + stars(d)
    if k == 10: return "return" + pick("", " " + stars(d))
    if k == 11: return "del " + pick(name() + ",", name() + "." + name() + ", (" + name() + ", [" + name() + "])", prim(d) + "[" + sl(d) + "]")
    if k == 12: return "assert " + expr(d) + pick("", ", " + expr(d))
    if k == 13: return pick("pass", "break", "continue", "global a, b", "nonlocal c")
    if k == 14: return "raise" + pick("", " " + expr(d), " " + expr(d) + " from " + expr(d))
    if k == 15: return "import a.b" + pick("", " as c", ", d as e, f.g")
    if k == 16: return "from " + pick("a", ".", "..b.c", "...", "....d", ". . e", ". ... f") + " import " + pick("*", "x", "x as y, z", "(x, y as z,)", "(x)")
    if k == 17: return "type " + name() + tparams(d) + " = " + expr(d)
    if k == 18: return "await " + prim(d)
    if k == 19: return pick("print", "exec", "type", "match", "case") + "(" + args(d) + ")" + pick("", "[" + sl(d) + "]", "." + name(), " ** 2")
    return "*" + bor(d) + ", " + expr(d)


def stmt(d, ind=""):
    k = R.randint(0, 16 if d > 0 else 4)
    b = lambda: block(d, ind)
    if k <= 5: s = simple(d) + pick("", "", "; " + simple(d)) + pick("", "", ";") + pick("", "  # c") + "\n"
    elif k == 6: s = "if " + named(d) + ":" + b() + "".join(ind + "elif " + named(d) + ":" + b() for _ in range(R.randint(0, 2))) + pick("", ind + "else:" + b())
    elif k == 7: s = "while " + named(d) + ":" + b() + pick("", ind + "else:" + b())
    elif k == 8: s = pick("", "async ") + "for " + targets(d) + " in " + stars(d) + ":" + b() + pick("", ind + "else:" + b())
    elif k == 9: s = "try:" + b() + pick(ind + "finally:" + b(), "".join(ind + "except" + pick(" " + expr(d), " " + expr(d) + " as q", " a, b.c", " (a, b) as c") + ":" + b() for _ in range(R.randint(1, 2))) + pick("", ind + "except:" + b()) + pick("", ind + "else:" + b()) + pick("", ind + "finally:" + b()))
    elif k == 10: s = "try:" + b() + "".join(ind + "except* " + pick(expr(d), expr(d) + " as q") + ":" + b() for _ in range(R.randint(1, 2)))
    elif k in (11, 12):
        item = lambda: pick(expr(d), expr(d) + " as " + target(d))
        s = pick("", "async ") + "with " + pick(seq(item, 1, 3, False), "(" + seq(item, 1, 3) + ")", "(" + stars(d) + ")", "(" + named(d) + ", " + named(d) + ")", "(" + expr(d) + ") as " + target(d)) + ":" + b()
    elif k in (13, 14): s = "".join("@" + named(d) + "\n" + ind for _ in range(R.randint(0, 2))) + pick("", "async ") + "def " + name() + tparams(d) + "(" + params(d) + ")" + pick("", " -> " + expr(d)) + ":" + b()
    elif k == 15: s = "".join("@" + named(d) + "\n" + ind for _ in range(R.randint(0, 1))) + "class " + name() + tparams(d) + pick("", "(" + args(d) + ")") + ":" + b()
    else:
        s = "match " + pick(named(d), stars(d)) + ":\n"
        for _ in range(R.randint(1, 3)):
            s += ind + "  case " + pick(pattern(d), pattern(d), pattern(d) + ", *" + name(), pattern(d) + ",") + pick("", " if " + named(d)) + ":" + block(d, ind + "  ")
    return ind + s


def main(seed, count, folder):
    R.seed(int(seed))
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for i in range(int(count)):
        text = "".join(stmt(R.randint(0, 4)) for _ in range(R.randint(1, 3)))
        path = out / f"{i}.py"
        path.write_text(text, encoding="utf-8")
        print(path)


main(*sys.argv[1:4])
