async def agen(x):
    async with x as y:
        async for z in y:
            yield await z
    return


def gen():
    got = yield 1
    yield from got
    return [(yield)]


async def comps(a):
    return [x async for x in a if await x], (y for y in a)
