import sys
def tr(f, e, a):
    if f.f_code.co_filename != __file__:
        return None
    print(e, f.f_lineno, f.f_code.co_name); return tr
def g():
    for n in range(2):
        x = n
    if x > 4:
        print()
    while x < 3: x += 1
    try:
        1/0
    except ZeroDivisionError:
        pass
    return (
        1)
def h():
    yield 1
    yield 2
sys.settrace(tr)
g()
list(h())
class A:
    x = 1
sys.settrace(None)
