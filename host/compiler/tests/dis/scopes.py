class Point[T](Base, metaclass=Meta):
    """A point."""

    x: T = 0
    if x:
        y: "int"

    def __init__(self, x, *rest, y=1, **kw):
        super().__init__(x)
        self.x, self.__y = x, y
        return lambda: (x, rest)

    squares = [i * i for i in range(3)]


def outer(a):
    fs = [lambda: a + i for i in a]
    def inner():
        nonlocal a
        a += 1
        return __debug__
    return fs, inner, all(i for i in a)


type Pair[K, V = int] = tuple[K, V]
