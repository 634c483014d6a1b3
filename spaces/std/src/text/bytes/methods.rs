//! The methods that bytes and bytearray have in common, written once: each class instantiates them in its own module, where
//! `data(w)` reads the bytes of an instance, `pinned(sp, w)` does where Python code may run meanwhile, and `make(sp, bytes)` makes a new one.

/// Defines the methods and their list `SHARED`.
#[macro_export]
#[doc(hidden)]
macro_rules! byte_methods {
    () => {
        use $crate::text::algo;
        use $crate::text::args;
        use $crate::text::bytes::common;
        use $crate::text::chars::{self, Chars};

        fn parts(sp: Space, data: &[u8], found: Vec<algo::Part>) -> Res<W> {
            let mut out = RootedVec::with_capacity(sp, found.len());
            for (lo, hi) in found {
                out.push(make(sp, &data[lo..hi])?);
            }
            out.into_list()
        }
        fn search(sp: Space, w: W, w_sub: W, range: (Option<W>, Option<W>), right: bool) -> Res<Option<usize>> {
            let d = pinned(sp, w)?;
            let sub = common::sub(sp, w_sub)?;
            let Some((lo, hi)) = args::window(sp, range.0, range.1, d.len())? else { return Ok(None) };
            let (part, sub) = (Chars::One(&d[lo..hi]), Chars::One(&sub));
            let at = if right { chars::rfind(part, sub) } else { chars::find(part, sub) };
            Ok(at.map(|i| i + lo))
        }
        fn found(sp: Space, at: Option<usize>) -> Res<i64> {
            at.map(|i| i as i64).ok_or_else(|| sp.value_error("subsection not found"))
        }
        fn stripped(sp: Space, w: W, w_bytes: W, left: bool, right: bool) -> Res<W> {
            let pin = pinned(sp, w)?;
            let d = &*pin;
            let (lo, hi) = if w_bytes.is_none() {
                algo::strip(Chars::One(d), left, right, algo::byte_space)
            } else {
                let set = Buffer::get(sp, w_bytes)?;
                algo::strip(Chars::One(d), left, right, |c| memchr::memchr(c as u8, &set).is_some())
            };
            make(sp, &d[lo..hi])
        }
        fn padded(sp: Space, w: W, width: i64, fill: u8, left: fn(usize, usize) -> usize) -> Res<W> {
            let d = data(w);
            if width <= d.len() as i64 {
                return make(sp, d);
            }
            let width = width as usize;
            let mut out = Vec::new();
            out.try_reserve_exact(width).map_err(|_| sp.raise(known::MEMORY_ERROR, ""))?;
            out.resize(left(d.len(), width), fill);
            out.extend_from_slice(d);
            out.resize(width, fill);
            make(sp, &out)
        }

        /// A copy with the first byte in upper case and the others in lower case (ASCII).
        #[interp_fn(method, sig = "(self, /)")]
        fn capitalize(sp: Space, w_self: W) -> Res<W> {
            make(sp, &common::capitalize(data(w_self)))
        }
        /// A copy with ASCII letters in lower case.
        #[interp_fn(method, sig = "(self, /)")]
        fn lower(sp: Space, w_self: W) -> Res<W> {
            make(sp, &data(w_self).to_ascii_lowercase())
        }
        /// A copy with ASCII letters in upper case.
        #[interp_fn(method, sig = "(self, /)")]
        fn upper(sp: Space, w_self: W) -> Res<W> {
            make(sp, &data(w_self).to_ascii_uppercase())
        }
        /// A copy with ASCII letters in the other case.
        #[interp_fn(method, sig = "(self, /)")]
        fn swapcase(sp: Space, w_self: W) -> Res<W> {
            make(sp, &common::swapcase(data(w_self)))
        }
        /// A copy with ASCII words in title case.
        #[interp_fn(method, sig = "(self, /)")]
        fn title(sp: Space, w_self: W) -> Res<W> {
            make(sp, &common::title(data(w_self)))
        }
        /// Are there bytes, all of them ASCII letters or digits?
        #[interp_fn(method, sig = "(self, /)")]
        fn isalnum(_sp: Space, w_self: W) -> Res<bool> {
            Ok(!data(w_self).is_empty() && data(w_self).iter().all(u8::is_ascii_alphanumeric))
        }
        /// Are there bytes, all of them ASCII letters?
        #[interp_fn(method, sig = "(self, /)")]
        fn isalpha(_sp: Space, w_self: W) -> Res<bool> {
            Ok(!data(w_self).is_empty() && data(w_self).iter().all(u8::is_ascii_alphabetic))
        }
        /// Are all bytes ASCII?
        #[interp_fn(method, sig = "(self, /)")]
        fn isascii(_sp: Space, w_self: W) -> Res<bool> {
            Ok(data(w_self).is_ascii())
        }
        /// Are there bytes, all of them ASCII digits?
        #[interp_fn(method, sig = "(self, /)")]
        fn isdigit(_sp: Space, w_self: W) -> Res<bool> {
            Ok(!data(w_self).is_empty() && data(w_self).iter().all(u8::is_ascii_digit))
        }
        /// Are there ASCII letters, all of them in lower case?
        #[interp_fn(method, sig = "(self, /)")]
        fn islower(_sp: Space, w_self: W) -> Res<bool> {
            Ok(common::is_case(data(w_self), u8::is_ascii_lowercase, u8::is_ascii_uppercase))
        }
        /// Are there ASCII letters, all of them in upper case?
        #[interp_fn(method, sig = "(self, /)")]
        fn isupper(_sp: Space, w_self: W) -> Res<bool> {
            Ok(common::is_case(data(w_self), u8::is_ascii_uppercase, u8::is_ascii_lowercase))
        }
        /// Are there bytes, all of them ASCII whitespace?
        #[interp_fn(method, sig = "(self, /)")]
        fn isspace(_sp: Space, w_self: W) -> Res<bool> {
            Ok(!data(w_self).is_empty() && data(w_self).iter().all(|b| algo::byte_space(*b as u32)))
        }
        /// Are the ASCII words in title case?
        #[interp_fn(method, sig = "(self, /)")]
        fn istitle(_sp: Space, w_self: W) -> Res<bool> {
            Ok(common::is_title(data(w_self)))
        }
        /// A centered copy of the given width.
        #[interp_fn(method, sig = "(self, width, fillchar=b' ', /)")]
        fn center(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
            let fill = common::fill(sp, w_fill, "center")?;
            padded(sp, w_self, width, fill, algo::center_margin)
        }
        /// A copy of the given width, filled at the right.
        #[interp_fn(method, sig = "(self, width, fillchar=b' ', /)")]
        fn ljust(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
            let fill = common::fill(sp, w_fill, "ljust")?;
            padded(sp, w_self, width, fill, |_, _| 0)
        }
        /// A copy of the given width, filled at the left.
        #[interp_fn(method, sig = "(self, width, fillchar=b' ', /)")]
        fn rjust(sp: Space, w_self: W, width: i64, w_fill: Option<W>) -> Res<W> {
            let fill = common::fill(sp, w_fill, "rjust")?;
            padded(sp, w_self, width, fill, |len, width| width - len)
        }
        /// A copy filled with ASCII zeros at the left, after a sign.
        #[interp_fn(method, sig = "(self, width, /)")]
        fn zfill(sp: Space, w_self: W, width: i64) -> Res<W> {
            let d = data(w_self);
            if width <= d.len() as i64 {
                return make(sp, d);
            }
            let sign = usize::from(matches!(d.first(), Some(b'+' | b'-')));
            let mut out = Vec::new();
            out.try_reserve_exact(width as usize).map_err(|_| sp.raise(known::MEMORY_ERROR, ""))?;
            out.extend_from_slice(&d[..sign]);
            out.resize(width as usize - d.len() + sign, b'0');
            out.extend_from_slice(&d[sign..]);
            make(sp, &out)
        }
        /// How often sub occurs in B[start:end] without overlaps.
        #[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
        fn count(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<usize> {
            let d = pinned(sp, w_self)?;
            let sub = common::sub(sp, w_sub)?;
            let window = args::window(sp, w_start, w_end, d.len())?;
            Ok(window.map_or(0, |(lo, hi)| algo::count(Chars::One(&d[lo..hi]), Chars::One(&sub))))
        }
        /// The lowest index where sub is found within B[start:end], or -1.
        #[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
        fn find(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
            Ok(search(sp, w_self, w_sub, (w_start, w_end), false)?.map_or(-1, |i| i as i64))
        }
        /// The highest index where sub is found within B[start:end], or -1.
        #[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
        fn rfind(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
            Ok(search(sp, w_self, w_sub, (w_start, w_end), true)?.map_or(-1, |i| i as i64))
        }
        /// Like find, but ValueError when sub is not found.
        #[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
        fn index(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
            found(sp, search(sp, w_self, w_sub, (w_start, w_end), false)?)
        }
        /// Like rfind, but ValueError when sub is not found.
        #[interp_fn(method, sig = "(self, sub, start=None, end=None, /)")]
        fn rindex(sp: Space, w_self: W, w_sub: W, w_start: Option<W>, w_end: Option<W>) -> Res<i64> {
            found(sp, search(sp, w_self, w_sub, (w_start, w_end), true)?)
        }
        /// Does B[start:end] begin with prefix (or one of a tuple of them)?
        #[interp_fn(method, sig = "(self, prefix, start=None, end=None, /)")]
        fn startswith(sp: Space, w_self: W, w_prefix: W, w_start: Option<W>, w_end: Option<W>) -> Res<bool> {
            common::affix(sp, &pinned(sp, w_self)?, w_prefix, (w_start, w_end), "startswith", false)
        }
        /// Does B[start:end] end with suffix (or one of a tuple of them)?
        #[interp_fn(method, sig = "(self, suffix, start=None, end=None, /)")]
        fn endswith(sp: Space, w_self: W, w_suffix: W, w_start: Option<W>, w_end: Option<W>) -> Res<bool> {
            common::affix(sp, &pinned(sp, w_self)?, w_suffix, (w_start, w_end), "endswith", true)
        }
        /// The bytes without the prefix, if they begin with it.
        #[interp_fn(method, sig = "(self, prefix, /)")]
        fn removeprefix(sp: Space, w_self: W, prefix: Buffer) -> Res<W> {
            let d = data(w_self);
            make(sp, d.strip_prefix(&*prefix).unwrap_or(d))
        }
        /// The bytes without the suffix, if they end with it.
        #[interp_fn(method, sig = "(self, suffix, /)")]
        fn removesuffix(sp: Space, w_self: W, suffix: Buffer) -> Res<W> {
            let d = data(w_self);
            make(sp, d.strip_suffix(&*suffix).unwrap_or(d))
        }
        /// A copy with occurrences of old replaced by new; the first count of them if count is not negative.
        #[interp_fn(method, sig = "(self, old, new, count=-1, /)")]
        fn replace(sp: Space, w_self: W, w_old: W, w_new: W, count: i64) -> Res<W> {
            make(sp, &common::replace(sp, &pinned(sp, w_self)?, w_old, w_new, count)?)
        }
        /// The parts separated by sep (ASCII whitespace if None), splitting at most maxsplit times from the left.
        #[interp_fn(method, sig = "(self, /, sep=None, maxsplit=-1)")]
        fn split(sp: Space, w_self: W, w_sep: W, maxsplit: i64) -> Res<W> {
            let pin = pinned(sp, w_self)?;
            let (d, max) = (&*pin, common::limit(maxsplit));
            let found = match common::separator(sp, w_sep)? {
                None => algo::split_space(Chars::One(d), algo::byte_space, max),
                Some(sep) => algo::split_on(Chars::One(d), Chars::One(&sep), max),
            };
            parts(sp, d, found)
        }
        /// Like split, from the right.
        #[interp_fn(method, sig = "(self, /, sep=None, maxsplit=-1)")]
        fn rsplit(sp: Space, w_self: W, w_sep: W, maxsplit: i64) -> Res<W> {
            let pin = pinned(sp, w_self)?;
            let (d, max) = (&*pin, common::limit(maxsplit));
            let found = match common::separator(sp, w_sep)? {
                None => algo::rsplit_space(Chars::One(d), algo::byte_space, max),
                Some(sep) => algo::rsplit_on(Chars::One(d), Chars::One(&sep), max),
            };
            parts(sp, d, found)
        }
        /// The lines, with their ends if keepends.
        #[interp_fn(method, sig = "(self, /, keepends=False)")]
        fn splitlines(sp: Space, w_self: W, keepends: bool) -> Res<W> {
            let d = data(w_self);
            parts(sp, d, algo::split_lines(Chars::One(d), algo::byte_break, keepends))
        }
        fn partitioned(sp: Space, w: W, w_sep: W, right: bool) -> Res<W> {
            let pin = pinned(sp, w)?;
            let sep = Buffer::get(sp, w_sep)?;
            if sep.is_empty() {
                return Err(sp.value_error("empty separator"));
            }
            let d = &*pin;
            match algo::partition(Chars::One(d), Chars::One(&sep), right) {
                Some(at) => {
                    let (head, tail) = (make(sp, &d[..at])?, make(sp, &d[at + sep.len()..])?);
                    let w_middle = make(sp, &sep)?;
                    sp.newtuple(&[head, w_middle, tail])
                }
                None => {
                    let (w, a, b) = (make(sp, d)?, make(sp, &[])?, make(sp, &[])?);
                    sp.newtuple(&if right { [a, b, w] } else { [w, a, b] })
                }
            }
        }
        /// What is before the first sep, sep, and what is after it.
        #[interp_fn(method, sig = "(self, sep, /)")]
        fn partition(sp: Space, w_self: W, w_sep: W) -> Res<W> {
            partitioned(sp, w_self, w_sep, false)
        }
        /// What is before the last sep, sep, and what is after it.
        #[interp_fn(method, sig = "(self, sep, /)")]
        fn rpartition(sp: Space, w_self: W, w_sep: W) -> Res<W> {
            partitioned(sp, w_self, w_sep, true)
        }
        /// A copy without ASCII whitespace (or the given bytes) at both ends.
        #[interp_fn(method, sig = "(self, bytes=None, /)")]
        fn strip(sp: Space, w_self: W, w_bytes: W) -> Res<W> {
            stripped(sp, w_self, w_bytes, true, true)
        }
        /// A copy without ASCII whitespace (or the given bytes) at the start.
        #[interp_fn(method, sig = "(self, bytes=None, /)")]
        fn lstrip(sp: Space, w_self: W, w_bytes: W) -> Res<W> {
            stripped(sp, w_self, w_bytes, true, false)
        }
        /// A copy without ASCII whitespace (or the given bytes) at the end.
        #[interp_fn(method, sig = "(self, bytes=None, /)")]
        fn rstrip(sp: Space, w_self: W, w_bytes: W) -> Res<W> {
            stripped(sp, w_self, w_bytes, false, true)
        }
        /// A copy with tabs replaced by spaces up to the next multiple of tabsize.
        #[interp_fn(method, sig = "(self, /, tabsize=8)")]
        fn expandtabs(sp: Space, w_self: W, tabsize: i32) -> Res<W> {
            let d = data(w_self);
            let size = tabsize.max(0) as usize;
            if memchr::memchr_iter(9, d).count().saturating_mul(size) > isize::MAX as usize / 4 {
                return Err(sp.overflow_error("result too long"));
            }
            let mut out = Vec::with_capacity(d.len());
            algo::expand_tabs(Chars::One(d), size, |c, n| out.resize(out.len() + n, c as u8));
            make(sp, &out)
        }
        /// A copy with each byte mapped by a table of 256 bytes (None: unchanged), without those of delete.
        #[interp_fn(method, sig = "(self, table, /, delete=b'')")]
        fn translate(sp: Space, w_self: W, w_table: W, w_delete: Option<W>) -> Res<W> {
            make(sp, &common::translate(sp, &pinned(sp, w_self)?, w_table, w_delete)?)
        }
        /// Two hexadecimal digits a byte, with sep after each group of bytes_per_sep bytes.
        #[interp_fn(method, sig = "(self, /, sep=None, bytes_per_sep=1)")]
        fn hex(sp: Space, w_self: W, w_sep: Option<W>, bytes_per_sep: i32) -> Res<String> {
            let pin = pinned(sp, w_self)?;
            let sep = common::hex_separator(sp, w_sep)?;
            Ok(common::hex(&pin, sep, bytes_per_sep as i64))
        }
        /// The text that the bytes encode.
        #[interp_fn(method, sig = "(self, /, encoding='utf-8', errors='strict')")]
        fn decode(sp: Space, w_self: W, w_encoding: Option<W>, w_errors: Option<W>) -> Res<W> {
            let encoding = $crate::text::codecs::name_arg(sp, w_encoding, "utf-8", "decode", "encoding")?;
            let errors = $crate::text::codecs::name_arg(sp, w_errors, "strict", "decode", "errors")?;
            $crate::text::codecs::decode(sp, w_self, data(w_self), &encoding, &errors)
        }
        /// The bytes-like items of an iterable, one after the other with these bytes between them.
        #[interp_fn(method, sig = "(self, iterable_of_bytes, /)")]
        fn join(sp: Space, w_self: W, w_iterable: W) -> Res<W> {
            let between = pinned(sp, w_self)?;
            let len = || sp.list_len(w_iterable).ok();
            let before = if sp.layout(w_iterable) == taipan_abi::word::TID_LIST { len() } else { None };
            let w_items = $crate::text::str::split::joinable(sp, w_iterable)?;
            let items = sp.tuple_items(w_items);
            if let [w] = items
                && is_exact(*w)
            {
                return Ok(*w);
            }
            let joined = common::join(sp, &between, items)?;
            if before.is_some() && before != len() {
                return Err(sp.runtime_error("sequence changed size during iteration"));
            }
            make(sp, &joined)
        }
    };
}

/// The list of descriptions for a class: the shared ones and its own.
#[macro_export]
#[doc(hidden)]
macro_rules! byte_method_list {
    ($($own:ident),* $(,)?) => {
        methods![
            capitalize, center, count, decode, endswith, expandtabs, find, hex, index, isalnum, isalpha, isascii, isdigit,
            islower, isspace, istitle, isupper, join, ljust, lower, lstrip, partition, replace, removeprefix, removesuffix,
            rfind, rindex, rjust, rpartition, rsplit, rstrip, split, splitlines, startswith, strip, swapcase, title, translate,
            upper, zfill, common::maketrans, $($own),*
        ]
    };
}
