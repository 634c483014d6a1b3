from . import five


def fourth(n, key):
    try:
        return five.fifth(n)[key]
    except KeyError as missing:
        raise LookupError(f"no {key!r}") from missing
    except ZeroDivisionError:
        raise ValueError("while handling"
                         " a division")
    except OSError as e:
        group = ExceptionGroup("inner", [e, TypeError("beside it")])
        group.add_note("a note of two\nlines")
        raise group from None
