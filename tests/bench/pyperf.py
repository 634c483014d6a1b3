"""Stands in for the package `pyperf`, so that the programs of pyperformance run in one process and without anything installed.

BENCH_OUT is the file that results are appended to. BENCH_MODE says what a benchmark is for:

  time    it is run again and again for BENCH_SECONDS; a line `NAME <tab> SECONDS SECONDS ...`, one number an iteration
  check   it is run BENCH_LOOPS times; a line `NAME <tab> DIGEST <tab> EVENTS`, where the digest is over what the benchmark
          returns and what the functions and methods of the program return on the way (see Recorder)
"""
import argparse
import os
import subprocess
import sys
from time import perf_counter

__all__ = ["Runner", "perf_counter", "python_implementation"]

OUT = os.environ["BENCH_OUT"]
MODE = os.environ["BENCH_MODE"]
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
LOOPS = int(os.environ.get("BENCH_LOOPS", "1"))


def python_implementation():
    return sys.implementation.name


def write(*fields):
    with open(OUT, "a") as f:
        f.write("\t".join(fields) + "\n")


# Library functions whose results are what a program is about although none of its own functions returns them.
LIBRARY = {
    "base64": ("b64encode", "b64decode", "b32encode", "b32decode", "b16encode", "b16decode", "a85encode", "a85decode", "b85encode",
               "b85decode", "urlsafe_b64encode", "urlsafe_b64decode"),
    "copy": ("copy", "deepcopy"),
    "json": ("dumps", "loads"),
    "pickle": ("dumps", "loads"),
    "pprint": ("pformat",),
    "re": ("compile", "findall", "match", "search", "split", "sub"),
}


class Recorder:
    """A running checksum of values, the same under every interpreter that computes the same values.

    Values are described without addresses or hashes: numbers and texts as their repr, containers by their items (sets sorted),
    other objects by their class and attributes down to a few levels.
    """

    LIMIT = 100_000

    def __init__(self):
        import zlib
        self.crc32 = zlib.crc32
        self.digest = 0
        self.events = 0
        self.busy = False

    def describe(self, value, depth=3):
        kind = type(value)
        if value is None or kind in (bool, int, float, complex, str, bytes, bytearray):
            if kind is int and value.bit_length() > 10_000:
                return f"int {value.bit_length()} {value % (10**9 + 7)}"
            return repr(value)
        if kind.__name__ in ("Decimal", "Fraction", "datetime", "date", "timedelta", "range", "Pattern", "Match"):
            return repr(value)
        if depth == 0:
            return kind.__name__
        if isinstance(value, (list, tuple)):
            head = [self.describe(v, depth - 1) for v in value[:200]]
            return f"{kind.__name__} {len(value)} {head}"
        if isinstance(value, (set, frozenset)):
            return f"{kind.__name__} {sorted(self.describe(v, depth - 1) for v in value)}"
        if isinstance(value, dict):
            items = [(self.describe(k, depth - 1), self.describe(v, depth - 1)) for k, v in list(value.items())[:200]]
            return f"{kind.__name__} {items}"
        if isinstance(value, type):
            return f"class {value.__name__}"
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict and not callable(value):
            return f"{kind.__name__} {self.describe(attributes, depth - 1)}"
        return kind.__name__

    def record(self, name, value):
        # What describing calls is not the program's doing.
        if self.busy or self.events >= self.LIMIT:
            return
        self.busy = True
        try:
            self.events += 1
            self.digest = self.crc32(f"{name}={self.describe(value)}".encode("utf-8", "surrogatepass"), self.digest)
        finally:
            self.busy = False

    def wrapped(self, name, function):
        import functools

        @functools.wraps(function)
        def recorded(*args, **kwargs):
            result = function(*args, **kwargs)
            self.record(name, result)
            return result
        return recorded

    def watch(self, namespace, module, leave):
        """Replaces the program's functions, its classes' plain methods and some library functions by recording ones."""
        for name, functions in LIBRARY.items():
            if name in sys.modules:
                for f in functions:
                    setattr(sys.modules[name], f, self.wrapped(f"{name}.{f}", getattr(sys.modules[name], f)))
        function = type(python_implementation)
        for name, value in list(namespace.items()):
            if type(value) is function and value.__module__ == module and value is not leave:
                # What measures time returns times.
                if name.startswith("bench") or "perf_counter" in value.__code__.co_names:
                    continue
                if not value.__code__.co_flags & 0x2A0:     # generators, coroutines
                    namespace[name] = self.wrapped(name, value)
            elif type(value) is type and value.__module__ == module:
                for attribute, method in list(vars(value).items()):
                    if type(method) is function and not attribute.startswith("__") and not method.__code__.co_flags & 0x2A0:
                        setattr(value, attribute, self.wrapped(f"{name}.{attribute}", method))


class Runner:
    def __init__(self, values=None, processes=None, loops=0, min_time=0.1, metadata=None, show_name=True,
                 program_args=None, add_cmdline_args=None, _argparser=None, **ignored):
        self.metadata = dict(metadata or {})
        self.argparser = _argparser or argparse.ArgumentParser()
        self.args = None

    def parse_args(self, args=None):
        if self.args is None:
            self.args = self.argparser.parse_args(args)
        return self.args

    def _timed(self, name, run, inner):
        """`run(loops)` answers the seconds it took."""
        began, times = perf_counter(), []
        while True:
            times.append(run(1) / (inner or 1))
            if perf_counter() - began >= SECONDS and len(times) > 1:
                break
        write(name, " ".join(map(repr, times)))

    def _checked(self, name, run, leave):
        recorder = Recorder()
        recorder.watch(sys.modules["__main__"].__dict__, "__main__", leave)
        for _ in range(LOOPS):
            run(recorder)
        write(name, f"{recorder.digest:08x}", str(recorder.events))

    def bench_func(self, name, func, *args, inner_loops=None, metadata=None):
        self.parse_args()
        if MODE == "check":
            return self._checked(name, lambda recorder: recorder.record("result", func(*args)), func)

        def run(loops):
            began = perf_counter()
            for _ in range(loops):
                func(*args)
            return perf_counter() - began
        self._timed(name, run, inner_loops)

    def bench_time_func(self, name, time_func, *args, inner_loops=None, metadata=None):
        self.parse_args()
        if MODE == "check":
            return self._checked(name, lambda recorder: time_func(1, *args), time_func)
        self._timed(name, lambda loops: time_func(loops, *args), inner_loops)

    def bench_async_func(self, name, func, *args, inner_loops=None, metadata=None, loop_factory=None):
        import asyncio
        self.parse_args()

        def finish(main):
            if loop_factory is None:
                return asyncio.run(main)
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                return runner.run(main)
        if MODE == "check":
            async def once():
                return await func(*args)
            return self._checked(name, lambda recorder: recorder.record("result", finish(once())), func)

        async def main(loops):
            began = perf_counter()
            for _ in range(loops):
                await func(*args)
            return perf_counter() - began
        self._timed(name, lambda loops: finish(main(loops)), inner_loops)

    def bench_command(self, name, command, metadata=None):
        self.parse_args()

        def run(loops):
            began = perf_counter()
            for _ in range(loops):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return perf_counter() - began
        if MODE == "check":
            return self._checked(
                name, lambda recorder: recorder.record("output", subprocess.run(command, check=True, capture_output=True).stdout), None)
        self._timed(name, run, None)


if MODE == "check":
    import random
    random.seed(20)
