x = 1 + 2 * 3 ** 4, "a" "b" * 2, (1, (2, 3))[1], ~5, not None
y = f"{x!r:>{w}} and {y=}"
z = t"{x:{w}}!"
s = "%s-%r" % (x, y)
a, *b, (c, d) = x
a, b = b, a
f(*a, 1, k=2, **d)
o.m(1, n=2)
q[1:2] = q[a:] = {**x, 1: 2}
del q[a:b], o.x
i += j @ k
match x:
    case {"k": v, **rest} if v:
        pass
    case Point(x=0, y=[1, *_, z]) | [z, Point(), ()]:
        pass
    case -1 | "s" | None as w:
        pass
    case _:
        pass
import a.b.c as d, e.f
from .. import g as h, i
