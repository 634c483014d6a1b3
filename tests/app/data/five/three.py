from five.four import fourth


def third(name, *, depth):
    errors = []
    for n in range(depth):
        try:
            [fourth(n, key) for key in ("a", "b", name)]
        except Exception as e:
            e.add_note(f"attempt {n}")
            errors.append(e)
    raise ExceptionGroup("all attempts failed", errors)
