import sys as _sys

_ExceptHookArgs = _sys._structseq('_thread._ExceptHookArgs', ('exc_type', 'exc_value', 'exc_traceback', 'thread'), 4)


def _excepthook(args, /):
    """Report an uncaught exception of Thread.run()."""
    if type(args) is not _ExceptHookArgs:
        raise TypeError("_thread.excepthook argument type must be ExceptHookArgs")
    if args.exc_type is SystemExit:
        return
    thread = args.thread
    file = getattr(_sys, 'stderr', None)
    if file is None:
        if thread is None:
            return
        file = getattr(thread, '_stderr', None)
        if file is None:
            return
    name = get_ident() if thread is None else thread.name
    file.write(f"Exception in thread {name}:\n")
    from traceback import print_exception
    print_exception(args.exc_type, args.exc_value, args.exc_traceback, file=file)
    file.flush()
