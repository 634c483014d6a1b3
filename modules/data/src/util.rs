//! What the modules of this crate share.

use std::sync::atomic::{AtomicU32, Ordering};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The struct behind an object of known layout.
#[inline(always)]
pub fn obj<'a, T>(w: W) -> &'a mut T {
    debug_assert!(w.is_obj());
    // SAFETY: callers pass an object whose layout the gateway (or an `is` test) has checked; one thread at a time runs Python,
    // and references are not held over calls that could reach the object again.
    unsafe { &mut *w.ptr::<T>() }
}

/// A type of this crate: the class and the layout of its instances.
pub struct TypeOf {
    class: Global,
    layout: AtomicU32,
}
impl TypeOf {
    /// Not made yet.
    pub const fn new() -> TypeOf {
        TypeOf { class: Global::new(), layout: AtomicU32::new(0) }
    }
    /// The class.
    #[inline(always)]
    pub fn w(&self) -> W {
        self.class.get()
    }
    /// Is `w` an instance of the class or a subclass?
    #[inline(always)]
    pub fn is(&self, sp: Space, w: W) -> bool {
        w.is_obj() && sp.row(w).layout == self.layout.load(Ordering::Relaxed)
    }
    /// Is `w` an instance of exactly this class?
    #[inline(always)]
    pub fn is_exact(&self, sp: Space, w: W) -> bool {
        w.is_obj() && sp.row(w).w_type == self.class.get()
    }
    /// Makes the class.
    pub fn make(&'static self, sp: Space, w_module: W, spec: &'static TypeSpec) -> Res<W> {
        self.make_from(sp, w_module, spec, W::NULL)
    }
    /// Makes the class with a base.
    pub fn make_from(&'static self, sp: Space, w_module: W, spec: &'static TypeSpec, w_base: W) -> Res<W> {
        // A second module object (the first was removed from sys.modules) shows the same class: objects of both mix freely.
        if !self.class.get().is_null() {
            return Ok(self.class.get());
        }
        let w = sp.newtype(spec, w_base, w_module)?;
        self.class.set(sp, w);
        let w_sample = sp.allocate(w, 0)?;
        self.layout.store(sp.layout(w_sample), Ordering::Relaxed);
        Ok(w)
    }
    /// Makes the class and enters it into the module.
    pub fn add(&'static self, sp: Space, w_module: W, spec: &'static TypeSpec) -> Res<W> {
        let w = self.make(sp, w_module, spec)?;
        let full = spec.name.get();
        sp.setattr_str(w_module, full.rsplit('.').next().unwrap_or(full), w)?;
        Ok(w)
    }
    /// A zeroed instance of exactly this class.
    #[inline]
    pub fn new_instance<'a, T>(&self, sp: Space) -> Res<(W, &'a mut T)> {
        let w = sp.allocate(self.w(), 0)?;
        Ok((w, obj::<T>(w)))
    }
}
impl Default for TypeOf {
    fn default() -> Self {
        Self::new()
    }
}

/// The iterator itself: `__iter__` of every iterator.
#[slot]
pub fn iter_self(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}

/// See PEP 585
#[interp_fn(classmethod, name = "__class_getitem__", sig = "(cls, item, /)")]
pub fn class_getitem(sp: Space, w_cls: W, w_item: W) -> Res<W> {
    sp.call(sp.known(known::GENERIC_ALIAS), &[w_cls, w_item])
}

/// The arguments of a call in the order of `names`, NULL for what was not given. The first `posonly` have no keyword, at most
/// `maxpos` may be positional, the first `required` must be there.
pub fn parse_args<const N: usize>(
    sp: Space,
    fname: &str,
    args: &Args,
    names: [&str; N],
    posonly: usize,
    required: usize,
    maxpos: usize,
) -> Res<[W; N]> {
    let mut out = [W::NULL; N];
    let nkw = args.nkw(sp);
    if args.n > maxpos || (posonly == N && nkw == 0 && args.n < required) {
        if posonly == N {
            return Err(wrong_count(sp, fname, args.n, required, maxpos));
        }
        let how = if required == N { "exactly" } else { "at most" };
        let kind = if maxpos < N { " positional" } else { "" };
        let s = if maxpos == 1 { "" } else { "s" };
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{fname}() takes {how} {maxpos}{kind} argument{s} ({} given)",
            args.n + nkw
        ));
    }
    out[..args.n].copy_from_slice(args.positional());
    if nkw > 0 {
        if posonly == N {
            return Err(raise!(sp, TYPE_ERROR, "{fname}() takes no keyword arguments"));
        }
        for (key, w) in args.keywords(sp) {
            let Some(i) = (posonly..N).find(|i| key.eq_str(names[*i])) else {
                return Err(raise!(sp, TYPE_ERROR, "{fname}() got an unexpected keyword argument '{}'", key.to_str()));
            };
            if !out[i].is_null() {
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "argument for {fname}() given by name ('{}') and position ({})",
                    key.to_str(),
                    i + 1
                ));
            }
            out[i] = w;
        }
    }
    for i in 0..required {
        if out[i].is_null() {
            if i < posonly {
                let s = if posonly == 1 { "" } else { "s" };
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "{fname}() takes at least {} positional argument{s} ({} given)",
                    posonly.min(required),
                    args.n
                ));
            }
            return Err(raise!(sp, TYPE_ERROR, "{fname}() missing required argument '{}' (pos {})", names[i], i + 1));
        }
    }
    Ok(out)
}

