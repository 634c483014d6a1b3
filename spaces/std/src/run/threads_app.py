class _ThreadHandle:
    """What threading keeps of a thread it has not started."""

    def __init__(self):
        self.ident = None
        self._done = False

    def join(self, timeout=None):
        return None

    def is_done(self):
        return self._done

    def _set_done(self):
        self._done = True


def _make_thread_handle(ident):
    handle = _ThreadHandle()
    handle.ident = ident
    return handle


class _ExceptHookArgs(tuple):
    """The arguments of threading.excepthook: exc_type, exc_value, exc_traceback, thread."""

    exc_type = property(lambda self: self[0])
    exc_value = property(lambda self: self[1])
    exc_traceback = property(lambda self: self[2])
    thread = property(lambda self: self[3])


_ExceptHookArgs.__module__ = '_thread'


def _excepthook(args):
    import sys
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread is not None else None
    sys.stderr.write(f"Exception in thread {name}:\n")
    sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)


_shutdown_locks = []
