# Classes live as long as something can use them, and no longer.
import abc
import collections
import collections.abc
import dataclasses
import enum
import gc
import weakref


def settle():
    for _ in range(3):
        gc.collect()


def gone(make):
    "Is what `make` answers collected, and its weak references told?"
    told = []

    def inner():
        return weakref.ref(make(), told.append)

    r = inner()
    settle()
    # A collector that never collects is none of this test's business.
    return not collects or (r() is None and told == [r])


class Thing:
    pass


def probe():
    r = weakref.ref(Thing())
    settle()
    return r() is None


collects = probe()


def plain():
    class C:
        pass
    return C


def cycles():
    class C:
        x = 1

        def f(self):
            return C, super().__repr__()

        @property
        def p(self):
            return self.f

        @staticmethod
        def s():
            return C

        @classmethod
        def k(cls):
            return cls

    c = C()
    c.a, c.b, c.c, c.d, c.e, c.g = range(6)
    c.f(), c.p, C.s(), C.k()
    C.me = c
    return C


def derived():
    class B:
        def f(self):
            return 1

    class C(B):
        pass

    class D(C, list):
        pass

    for _ in range(5):
        D().f()
    return B


def meta():
    class M(type):
        def __call__(cls, *args):
            return super().__call__(*args)

    class C(metaclass=M):
        pass

    C().x = 1
    return M


def slots():
    class C:
        __slots__ = ("a", "b")

    class D(C):
        pass

    d = D()
    d.a, d.z = 1, 2
    C.me = d
    return C


def dicts():
    class C:
        pass
    c = C()
    c.x = 1
    c.__dict__["y"] = 2
    del c.x
    C.me = c
    return C


def named():
    t = collections.namedtuple("P", "x y")
    t(1, 2)
    return t


def enums():
    class E(enum.Enum):
        A = 1
        B = 2
    E(1), E["B"], list(E)
    return E


def abstract():
    class A(abc.ABC):
        @abc.abstractmethod
        def f(self):
            pass

    class B(A):
        def f(self):
            pass

    isinstance(B(), A), issubclass(list, A), isinstance(B(), collections.abc.Iterable)
    return A


def data():
    @dataclasses.dataclass
    class D:
        a: int
        b: list = dataclasses.field(default_factory=list)
    repr(D(2)) == D(3)
    return D


for f in plain, cycles, derived, meta, slots, dicts, named, enums, abstract, data:
    print(f.__name__, gone(f))

for kind in int, float, complex, str, bytes, tuple, list, dict, set, frozenset, Exception, type:
    def sub():
        class C(kind):
            pass
        C.me = C("C", (), {}) if kind is type else C()
        return C
    print(kind.__name__, gone(sub))


print("instances keep their class")
def instance():
    class C:
        def f(self):
            return "f"
    return C()


one = instance()
r = weakref.ref(type(one))
settle()
print(r() is type(one), one.f(), type(one).__subclasses__())
one.a = 1
one.__dict__
one.b = 2
many = [instance() for _ in range(100)]
settle()
print({x.f() for x in many}, len({type(x) for x in many}))
kinds = [int, float, str, bytes, tuple, list, dict, set, Exception, complex]
various = [type("K", (kind,), {"f": lambda self: "K"})() for kind in kinds]
large = [type("T", (tuple,), {"f": lambda self: "T"})(range(20000)),
         type("B", (bytes,), {"f": lambda self: "B"})(100000)]
settle()
print([x.f() for x in various + large])


print("a new class for an old instance")
class Old:
    def f(self):
        return "old"


class OldTuple(tuple):
    pass


olds = [Old() for _ in range(30)]
for i, o in enumerate(olds):
    if i % 2:
        o.y = 1
    if i % 3:
        o.__dict__
long = OldTuple(range(20000))
settle()


def renew(o):
    class New(OldTuple if isinstance(o, tuple) else object):
        def f(self):
            return "new"
    o.__class__ = New


for o in olds + [long]:
    renew(o)
waste = [[i] for i in range(50000)]
del waste
settle()
print({o.f() for o in olds + [long]}, len({type(o) for o in olds}), olds[1].y, long[9])


print("subclasses")
class Base:
    def m(self):
        return 1


def subclasses():
    class A(Base):
        pass

    class B(Base):
        pass

    class C(A):
        pass

    return B


B = subclasses()
b = B()
settle()
print([c for c in Base.__subclasses__() if collects and c is not B], B in Base.__subclasses__(), b.m())
Base.m = lambda self: 2
print(b.m())
for i in range(100):
    type("X%d" % i, (Base,), {})
settle()
print(not collects or Base.__subclasses__() == [B])
Base.__len__ = lambda self: 7
print(len(b))


class Other:
    pass


B.__bases__ = (Other,)
print(B in Base.__subclasses__(), Other.__subclasses__() == [B])


print("metaclasses")
def metas():
    class M(type):
        def __repr__(cls):
            return "<" + cls.__name__ + ">"

        def hello(cls):
            return "hello"
    return M("Q", (), {})


q = metas()
settle()
print(q, q.hello(), type(q).__name__)


print("many")
def pair(i):
    class Left:
        def __init__(self):
            self.a, self.b = i, 2

        def f(self):
            return self.a

    class Right(Left):
        pass

    r = Right()
    r.z = i
    return r.f() == i and Right


print(all(pair(i) for i in range(300)))
settle()
print(not collects or sum(c.__name__ == "Left" for c in object.__subclasses__()) < 100)
