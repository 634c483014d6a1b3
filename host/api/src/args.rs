//! Conversion of arguments and results.

use crate::buffer::Buffer;
use crate::space::{Res, Space};
use crate::text::Text;
use num_bigint::BigInt;
use taipan_abi::known;
use taipan_abi::word::W;

/// The arguments of a raw call: `n` positional words, then one value for each name in the tuple `kwnames` (NULL = none).
#[derive(Copy, Clone)]
#[allow(missing_docs)]
pub struct Args {
    pub ptr: *const W,
    pub n: usize,
    pub kwnames: W,
}
impl Args {
    /// No arguments.
    pub const NONE: Args = Args { ptr: std::ptr::null(), n: 0, kwnames: W::NULL };
    /// The positional ones; they stand on the caller's stack.
    #[inline(always)]
    pub fn positional(&self) -> &[W] {
        if self.n == 0 {
            return &[];
        }
        // SAFETY: the caller passes n words that stay where they are during the call.
        unsafe { std::slice::from_raw_parts(self.ptr, self.n) }
    }
    /// (name, value) of the keyword arguments.
    pub fn keywords(&self, sp: Space) -> Vec<(Text, W)> {
        if self.kwnames.is_null() {
            return Vec::new();
        }
        let names = sp.tuple_items(self.kwnames);
        // SAFETY: one value a name follows the positional ones. The Vec holds words only while they also stand there.
        names.iter().enumerate().map(|(i, w)| (sp.text_of(*w), unsafe { *self.ptr.add(self.n + i) })).collect()
    }
    /// How many keyword arguments there are.
    pub fn nkw(&self, sp: Space) -> usize {
        if self.kwnames.is_null() { 0 } else { sp.tuple_items(self.kwnames).len() }
    }
    /// TypeError unless there are none.
    pub fn no_keywords(&self, sp: Space, fname: &str) -> Res<()> {
        if self.nkw(sp) == 0 { Ok(()) } else { Err(sp.type_error(&format!("{fname}() takes no keyword arguments"))) }
    }
}

/// A self whose type the gateway has checked.
pub struct This<T> {
    /// The object.
    pub w: W,
    p: *mut T,
}
impl<T> Copy for This<T> {}
impl<T> Clone for This<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> This<T> {
    /// # Safety
    /// `w` is laid out as `T` (or begins so).
    pub unsafe fn new(w: W) -> Self {
        This { w, p: w.ptr() }
    }
}
impl<T> std::ops::Deref for This<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: by construction; objects do not move.
        unsafe { &*self.p }
    }
}
impl<T> std::ops::DerefMut for This<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: by construction; one thread at a time runs Python. References into the struct are not held over calls
        // that could reach the object again.
        unsafe { &mut *self.p }
    }
}

/// Conversion of one argument. `name` is the parameter's, for messages.
pub trait FromArg: Sized {
    #[allow(missing_docs)]
    fn from_arg(sp: Space, w: W, name: &str) -> Res<Self>;
}
impl FromArg for W {
    #[inline(always)]
    fn from_arg(_: Space, w: W, _: &str) -> Res<W> {
        Ok(w)
    }
}
impl<T> FromArg for This<T> {
    #[inline(always)]
    fn from_arg(_: Space, w: W, _: &str) -> Res<This<T>> {
        // SAFETY: only used for self, which the gateway has checked against the type that lists the method.
        Ok(unsafe { This::new(w) })
    }
}
impl FromArg for i64 {
    #[inline]
    fn from_arg(sp: Space, w: W, _: &str) -> Res<i64> {
        if w.is_int() { Ok(w.untag()) } else { sp.int_w(w) }
    }
}
macro_rules! narrow {
    ($($t:ty, $text:literal;)*) => { $(
        impl FromArg for $t {
            fn from_arg(sp: Space, w: W, name: &str) -> Res<$t> {
                let i = i64::from_arg(sp, w, name)?;
                <$t>::try_from(i).map_err(|_| sp.raise(known::OVERFLOW_ERROR, if i < 0 && $text.starts_with("unsigned") {
                    "can't convert negative value to unsigned int"
                } else {
                    concat!("Python int too large to convert to C ", $text)
                }))
            }
        }
    )* };
}
narrow! { isize, "ssize_t"; i32, "int"; u32, "unsigned int"; u64, "unsigned long"; usize, "unsigned long"; u8, "unsigned char"; u16, "unsigned short"; i16, "short"; }
impl FromArg for f64 {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<f64> {
        sp.float_w(w)
    }
}
impl FromArg for bool {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<bool> {
        sp.is_true(w)
    }
}
impl FromArg for BigInt {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<BigInt> {
        sp.bigint_w(w)
    }
}
impl FromArg for Text {
    fn from_arg(sp: Space, w: W, name: &str) -> Res<Text> {
        sp.text_opt(w).ok_or_else(|| sp.type_error(&format!("argument '{name}' must be str, not {}", sp.type_name(w))))
    }
}
impl FromArg for Buffer {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<Buffer> {
        Buffer::get(sp, w)
    }
}
impl<T: FromArg> FromArg for Option<T> {
    fn from_arg(sp: Space, w: W, name: &str) -> Res<Option<T>> {
        if w.is_null() { Ok(None) } else { T::from_arg(sp, w, name).map(Some) }
    }
}

