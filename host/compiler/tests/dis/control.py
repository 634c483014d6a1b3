def loops(a, b):
    while a and not b:
        for i in [1, 2, 3]:
            if i is None:
                continue
            elif i in {1, 2}:
                break
        else:
            b = a < i < 3 or -i
    return b if a else 1


def handlers(x):
    try:
        with x as y, x:
            return y
    except (A, B) as e:
        raise C from e
    except D:
        pass
    finally:
        x()
    assert x, "message"


def groups():
    try:
        f()
    except* A as e:
        g(e)
    except* B:
        pass


def unbound(c):
    if c:
        x = 1
    print(x)
    del x
    return x
