PyCF_ONLY_AST = 0x400
PyCF_TYPE_COMMENTS = 0x1000
PyCF_ALLOW_TOP_LEVEL_AWAIT = 0x2000
PyCF_OPTIMIZED_AST = 0x8400

_Optional = type(int | None)
_List = type(list[int])


def _deprecated(message):
    import _warnings
    _warnings.warn(message, DeprecationWarning, 3)


def _repr(value, depth):
    if isinstance(value, AST):
        name = type(value).__name__
        if depth <= 0:
            return f'{name}(...)'
        fields = ', '.join([f'{f}={_repr(getattr(value, f), depth - 1)}' for f in value._fields])
        return f'{name}({fields})'
    if isinstance(value, (list, tuple)):
        items = [_repr(v, depth) for v in (value if len(value) <= 2 else (value[0], value[-1]))]
        if len(value) > 2:
            items.insert(1, '...')
        text = ', '.join(items)
        if isinstance(value, list):
            return f'[{text}]'
        return f'({text},)' if len(value) == 1 else f'({text})'
    return repr(value)


class AST:
    __module__ = 'ast'
    _fields = ()
    __match_args__ = ()
    _attributes = ()

    def __init__(self, /, *args, **kwargs):
        cls = type(self)
        fields = cls._fields
        if len(args) > len(fields):
            s = '' if len(fields) == 1 else 's'
            raise TypeError(f'{cls.__name__} constructor takes at most {len(fields)} positional argument{s}')
        missing = list(fields)
        for name, value in zip(fields, args):
            setattr(self, name, value)
            missing.remove(name)
        for name, value in kwargs.items():
            if name in fields:
                if name not in missing:
                    raise TypeError(f'{cls.__name__} got multiple values for argument {name!r}')
                missing.remove(name)
            elif name not in cls._attributes:
                _deprecated(f'{_full_name(cls)}.__init__ got an unexpected keyword argument {name!r}. Support for '
                            'arbitrary keyword arguments is deprecated and will be removed in Python 3.15.')
            setattr(self, name, value)
        if not missing:
            return
        types = getattr(cls, '_field_types', None)
        if types is None:
            return
        for name in missing:
            try:
                wanted = types[name]
            except KeyError:
                _deprecated(f'Field {name!r} is missing from {_full_name(cls)}._field_types. '
                            'This will become an error in Python 3.15.')
                continue
            kind = type(wanted)
            if kind is _Optional:
                continue
            if kind is _List:
                setattr(self, name, [])
            elif wanted is expr_context:
                setattr(self, name, _load)
            else:
                _deprecated(f'{_full_name(cls)}.__init__ missing 1 required positional argument: {name!r}. '
                            'This will become an error in Python 3.15.')

    def __reduce__(self):
        state = getattr(self, '__dict__', None)
        if not state:
            return type(self), ()
        n = 0
        for name in self._fields:
            if name not in state:
                break
            n += 1
        return type(self), (None,) * n, state

    def __replace__(self, /, **kwargs):
        cls = type(self)
        known = {*cls._fields, *cls._attributes}
        state = dict(self.__dict__)
        for name in kwargs:
            if name not in known:
                raise TypeError(f'{cls.__name__}.__replace__ got an unexpected keyword argument {name!r}.')
        state.update(kwargs)
        missing = [repr(f) for f in cls._fields if f not in state
                   and type(getattr(cls, '_field_types', {}).get(f)) is not _Optional]
        if missing:
            s = '' if len(missing) == 1 else 's'
            raise TypeError(f"{cls.__name__}.__replace__ missing {len(missing)} keyword argument{s}: "
                            f"{', '.join(sorted(missing))}.")
        return cls(**{name: value for name, value in state.items() if name in known})

    def __repr__(self):
        return _repr(self, 3)


def _full_name(cls):
    # As tp_name has it: types that were made by a class statement or call have no module in theirs.
    return 'ast.AST' if cls is AST else cls.__name__


_positions = ('lineno', 'col_offset', 'end_lineno', 'end_col_offset')


def _make():
    space = globals()
    plain = {'identifier': str, 'string': str, 'int': int, 'constant': object}
    groups = []
    for line in _table.splitlines():
        if line[-1] == ')':
            groups[-1][3].append(line)
        else:
            groups.append((*line.split(), []))
    nodes = []
    for kind, name, where, members in groups:
        attributes = _positions if where == 'located' else ()
        doc = members[0]
        if kind != 'product':
            shown = [m.removesuffix('()') for m in members]
            gap = ' | ' if kind == 'enum' else '\n' + ' ' * (len(name) + 1) + '| '
            doc = f'{name} = {gap.join(shown)}'
        optional = {'end_lineno': None, 'end_col_offset': None} if attributes else {}
        base = space[name] = type(name, (AST,), {
            '__module__': 'ast', '__doc__': doc, '_fields': (), '__match_args__': (), '_attributes': attributes,
            **optional})
        for member in members:
            cls_name, _, rest = member[:-1].partition('(')
            fields = [part.split(' ') for part in rest.split(', ')] if rest else []
            names = tuple([f for _, f in fields])
            cls = base
            if kind != 'product':
                cls = space[cls_name] = type(cls_name, (base,), {'__module__': 'ast', '__doc__': member.removesuffix('()')})
            cls._fields = cls.__match_args__ = names
            for type_name, field in fields:
                if type_name[-1] == '?':
                    setattr(cls, field, None)
            nodes.append((cls, fields))
    for cls, fields in nodes:
        types = {}
        for type_name, field in fields:
            bare = type_name.rstrip('?*')
            t = plain.get(bare) or space[bare]
            if type_name[-1] == '*':
                t = list[t]
            elif type_name[-1] == '?':
                t = t | None
            types[field] = t
        cls._field_types = types
        cls.__annotations__ = types
    return tuple([cls for cls, _ in nodes]), tuple([space[name] for _, name, _, _ in groups])


_nodes, _bases = _make()
_singletons = tuple([cls() if not cls._fields and not cls._attributes else None for cls in _nodes])
_load = _singletons[_nodes.index(Load)]
_register(_nodes, _bases, _singletons)
del _make, _register, _table, _nodes, _bases, _singletons


def _without_debug(tree, value):
    """A copy of a tree with the constant that `__debug__` stands for."""
    if isinstance(tree, list):
        return [_without_debug(item, value) for item in tree]
    if not isinstance(tree, AST):
        return tree
    attributes = {name: getattr(tree, name) for name in tree._attributes if hasattr(tree, name)}
    if type(tree) is Name and tree.id == '__debug__' and type(tree.ctx) is Load:
        return Constant(value, **attributes)
    fields = {name: _without_debug(getattr(tree, name), value) for name in tree._fields if hasattr(tree, name)}
    return type(tree)(**fields, **attributes)
