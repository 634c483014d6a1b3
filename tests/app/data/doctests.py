"""
>>> 1 + 1
2
>>> [n for n in range(30)]    # doctest: +ELLIPSIS
[0, 1, ..., 29]
"""


def f(n):
    """
    >>> f(1)
    2
    >>> f("x")
    Traceback (most recent call last):
        ...
    TypeError: can only concatenate str (not "int") to str
    >>> f(2)
    4
    >>> f(None)
    """
    return n + 1
