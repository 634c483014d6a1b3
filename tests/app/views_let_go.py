"""A bytearray that was looked at through a view nobody has any more can be resized."""
import codecs
import gc
import weakref


class Reader:
    def __init__(self):
        self.buffer = bytearray(b'0123456789' * 3)

    async def read(self, n):
        data = bytes(memoryview(self.buffer)[:n]) if COLLECTS else bytes(self.buffer[:n])
        del self.buffer[:n]
        return data


class Probe:
    pass


def collects():
    gone = weakref.ref(Probe())
    gc.collect()
    return gone() is None


async def main():
    r = Reader()
    while r.buffer:
        print(await r.read(7))


# Without a collector views are held for ever.
COLLECTS = collects()
try:
    main().send(None)
except StopIteration:
    pass

b = bytearray(b'held')
view = memoryview(b)
try:
    del b[:2]
except BufferError as e:
    print(e)
view.release()
del b[:2]
print(b)


def bad(*args):
    raise RuntimeError('no')


codecs.register(lambda name: codecs.CodecInfo(bad, bad, name=name) if name == 'bad_codec' else None)
for use in (lambda: 'a'.encode('bad_codec'), lambda: b'a'.decode('bad_codec'), lambda: codecs.encode('a', 'bad_codec')):
    try:
        use()
    except RuntimeError as e:
        print(e.__notes__)
print(repr(b''.decode('bad_codec')))
