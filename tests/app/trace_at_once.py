"""`sys.settrace` holds from the instruction behind its call."""
import sys

events = []


def tracer(frame, event, arg):
    events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def turns_on():
    sys._getframe().f_back.f_trace = tracer
    sys.settrace(tracer)


def user():
    turns_on()
    x = 1
    return x


user()
sys.settrace(None)
for e in events:
    if e[0] in ('user', 'turns_on'):
        print(e)


def fails(frame, event, arg):
    raise ValueError(event)


def builtin_call():
    sys._getframe().f_trace = fails
    sys.settrace(fails)
    len([])


try:
    builtin_call()
except ValueError as e:
    print('raised', e, sys.gettrace())
