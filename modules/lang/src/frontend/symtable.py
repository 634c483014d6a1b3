USE = 16
DEF_GLOBAL = 1
DEF_LOCAL = 2
DEF_PARAM = 4
DEF_NONLOCAL = 8
DEF_FREE_CLASS = 64
DEF_IMPORT = 128
DEF_BOUND = 134
DEF_ANNOT = 256
DEF_COMP_ITER = 512
DEF_TYPE_PARAM = 1024
DEF_COMP_CELL = 2048
TYPE_FUNCTION = 0
TYPE_CLASS = 1
TYPE_MODULE = 2
TYPE_ANNOTATION = 3
TYPE_TYPE_ALIAS = 4
TYPE_TYPE_PARAMETERS = 5
TYPE_TYPE_VARIABLE = 6
LOCAL = 1
GLOBAL_EXPLICIT = 2
GLOBAL_IMPLICIT = 3
FREE = 4
CELL = 5
SCOPE_OFF = 12
SCOPE_MASK = 15


class _Entry:
    """A block of a source."""

    __slots__ = ('id', 'name', 'symbols', 'varnames', 'children', 'nested', 'type', 'lineno', '__weakref__')

    def __repr__(self):
        return f'<symtable entry {self.name}({self.id}), line {self.lineno}>'


_Entry.__name__ = _Entry.__qualname__ = 'symtable entry'
_Entry.__module__ = 'builtins'


def _entry(told):
    self = _Entry()
    self.type, self.name, self.lineno, nested, varnames, symbols, children = told
    self.id = id(self)
    self.nested = int(nested)
    self.varnames = list(varnames)
    self.symbols = dict(symbols)
    self.children = [_entry(child) for child in children]
    return self


def symtable(source, filename, startstr, /):
    """Return symbol and scope dictionaries used internally by compiler."""
    import os
    modes = {'exec': 0, 'eval': 1, 'single': 2}
    if startstr not in modes:
        raise ValueError("symtable() arg 3 must be 'exec' or 'eval' or 'single'")
    return _entry(_scopes(source, os.fsdecode(filename), modes[startstr]))
