"""Writes tables.rs: what str's predicates and case mappings know about each character.

Run with a Python whose unicodedata.unidata_version is the version wanted; the output goes to standard output.
"""
import unicodedata

PREDICATES = [
    ("ALPHA", str.isalpha), ("DECIMAL", str.isdecimal), ("DIGIT", str.isdigit), ("NUMERIC", str.isnumeric),
    ("LOWER", str.islower), ("UPPER", str.isupper), ("TITLE", lambda c: unicodedata.category(c) == "Lt"),
    ("SPACE", str.isspace), ("PRINTABLE", str.isprintable), ("XID_START", lambda c: c.isidentifier()),
    ("XID_CONTINUE", lambda c: ("a" + c).isidentifier()),
    ("CASED", lambda c: c.islower() or c.isupper() or unicodedata.category(c) == "Lt"),
    ("CASE_IGNORABLE", lambda c: ("a" + c + "\u03a3").lower().endswith("\u03c2") and not (c + "\u03a3").lower().endswith("\u03c2")),
]


def rows(name, typ, items, doc):
    print(f"/// {doc}\npub static {name}: &[{typ}] = &[")
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 118:
            print(line)
            line = "   "
        line += f" {item},"
    if line.strip():
        print(line)
    print("];")


def runs(changes):
    """(first, last, step, delta) for characters that map to one other."""
    out = []
    for c, d in changes:
        if out:
            first, last, step, delta = out[-1]
            if delta == d - c and (c - last == step or (first == last and c - last <= 2)):
                out[-1] = (first, c, c - last, delta)
                continue
        out.append((c, c, 1, d - c))
    return out


def mapping(name, f, base, doc):
    single, multi = [], []
    for c in range(0x110000):
        a, b = f(chr(c)), base(chr(c))
        if a == b:
            continue
        if len(a) == 1:
            single.append((c, ord(a)))
        else:
            multi.append((c, [ord(x) for x in a] + [0] * (3 - len(a))))
    rows(name, "(u32, u32, u32, i32)", [f"({a:#x}, {b:#x}, {s}, {d})" for a, b, s, d in runs(single)], doc + ": runs (first, last, step, delta).")
    rows(name + "_MULTI", "(u32, [u32; 3])", [f"({c:#x}, [{m[0]:#x}, {m[1]:#x}, {m[2]:#x}])" for c, m in multi],
         doc + ": characters that map to several; 0 fills up.")


print(f"//! Facts about characters, Unicode {unicodedata.unidata_version}. Written by gen_tables.py.\n")
print("#![cfg_attr(rustfmt, rustfmt_skip)]\n")
for i, (name, _) in enumerate(PREDICATES):
    print(f"#[allow(missing_docs)]\npub const {name}: u16 = {1 << i};")
spans, previous = [], None
for c in range(0x110000):
    flags = sum(1 << i for i, (_, f) in enumerate(PREDICATES) if f(chr(c)))
    if flags != previous:
        spans.append(f"({c:#x}, {flags})")
        previous = flags
rows("FLAGS", "(u32, u16)", spans, "Where runs of characters with equal flags begin.")
rows("ZEROS", "u32", [f"{c:#x}" for c in range(0x110000) if chr(c).isdecimal() and unicodedata.decimal(chr(c)) == 0],
     "The zeros of the decimal digits; their nine successors follow each.")
mapping("UPPERCASE", str.upper, lambda c: c, "Upper case")
mapping("LOWERCASE", str.lower, lambda c: c, "Lower case")
mapping("TITLECASE", str.title, str.upper, "Title case where it is not upper case")
mapping("CASEFOLD", str.casefold, str.lower, "Folded case where it is not lower case")
