"""Paragraphs, as a small report program makes them."""
import textwrap

TEXT = """\
    The quick brown fox jumped over the lazy dog -- it was well-known for that, and/or
    for a_very_long_identifier_that_does_not_fit_anywhere and https://example.org/a-b-c.

        Indented:   spaces   inside,\ttabs\ttoo. "Quoted." (End!)  Ünïcödé — dashes…
"""

print(textwrap.dedent(TEXT))
for width in (10, 24, 40):
    print(textwrap.fill(textwrap.dedent(TEXT), width=width, initial_indent="* ", subsequent_indent="  "))
    print("-" * width)
print(textwrap.shorten(TEXT, 50), textwrap.shorten(TEXT, 30, placeholder=" [...]"), sep="\n")
print(textwrap.indent(TEXT, "> "), textwrap.indent("a\n\nb\n", "| ", lambda line: True), sep="")
w = textwrap.TextWrapper(width=30, max_lines=3, fix_sentence_endings=True, break_long_words=False,
                         break_on_hyphens=False, expand_tabs=True, tabsize=4, drop_whitespace=False)
print(*w.wrap(TEXT * 2), sep="|\n")
try:
    textwrap.wrap("x", 0)
except ValueError as e:
    print(e)
try:
    textwrap.fill("long enough to need a placeholder", 5, max_lines=1, placeholder="123456")
except ValueError as e:
    print(e)
