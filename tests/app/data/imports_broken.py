def f():
    import data.broken


f()
