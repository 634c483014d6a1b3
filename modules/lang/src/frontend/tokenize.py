class TokenizerIter:
    """The tokens of what a readline function returns."""

    __module__ = '_tokenize'

    def __init__(self, readline, /, *, encoding=None, extra_tokens):
        if encoding is not None and not isinstance(encoding, str):
            raise TypeError(f"argument 'encoding' must be str, not {type(encoding).__name__}")
        self._readline = readline
        self._encoding = encoding
        self._extra = bool(extra_tokens)
        self._tokens = None
        self._error = None

    def __iter__(self):
        return self

    def _start(self):
        lines = []
        while True:
            try:
                line = self._readline()
            except StopIteration:
                break
            if self._encoding is not None:
                if not isinstance(line, bytes):
                    raise TypeError('readline() returned a non-bytes object')
                line = line.decode(self._encoding)
            elif not isinstance(line, str):
                raise TypeError('readline() returned a non-string object')
            if not line:
                break
            lines.append(line)
        tokens, self._error = _tokens(''.join(lines), self._extra)
        self._tokens = iter(tokens)

    def __next__(self):
        if self._tokens is None:
            self._start()
        for kind, text, start, end, line in self._tokens:
            # Operators are told apart by their text there.
            if self._extra and 7 <= kind < 55:
                kind = 55
            return kind, text, start, end, line
        if self._error is not None:
            import builtins
            name, message, line, offset, end_line, end_offset, text = self._error
            self._error = None
            raise getattr(builtins, name)(message, ('<string>', line, offset, text, end_line, end_offset))
        raise StopIteration
