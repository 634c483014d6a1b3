//! What all files of the crate share: blocking calls, arguments, small conversions.

use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// Runs a call that may block. The one place where the interpreter's lock would be given up.
#[inline(always)]
pub fn blocking<T>(sp: Space, f: impl FnOnce() -> T) -> T {
    sp.blocking(f)
}

/// errno of the last call.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// A system call, repeated when a signal interrupted it (after its handlers ran). The inner error is the errno.
pub fn retry(sp: Space, f: impl Fn() -> i64) -> Res<Result<i64, i32>> {
    loop {
        let n = blocking(sp, &f);
        if n >= 0 {
            return Ok(Ok(n));
        }
        match errno() {
            libc::EINTR => sp.poll()?,
            e => return Ok(Err(e)),
        }
    }
}

/// An optional size: None is -1.
pub fn size_arg(sp: Space, w: W) -> Res<i64> {
    if w.is_int() {
        return Ok(w.untag());
    }
    if w.is_none() || w.is_null() {
        return Ok(-1);
    }
    if !has_index(sp, w)? {
        return Err(raise!(sp, TYPE_ERROR, "argument should be integer or None, not '{}'", sp.type_name(w)));
    }
    sp.int_w(w)
}

/// Has the type `__index__`?
pub fn has_index(sp: Space, w: W) -> Res<bool> {
    Ok(w.is_int() || sp.lookup_special(w, name!(sp, "__index__"))?.is_some())
}

/// The arguments of a constructor bound to parameter names; NULL for what was not given.
pub fn bind<const N: usize>(sp: Space, fname: &str, args: Args, names: [&str; N], required: usize) -> Res<[W; N]> {
    let mut out = [W::NULL; N];
    let given = args.n + args.nkw(sp);
    if given > N {
        let (most, s) = (if required == N { "exactly" } else { "at most" }, if N == 1 { "" } else { "s" });
        return Err(raise!(sp, TYPE_ERROR, "{fname}() takes {most} {N} argument{s} ({given} given)"));
    }
    out[..args.n].copy_from_slice(args.positional());
    for (key, w) in args.keywords(sp) {
        match names.iter().position(|n| key.eq_str(n)) {
            Some(i) if out[i].is_null() => out[i] = w,
            Some(i) => {
                let m = format!("argument for {fname}() given by name ('{}') and position ({})", names[i], i + 1);
                return Err(sp.type_error(&m));
            }
            None => {
                return Err(raise!(sp, TYPE_ERROR, "{fname}() got an unexpected keyword argument '{}'", key.to_str()));
            }
        }
    }
    for (i, n) in names.iter().enumerate().take(required) {
        if out[i].is_null() {
            return Err(raise!(sp, TYPE_ERROR, "{fname}() missing required argument '{n}' (pos {})", i + 1));
        }
    }
    Ok(out)
}

/// NULL as `default`.
pub fn or(w: W, default: W) -> W {
    if w.is_null() { default } else { w }
}

/// A str or None argument, for messages of the form "f() argument 'x' must be str or None, not int".
pub fn opt_text(sp: Space, w: W, fname: &str, name: &str) -> Res<Option<Text>> {
    if w.is_null() || w.is_none() {
        return Ok(None);
    }
    match sp.text_opt(w) {
        Some(t) => Ok(Some(t)),
        None => Err(raise!(sp, TYPE_ERROR, "{fname}() argument '{name}' must be str or None, not {}", sp.type_name(w))),
    }
}

/// A str argument.
pub fn text_arg(sp: Space, w: W, fname: &str, name: &str) -> Res<Text> {
    match sp.text_opt(w) {
        Some(t) => Ok(t),
        None => Err(raise!(sp, TYPE_ERROR, "{fname}() argument '{name}' must be str, not {}", sp.type_name(w))),
    }
}

/// The exact class of an object (NULL for ints).
#[inline(always)]
pub fn class_of(sp: Space, w: W) -> W {
    if w.is_int() { W::NULL } else { sp.row(w).w_type }
}

/// Is the object a heap object of exactly this class?
#[inline(always)]
pub fn is_exact(sp: Space, w: W, w_class: W) -> bool {
    w.is_obj() && class_of(sp, w) == w_class
}

/// Characters [a, b) of a str.
pub fn slice(sp: Space, t: &Text, a: usize, b: usize) -> Res<W> {
    debug_assert!(a <= b && b <= t.len());
    if a == 0 && b == t.len() {
        return Ok(t.w);
    }
    if a == b {
        return Ok(sp.known(known::EMPTY_STR));
    }
    // SAFETY: the range lies in the str, which `t` keeps; the characters are copied.
    let w = unsafe {
        let p = t.view.ptr.add(a * t.view.kind as usize);
        if t.view.ascii != 0 {
            (sp.ops().newstr.exec)(sp.th(), p, b - a)
        } else {
            (sp.ops().newstr_kind.exec)(sp.th(), p, b - a, t.view.kind)
        }
    };
    if w.is_null() { Err(Raised) } else { Ok(w) }
}

/// The first error wins: runs the second action in any case, and if both raise, the later exception has the earlier one as context.
pub fn both<T>(sp: Space, first: Res<()>, second: impl FnOnce() -> Res<T>) -> Res<T> {
    match first {
        Ok(()) => second(),
        Err(Raised) => {
            let w_first = sp.take_exc();
            let r = second();
            if r.is_err() {
                let w_second = sp.take_exc();
                if w_second != w_first {
                    chain(sp, w_second, w_first);
                }
                return Err(sp.set_exc(w_second));
            }
            Err(sp.set_exc(w_first))
        }
    }
}

/// `w_exc.__context__ = w_context`, unless it has one.
fn chain(sp: Space, w_exc: W, w_context: W) {
    let name = name!(sp, "__context__");
    let free = matches!(sp.getattr_opt(w_exc, name), Ok(Some(w)) if w.is_none());
    if free && sp.setattr(w_exc, name, w_context).is_err() {
        sp.take_exc();
    }
}

/// Warns of a category whose message is computed; an error of the warning (as with -W error) is reported, not raised.
pub fn warn_unraisable(sp: Space, category: u32, message: &str, w_context: W) {
    if sp.warn(category, message, 1).is_err() && sp.pending() {
        let _ = sp.write_unraisable(w_context);
        sp.take_exc();
    }
}
