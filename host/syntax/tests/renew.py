"""Renews the expectations in fixtures/ (run with CPython 3.14 in this folder).

NAME.py gets NAME.ast, the dump of its tree; errors.txt and interactive.txt get a result line under each input.
"""

import ast
import pathlib
import warnings

INCOMPLETE = 0x4000 | 0x200


def inputs(text):
    current = None
    for line in text.splitlines():
        if line.startswith(">>> "):
            if current is not None:
                yield current
            current = line[4:]
        elif line.startswith("... "):
            current += "\n" + line[4:]
    yield current


def error(source):
    try:
        compile(source, "", "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as e:
        return f"{type(e).__name__}: {e.msg} @ {e.lineno} {e.offset} {e.end_lineno} {e.end_offset}"
    return "ok"


def interactive(source):
    try:
        compile(source + "\n", "", "single", INCOMPLETE | ast.PyCF_ONLY_AST)
    except SyntaxError as e:
        return "incomplete" if type(e).__name__ == "_IncompleteInputError" else "error"
    return "ok"


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(__file__).parent / "fixtures"
    for path in folder.glob("*.py"):
        dump = ast.dump(ast.parse(path.read_bytes()), include_attributes=True)
        data = dump.encode("utf-8", "backslashreplace")
        path.with_suffix(".ast").write_bytes(data.replace(b", lineno=", b",\nlineno=") + b"\n")
    for name, result in ("errors.txt", error), ("interactive.txt", interactive):
        path = folder / name
        out = []
        for source in inputs(path.read_text(encoding="utf-8")):
            out += [(">>> ", "... ")[i > 0] + line for i, line in enumerate(source.split("\n"))]
            out.append(result(source))
        path.write_text("\n".join(out) + "\n", encoding="utf-8")


main()
