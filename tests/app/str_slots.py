"""`__slots__` in subclasses of str: their words lie behind the characters."""
import gc


class A(str):
    __slots__ = ('a', 'b')


class B(A):
    pass


class C(A):
    __slots__ = 'c'


class D(C):
    pass


for i in range(20):
    made = []
    for text in 'x', 'hello', 'h\u20aclo w', '\U0001f600' * 5, '':
        for cls, names in (A, 'ab'), (B, 'abz'), (C, 'abc'), (D, 'abcyz'):
            o = cls(text)
            for n in names:
                setattr(o, n, [n, text])
            made.append((o, text, names))
    for o, text, names in made:
        assert o == text
        for n in names:
            assert getattr(o, n) == [n, text], (o, n)

a = A('q')
for n in 'ab':
    try:
        getattr(a, n)
    except AttributeError as e:
        print(e)
a.a = 1
del a.a
try:
    del a.a
except AttributeError as e:
    print(e)
try:
    a.other = 1
except AttributeError as e:
    print(e)
d = D('d')
d.a, d.free = 1, 2
print(hasattr(a, '__dict__'), d.__dict__, A.a)


class E(str):
    __slots__ = ('e',)


class G(str):
    __slots__ = ()


class H(G, A):
    pass


h = H('t')
h.a, h.q = 1, 2
print(h.a, h.q, h)
try:
    type('F', (A, E), {})
except TypeError as e:
    print(e)
try:
    B('').__class__ = D
except TypeError:
    print('another layout')
a = A('x')
a.__class__ = A
