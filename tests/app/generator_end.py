# Generators that become unreachable, and what is told about them.
import gc
import sys
import weakref
import warnings

log = []
sys.unraisablehook = lambda u: log.append((u.err_msg.split(' 0x')[0], type(u.exc_value).__name__))


def collect():
    for _ in range(3):
        gc.collect()


class Probe:
    pass


def probes():
    return [weakref.ref(Probe()) for _ in range(20)]


def churn(n):
    # What a dead call has left on the stack is overwritten.
    return churn(n - 1) + [n] if n else []


refs = probes()
churn(50)
collect()
# A collector that never collects has nothing to show.
collects = any(r() is None for r in refs)


def gen(tag):
    try:
        yield tag
    finally:
        log.append(tag)


def make(n):
    for i in range(n):
        next(gen(i))


def stubborn():
    while True:
        try:
            yield 1
        except GeneratorExit:
            pass


make(20)
churn(50)
collect()
print(not collects or len([x for x in log if type(x) is int]) >= 15)

log.clear()


def ignored(n):
    for _ in range(n):
        next(stubborn())


ignored(10)
churn(50)
collect()
print(not collects or set(log) == {('Exception ignored while closing generator <generator object stubborn at', 'RuntimeError')})

# A frame cycle and a resurrection.
saved = []


def reviving():
    me = yield
    try:
        yield
    finally:
        saved.append(me)


def cycles(n):
    for _ in range(n):
        g = reviving()
        next(g)
        g.send(g)


cycles(10)
churn(50)
collect()
print(not collects or (len(saved) >= 5 and saved[0].gi_frame is None and saved[0].gi_code.co_name == 'reviving'))


# Delegation: the inner one is closed with the outer; frames are on the stack while throwing.
def names():
    f, found = sys._getframe(1), []
    while f.f_code.co_name not in ('<module>', 'main'):
        found.append(f.f_code.co_name)
        f = f.f_back
    return found


def inner():
    try:
        yield 1
    except ValueError:
        print(names())
        yield 2
    finally:
        print('closed', names())


def outer():
    yield from inner()


def main():
    g = outer()
    next(g)
    print(g.throw(ValueError))
    g.close()
    g = outer()
    f = g.gi_frame
    next(g)
    print(f.f_back, f.f_generator is g)
    g.close()
    print(f.f_back, f.f_generator, g.gi_frame)


main()


class E(Exception):
    def __new__(cls, *a):
        return cls


def plain():
    yield


g = plain()
try:
    g.throw(E)
except TypeError as e:
    print('should have returned an instance of BaseException' in str(e))
print(next(g, 'over'))
f = lambda: (yield 1)
g = f()
next(g)
try:
    g.send(7)
except StopIteration as e:
    print(e.value)


# Coroutines and async generators nobody awaited.
async def coro():
    pass


async def agen():
    yield


def unawaited():
    for _ in range(10):
        coro()
        agen().asend(None)
        agen().aclose()


with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter('always')
    unawaited()
    churn(50)
    collect()
told = sorted({str(x.message) for x in w})
print(not collects or told == ["coroutine 'coro' was never awaited", "coroutine method 'aclose' of 'agen' was never awaited",
                               "coroutine method 'asend' of 'agen' was never awaited"])

try:
    c = coro()
    c.send(None)
except StopIteration:
    pass
try:
    c.throw(ValueError)
except RuntimeError as e:
    print(e)
