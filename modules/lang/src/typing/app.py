import sys as _sys

Union = type(int | str)
_GenericAlias = type(list[int])


def _typing(name):
    import typing
    return getattr(typing, name)


def _caller(depth):
    try:
        return _sys._getframe(depth).f_globals.get('__name__')
    except ValueError:
        return None


def _final(cls):
    """Makes subclassing an error, as it is for types that are no base types."""
    def __init_subclass__(sub, /, *args, **kwargs):
        raise TypeError(f"type 'typing.{cls.__name__}' is not an acceptable base type")
    cls.__init_subclass__ = classmethod(__init_subclass__)
    return cls


def _no_bases(self, bases, /):
    raise TypeError(f"Cannot subclass an instance of {type(self).__name__}")


def _check_name(what, name):
    if not isinstance(name, str):
        raise TypeError(f"{what}() argument 'name' must be str, not {type(name).__name__}")


def _check_variance(covariant, contravariant, infer_variance):
    if covariant and contravariant:
        raise ValueError("Bivariant types are not supported.")
    if infer_variance and (covariant or contravariant):
        raise ValueError("Variance cannot be specified with infer_variance.")


class NoDefaultType:
    """The type of the NoDefault singleton."""

    __slots__ = ()
    __module__ = 'builtins'
    _instance = None

    def __new__(cls, /, *args, **kwargs):
        if args or kwargs:
            raise TypeError("NoDefaultType takes no arguments")
        if cls._instance is None:
            cls._instance = object.__new__(cls)
        return cls._instance

    def __repr__(self):
        return 'typing.NoDefault'

    def __reduce__(self):
        return 'NoDefault'


NoDefault = _final(NoDefaultType)()


class _ConstEvaluator:
    """An evaluate_* function for a value that was known from the start."""

    __slots__ = ('_value',)
    __module__ = '_typing'

    def __init__(self, value):
        self._value = value

    def __call__(self, format=1, /):
        value = self._value
        if format != 4:
            return value
        from annotationlib import type_repr
        if isinstance(value, tuple):
            return '(' + ', '.join(map(type_repr, value)) + ')'
        return type_repr(value)

    def __repr__(self):
        return f'<constevaluator {self._value!r}>'


_ConstEvaluator.__name__ = _ConstEvaluator.__qualname__ = '_ConstEvaluator'
_unset = object()


class _Lazy:
    """A value, or the function that computes it when it is first wanted."""

    __slots__ = ('value', 'function')

    def __init__(self, value=_unset, function=None):
        self.value = value
        self.function = function

    def get(self):
        if self.value is _unset:
            self.value = self.function(1)
        return self.value

    def evaluator(self, nothing):
        if self.function is not None:
            return self.function
        if self.value is nothing:
            return None
        return _ConstEvaluator(self.value)


class _WithDefault:
    """What the three kinds of type parameters share."""

    __slots__ = ()

    @property
    def __default__(self):
        """The default value for this type parameter."""
        return self._default.get()

    @property
    def evaluate_default(self):
        return self._default.evaluator(NoDefault)

    def has_default(self, /):
        return self._default.function is not None or self._default.value is not NoDefault

    def __reduce__(self):
        return self.__name__


def _params_repr(self):
    if self.__infer_variance__:
        return self.__name__
    if self.__covariant__:
        return '+' + self.__name__
    if self.__contravariant__:
        return '-' + self.__name__
    return '~' + self.__name__


def _define(cls):
    """Moves the shared attributes into the class: its bases are as in typing."""
    for name in ('__default__', 'evaluate_default', 'has_default', '__reduce__'):
        setattr(cls, name, _WithDefault.__dict__[name])
    cls.__mro_entries__ = _no_bases
    return _final(cls)


