from five import three


class Second:
    def __getattr__(self, name):
        return three.third(name, depth=self.depth)


def second(depth):
    it = Second()
    it.depth = depth
    return it.value
