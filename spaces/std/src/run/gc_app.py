DEBUG_STATS = 1
DEBUG_COLLECTABLE = 2
DEBUG_UNCOLLECTABLE = 4
DEBUG_SAVEALL = 32
DEBUG_LEAK = 38

garbage = []
callbacks = []
_debug = 0
_threshold = (2000, 10, 0)


def set_debug(flags, /):
    global _debug
    _debug = flags


def get_debug():
    return _debug


def set_threshold(threshold0, threshold1=None, threshold2=None, /):
    global _threshold
    _threshold = (threshold0, 10 if threshold1 is None else threshold1, 0 if threshold2 is None else threshold2)


def get_threshold():
    return _threshold


def get_count():
    return (0, 0, 0)


def get_stats():
    stats = _stats()
    row = {'collections': stats['minor_collections'], 'collected': 0, 'uncollectable': 0}
    old = {'collections': stats['major_collections'], 'collected': 0, 'uncollectable': 0}
    return [row, dict(old), old]


def freeze():
    pass


def unfreeze():
    pass


def get_freeze_count():
    return 0


def get_objects(generation=None):
    raise NotImplementedError("gc.get_objects() is not implemented in this version of Taipan")


def get_referrers(*objs):
    raise NotImplementedError("gc.get_referrers() is not implemented in this version of Taipan")


def get_referents(*objs):
    raise NotImplementedError("gc.get_referents() is not implemented in this version of Taipan")
