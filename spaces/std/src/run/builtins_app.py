def input(prompt='', /):
    """Read a line from standard input, without its end of line."""
    import sys
    stdin, stdout = getattr(sys, 'stdin', None), getattr(sys, 'stdout', None)
    if stdin is None:
        raise RuntimeError('input(): lost sys.stdin')
    if stdout is None:
        raise RuntimeError('input(): lost sys.stdout')
    _flush(getattr(sys, 'stderr', None))
    if prompt != '':
        stdout.write(str(prompt))
    _flush(stdout)
    line = stdin.readline()
    if not isinstance(line, str):
        raise TypeError('object.readline() returned non-string')
    if not line:
        raise EOFError('EOF when reading a line')
    return line[:-1] if line.endswith('\n') else line


def _flush(stream):
    try:
        stream.flush()
    except Exception:
        pass


def breakpoint(*args, **kws):
    """Call sys.breakpointhook(*args, **kws)."""
    import sys
    try:
        hook = sys.breakpointhook
    except AttributeError:
        raise RuntimeError('lost sys.breakpointhook') from None
    return hook(*args, **kws)


input.__module__ = breakpoint.__module__ = 'builtins'
