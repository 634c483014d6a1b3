//! Expected values are CPython 3.14's.
