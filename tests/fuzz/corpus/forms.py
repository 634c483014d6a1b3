"""Small programs of every form, so that a mutation of one is likely to run."""
import functools
import itertools
from dataclasses import dataclass


def gen(n):
    try:
        for i in range(n):
            x = yield i
            if x:
                yield from (x, i)
    except ValueError as e:
        yield str(e)
    finally:
        del n


class Meta(type):
    def __call__(cls, *args, **kw):
        return super().__call__(*args, **kw)


class A(metaclass=Meta):
    __slots__ = ("a", "b")

    def __init__(self, a, b=2, *rest, c=3, **kw):
        self.a, self.b = a, b

    def __getattr__(self, name):
        return (name, self.a)

    @property
    def p(self):
        return self.a + self.b

    @classmethod
    def make(cls):
        return cls(1)


@dataclass
class D:
    x: int = 1
    y: str = "y"


def closure(a):
    b = 0

    def inner():
        nonlocal b
        b += a
        return b, [a * i + b for i in range(3) if i != b]
    return inner


def matching(v):
    match v:
        case 0 | 1:
            return "small"
        case [1, *rest] if rest:
            return rest
        case {"k": x, **other}:
            return x, other
        case D(x=2, y=z):
            return z
        case str() as s:
            return s
        case _:
            return None


async def co(n):
    async def agen():
        for i in range(n):
            yield i
    return [x async for x in agen()]


def run(c):
    try:
        c.send(None)
    except StopIteration as e:
        return e.value


def groups():
    try:
        raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
    except* ValueError as g:
        r = g.exceptions
    except* KeyError:
        r = 0
    return r


def fmt(x):
    return f"{x!r:>10} {x + 1:{'0'}5} {x=}" + "%s %d" % (x, x) + "{}".format(x)


g = gen(3)
print(next(g), g.send(5), list(g))
a = A(1, 2, 3, c=4, d=5)
print(a.p, a.q, A.make().a, D(), D(2) == D(2, "y"))
f = closure(2)
print(f(), f(), [matching(v) for v in (0, [1, 2], {"k": 1, "l": 2}, D(2), "s", 3.5)])
print(run(co(3)), groups(), fmt(12))
d = {**{"a": 1}, "b": [*range(3)]}
d["c"], (e, *h) = 1, "xyz"
d["b"][1:2] = [7, 8]
print(d, e, h, {i: i ** 2 for i in range(3)}, {1, 2} | {3}, (lambda *a, **k: (a, k))(1, x=2))
try:
    try:
        1 / 0
    finally:
        with open("/dev/null") as t:
            assert t.read() == "", "empty"
except (ZeroDivisionError, TypeError) as err:
    print(err, err.__traceback__.tb_lineno)
n = 0
while True:
    n += 1
    if n == 2:
        continue
    if n > 4:
        break
else:
    print("never")
print(n, 1 < n < 10, not n, n if n else 0, -n, ~n, n << 40, n @ n if 0 else 1, n and 2 or 3)
print(functools.reduce(lambda x, y: x * y, range(1, 30)), list(itertools.islice(itertools.count(), 3)))
type T[X: int] = list[X]
print(T, T.__value__, sorted("hello", key=lambda c: -ord(c)), b"\x00\xff"[1], 1e300 * 1e10, 3 + 4j, "é\U0001d56a"[1])
