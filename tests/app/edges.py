# Corners of built-in types: objects that change under an operation, arguments of subclasses, wide hashes and lengths.
import operator, sys


def attempt(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return f"{type(e).__name__}: {e}"


class WithInit(list):
    def __init__(self, seq, extra=None):
        super().__init__(seq)


class WithNew(list):
    def __new__(cls, seq, extra=None):
        return super().__new__(cls, seq)


class Plain(float):
    pass


print(WithInit([1], extra=2), WithNew([1], extra=2), attempt(Plain, x=0))


class Clears:
    def __eq__(self, other):
        self.victim.clear()
        return NotImplemented


a, b = [Clears()], [Clears()]
a[0].victim, b[0].victim = b, a
print(a == b, a, b)


def renew(d):
    for _ in d:
        del d[0]
        d[0] = 0


print(attempt(renew, {0: 0}))
d = {f"k{i}": i for i in range(1000)}
for i in range(1, 1000):
    del d[f"k{i}"]
back = reversed(d)
d.clear()
d["k0"] = 0
print(list(back))
d = dict(a=1, b=2, c=3)
while d:
    d.popitem()
    d["x"] = 1
    del d["x"]
print(d)


class Key:
    def __hash__(self):
        return (1 << 62) + 5

    def __len__(self):
        return sys.maxsize

    def __eq__(self, other):
        return other == "key"


print(hash(Key()) == (1 << 62) + 5, len(Key()) == sys.maxsize)
nan = float("nan")
print(hash(nan) == object.__hash__(nan))


class Sub(property):
    "of the class"


class Slotted(property):
    __slots__ = ()


def documented(self):
    "of the getter"


print(Sub(lambda self: 1).__doc__, Sub(documented).__doc__, attempt(Slotted, documented))
print(attempt(property().__set_name__, 1))


class Odd(BaseException):
    def __new__(*args):
        return ["no exception"]


def raise_from():
    raise KeyError from Odd


print(attempt(raise_from).replace(Odd.__qualname__, "Odd"))


def f(**k):
    pass


print(attempt(lambda: f(**{1: 3}, **{1: 5})))
try:
    x, *y = 7
except TypeError as e:
    print(e)


print(operator.itemgetter.__text_signature__, operator.itemgetter(1).__text_signature__)
