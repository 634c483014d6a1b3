import sys

version = sys._setting('version') or '0.1.0'
profile = sys._setting('profile')


def _parts():
    parts = []
    n = 0
    while (kind := sys._setting(f'part.{n}.kind')) is not None:
        parts.append({key: sys._setting(f'part.{n}.{key}')
                      for key in ('kind', 'name', 'version', 'description', 'file', 'options')})
        n += 1
    return parts


def __getattr__(name):
    if name == 'parts':
        return _parts()
    raise AttributeError(f"module '__taipan__' has no attribute {name!r}")