@_define
class TypeVar:
    """Type variable."""

    __module__ = 'typing'
    __slots__ = ('__name__', '__covariant__', '__contravariant__', '__infer_variance__', '_bound', '_constraints',
                 '_default', '__dict__', '__weakref__')

    def __new__(cls, /, name, *constraints, bound=None, default=NoDefault, covariant=False, contravariant=False,
                infer_variance=False):
        _check_name('typevar', name)
        _check_variance(covariant, contravariant, infer_variance)
        if bound is not None:
            bound = _typing('_type_check')(bound, "Bound must be a type.")
        if len(constraints) == 1:
            raise TypeError("A single constraint is not allowed")
        if constraints and bound is not None:
            raise TypeError("Constraints cannot be combined with bound=...")
        self = object.__new__(cls)
        self.__name__ = name
        self.__covariant__ = bool(covariant)
        self.__contravariant__ = bool(contravariant)
        self.__infer_variance__ = bool(infer_variance)
        self._bound = _Lazy(bound)
        self._constraints = _Lazy(constraints)
        self._default = _Lazy(default)
        module = _caller(2)
        if module is not None:
            self.__module__ = module
        return self

    @property
    def __bound__(self):
        """The upper bound, or None."""
        return self._bound.get()

    @property
    def __constraints__(self):
        """A tuple of the constraints."""
        return self._constraints.get()

    @property
    def evaluate_bound(self):
        return self._bound.evaluator(None)

    @property
    def evaluate_constraints(self):
        return self._constraints.evaluator(())

    def __repr__(self):
        return _params_repr(self)

    def __or__(self, other):
        return Union[self, other]

    def __ror__(self, other):
        return Union[other, self]

    def __typing_subst__(self, arg, /):
        return _typing('_typevar_subst')(self, arg)

    def __typing_prepare_subst__(self, alias, args, /):
        params = alias.__parameters__
        index = params.index(self)
        if index < len(args):
            return args
        if index == len(args) and self.has_default():
            return (*args, self.__default__)
        raise TypeError(f"Too few arguments for {alias}; actual {len(args)}, expected {len(params)}")


class _ParamSpecPart:
    __slots__ = ()

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return self.__origin__ == other.__origin__

    def __ne__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return not self.__origin__ == other.__origin__

    def _repr(self, what):
        origin = self.__origin__
        if isinstance(origin, ParamSpec):
            return f'{origin.__name__}.{what}'
        return f'{origin!r}.{what}'


@_final
class ParamSpecArgs:
    """The args for a ParamSpec object."""

    __module__ = 'typing'
    __slots__ = ('__origin__', '__weakref__')

    def __init__(self, origin):
        self.__origin__ = origin

    __eq__ = _ParamSpecPart.__eq__
    __ne__ = _ParamSpecPart.__ne__
    __hash__ = None
    __mro_entries__ = _no_bases

    def __repr__(self):
        return _ParamSpecPart._repr(self, 'args')


@_final
class ParamSpecKwargs:
    """The kwargs for a ParamSpec object."""

    __module__ = 'typing'
    __slots__ = ('__origin__', '__weakref__')

    def __init__(self, origin):
        self.__origin__ = origin

    __eq__ = _ParamSpecPart.__eq__
    __ne__ = _ParamSpecPart.__ne__
    __hash__ = None
    __mro_entries__ = _no_bases

    def __repr__(self):
        return _ParamSpecPart._repr(self, 'kwargs')


@_define
class ParamSpec:
    """Parameter specification variable."""

    __module__ = 'typing'
    __slots__ = ('__name__', '__bound__', '__covariant__', '__contravariant__', '__infer_variance__', '_default',
                 '__dict__', '__weakref__')

    def __new__(cls, /, name, *, bound=None, default=NoDefault, covariant=False, contravariant=False,
                infer_variance=False):
        _check_name('paramspec', name)
        _check_variance(covariant, contravariant, infer_variance)
        if bound is not None:
            bound = _typing('_type_check')(bound, "Bound must be a type.")
        self = object.__new__(cls)
        self.__name__ = name
        self.__bound__ = bound
        self.__covariant__ = bool(covariant)
        self.__contravariant__ = bool(contravariant)
        self.__infer_variance__ = bool(infer_variance)
        self._default = _Lazy(default)
        module = _caller(2)
        if module is not None:
            self.__module__ = module
        return self

    @property
    def args(self):
        """Represents positional arguments."""
        return ParamSpecArgs(self)

    @property
    def kwargs(self):
        """Represents keyword arguments."""
        return ParamSpecKwargs(self)

    def __repr__(self):
        return _params_repr(self)

    def __or__(self, other):
        return Union[self, other]

    def __ror__(self, other):
        return Union[other, self]

    def __typing_subst__(self, arg, /):
        return _typing('_paramspec_subst')(self, arg)

    def __typing_prepare_subst__(self, alias, args, /):
        return _typing('_paramspec_prepare_subst')(self, alias, args)


@_define
class TypeVarTuple:
    """Type variable tuple."""

    __module__ = 'typing'
    __slots__ = ('__name__', '_default', '__dict__', '__weakref__')

    def __new__(cls, /, name, *, default=NoDefault):
        _check_name('typevartuple', name)
        self = object.__new__(cls)
        self.__name__ = name
        self._default = _Lazy(default)
        module = _caller(2)
        if module is not None:
            self.__module__ = module
        return self

    def __iter__(self):
        yield _typing('Unpack')[self]

    def __repr__(self):
        return self.__name__

    def __typing_subst__(self, arg, /):
        raise TypeError("Substitution of bare TypeVarTuple is not supported")

    def __typing_prepare_subst__(self, alias, args, /):
        return _typing('_typevartuple_prepare_subst')(self, alias, args)


