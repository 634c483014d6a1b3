"""Compares our trees with those of CPython 3.14 (run this script with it).

    find LIB -name '*.py' > files
    cargo run --release -p taipan-syntax --example dump_ast -- --batch < files > trees
    python3.14 compare.py files trees [eval | single | func_type | types]

Reports files on which the two disagree; the exit status is 1 if there are any.
"""

import ast
import sys
import warnings


def expected(name, mode):
    with open(name, "rb") as f:
        source = f.read()
    try:
        if mode == "exec":
            tree = ast.parse(source, name)
        elif mode == "types":
            tree = ast.parse(source.decode(), name, type_comments=True)
        else:
            tree = ast.parse(source.decode(), name, mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        return "error %s: %s" % (type(e).__name__, e)
    return "ok " + ast.dump(tree, include_attributes=True)


def main(files, trees, mode="exec"):
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100000)
    counts = {}
    with open(files, encoding="utf-8") as names, open(trees, encoding="utf-8", newline="\n") as ours:
        for name, got in zip(names, ours, strict=True):
            name, got = name.rstrip("\n"), got.rstrip("\n")
            want = expected(name, mode).encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")
            kinds = want[:2], got[:2]
            if kinds == ("ok", "ok"):
                result = "same" if want == got else "DIFFERENT"
            else:
                result = {("er", "er"): "both reject", ("ok", "er"): "WE REJECT", ("er", "ok"): "WE ACCEPT"}[kinds]
            counts[result] = counts.get(result, 0) + 1
            if result == "DIFFERENT":
                at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
                print(result, name, "\n   want", want[max(0, at - 100):at + 100], "\n   got ", got[max(0, at - 100):at + 100])
            elif result.isupper():
                print(result, name, "\n   ", (got if result == "WE REJECT" else want)[:200])
    print(counts)
    return any(k.isupper() for k in counts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
