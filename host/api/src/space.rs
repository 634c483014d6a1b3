//! The handle through which interp-level code reaches the operations of the outermost space.

use crate::args::Args;
use crate::text::Text;
use num_bigint::{BigInt, BigUint, Sign};
use taipan_abi::gc::TypeInfo;
use taipan_abi::known;
use taipan_abi::ops::{IntView, OpTable, SeqView, StrView};
use taipan_abi::thread::Thread;
use taipan_abi::types::{BufferView, FnSpec, TypeSpec};
use taipan_abi::word::W;

/// "An exception is pending in the thread."
#[derive(Copy, Clone, Debug)]
pub struct Raised;
/// A result, or a pending exception.
pub type Res<T> = Result<T, Raised>;

/// The space as seen by one running thread. Every method is an operation of the outermost layer.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub struct Space(*mut Thread);

macro_rules! ops {
    ($($(#[$doc:meta])* $name:ident($($a:ident: $t:ty),*) $kind:ident;)*) => {
        $($(#[$doc])* #[inline(always)] pub fn $name(self $(, $a: $t)*) -> ops!(@ret $kind) {
            // SAFETY: the table belongs to the running thread; words passed here are live.
            let r = unsafe { (self.ops().$name.exec)(self.0 $(, $a)*) };
            ops!(@conv $kind r self)
        })*
    };
    (@ret w) => { Res<W> };
    (@ret opt) => { Res<Option<W>> };
    (@ret unit) => { Res<()> };
    (@ret test) => { Res<bool> };
    (@ret count) => { Res<i64> };
    (@conv w $r:ident $s:ident) => { if $r.is_null() { Err(Raised) } else { Ok($r) } };
    (@conv opt $r:ident $s:ident) => { if $r.is_null() { if $s.pending() { Err(Raised) } else { Ok(None) } } else { Ok(Some($r)) } };
    (@conv unit $r:ident $s:ident) => { if $r < 0 { Err(Raised) } else { Ok(()) } };
    (@conv test $r:ident $s:ident) => { if $r < 0 { Err(Raised) } else { Ok($r != 0) } };
    (@conv count $r:ident $s:ident) => { if $r == -1 && $s.pending() { Err(Raised) } else { Ok($r) } };
}

impl Space {
    ops! {
        /// type(a) as the language sees it.
        type_(a: W) w;
        /// id(a)
        id(a: W) w;
        /// isinstance(a, cls), `__instancecheck__` included.
        isinstance(a: W, cls: W) test;
        /// issubclass(a, cls)
        issubclass(a: W, cls: W) test;
        /// repr(a)
        repr(a: W) w;
        /// str(a)
        str(a: W) w;
        /// ascii(a)
        ascii(a: W) w;
        /// format(a, spec)
        format(a: W, spec: W) w;
        /// len(a)
        len(a: W) count;
        /// operator.length_hint(a, default)
        length_hint(a: W, default: i64) count;
        /// hash(a)
        hash(a: W) count;
        /// int(a) of a number
        int(a: W) w;
        /// operator.index(a)
        index(a: W) w;
        /// float(a) of a number
        float(a: W) w;
        /// a.name
        getattr(a: W, name: W) w;
        /// a.name, None instead of AttributeError.
        getattr_opt(a: W, name: W) opt;
        /// a.name = v
        setattr(a: W, name: W, v: W) unit;
        /// del a.name
        delattr(a: W, name: W) unit;
        /// The special method bound to a, looked up on the type.
        lookup_special(a: W, name: W) opt;
        /// a[k]
        getitem(a: W, k: W) w;
        /// a[k] = v
        setitem(a: W, k: W, v: W) unit;
        /// del a[k]
        delitem(a: W, k: W) unit;
        /// x in a
        contains(a: W, x: W) test;
        /// +a
        pos(a: W) w;
        /// -a
        neg(a: W) w;
        /// abs(a)
        abs(a: W) w;
        /// ~a
        invert(a: W) w;
        /// bool(a)
        is_true(a: W) test;
        /// a + b
        add(a: W, b: W) w;
        /// a - b
        sub(a: W, b: W) w;
        /// a * b
        mul(a: W, b: W) w;
        /// a / b
        truediv(a: W, b: W) w;
        /// a // b
        floordiv(a: W, b: W) w;
        /// a % b
        mod_(a: W, b: W) w;
        /// a & b
        and_(a: W, b: W) w;
        /// a | b
        or_(a: W, b: W) w;
        /// a ^ b
        xor(a: W, b: W) w;
        /// a << b
        lshift(a: W, b: W) w;
        /// a >> b
        rshift(a: W, b: W) w;
        /// pow(a, b, c); c None for the operator.
        pow(a: W, b: W, c: W) w;
        /// a @ b
        matmul(a: W, b: W) w;
        /// divmod(a, b)
        divmod(a: W, b: W) w;
        /// a += b
        inplace_add(a: W, b: W) w;
        /// a -= b
        inplace_sub(a: W, b: W) w;
        /// a *= b
        inplace_mul(a: W, b: W) w;
        /// a /= b
        inplace_truediv(a: W, b: W) w;
        /// a //= b
        inplace_floordiv(a: W, b: W) w;
        /// a %= b
        inplace_mod(a: W, b: W) w;
        /// a &= b
        inplace_and(a: W, b: W) w;
        /// a |= b
        inplace_or(a: W, b: W) w;
        /// a ^= b
        inplace_xor(a: W, b: W) w;
        /// a <<= b
        inplace_lshift(a: W, b: W) w;
        /// a >>= b
        inplace_rshift(a: W, b: W) w;
        /// a **= b
        inplace_pow(a: W, b: W) w;
        /// a @= b
        inplace_matmul(a: W, b: W) w;
        /// a < b
        lt(a: W, b: W) w;
        /// a <= b
        le(a: W, b: W) w;
        /// a == b
        eq(a: W, b: W) w;
        /// a != b
        ne(a: W, b: W) w;
        /// a > b
        gt(a: W, b: W) w;
        /// a >= b
        ge(a: W, b: W) w;
        /// Identity or equality, as containers compare.
        eq_w(a: W, b: W) test;
        /// iter(a)
        iter(a: W) w;
        /// next(a); None when exhausted (without a StopIteration pending).
        next(a: W) opt;
        /// Awaitable's iterator.
        await_(a: W) w;
        /// aiter(a)
        aiter(a: W) w;
        /// anext(a)
        anext(a: W) w;
        /// f(*args, **kwargs); kwargs a dict or NULL.
        call_ex(f: W, args: W, kwargs: W) w;
        /// Any iterable as a tuple (a tuple itself).
        fixedtuple(a: W) w;
        /// An interned str of a str.
        intern_str(a: W) w;
        /// slice(start, stop, step)
        newslice(start: W, stop: W, step: W) w;
        /// {}
        newdict() w;
        /// Bound method.
        newmethod(w_func: W, w_self: W) w;
        /// New module object.
        newmodule(name: W) w;
        /// memoryview(a)
        newmemoryview(a: W) w;
        /// A cell.
        newcell(v: W) w;
        /// A struct sequence type: fields is a tuple of names, the first n_sequence make the tuple.
        newstructseq_type(name: W, doc: W, fields: W, n_sequence: i64) w;
        /// A zeroed instance of a class (of nitems items), to be initialized.
        allocate(w_type: W, nitems: usize) w;
        /// list.append on an exact list's layout
        list_append(a: W, v: W) unit;
        /// Its length.
        list_len(a: W) count;
        /// Item i, 0 <= i < len, else IndexError.
        list_item(a: W, i: i64) w;
        /// Stores item i.
        list_setitem(a: W, i: i64, v: W) unit;
        /// list.sort; key NULL or None for none.
        list_sort(a: W, key: W, reverse: i32) unit;
        /// dict lookup, None if absent.
        dict_get(a: W, k: W) opt;
        /// dict store
        dict_set(a: W, k: W, v: W) unit;
        /// dict delete; KeyError if absent.
        dict_del(a: W, k: W) unit;
        /// dict length
        dict_len(a: W) count;
        /// Shallow copy.
        dict_copy(a: W) w;
        /// dict.update with a mapping; overwrite 0 keeps present keys, 2 raises KeyError for a duplicate.
        dict_update(a: W, other: W, overwrite: i32) unit;
        /// set.add
        set_add(a: W, v: W) unit;
        /// v in set
        set_contains(a: W, v: W) test;
        /// Does an exception (instance or class) match a class or tuple of classes?
        exc_match(w_exc: W, w_class: W) test;
        /// Reports the pending exception to sys.unraisablehook and clears it.
        write_unraisable(w_context: W) unit;
        /// importlib.import_module(name), absolute.
        import_module(name: W) w;
        /// A name of the builtins module, NULL name never.
        builtin(name: W) w;
        /// Runs code in namespaces.
        exec_code(w_code: W, w_globals: W, w_locals: W) w;
        /// Marshalled bytes of a code object.
        code_marshal(w_code: W) w;
        /// A weak reference of type w_type (a subclass of weakref.ref).
        weakref_new(w_type: W, obj: W, callback: W) w;
        /// Its target, None if dead.
        weakref_get(a: W) opt;
        /// List of weak references to an object.
        weakref_list(obj: W) w;
        /// Runs what is due: signal handlers, finalizers, GIL requests.
        poll() unit;
        /// Collects; answers the number of objects found unreachable if known.
        collect(kind: u32) count;
        /// The frame object `depth` calls up, None past the last.
        frame(depth: i64) opt;
    }

    /// The space of a thread.
    #[inline(always)]
    pub fn new(th: *mut Thread) -> Space {
        Space(th)
    }
    /// The thread.
    #[inline(always)]
    pub fn th(self) -> *mut Thread {
        self.0
    }
    /// The thread's fields.
    #[inline(always)]
    pub fn thread<'a>(self) -> &'a mut Thread {
        // SAFETY: a Space is made from a live thread; references are short-lived.
        unsafe { &mut *self.0 }
    }
    #[allow(missing_docs)]
    #[inline(always)]
    pub fn ops<'a>(self) -> &'a OpTable {
        // SAFETY: set before any code runs.
        unsafe { &*(*self.0).ops }
    }
    /// A well-known object (`known::*`).
    #[inline(always)]
    pub fn known(self, i: u32) -> W {
        // SAFETY: the table has known::COUNT entries.
        unsafe { *(*self.0).known.add(i as usize) }
    }
    /// Is an exception pending?
    #[inline(always)]
    pub fn pending(self) -> bool {
        !self.thread().exc.is_null()
    }
    /// Takes the pending exception (NULL if there is none).
    pub fn take_exc(self) -> W {
        std::mem::replace(&mut self.thread().exc, W::NULL)
    }
    /// Makes an exception instance pending.
    pub fn set_exc(self, w_exc: W) -> Raised {
        self.thread().exc = w_exc;
        Raised
    }
    /// The type row of a heap object.
    #[inline(always)]
    pub fn row<'a>(self, w: W) -> &'a TypeInfo {
        debug_assert!(w.is_obj());
        // SAFETY: heap objects carry a valid row index.
        unsafe { taipan_abi::ops::row(self.0, w) }
    }
    /// The row of an index.
    #[inline(always)]
    pub fn row_of<'a>(self, tid: u32) -> &'a mut TypeInfo {
        // SAFETY: an index that was given out.
        unsafe { &mut **(*(*self.0).types).rows.add(tid as usize) }
    }
    /// The built-in layout of an object: `TID_LIST` for a list and its subclasses; `TID_INT` for a small int.
    #[inline(always)]
    pub fn layout(self, w: W) -> u32 {
        if w.is_int() { taipan_abi::word::TID_INT } else { self.row(w).layout }
    }
    /// A zeroed object; MemoryError if there is no memory.
    ///
    /// # Safety
    /// `bytes` is the size of row `tid` (for VAR rows with the items that the length then says).
    #[inline(always)]
    pub unsafe fn alloc(self, tid: u32, bytes: usize) -> Res<W> {
        let w = taipan_abi::mode::alloc(self.0, tid, (bytes + 7) & !7);
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }
    /// The write barrier of `obj` for a store to `slot` that follows at once.
    ///
    /// # Safety
    /// `slot` lies in `obj`.
    #[inline(always)]
    pub unsafe fn barrier(self, obj: W, slot: *mut W) {
        taipan_abi::mode::barrier(self.0, obj, slot)
    }

    // ---- calls ----

    /// f(*args)
    #[inline]
    pub fn call(self, f: W, args: &[W]) -> Res<W> {
        self.call_args(f, Args { ptr: args.as_ptr(), n: args.len(), kwnames: W::NULL })
    }
    /// A call with names.
    #[inline]
    pub fn call_args(self, f: W, a: Args) -> Res<W> {
        // SAFETY: the arguments stand on a stack or in an object.
        let w = unsafe { (self.ops().call.exec)(self.0, f, a.ptr, a.n, a.kwnames) };
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }
    /// obj.name(*args)
    #[inline]
    pub fn call_method(self, obj: W, name: W, args: &[W]) -> Res<W> {
        // SAFETY: as above.
        let w = unsafe { (self.ops().call_method.exec)(self.0, obj, name, args.as_ptr(), args.len(), W::NULL) };
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }
    /// callable(a)
    pub fn callable(self, a: W) -> bool {
        // SAFETY: a live word.
        unsafe { (self.ops().callable.exec)(self.0, a) != 0 }
    }
    /// `a is b` (values for ints and the like where the space says so)
    pub fn is_(self, a: W, b: W) -> bool {
        // SAFETY: live words.
        a == b || unsafe { (self.ops().is_.exec)(self.0, a, b) == 1 }
    }

    // ---- unwrapping ----

    /// An int (or `__index__`) that fits 64 bits, else OverflowError.
    pub fn int_w(self, a: W) -> Res<i64> {
        if a.is_int() {
            return Ok(a.untag());
        }
        let mut out = 0;
        // SAFETY: out is ours.
        if unsafe { (self.ops().int_w.exec)(self.0, a, &mut out) } < 0 { Err(Raised) } else { Ok(out) }
    }
    /// Any int (or `__index__`).
    pub fn bigint_w(self, a: W) -> Res<BigInt> {
        if a.is_int() {
            return Ok(a.untag().into());
        }
        let mut v = IntView { digits: std::ptr::null(), len: 0, negative: 0, pad: 0, small: 0 };
        // SAFETY: the digits belong to an object that `a` or the conversion's result keeps alive until the next allocation.
        unsafe {
            if (self.ops().bigint_w.exec)(self.0, a, &mut v) < 0 {
                return Err(Raised);
            }
            let d = std::slice::from_raw_parts(if v.len == 0 { [].as_ptr() } else { v.digits }, v.len);
            let halves: Vec<u32> = d.iter().flat_map(|x| [*x as u32, (*x >> 32) as u32]).collect();
            Ok(BigInt::from_biguint(if v.negative != 0 { Sign::Minus } else { Sign::Plus }, BigUint::new(halves)))
        }
    }
    /// A float, int or `__float__`.
    pub fn float_w(self, a: W) -> Res<f64> {
        if a.is_int() {
            return Ok(a.untag() as f64);
        }
        let mut out = 0.0;
        // SAFETY: out is ours.
        if unsafe { (self.ops().float_w.exec)(self.0, a, &mut out) } < 0 { Err(Raised) } else { Ok(out) }
    }
    /// A complex or anything `float_w` takes.
    pub fn complex_w(self, a: W) -> Res<(f64, f64)> {
        let (mut re, mut im) = (0.0, 0.0);
        // SAFETY: both are ours.
        if unsafe { (self.ops().complex_w.exec)(self.0, a, &mut re, &mut im) } < 0 { Err(Raised) } else { Ok((re, im)) }
    }
    /// The characters of a str (or subclass); None for other objects, nothing is raised.
    pub fn text_opt(self, a: W) -> Option<Text> {
        let mut view = StrView { ptr: std::ptr::null(), len: 0, kind: 1, ascii: 1 };
        // SAFETY: view is ours. The operation answers 0 for "not a str", 1 for a str.
        (unsafe { (self.ops().text_w.exec)(self.0, a, &mut view) } == 1).then_some(Text { w: a, view })
    }
    /// The characters of a word known to be a str.
    pub fn text_of(self, a: W) -> Text {
        self.text_opt(a).expect("a str")
    }
    /// The characters of a str; TypeError for other objects.
    pub fn text_w(self, a: W) -> Res<Text> {
        self.text_opt(a).ok_or_else(|| self.type_error(&format!("expected str, got {} object", self.type_name(a))))
    }
    /// A str as a Rust string (surrogates replaced); TypeError for other objects.
    pub fn string_w(self, a: W) -> Res<String> {
        Ok(self.text_w(a)?.to_str().into_owned())
    }
    /// The bytes of a bytes object; None for other objects.
    pub fn bytes_opt<'a>(self, a: W) -> Option<&'a [u8]> {
        // SAFETY: plain data.
        let mut v: BufferView = unsafe { std::mem::zeroed() };
        // SAFETY: v is ours; bytes are immutable and do not move, the caller keeps `a` on its stack.
        unsafe {
            ((self.ops().bytes_w.exec)(self.0, a, &mut v) == 1)
                .then(|| if v.len == 0 { &[][..] } else { std::slice::from_raw_parts(v.ptr, v.len) })
        }
    }
    /// The items of a tuple (or subclass); None for other objects.
    pub fn tuple_opt<'a>(self, a: W) -> Option<&'a [W]> {
        let mut v = SeqView { ptr: std::ptr::null(), len: 0 };
        // SAFETY: as above; tuples are immutable.
        unsafe {
            ((self.ops().tuple_w.exec)(self.0, a, &mut v) == 1)
                .then(|| if v.len == 0 { &[][..] } else { std::slice::from_raw_parts(v.ptr, v.len) })
        }
    }
    /// The items of a word known to be a tuple.
    pub fn tuple_items<'a>(self, a: W) -> &'a [W] {
        self.tuple_opt(a).expect("a tuple")
    }
    /// The items of any iterable: (the tuple that holds them, its items).
    pub fn unpack<'a>(self, a: W) -> Res<(W, &'a [W])> {
        let t = self.fixedtuple(a)?;
        Ok((t, self.tuple_items(t)))
    }
    /// The memory of a bytes-like object; give it back with releasebuffer. Prefer [`crate::Buffer`].
    pub fn getbuffer(self, a: W, flags: u32, view: &mut BufferView) -> Res<()> {
        // SAFETY: view is ours.
        if unsafe { (self.ops().getbuffer.exec)(self.0, a, flags, view) } < 0 { Err(Raised) } else { Ok(()) }
    }
    #[allow(missing_docs)]
    pub fn releasebuffer(self, view: &mut BufferView) {
        if !view.w_obj.is_null() {
            // SAFETY: a view filled by getbuffer.
            unsafe { (self.ops().releasebuffer.exec)(self.0, view) };
        }
    }

    // ---- wrapping ----

    /// An int.
    #[inline(always)]
    pub fn newint(self, i: i64) -> W {
        if W::fits(i) {
            return W::int(i);
        }
        // SAFETY: no operands. Only MemoryError could fail here, and then NULL is passed on like any raised result.
        unsafe { (self.ops().newint.exec)(self.0, i) }
    }
    /// An int of any size.
    pub fn newbigint(self, i: &BigInt) -> Res<W> {
        let digits = i.magnitude().to_u64_digits();
        // SAFETY: the digits are copied.
        let w = unsafe {
            (self.ops().newbigint.exec)(self.0, digits.as_ptr(), digits.len(), (i.sign() == Sign::Minus) as u32)
        };
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }
    /// A float.
    #[inline]
    pub fn newfloat(self, f: f64) -> W {
        // SAFETY: no operands.
        unsafe { (self.ops().newfloat.exec)(self.0, f) }
    }
    /// A complex.
    pub fn newcomplex(self, re: f64, im: f64) -> W {
        // SAFETY: no operands.
        unsafe { (self.ops().newcomplex.exec)(self.0, re, im) }
    }
    /// A bool.
    pub fn newbool(self, b: bool) -> W {
        W::bool(b)
    }
    fn checked(self, w: W) -> Res<W> {
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }
    /// A str.
    pub fn newstr(self, s: &str) -> Res<W> {
        // SAFETY: the text is copied.
        self.checked(unsafe { (self.ops().newstr.exec)(self.0, s.as_ptr(), s.len()) })
    }
    /// A str from WTF-8 (UTF-8 in which surrogates may occur).
    pub fn newstr_wtf8(self, s: &[u8]) -> Res<W> {
        // SAFETY: as above; the space accepts encoded surrogates.
        self.checked(unsafe { (self.ops().newstr.exec)(self.0, s.as_ptr(), s.len()) })
    }
    /// A str from code points (surrogates allowed).
    pub fn newstr_chars(self, chars: &[u32]) -> Res<W> {
        // SAFETY: as above.
        self.checked(unsafe { (self.ops().newstr_kind.exec)(self.0, chars.as_ptr().cast(), chars.len(), 4) })
    }
    /// A str from Latin-1 bytes.
    pub fn newstr_latin1(self, bytes: &[u8]) -> Res<W> {
        // SAFETY: as above.
        self.checked(unsafe { (self.ops().newstr_kind.exec)(self.0, bytes.as_ptr(), bytes.len(), 1) })
    }
    /// A str; NULL (and MemoryError) if there is no memory. For places that pass a word on.
    pub fn text(self, s: &str) -> W {
        self.newstr(s).unwrap_or(W::NULL)
    }
    /// The interned, immortal str of a constant. See `name!`.
    pub fn intern(self, s: &str) -> W {
        // SAFETY: as above.
        unsafe { (self.ops().intern.exec)(self.0, s.as_ptr(), s.len()) }
    }
    /// A bytes.
    pub fn newbytes(self, b: &[u8]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newbytes.exec)(self.0, b.as_ptr(), b.len()) })
    }
    /// A bytearray.
    pub fn newbytearray(self, b: &[u8]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newbytearray.exec)(self.0, b.as_ptr(), b.len()) })
    }
    /// A tuple.
    pub fn newtuple(self, items: &[W]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newtuple.exec)(self.0, items.as_ptr(), items.len()) })
    }
    /// A list.
    pub fn newlist(self, items: &[W]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newlist.exec)(self.0, items.as_ptr(), items.len()) })
    }
    /// A set.
    pub fn newset(self, items: &[W]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newset.exec)(self.0, items.as_ptr(), items.len(), 0) })
    }
    /// A frozenset.
    pub fn newfrozenset(self, items: &[W]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newset.exec)(self.0, items.as_ptr(), items.len(), 1) })
    }
    /// A built-in function.
    pub fn newfunction(self, spec: &'static FnSpec, w_self: W, w_module: W) -> Res<W> {
        // SAFETY: static data.
        self.checked(unsafe { (self.ops().newfunction.exec)(self.0, spec, w_self, w_module) })
    }
    /// A type described in Rust; base NULL = object. `w_module` gives `__module__` unless the name is dotted.
    pub fn newtype(self, spec: &'static TypeSpec, w_base: W, w_module: W) -> Res<W> {
        // SAFETY: static data.
        self.checked(unsafe { (self.ops().newtype.exec)(self.0, spec, w_base, w_module) })
    }
    /// A code object from marshalled bytes (of the compiler or a bytecode file, which may be damaged).
    pub fn newcode(self, marshalled: &[u8]) -> Res<W> {
        // SAFETY: copied.
        self.checked(unsafe { (self.ops().newcode.exec)(self.0, marshalled.as_ptr(), marshalled.len()) })
    }
    /// The dict's next item from `*pos` (start at 0); None at the end. The dict may not change in between.
    pub fn dict_next(self, d: W, pos: &mut i64) -> Option<(W, W)> {
        let (mut k, mut v) = (W::NULL, W::NULL);
        // SAFETY: both are ours.
        (unsafe { (self.ops().dict_next.exec)(self.0, d, pos, &mut k, &mut v) } == 1).then_some((k, v))
    }
    /// d["key"] by text.
    pub fn dict_get_str(self, d: W, key: &str) -> Res<Option<W>> {
        self.dict_get(d, self.newstr(key)?)
    }
    /// d["key"] = v by text.
    pub fn dict_set_str(self, d: W, key: &str, v: W) -> Res<()> {
        self.dict_set(d, self.intern(key), v)
    }
    /// obj.name by text.
    pub fn getattr_str(self, a: W, name: &str) -> Res<W> {
        self.getattr(a, self.intern(name))
    }
    /// obj.name = v by text.
    pub fn setattr_str(self, a: W, name: &str, v: W) -> Res<()> {
        self.setattr(a, self.intern(name), v)
    }
    /// Yields each item of an iterable to `f` until it answers false.
    pub fn for_each(self, w_iterable: W, mut f: impl FnMut(W) -> Res<bool>) -> Res<()> {
        let it = self.iter(w_iterable)?;
        while let Some(w) = self.next(it)? {
            if !f(w)? {
                break;
            }
        }
        Ok(())
    }

    // ---- exceptions ----

    /// Makes `known(message)` pending.
    #[cold]
    pub fn raise(self, known: u32, message: &str) -> Raised {
        // SAFETY: the text is copied.
        unsafe { (self.ops().raise_text.exec)(self.0, known, message.as_ptr(), message.len()) };
        Raised
    }
    /// Raises an exception class with a value (NULL = none), or an instance.
    #[cold]
    pub fn raise_object(self, w_type: W, w_value: W) -> Raised {
        // SAFETY: live words.
        unsafe { (self.ops().raise_object.exec)(self.0, w_type, w_value) };
        Raised
    }
    /// OSError (its right subclass) of an errno.
    #[cold]
    pub fn raise_errno(self, errno: i32, w_filename: W) -> Raised {
        // SAFETY: live words.
        unsafe { (self.ops().raise_os_error.exec)(self.0, errno, w_filename, W::NULL) };
        Raised
    }
    /// OSError of a Rust I/O error.
    #[cold]
    pub fn raise_io(self, e: &std::io::Error, w_filename: W) -> Raised {
        match e.raw_os_error() {
            Some(n) => self.raise_errno(n, w_filename),
            None => self.raise(known::OS_ERROR, &e.to_string()),
        }
    }
    #[allow(missing_docs)]
    #[cold]
    pub fn type_error(self, message: &str) -> Raised {
        self.raise(known::TYPE_ERROR, message)
    }
    #[allow(missing_docs)]
    #[cold]
    pub fn value_error(self, message: &str) -> Raised {
        self.raise(known::VALUE_ERROR, message)
    }
    #[allow(missing_docs)]
    #[cold]
    pub fn index_error(self, message: &str) -> Raised {
        self.raise(known::INDEX_ERROR, message)
    }
    #[allow(missing_docs)]
    #[cold]
    pub fn overflow_error(self, message: &str) -> Raised {
        self.raise(known::OVERFLOW_ERROR, message)
    }
    #[allow(missing_docs)]
    #[cold]
    pub fn runtime_error(self, message: &str) -> Raised {
        self.raise(known::RUNTIME_ERROR, message)
    }
    /// KeyError with the key itself as argument.
    #[cold]
    pub fn key_error(self, w_key: W) -> Raised {
        self.raise_object(self.known(known::KEY_ERROR), w_key)
    }
    /// What is not there yet says so.
    #[cold]
    pub fn not_implemented(self, what: &str) -> Raised {
        self.raise(known::NOT_IMPLEMENTED_ERROR, &format!("{what} is not implemented in this version of Taipan"))
    }
    /// If the pending exception matches the known class: clears it and answers true.
    pub fn catch(self, known: u32) -> bool {
        let w = self.thread().exc;
        if !w.is_null() && self.exc_match(w, self.known(known)).unwrap_or(false) {
            self.thread().exc = W::NULL;
            return true;
        }
        false
    }
    /// Issues a warning of a known category.
    pub fn warn(self, known: u32, message: &str, stacklevel: i64) -> Res<()> {
        // SAFETY: copied.
        let r =
            unsafe { (self.ops().warn.exec)(self.0, self.known(known), message.as_ptr(), message.len(), stacklevel) };
        if r < 0 { Err(Raised) } else { Ok(()) }
    }
    /// The name of an object's type, for messages: `type(w).__name__`.
    pub fn type_name(self, w: W) -> String {
        let name =
            self.type_(w).and_then(|t| self.getattr(t, crate::name!(self, "__name__"))).and_then(|n| self.string_w(n));
        name.unwrap_or_else(|_| {
            self.take_exc();
            "?".into()
        })
    }
    /// repr(w) as a Rust string.
    pub fn repr_string(self, w: W) -> Res<String> {
        self.string_w(self.repr(w)?)
    }
    /// Invalidates what caches and compiled code take for granted about classes, for all threads.
    pub fn next_epoch(self) {
        let epoch = self.thread().epoch.wrapping_add(1);
        self.each_thread(|th| {
            // SAFETY: a member of the ring, under the interpreter lock.
            unsafe { (*th).epoch = epoch };
        });
    }
    /// All threads, the running one first.
    pub fn each_thread(self, mut f: impl FnMut(*mut Thread)) {
        let mut th = self.0;
        loop {
            f(th);
            // SAFETY: a member of the ring, which changes only under the interpreter lock.
            th = unsafe { (*th).next };
            if th.is_null() || th == self.0 {
                return;
            }
        }
    }
    /// Does the interpreter end, so that no other thread runs any more?
    pub fn closing(self) -> bool {
        // SAFETY: the host's service.
        unsafe { ((*self.thread().host).thread_event)(self.0, taipan_abi::host::thread_event::CLOSED) != 0 }
    }
    /// Runs what may block or take long while other threads run. `f` touches no object of the heap except memory that is pinned by
    /// a word on the caller's stack and that no Python code can resize meanwhile. errno is that of `f`.
    pub fn blocking<T>(self, f: impl FnOnce() -> T) -> T {
        crate::blocking::run(self, f)
    }
    /// A setting of the host (see `HostVTable::setting`).
    pub fn setting(self, key: &str) -> Option<String> {
        let mut blob = taipan_abi::host::Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
        // SAFETY: the host fills the blob and owns it until free_blob.
        unsafe {
            let host = &*self.thread().host;
            if (host.setting)(key.as_ptr(), key.len(), &mut blob) == 0 {
                return None;
            }
            let bytes = if blob.len == 0 { &[][..] } else { std::slice::from_raw_parts(blob.ptr, blob.len) };
            let s = String::from_utf8_lossy(bytes).into_owned();
            (host.free_blob)(blob);
            Some(s)
        }
    }
}

/// `raise!(sp, VALUE_ERROR, "bad {}", x)`: the error of a known exception with a formatted message, to be returned as `Err`.
#[macro_export]
macro_rules! raise {
    ($sp:expr, $known:ident, $($arg:tt)*) => { $sp.raise($crate::abi::known::$known, &format!($($arg)*)) };
}
