def _strings(prefix):
    out = []
    while (s := _setting(f'{prefix}.{len(out)}')) is not None:
        out.append(s)
    return out


def _flag(name, default=0):
    s = _setting('flags.' + name)
    if s is None:
        return default
    if s in ('true', 'True'):
        return 1
    if s in ('false', 'False'):
        return 0
    return int(s)


version_info = _structseq('sys.version_info', ('major', 'minor', 'micro', 'releaselevel', 'serial'), 5)((3, 14, 7, 'final', 0))
hexversion = 0x030e07f0
version = f'3.14.7 (Taipan 0.1.0) [{_setting("version.compiler") or "Rust"}]'
api_version = 1013
copyright = 'Copyright (c) Taipan developers. Python is a trademark of the Python Software Foundation.'
platform = 'linux'
byteorder = 'little'
float_repr_style = 'short'
ps1 = '>>> '
ps2 = '... '
abiflags = ''
platlibdir = 'lib'
pycache_prefix = _setting('path.pycache_prefix')
_git = ('Taipan', '', '')
_framework = ''
tracebacklimit = 1000
del tracebacklimit

argv = _strings('argv')
orig_argv = _strings('orig_argv')
warnoptions = _strings('warnoptions')
_xoptions = {}
for _s in _strings('xoptions'):
    _k, _eq, _v = _s.partition('=')
    _xoptions[_k] = _v if _eq else True
executable = _setting('executable') or ''
_base_executable = executable
prefix = base_prefix = exec_prefix = base_exec_prefix = _setting('path.prefix') or '/usr/local'
_home = None
_stdlib_dir = _setting('path.stdlib')
path = []
meta_path = []
path_hooks = []
path_importer_cache = {}
dont_write_bytecode = bool(_flag('dont_write_bytecode'))
stdin = stdout = stderr = None

_flag_names = ('debug', 'inspect', 'interactive', 'optimize', 'dont_write_bytecode', 'no_user_site', 'no_site', 'ignore_environment',
               'verbose', 'bytes_warning', 'quiet', 'hash_randomization', 'isolated', 'dev_mode', 'utf8_mode', 'warn_default_encoding',
               'safe_path', 'int_max_str_digits', 'gil', 'thread_inherit_context', 'context_aware_warnings')
_flag_values = {n: _flag(n) for n in _flag_names}
_flag_values['int_max_str_digits'] = _flag('int_max_str_digits', 4300)
_flag_values['dev_mode'] = bool(_flag_values['dev_mode'])
_flag_values['safe_path'] = bool(_flag_values['safe_path'])
_flag_values['gil'] = 1
flags = _structseq('sys.flags', _flag_names, 18)(tuple(_flag_values[n] for n in _flag_names))

float_info = _structseq('sys.float_info', ('max', 'max_exp', 'max_10_exp', 'min', 'min_exp', 'min_10_exp', 'dig', 'mant_dig', 'epsilon',
                                           'radix', 'rounds'), 11)((1.7976931348623157e+308, 1024, 308, 2.2250738585072014e-308, -1021,
                                                                    -307, 15, 53, 2.220446049250313e-16, 2, 1))
int_info = _structseq('sys.int_info', ('bits_per_digit', 'sizeof_digit', 'default_max_str_digits', 'str_digits_check_threshold'),
                      4)((30, 4, 4300, 640))
hash_info = _structseq('sys.hash_info', ('width', 'modulus', 'inf', 'nan', 'imag', 'algorithm', 'hash_bits', 'seed_bits', 'cutoff'),
                       9)((64, (1 << 61) - 1, 314159, 0, 1000003, 'siphash13', 64, 128, 0))
thread_info = _structseq('sys.thread_info', ('name', 'lock', 'version'), 3)(('pthread', 'semaphore', None))
UnraisableHookArgs = _structseq('UnraisableHookArgs', ('exc_type', 'exc_value', 'exc_traceback', 'err_msg', 'object'), 5)
_asyncgen_hooks = _structseq('sys.asyncgen_hooks', ('firstiter', 'finalizer'), 2)


def _unraisable_args(*args):
    return UnraisableHookArgs(args)


def get_asyncgen_hooks():
    return _asyncgen_hooks(_get_asyncgen_hooks())


