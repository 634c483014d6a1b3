class TokenizerIter:
    """Iterates over the tokens of what a readline function gives."""

    def __init__(self, readline, *, encoding=None, extra_tokens=False):
        lines = []
        while True:
            try:
                line = readline()
            except StopIteration:
                break
            if encoding is not None and isinstance(line, (bytes, bytearray)):
                line = line.decode(encoding)
            if not line:
                break
            lines.append(line)
        rows, self._error = _tokens(''.join(lines), extra_tokens)
        self._rows = iter(rows)

    def __iter__(self):
        return self

    def __next__(self):
        for row in self._rows:
            return row
        if self._error is not None:
            kind, msg, *place = self._error
            self._error = None
            import builtins
            lineno, offset, text, end_lineno, end_offset = place
            raise getattr(builtins, kind, SyntaxError)(msg, ('<string>', lineno, offset, text, end_lineno, end_offset))
        raise StopIteration
