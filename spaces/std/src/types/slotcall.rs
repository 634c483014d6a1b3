//! Slot wrappers: calling a slot of a built-in class by its special method's name (`int.__add__(1, 2)`).

use super::slotdefs::{self, Kind, SlotDef};
use super::util::*;
use crate::layouts::*;
use taipan_abi::types::*;
use taipan_abi::word::*;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// `wrapper(self, *args)`
pub fn call_wrapper(sp: Space, w: W, args: Args) -> Res<W> {
    // SAFETY: the caller's object is a slot wrapper.
    let o = unsafe { obj::<WSlotWrapper>(w) };
    let def = slotdefs::def(o.def);
    let Some(w_self) = args.positional().first().copied() else {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "descriptor '{}' of '{}' object needs an argument",
            def.name,
            tp_name(sp, o.w_type)
        ));
    };
    // SAFETY: the others follow the first argument.
    let rest = Args { ptr: unsafe { args.ptr.add(1) }, n: args.n - 1, kwnames: args.kwnames };
    call_bound(sp, o, def, w_self, rest)
}

/// The same with self apart.
pub fn call_bound(sp: Space, o: &WSlotWrapper, def: &SlotDef, w: W, args: Args) -> Res<W> {
    if type_of(sp, w) != o.w_type && !instance(sp, w, o.w_type) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "descriptor '{}' requires a '{}' object but received a '{}'",
            def.name,
            tp_name(sp, o.w_type),
            tname(sp, w)
        ));
    }
    let f = slotdefs::get_slot(wt(o.w_type).slots, def.off);
    if f.is_null() {
        return Err(super::attrs::no_attribute(sp, w, sp.intern(def.name)));
    }
    call_slot(sp, def, f, o.w_type, w, args)
}

fn count(sp: Space, args: &Args, n: usize) -> Res<()> {
    if args.n != n {
        return Err(raise!(sp, TYPE_ERROR, "expected {n} argument{}, got {}", plural(n), args.n));
    }
    Ok(())
}
fn index_arg(sp: Space, w: W) -> Res<i64> {
    let i = sp.index(w)?;
    sp.int_w(i)
}

/// Assigning through a base's `__setattr__` what a more derived built-in class forbids.
fn hackcheck(sp: Space, w: W, f: SetattrFn, name: &str) -> Res<()> {
    let mut c = type_of(sp, w);
    while !c.is_null() && wt(c).flags & tflags::HEAP != 0 {
        c = wt(c).w_base
    }
    if !c.is_null()
        && let Some(own) = type_slots(c).setattr
        && own as *const () != f as *const ()
        && own as *const () != super::slotgeneric::setattr as *const ()
    {
        return Err(raise!(sp, TYPE_ERROR, "can't apply this {name} to {} object", tp_name(sp, c)));
    }
    Ok(())
}
type SetattrFn = StoreFn;