def set_asyncgen_hooks(*args, **kwargs):
    firstiter, finalizer = _get_asyncgen_hooks()
    names = ('firstiter', 'finalizer')
    if len(args) > 2:
        raise TypeError(f"set_asyncgen_hooks() takes at most 2 arguments ({len(args)} given)")
    given = dict(zip(names, args))
    for key, value in kwargs.items():
        if key not in names:
            raise TypeError(f"set_asyncgen_hooks() got an unexpected keyword argument '{key}'")
        given[key] = value
    for key, value in given.items():
        if value is not None and not callable(value):
            raise TypeError(f"callable {key} expected, got {type(value).__name__}")
    _set_asyncgen_hooks(given.get('firstiter', firstiter), given.get('finalizer', finalizer))


implementation = _namespace(name='taipan', cache_tag='taipan-314', version=version_info, hexversion=hexversion,
                            _multiarch='x86_64-linux-gnu', supports_isolated_interpreters=False)
builtin_module_names = _builtin_names()
stdlib_module_names = frozenset()


def excepthook(exctype, value, traceback, /):
    try:
        import traceback as tb
        tb.print_exception(exctype, value, traceback)
    except BaseException:
        if stderr is not None:
            stderr.write(f'{exctype.__name__}: {value}\n')


def unraisablehook(unraisable, /):
    out = stderr
    if out is None:
        return
    message = unraisable.err_msg or 'Exception ignored in'
    try:
        if unraisable.object is not None:
            out.write(f'{message}: {unraisable.object!r}\n')
        else:
            out.write(f'{message}:\n')
    except BaseException:
        out.write('Exception ignored in: <object repr() failed>\n')
    try:
        import traceback
        traceback.print_exception(unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback, file=out)
    except BaseException:
        out.write(f'{unraisable.exc_type.__name__}: {unraisable.exc_value}\n')


def breakpointhook(*args, **kws):
    import os
    name = os.environ.get('PYTHONBREAKPOINT', 'pdb.set_trace') or 'pdb.set_trace'
    if name == '0':
        return None
    module, dot, attr = name.rpartition('.')
    if not dot:
        module, attr = 'builtins', name
    import importlib
    try:
        if not module or module.startswith('.'):
            raise ImportError
        hook = getattr(importlib.import_module(module), attr)
    except (ImportError, AttributeError, ValueError):
        import warnings
        warnings.warn(f'Ignoring unimportable $PYTHONBREAKPOINT: "{name}"', RuntimeWarning)
        return None
    return hook(*args, **kws)


def call_tracing(func, args, /):
    return func(*args)


def activate_stack_trampoline(backend, /):
    raise ValueError('perf trampoline is not available')


def deactivate_stack_trampoline():
    pass


def is_stack_trampoline_active():
    return False


def getallocatedblocks():
    return 0


def _is_gil_enabled():
    return True


def _is_immortal(op, /):
    return False


def _debugmallocstats():
    pass


def getdlopenflags():
    return 2


def setdlopenflags(flags, /):
    pass


def is_remote_debug_enabled():
    return False


def remote_exec(pid, script):
    raise NotImplementedError("sys.remote_exec() is not implemented in this version of Taipan")


def _get_cpu_count_config():
    return int(_setting('flags.cpu_count') or -1)


__breakpointhook__ = breakpointhook
__excepthook__ = excepthook
__unraisablehook__ = unraisablehook



class _Jit:
    """Whether compiled code runs: there is no JIT in this profile."""

    def is_available(self):
        return False

    def is_enabled(self):
        return False

    def is_active(self):
        return False


_jit = _Jit()


class _Monitoring:
    """sys.monitoring: constants only; registering says that it is not there."""

    DEBUGGER_ID, COVERAGE_ID, PROFILER_ID, OPTIMIZER_ID = 0, 1, 2, 5

    class events:
        NO_EVENTS = 0
        PY_START, PY_RESUME, PY_RETURN, PY_YIELD, CALL, LINE, INSTRUCTION, JUMP = 1, 2, 4, 8, 16, 32, 64, 128
        BRANCH_LEFT, BRANCH_RIGHT, STOP_ITERATION, RAISE, EXCEPTION_HANDLED, PY_UNWIND = 256, 512, 1024, 2048, 4096, 8192
        PY_THROW, RERAISE, C_RETURN, C_RAISE, BRANCH = 16384, 32768, 65536, 131072, 262144

    DISABLE = object()
    MISSING = object()

    def get_tool(self, tool_id):
        return None

    def _absent(self, *args):
        raise NotImplementedError('sys.monitoring is not implemented in this version of Taipan')

    use_tool_id = clear_tool_id = free_tool_id = register_callback = get_events = set_events = _absent
    get_local_events = set_local_events = restart_events = _all_events = _absent


monitoring = _Monitoring()


def _clear_internal_caches():
    pass


def _clear_type_descriptors(type, /):
    # dataclasses makes the class anew with slots; the old one is dropped whole by the collector.
    pass
