print(1+2, 'a'+'b', [1,2,3], {'a':1}, (1,), 2**100, 1.5*3, 7//2, -7%3)
def f(x, y=2, *a, k=5, **kw): return x+y, a, k, kw
print(f(1), f(1,3,4,k=6,z=7))
class A:
    def __init__(self, v): self.v = v
    def __add__(self, o): return A(self.v + o.v)
    def __repr__(self): return f'A({self.v!r})'
    @property
    def dbl(self): return self.v*2
print(A(1)+A(2), A(5).dbl)
def g(n):
    for i in range(n): yield i*i
print(list(g(5)), sum(g(10)), sorted([3,1,2], reverse=True))
try:
    1/0
except ZeroDivisionError as e: print('caught', e, type(e))
print([x for x in range(10) if x%2], {k:v for k,v in zip('abc', range(3))}, {1,2,3})
class B(A):
    def __init__(self, v):
        super().__init__(v+1)
print(B(1), isinstance(B(1), A), B.__mro__)
match {'a': 1, 'b': [1,2]}:
    case {'a': 1, 'b': [x, y]}: print('match', x, y)
with_ = []
class CM:
    def __enter__(self): with_.append('in'); return self
    def __exit__(self, *a): with_.append('out'); return True
with CM(): raise ValueError('x')
print(with_)
def deco(fn):
    def w(*a): return fn(*a)+1
    return w
@deco
def h(x): return x
print(h(3), (lambda a, b=3: a*b)(2))
x, *y, z = range(5); print(x, y, z)
print('%s %d %5.2f' % ('a', 3, 2.5), '{:>5}|{!r}'.format('x', 'y'), f'{3.14159:.2f} {10:#x}')
try:
    try: raise ValueError(1)
    finally: print('fin')
except ValueError: print('ok')
def rec(n): return 0 if n==0 else 1+rec(n-1)
print(rec(500))
try: rec(5000)
except RecursionError as e: print('RE', e)
async def co(): return 5
c = co()
try: c.send(None)
except StopIteration as e: print('co', e.value)
def gg():
    r = yield from g(3)
    try: yield 'a'
    except KeyError: yield 'ke'
it = gg(); print(next(it), next(it), next(it), next(it), it.throw(KeyError()))
d = {}; exec('q=1+1', d); print(d['q'], eval('3*3'))
print(type('T', (), {'a': 1}).a, 'abc'.upper(), 'a,b'.split(','), b'x'+b'y', 'é', '\u1234')