fn call_slot(sp: Space, def: &SlotDef, f: *const (), w_owner: W, w: W, args: Args) -> Res<W> {
    let th = sp.th();
    if !matches!(def.kind, Kind::Call | Kind::Init) && args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "wrapper {}() takes no keyword arguments", def.name));
    }
    let a = args.positional();
    // SAFETY (whole match): the definition says which function type the slot has; operands are live words.
    unsafe {
        match def.kind {
            Kind::Unary => {
                count(sp, &args, 0)?;
                let f: UnaryFn = std::mem::transmute(f);
                res(f(th, w))
            }
            Kind::Next => {
                count(sp, &args, 0)?;
                let f: UnaryFn = std::mem::transmute(f);
                let r = f(th, w);
                if r.is_null() && !sp.pending() {
                    return Err(sp.raise_object(sp.known(known::STOP_ITERATION), W::NULL));
                }
                res(r)
            }
            Kind::Left => {
                count(sp, &args, 1)?;
                let f: BinaryFn = std::mem::transmute(f);
                res(f(th, w, a[0]))
            }
            Kind::Right => {
                count(sp, &args, 1)?;
                let f: BinaryFn = std::mem::transmute(f);
                res(f(th, a[0], w))
            }
            Kind::Pow | Kind::Rpow => {
                if args.n != 1 && args.n != 2 {
                    return Err(raise!(sp, TYPE_ERROR, "expected 1 or 2 arguments, got {}", args.n));
                }
                let (x, y) = if def.kind == Kind::Pow { (w, a[0]) } else { (a[0], w) };
                if args.n == 2 && !a[1].is_none() {
                    return match type_slots(w_owner).pow3 {
                        Some(f) => res(f(th, x, y, a[1])),
                        None => Ok(W::NOT_IMPLEMENTED),
                    };
                }
                let f: BinaryFn = std::mem::transmute(f);
                res(f(th, x, y))
            }
            Kind::Hash => {
                count(sp, &args, 0)?;
                let f: HashFn = std::mem::transmute(f);
                let h = f(th, w);
                if h == -1 && sp.pending() { Err(Raised) } else { Ok(sp.newint(h)) }
            }
            Kind::Call => {
                let f: CallFn = std::mem::transmute(f);
                res(f(th, w, args.ptr, args.n, args.kwnames))
            }
            Kind::Init => {
                let f: InitFn = std::mem::transmute(f);
                unit(f(th, w, args.ptr, args.n, args.kwnames))?;
                Ok(W::NONE)
            }
            Kind::Getattr => {
                count(sp, &args, 1)?;
                let f: BinaryFn = std::mem::transmute(f);
                res(f(th, w, a[0]))
            }
            Kind::Getitem => {
                count(sp, &args, 1)?;
                let f: BinaryFn = std::mem::transmute(f);
                res(f(th, w, a[0]))
            }
            Kind::Setattr | Kind::Delattr => {
                let (n, value) = if def.kind == Kind::Setattr { (2, a.get(1)) } else { (1, None) };
                count(sp, &args, n)?;
                let f: StoreFn = std::mem::transmute(f);
                hackcheck(sp, w, f, def.name)?;
                unit(f(th, w, a[0], value.copied().unwrap_or(W::NULL)))?;
                Ok(W::NONE)
            }
            Kind::Setitem | Kind::Set => {
                count(sp, &args, 2)?;
                let f: StoreFn = std::mem::transmute(f);
                unit(f(th, w, a[0], a[1]))?;
                Ok(W::NONE)
            }
            Kind::Delitem | Kind::Delete => {
                count(sp, &args, 1)?;
                let f: StoreFn = std::mem::transmute(f);
                unit(f(th, w, a[0], W::NULL))?;
                Ok(W::NONE)
            }
            Kind::Compare(op) => {
                count(sp, &args, 1)?;
                let f: CompareFn = std::mem::transmute(f);
                res(f(th, w, a[0], op))
            }
            Kind::Get => {
                if args.n == 0 || args.n > 2 {
                    let (how, n) = if args.n == 0 { ("least", 1) } else { ("most", 2) };
                    return Err(raise!(sp, TYPE_ERROR, "expected at {how} {n} argument{}, got {}", plural(n), args.n));
                }
                let null = |w: Option<&W>| w.copied().filter(|w| !w.is_none()).unwrap_or(W::NULL);
                let (o, t) = (null(a.first()), null(a.get(1)));
                if o.is_null() && t.is_null() {
                    return Err(sp.type_error("__get__(None, None) is invalid"));
                }
                let f: TernaryFn = std::mem::transmute(f);
                res(f(th, w, o, t))
            }
            Kind::Len => {
                count(sp, &args, 0)?;
                let f: LenFn = std::mem::transmute(f);
                let n = f(th, w);
                if n < 0 { Err(Raised) } else { Ok(sp.newint(n)) }
            }
            Kind::Contains => {
                count(sp, &args, 1)?;
                let f: Test2Fn = std::mem::transmute(f);
                let r = f(th, w, a[0]);
                if r < 0 { Err(Raised) } else { Ok(W::bool(r != 0)) }
            }
            Kind::Test => {
                count(sp, &args, 0)?;
                let f: TestFn = std::mem::transmute(f);
                let r = f(th, w);
                if r < 0 { Err(Raised) } else { Ok(W::bool(r != 0)) }
            }
            Kind::Repeat => {
                count(sp, &args, 1)?;
                let n = index_arg(sp, a[0])?;
                let f: IndexFn = std::mem::transmute(f);
                res(f(th, w, n))
            }
            Kind::Buffer => {
                count(sp, &args, 1)?;
                sp.newmemoryview(w)
            }
            Kind::ReleaseBuffer => {
                count(sp, &args, 1)?;
                sp.call_method(a[0], name!(sp, "release"), &[])
            }
            Kind::Del => {
                count(sp, &args, 0)?;
                let f: FinalizeFn = std::mem::transmute(f);
                f(th, w);
                Ok(W::NONE)
            }
            Kind::New | Kind::GetattrHook => Err(sp.raise(known::SYSTEM_ERROR, "no wrapper for this slot")),
        }
    }
}
