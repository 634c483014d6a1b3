"""A traceback through five files that ends in nested groups."""
import sys
import traceback

sys.path.insert(0, "data")

from five import one


def caught():
    try:
        one.first(2)
    except* LookupError as group:
        print("caught", group.exceptions)
        raise RuntimeError("in except*")


try:
    caught()
except BaseException as e:
    traceback.print_exc(file=sys.stdout)
    print(traceback.format_exception_only(e)[0])

try:
    one.first(3)
except ExceptionGroup as group:
    print("split", *group.split(ValueError), sep="\n  ")
    print("".join(traceback.TracebackException.from_exception(group, capture_locals=True, limit=-1).format()))
    print(repr(group.derive([OSError(1)])), group.subgroup(lambda e: isinstance(e, TypeError)))


def deep(n):
    return deep(n - 1) if n else 1 / 0


try:
    deep(20)
except ZeroDivisionError:
    traceback.print_exc(file=sys.stdout)

one.first(5)