def _unpacked(params):
    if any(type(p) is TypeVarTuple for p in params):
        unpack = _typing('Unpack')
        return tuple(unpack[p] if type(p) is TypeVarTuple else p for p in params)
    return params


def _check_type_params(params):
    if not isinstance(params, tuple):
        raise TypeError("type_params must be a tuple")
    seen = False
    for p in params:
        if not isinstance(p, (TypeVar, ParamSpec, TypeVarTuple)):
            # Parameters of typing_extensions only have to look like ours.
            if not hasattr(p, '__typing_subst__'):
                raise TypeError(f"Expected a type param, got {p!r}")
            continue
        if p.has_default():
            seen = True
        elif seen:
            raise TypeError(f"non-default type parameter '{p!r}' follows default type parameter")


@_final
class TypeAliasType:
    """Type alias."""

    __slots__ = ('__name__', '_value', '__type_params__', '__dict__', '__weakref__')
    __module__ = 'typing'

    def __new__(cls, /, name, value, *, type_params=()):
        if not isinstance(name, str):
            raise TypeError(f"typealias() argument 'name' must be str, not {type(name).__name__}")
        _check_type_params(type_params)
        return _make_alias(name, type_params, _Lazy(value), _caller(2))

    @property
    def __value__(self):
        return self._value.get()

    @property
    def evaluate_value(self):
        return self._value.evaluator(_unset)

    @property
    def __parameters__(self):
        return _unpacked(self.__type_params__)

    def __getitem__(self, args):
        if not self.__type_params__:
            raise TypeError("Only generic type aliases are subscriptable")
        return _GenericAlias(self, args)

    def __iter__(self):
        if not self.__type_params__:
            raise TypeError("Only generic type aliases are iterable")
        yield _typing('Unpack')[self]

    def __repr__(self):
        return self.__name__

    def __reduce__(self):
        return self.__name__

    def __or__(self, other):
        return Union[self, other]

    def __ror__(self, other):
        return Union[other, self]

    __mro_entries__ = _no_bases


def _make_alias(name, type_params, lazy, module):
    self = object.__new__(TypeAliasType)
    self.__name__ = name
    self.__type_params__ = type_params
    self._value = lazy
    self.__module__ = module
    return self


class Generic:
    """Abstract base class for generic types.

    On Python 3.12 and newer, generic classes implicitly inherit from
    Generic when they declare a parameter list after the class's name::

        class Mapping[KT, VT]:
            def __getitem__(self, key: KT) -> VT:
                ...
                # Etc.
    """

    __module__ = 'typing'
    __slots__ = ()

    @classmethod
    def __class_getitem__(cls, *args, **kwargs):
        """Parameterizes a generic class."""
        return _typing('_generic_class_getitem')(cls, *args, **kwargs)

    @classmethod
    def __init_subclass__(cls, *args, **kwargs):
        """Function to initialize subclasses."""
        return _typing('_generic_init_subclass')(cls, *args, **kwargs)


# What the instructions for type parameters call.

def _type_var(name, compute_bound=None, compute_constraints=None):
    self = object.__new__(TypeVar)
    self.__name__ = name
    self.__covariant__ = self.__contravariant__ = False
    self.__infer_variance__ = True
    self._bound = _Lazy(None) if compute_bound is None else _Lazy(function=compute_bound)
    self._constraints = _Lazy(()) if compute_constraints is None else _Lazy(function=compute_constraints)
    self._default = _Lazy(NoDefault)
    self.__module__ = _caller(2)
    return self


def _param_spec(name):
    self = object.__new__(ParamSpec)
    self.__name__ = name
    self.__bound__ = None
    self.__covariant__ = self.__contravariant__ = False
    self.__infer_variance__ = True
    self._default = _Lazy(NoDefault)
    self.__module__ = _caller(2)
    return self


def _type_var_tuple(name):
    self = object.__new__(TypeVarTuple)
    self.__name__ = name
    self._default = _Lazy(NoDefault)
    self.__module__ = _caller(2)
    return self


def _subscript_generic(params):
    return _typing('_GenericAlias')(Generic, _unpacked(params))


def _type_alias(name, type_params, compute_value):
    return _make_alias(name, () if type_params is None else type_params, _Lazy(function=compute_value), _caller(2))


def _set_default(param, compute_default):
    param._default = _Lazy(function=compute_default)
    return param
