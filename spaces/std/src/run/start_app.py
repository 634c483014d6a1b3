"""Start and end of the interpreter: streams, search path, site, the program, exit."""
import sys

_setting = sys._setting


def _flag(name):
    return (_setting('flags.' + name) or '0') not in ('0', 'false')


def _strings(prefix):
    out = []
    while (s := _setting(f'{prefix}.{len(out)}')) is not None:
        out.append(s)
    return out


def _cache_files_of_the_library():
    """Bytecode of the bundled library goes to a cache folder unless the library came with its own."""
    external = sys.modules['_frozen_importlib_external']
    folder = _setting('cache.dir')
    library = [p for p in (_setting('path.stdlib'), _setting('path.overlay')) if p]
    if not folder or not library or _setting('path.stdlib_has_cache') == '1':
        return
    original = external.cache_from_source
    roots = tuple(p.rstrip('/') + '/' for p in library)

    def cache_from_source(path, debug_override=None, *, optimization=None):
        if sys.pycache_prefix is None and isinstance(path, str) and path.startswith(roots):
            name = original(path, debug_override, optimization=optimization)
            return folder + '/pyc' + name
        return original(path, debug_override, optimization=optimization)

    external.cache_from_source = cache_from_source


def _streams():
    import builtins
    import io
    builtins.open = io.open
    encoding = errors = None
    spec = _setting('io.encoding')
    if spec:
        encoding, _, errors = spec.partition(':')
    encoding = encoding or 'utf-8'
    unbuffered = _flag('unbuffered')

    def stream(fd, name, mode, errors):
        import posix
        try:
            posix.fstat(fd)
        except OSError:
            return None
        buffering = 0 if unbuffered and mode == 'w' else -1
        try:
            buf = io.open(fd, mode + 'b', buffering, closefd=False)
        except OSError:
            return None
        raw = buf.raw if buffering else buf
        try:
            raw.name = name
        except AttributeError:
            pass
        text = io.TextIOWrapper(buf, encoding, errors, newline=None if mode == 'r' else '\n',
                                line_buffering=raw.isatty() or name == '<stderr>', write_through=unbuffered)
        text.mode = mode
        return text

    sys.stdin = sys.__stdin__ = stream(0, '<stdin>', 'r', errors or 'strict')
    sys.stdout = sys.__stdout__ = stream(1, '<stdout>', 'w', errors or 'strict')
    sys.stderr = sys.__stderr__ = stream(2, '<stderr>', 'w', 'backslashreplace')


def start():
    _cache_files_of_the_library()
    sys.path[:] = _strings('path.sys')
    import zipimport
    sys.path_hooks.insert(0, zipimport.zipimporter)
    import encodings
    import codecs
    _streams()
    if sys.warnoptions:
        import warnings
    import _signal
    if not _flag('no_site'):
        import site
        site.main()


def _first_path(value):
    if value is not None:
        sys.path.insert(0, value)


def _run(namespace):
    mode, value = _setting('run.mode'), _setting('run.value')
    first = _setting('path.first')
    if mode == 'module':
        _first_path(first)
        import runpy
        runpy._run_module_as_main(value, alter_argv=True)
    elif mode == 'path':
        _first_path(first)
        import runpy
        runpy._run_module_as_main('__main__', alter_argv=False)
    elif mode == 'command':
        _first_path(first)
        import linecache
        code = compile(value, '<string>', 'exec')
        try:
            linecache._register_code(code, value, '<string>')
        except Exception:
            pass
        exec(code, namespace)
    elif mode == 'script':
        _first_path(first)
        from importlib.machinery import SourceFileLoader
        namespace['__file__'] = value
        namespace['__cached__'] = None
        namespace['__loader__'] = SourceFileLoader('__main__', value)
        try:
            with open(value, 'rb') as f:
                source = f.read()
        except OSError as e:
            sys.stderr.write(f"{sys.executable or 'taipan'}: can't open file {value!r}: [Errno {e.errno}] {e.strerror}\n")
            raise SystemExit(2)
        if source[:4] == __import__('_imp').pyc_magic_number_token.to_bytes(4, 'little'):
            import marshal
            code = marshal.loads(source[16:])
        else:
            if _setting('run.skip_first_line') == '1':
                source = b'\n' + source.partition(b'\n')[2]
            try:
                code = compile(source, value, 'exec', dont_inherit=True)
            except SyntaxError as e:
                # A program's message names its file.
                if e.msg.startswith('Non-UTF-8 code'):
                    e.msg = e.msg.replace(' on line ', f' in file {value} on line ', 1)
                raise
        exec(code, namespace)
    elif mode == 'stdin':
        _first_path(first)
        source = sys.stdin.buffer.read()
        exec(compile(source, '<stdin>', 'exec', dont_inherit=True), namespace)
    else:
        _first_path(first)
        _interact(namespace)