/// "f expected 2 arguments, got 3"
#[cold]
pub fn wrong_count(sp: Space, fname: &str, given: usize, min: usize, max: usize) -> Raised {
    let (how, k) = match (min == max, given < min) {
        (true, _) => ("", min),
        (_, true) => ("at least ", min),
        (_, false) => ("at most ", max),
    };
    let s = if k == 1 { "" } else { "s" };
    raise!(sp, TYPE_ERROR, "{fname} expected {how}{k} argument{s}, got {given}")
}

/// Is this a str (or subclass)?
#[inline]
pub fn is_str(sp: Space, w: W) -> bool {
    sp.layout(w) == taipan_plugin_api::abi::word::TID_STR
}
/// Is this an int (or subclass, bool included)?
#[inline]
pub fn is_int(sp: Space, w: W) -> bool {
    use taipan_plugin_api::abi::word::{TID_BOOL, TID_INT, TID_LONG};
    w.is_int()
        || matches!(sp.layout(w), TID_INT | TID_LONG | TID_BOOL)
        || sp.isinstance(w, sp.known(known::INT)).unwrap_or(false)
}
/// Is this a float of exactly that type?
#[inline]
pub fn is_exact_float(w: W) -> bool {
    // SAFETY: a live word.
    unsafe { w.is_tid(taipan_plugin_api::abi::word::TID_FLOAT) }
}
/// An exception class of a module, made once: a second module object shows the same.
pub fn exception_class(sp: Space, slot: &'static Global, module: &str, name: &str, w_base: W) -> Res<W> {
    slot.get_or(sp, |sp| {
        let w_bases = sp.newtuple(&[w_base])?;
        let w_dict = sp.newdict()?;
        sp.dict_set_str(w_dict, "__module__", sp.newstr(module)?)?;
        sp.call(sp.known(known::TYPE), &[sp.newstr(name)?, w_bases, w_dict])
    })
}

/// Runs what may block. Everything of this crate that waits goes through here.
pub fn blocking<T>(sp: Space, f: impl FnOnce() -> T) -> T {
    sp.blocking(f)
}

/// Calls that may recurse through `repr` of the same object: a list in the thread's state of those being shown would need the space;
/// a process-wide registry of addresses does.
pub struct ReprGuard(u64);
thread_local! {
    static RUNNING: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
}
impl ReprGuard {
    /// None if `w` is being shown already.
    pub fn enter(w: W) -> Option<ReprGuard> {
        RUNNING.with(|r| {
            let mut r = r.borrow_mut();
            // The addresses are only compared; the objects stand on the stacks of the calls that entered them.
            if r.contains(&w.0) {
                return None;
            }
            r.push(w.0);
            Some(ReprGuard(w.0))
        })
    }
}
impl Drop for ReprGuard {
    fn drop(&mut self) {
        RUNNING.with(|r| r.borrow_mut().retain(|x| *x != self.0))
    }
}

/// A NUL-free module constant as int.
pub fn set_int(sp: Space, w_module: W, name: &str, i: i64) -> Res<()> {
    sp.setattr_str(w_module, name, sp.newint(i))
}

/// RecursionError if the native stack is nearly used up.
#[inline]
pub fn check_stack(sp: Space, what: &str) -> Res<()> {
    let here = 0u8;
    if (&raw const here as usize) > sp.thread().stack_limit {
        return Ok(());
    }
    Err(raise!(sp, RECURSION_ERROR, "maximum recursion depth exceeded{what}"))
}