/// Conversion of a result.
pub trait IntoW {
    #[allow(missing_docs)]
    fn into_w(self, sp: Space) -> Res<W>;
}
impl IntoW for W {
    #[inline(always)]
    fn into_w(self, _: Space) -> Res<W> {
        Ok(self)
    }
}
impl IntoW for () {
    #[inline(always)]
    fn into_w(self, _: Space) -> Res<W> {
        Ok(W::NONE)
    }
}
impl IntoW for bool {
    #[inline(always)]
    fn into_w(self, _: Space) -> Res<W> {
        Ok(W::bool(self))
    }
}
impl IntoW for f64 {
    fn into_w(self, sp: Space) -> Res<W> {
        Ok(sp.newfloat(self))
    }
}
macro_rules! ints {
    ($($t:ty)*) => { $(impl IntoW for $t {
        #[inline]
        fn into_w(self, sp: Space) -> Res<W> { Ok(sp.newint(self as i64)) }
    })* };
}
ints!(i64 i32 u32 u8 u16 i16 isize);
impl IntoW for u64 {
    fn into_w(self, sp: Space) -> Res<W> {
        match i64::try_from(self) {
            Ok(i) => Ok(sp.newint(i)),
            Err(_) => sp.newbigint(&BigInt::from(self)),
        }
    }
}
impl IntoW for usize {
    fn into_w(self, sp: Space) -> Res<W> {
        (self as u64).into_w(sp)
    }
}
impl IntoW for BigInt {
    fn into_w(self, sp: Space) -> Res<W> {
        sp.newbigint(&self)
    }
}
impl IntoW for &str {
    fn into_w(self, sp: Space) -> Res<W> {
        sp.newstr(self)
    }
}
impl IntoW for String {
    fn into_w(self, sp: Space) -> Res<W> {
        sp.newstr(&self)
    }
}
/// Bytes become `bytes`.
impl IntoW for Vec<u8> {
    fn into_w(self, sp: Space) -> Res<W> {
        sp.newbytes(&self)
    }
}
/// Nothing becomes None.
impl<T: IntoW> IntoW for Option<T> {
    fn into_w(self, sp: Space) -> Res<W> {
        match self {
            Some(x) => x.into_w(sp),
            None => Ok(W::NONE),
        }
    }
}
macro_rules! tuples {
    ($($($t:ident $i:tt)*;)*) => { $(impl<$($t: IntoW),*> IntoW for ($($t,)*) {
        fn into_w(self, sp: Space) -> Res<W> {
            let items = [$(self.$i.into_w(sp)?),*];
            sp.newtuple(&items)
        }
    })* };
}
tuples! { A 0 B 1; A 0 B 1 C 2; A 0 B 1 C 2 D 3; A 0 B 1 C 2 D 3 E 4; }