def _interact(namespace):
    if not _flag('quiet'):
        sys.stderr.write(f'Python {sys.version} on {sys.platform}\n'
                         'Type "help", "copyright", "credits" or "license" for more information.\n')
    import code
    console = code.InteractiveConsole(namespace, '<stdin>')
    more = False
    while True:
        try:
            try:
                line = input(sys.ps2 if more else sys.ps1)
            except EOFError:
                sys.stdout.write('\n')
                break
            more = console.push(line)
        except KeyboardInterrupt:
            sys.stderr.write('\nKeyboardInterrupt\n')
            console.resetbuffer()
            more = False


def _handle(exc):
    """The exit status of an exception that ended the program."""
    if isinstance(exc, SystemExit):
        code = exc.code
        if code is None:
            return 0
        if isinstance(code, int):
            return code & 0xff if -(1 << 63) <= code < 1 << 63 else 255
        sys.stdout and sys.stdout.flush()
        sys.stderr.write(str(code) + '\n')
        return 1
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BaseException:
            pass
    tb = exc.__traceback__
    # Frames of the start itself are not the program's.
    while tb is not None and tb.tb_frame.f_globals.get('__name__') == '__taipan_start__':
        tb = tb.tb_next
    exc = exc.with_traceback(tb)
    sys.last_exc = exc
    sys.last_type, sys.last_value, sys.last_traceback = type(exc), exc, tb
    try:
        sys.excepthook(type(exc), exc, tb)
    except SystemExit as e:
        return _handle(e)
    except BaseException as e:
        sys.stderr.write('Error in sys.excepthook:\n')
        sys.__excepthook__(type(e), e, e.__traceback__)
        sys.stderr.write('\nOriginal exception was:\n')
        sys.__excepthook__(type(exc), exc, tb)
    if isinstance(exc, KeyboardInterrupt):
        return 130
    return 1


def _flush_writers():
    """What open files still hold goes to them; texts first, since they write to buffers."""
    io = sys.modules.get('_io')
    streams = [s for s in [ref() for ref in list(getattr(io, '_writers', ()))] if s is not None]
    streams.sort(key=lambda s: not isinstance(s, io.TextIOWrapper))
    for stream in streams:
        try:
            if not stream.closed:
                stream.flush()
        except BaseException:
            pass


def _flush(status):
    for stream in (sys.stdout, sys.stderr):
        if stream is None or getattr(stream, 'closed', False):
            continue
        try:
            stream.flush()
        except BaseException as e:
            if stream is sys.stdout and status == 0:
                status = 120
            try:
                if stream is sys.stdout:
                    sys.unraisablehook(sys.UnraisableHookArgs((type(e), e, e.__traceback__, None, stream)))
            except BaseException:
                pass
    _flush_writers()
    return status


def _finish(status):
    threading = sys.modules.get('threading')
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException as e:
            sys.excepthook(type(e), e, e.__traceback__)
    atexit = sys.modules.get('atexit')
    if atexit is not None:
        atexit._run_exitfuncs()
    sys._close_threads()
    status = _flush(status)
    try:
        _finalize()
    except BaseException as e:
        sys.excepthook(type(e), e, e.__traceback__)
    return _flush(status)


def _program():
    """Runs what the command line names; answers the exit status."""
    module = type(sys)('__main__')
    namespace = module.__dict__
    import builtins
    namespace['__builtins__'] = builtins
    namespace['__loader__'] = sys.modules['_frozen_importlib'].BuiltinImporter
    namespace['__spec__'] = None
    namespace['__package__'] = None
    sys.modules['__main__'] = module
    status = 0
    try:
        _run(namespace)
    except BaseException as e:
        status = _handle(e)
    if _flag('inspect') and _setting('run.mode') != 'interactive':
        try:
            _interact(sys.modules['__main__'].__dict__)
        except BaseException as e:
            status = _handle(e)
    return status


def _finalize():
    """Runs what finalizers are left, of objects that can be reached too: files are flushed, __del__ is called. What it needs of
    its module is still there."""
    import gc
    gc.collect()
    streams = (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__)
    for o in sys._finalizable():
        for s in streams:
            if s is o:
                break
        else:
            sys._run_finalizer(o)


def main():
    return _finish(_program())
