from five import two


def first(depth):
    return two.second(depth) + 1
