"""Threads: starting, locks, what each thread has of its own, blocking calls, exceptions, the end."""
import _thread
import atexit
import concurrent.futures
import contextvars
import gc
import os
import queue
import signal
import subprocess
import sys
import threading
import time


def run(*functions):
    threads = [threading.Thread(target=f) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


print('-- start')
out = []
lock = _thread.allocate_lock()
lock.acquire()
ident = _thread.start_new_thread(lambda a, *, b: (out.append((a, b, _thread.get_ident())), lock.release()), (1,), {'b': 2})
print(lock.acquire(timeout=10), out == [(1, 2, ident)], ident != threading.get_ident())
for args in [(1, ()), (print, []), (print, (), 3), (print,)]:
    try:
        _thread.start_new_thread(*args)
    except TypeError as e:
        print(e)
h = _thread.start_joinable_thread(lambda: out.append('joined'))
print(h.join(), h.is_done(), out[-1])
h = _thread._ThreadHandle()
for f in (h.join, h._set_done):
    try:
        f()
    except RuntimeError as e:
        print(e)

print('-- counting')
n = 0
def count():
    global n
    for i in range(3000):
        with mutex:
            n += 1
mutex = threading.Lock()
sys.setswitchinterval(1e-5)
print(sys.getswitchinterval())
run(*[count] * 4)
print(n)
sys.setswitchinterval(0.005)
for bad in (0, -1):
    try:
        sys.setswitchinterval(bad)
    except ValueError as e:
        print(e)

print('-- busy threads take turns')
flag = []
def spin():
    while not flag:
        pass
def setter():
    flag.append(1)
run(spin, setter)

print('-- locks')
lock = threading.Lock()
print(lock.acquire(), lock.acquire(False), lock.acquire(timeout=0.01), lock.locked(), lock.release(), lock.locked())
for call in (lock.release, lambda: lock.acquire(False, 1), lambda: lock.acquire(timeout=-2), lambda: lock.acquire(timeout=1e20),
             lambda: threading.Lock(1)):
    try:
        call()
    except (RuntimeError, ValueError, OverflowError, TypeError) as e:
        print(type(e).__name__, e)
rlock = threading.RLock()
with rlock, rlock:
    print(rlock._recursion_count(), rlock._is_owned())
    def other():
        print(rlock.acquire(False), rlock._is_owned(), rlock._recursion_count())
        try:
            rlock.release()
        except RuntimeError as e:
            print(e)
    run(other)
print(rlock._recursion_count())
condition, items = threading.Condition(), []
def consumer():
    with condition:
        print(condition.wait_for(lambda: items, timeout=10), items.pop())
def producer():
    with condition:
        items.append('item')
        condition.notify()
run(consumer, producer)
barrier, passed = threading.Barrier(3), []
run(*[lambda: passed.append(barrier.wait(10))] * 3)
print(sorted(passed))
event = threading.Event()
print(event.wait(0.001))
threading.Timer(0.01, event.set).start()
print(event.wait(10))

print('-- of each thread its own')
local = threading.local()
local.x = 'main'
class Named(threading.local):
    made = 0
    def __init__(self, name):
        self.name = name
        Named.made += 1
named = Named('n')
var = contextvars.ContextVar('var', default='default')
var.set('main')
class Data:
    pass
def own():
    print(hasattr(local, 'x'), named.name, var.get())
    local.x = Data()
    var.set('thread')
    named.name = 'other'
    try:
        1 / 0
    except ZeroDivisionError:
        print(sys.exception() is not None)
try:
    raise KeyError
except KeyError:
    run(own)
    print(repr(sys.exception()))
print(local.x, named.name, Named.made, var.get())
lines = []
def traced():
    def trace(frame, event, arg):
        lines.append(event)
        return trace
    sys.settrace(trace)
    (lambda: None)()
    sys.settrace(None)
run(traced)
print('call' in lines, 'return' in lines, sys.gettrace())

print('-- deep recursion')
def deep():
    def f():
        return f()
    try:
        f()
    except RecursionError as e:
        print(e)
    class R:
        def __repr__(self):
            return repr(self)
    try:
        repr(R())
    except RecursionError as e:
        print('RecursionError')
run(deep)
run(deep)
_thread.stack_size(64 * 1024)
run(deep)
print(_thread.stack_size(0))
for size in (-1, 100):
    try:
        _thread.stack_size(size)
    except ValueError as e:
        print(e)

print('-- exceptions')
def hook(args):
    print(args.exc_type.__name__, args.exc_value, args.exc_traceback is not None, args.thread.name)
old, threading.excepthook = threading.excepthook, hook
def fails():
    raise ValueError('in the thread')
t = threading.Thread(target=fails, name='failing')
t.start()
t.join()
run(lambda: sys.exit(3))
threading.excepthook = old
def unraisable(args):
    print(args.exc_value, args.err_msg.partition(' <')[0], args.object)
    done.release()
done = threading.Lock()
done.acquire()
sys.unraisablehook = unraisable
_thread.start_new_thread(fails, ())
done.acquire()
sys.unraisablehook = sys.__unraisablehook__

print('-- what parked threads hold stays')
tree_done, checked = threading.Event(), threading.Event()
def holder():
    tree = None
    for i in range(100):
        tree = [i, tree]
    tree_done.set()
    checked.wait()
    total = 0
    while tree:
        total, tree = total + tree[0], tree[1]
    print(total)
t = threading.Thread(target=holder)
t.start()
tree_done.wait()
for _ in range(3):
    [[i] for i in range(500)]
    gc.collect()
print(t.ident in sys._current_frames(), 'holder' in
      [f.f_code.co_name for f in iter(lambda f=[sys._current_frames()[t.ident]]: f and f.pop(), [])] or
      sys._current_frames()[t.ident].f_back is not None)
checked.set()
t.join()

print('-- blocking calls let others run')
r, w = os.pipe()
def reader():
    print(os.read(r, 10))
def writer():
    time.sleep(0.01)
    os.write(w, b'written')
run(reader, writer)
with subprocess.Popen([sys.executable, '-S', '-c', 'import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write("e")'],
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
    print(p.communicate('text' * 10))
t = threading.Thread(target=time.sleep, args=(0.5,))
t.start()
print(t.join(0.01), t.is_alive())
t.join()

print('-- queues')
for q in (queue.SimpleQueue(), queue.Queue(2)):
    def put():
        for i in range(50):
            q.put(i)
        q.put(None)
    def get():
        print(sum(iter(q.get, None)))
    run(put, get)
    try:
        q.get(timeout=0.001)
    except queue.Empty:
        print('Empty', q.qsize(), q.empty())
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    print(list(pool.map(pow, [2, 3, 4], [5, 2, 1])))
    print(repr(pool.submit(int, 'x').exception()))

print('-- signals')
def handler(signum, frame):
    print('handled in the main thread:', threading.current_thread() is threading.main_thread())
    raise InterruptedError
signal.signal(signal.SIGUSR1, handler)
lock = threading.Lock()
lock.acquire()
threading.Timer(0.05, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)).start()
try:
    lock.acquire()
except InterruptedError:
    print('interrupted')
try:
    _thread.interrupt_main()
    print('not reached')
except KeyboardInterrupt:
    print('KeyboardInterrupt')

print('-- fork')
import warnings
warnings.simplefilter('ignore', DeprecationWarning)
sleeper = threading.Event()
t = threading.Thread(target=sleeper.wait)
t.start()
sys.stdout.flush()
pid = os.fork()
if not pid:
    run(lambda: print('a thread in the child', t.is_alive(), threading.active_count()))
    sys.stdout.flush()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), t.is_alive())
sleeper.set()
t.join()

print('-- the end')
atexit.register(print, 'atexit')
def last():
    time.sleep(0.05)
    print('the last thread', sys.is_finalizing())
def for_ever():
    while True:
        time.sleep(0.001)
        [[] for i in range(10)]
threading.Thread(target=for_ever, daemon=True).start()
threading.Thread(target=last).start()
