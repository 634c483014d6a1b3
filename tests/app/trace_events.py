# Events of trace functions, jumps, the mapping of a frame's locals.
import sys
import warnings

warnings.simplefilter('ignore')


def trace(f):
    lines = []

    def tr(frame, event, arg):
        if frame.f_code is f.__code__:
            lines.append((event, frame.f_lineno - f.__code__.co_firstlineno))
        return tr
    sys.settrace(tr)
    try:
        list(f() or ())
    except ZeroDivisionError:
        pass
    finally:
        sys.settrace(None)
    print(f.__name__, lines)


def a():
    x = 1
    y = 2
    return


def b(): return


def c():
    for i in range(2):
        x = i
    else:
        y = 1


def d():
    yield 1
    yield 2


def e():
    try:
        1/0
    finally:
        x = 2


def g():
    while True:
        break


def h():
    z = 1

    def inner(): return z
    inner()
    if z:
        pass
    else:
        u = 2


def m():
    x = 1
    match x:
        case 2:
            y = 1
        case 1:
            y = 2
        case _:
            y = 3


def n():
    i = 0
    while i < 2: i += 1
    a = (1 if i else
         2)
    lst = [
        1,
        i,
    ]


def w():
    import contextlib
    with contextlib.nullcontext():
        x = 1
        y = 2


for q in a, b, c, d, e, g, h, m, n, w:
    trace(q)


def jump(f, start, to):
    first = f.__code__.co_firstlineno
    done = []

    def tr(frame, event, arg):
        if frame.f_code is f.__code__ and not done and frame.f_lineno == first + start and event == 'line':
            done.append(1)
            frame.f_lineno = first + to
        return tr
    out = []
    sys.settrace(tr)
    try:
        f(out)
    except ValueError as e:
        out.append(str(e))
    finally:
        sys.settrace(None)
    print(f.__name__, start, to, out)


def loop(out):
    out.append(1)
    for i in [1, 2]:
        out.append(2)
        out.append(3)
    out.append(4)


def handler(out):
    try:
        1/0
    except ZeroDivisionError:
        out.append(1)
        out.append(2)
    out.append(sys.exception())


jump(loop, 1, 5)
jump(loop, 3, 5)
jump(loop, 4, 3)
jump(loop, 1, 3)
jump(loop, 1, 99)
jump(loop, 1, -99)
jump(handler, 4, 6)
jump(handler, 6, 4)
for stmt in 'sys._getframe().f_lineno = 3', 'del sys._getframe().f_lineno', 'sys._getframe().f_trace_lines = 1':
    try:
        exec(stmt)
    except Exception as ex:
        print(type(ex).__name__, ex)


def proxy():
    x = 1
    d = sys._getframe().f_locals
    d['new'] = 5
    d |= {'x': 2}
    print(x, d.keys(), d.pop('new'), reversed(d), 'q' in d, d.get('x'), len(d), sorted(d | {'k': 1}))
    for job in (lambda: d.pop('x'), lambda: d.__delitem__('zz'), lambda: d[[]], lambda: type(d)(1), lambda: d['none']):
        try:
            job()
        except Exception as ex:
            print(type(ex).__name__, ex)


proxy()


class K:
    y = [locals()['i'] for i in [1, 2]]
    z = [sys._getframe().f_locals['i'] for i in [3]]
    print(y, z, 'i' in locals())


def names():
    [v for v in [1]]
    return [v for _ in [1]]


v = 'global'
print(names())


class Same:
    def __hash__(self):
        return hash('x')

    def __eq__(self, other):
        return other == 'x'


print({'x': 1}.get(Same()))
eg = ExceptionGroup('m', l := [ValueError(1)])
l.clear()
print(repr(eg), eg.args)
