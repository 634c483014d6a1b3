//! What the modules of this library share.

pub mod fd;
pub mod path;
pub mod time;

use std::ffi::CStr;
use taipan_plugin_api::prelude::*;

/// A table of integer constants: names of the C library, then names with their values.
macro_rules! consts {
    ($(#[$doc:meta])* $vis:vis $id:ident: [$($n:ident)*] [$($o:ident = $v:expr),* $(,)?]) => {
        $(#[$doc])*
        $vis static $id: &[(&str, i64)] = &[$((stringify!($n), libc::$n as i64),)* $((stringify!($o), $v),)*];
    };
}
pub(crate) use consts;

/// Runs a call that may block. The one place where other Python threads are let run meanwhile.
#[inline]
pub fn blocking<T>(sp: Space, f: impl FnOnce() -> T) -> T {
    sp.blocking(f)
}

/// The thread's errno.
#[inline]
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
/// Sets errno, for calls that report through it alone.
pub fn set_errno(n: i32) {
    // SAFETY: the address of the thread's errno is always valid.
    unsafe { *libc::__errno_location() = n }
}

/// OSError of errno, without a file name.
#[cold]
pub fn os_error(sp: Space) -> Raised {
    sp.raise_errno(errno(), W::NULL)
}

/// Integer results of the C library: negative = see errno.
pub trait CResult: Copy {
    /// Did the call fail?
    fn failed(self) -> bool;
}
impl CResult for i32 {
    fn failed(self) -> bool {
        self < 0
    }
}
impl CResult for i64 {
    fn failed(self) -> bool {
        self < 0
    }
}
impl CResult for isize {
    fn failed(self) -> bool {
        self < 0
    }
}

/// A call that does not block for long: its result, or OSError.
#[inline]
pub fn check<T: CResult>(sp: Space, r: T) -> Res<T> {
    if r.failed() { Err(os_error(sp)) } else { Ok(r) }
}

/// A call that may block and be interrupted: repeated after EINTR once signal handlers have run. `Err` of the inner result is errno.
pub fn retry<T: CResult>(sp: Space, mut f: impl FnMut() -> T) -> Res<Result<T, i32>> {
    loop {
        let (r, e) = blocking(sp, || {
            let r = f();
            (r, errno())
        });
        if !r.failed() {
            return Ok(Ok(r));
        }
        if e != libc::EINTR {
            return Ok(Err(e));
        }
        sp.poll()?;
    }
}
/// [`retry`], with OSError for a failure.
pub fn interruptible<T: CResult>(sp: Space, f: impl FnMut() -> T) -> Res<T> {
    retry(sp, f)?.map_err(|e| sp.raise_errno(e, W::NULL))
}

/// Adds a table of constants to a module.
pub fn add_consts(sp: Space, w_module: W, table: &[(&str, i64)]) -> Res<()> {
    for (name, value) in table {
        sp.setattr_str(w_module, name, sp.newint(*value))?;
    }
    Ok(())
}
/// A dict of a table whose names carry a leading underscore.
pub fn names_dict(sp: Space, table: &[(&str, i64)]) -> Res<W> {
    let w_dict = sp.newdict()?;
    for (name, value) in table {
        sp.dict_set(w_dict, sp.newstr(&name[1..])?, sp.newint(*value))?;
    }
    Ok(w_dict)
}

/// A field of a struct sequence that is an item only.
pub const UNNAMED: &str = "";

/// A struct sequence type, added to the module under the last part of its dotted name.
pub fn structseq(sp: Space, w_module: W, name: &str, doc: &str, fields: &[&str], n: usize) -> Res<W> {
    let mut names = RootedVec::with_capacity(sp, fields.len());
    for f in fields {
        names.push(if f.is_empty() { W::NONE } else { sp.newstr(f)? });
    }
    let w_type = sp.newstructseq_type(sp.newstr(name)?, sp.newstr(doc)?, names.into_tuple()?, n as i64)?;
    sp.setattr_str(w_module, name.rsplit('.').next().unwrap_or(name), w_type)?;
    Ok(w_type)
}
/// An instance of a struct sequence type.
pub fn newstructseq(sp: Space, w_type: W, items: &[W]) -> Res<W> {
    let w_items = sp.newtuple(items)?;
    sp.call(w_type, &[w_items])
}

/// A type of this library, added to its module and remembered.
pub fn add_type(sp: Space, w_module: W, global: &'static Global, spec: &'static TypeSpec) -> Res<W> {
    let w_type = sp.newtype(spec, W::NULL, w_module)?;
    global.set(sp, w_type);
    let name = spec.name.get();
    sp.setattr_str(w_module, name.rsplit('.').next().unwrap_or(name), w_type)?;
    Ok(w_type)
}

/// A static list as a global, made when first used.
pub fn global_list(sp: Space, global: &'static Global) -> Res<W> {
    global.get_or(sp, |sp| sp.newlist(&[]))
}

/// The text of a C string, undecodable bytes escaped; None for null.
pub fn c_text(sp: Space, p: *const libc::c_char) -> Res<W> {
    if p.is_null() {
        return Ok(W::NONE);
    }
    // SAFETY: the C library answers NUL-terminated strings that stay until the next call of the same kind.
    path::fsdecode(sp, unsafe { CStr::from_ptr(p) }.to_bytes())
}

/// An id (uid, gid) argument: -1 to 2**32 - 1.
pub fn id_arg(sp: Space, w: W, what: &str) -> Res<u32> {
    if sp.layout(w) != taipan_plugin_api::abi::word::TID_INT
        && sp.layout(w) != taipan_plugin_api::abi::word::TID_BOOL
        && sp.layout(w) != taipan_plugin_api::abi::word::TID_LONG
        && sp.lookup_special(w, name!(sp, "__index__"))?.is_none()
    {
        return Err(sp.type_error(&format!("{what} should be integer, not {}", sp.type_name(w))));
    }
    let n = match sp.int_w(w) {
        Ok(n) => n,
        Err(e) => {
            if !sp.catch(known::OVERFLOW_ERROR) {
                return Err(e);
            }
            let big = sp.bigint_w(w)?;
            if big < 0.into() { i64::MIN } else { i64::MAX }
        }
    };
    match n {
        -1 => Ok(u32::MAX),
        n if n < 0 => Err(sp.overflow_error(&format!("{what} is less than minimum"))),
        n => u32::try_from(n).map_err(|_| sp.overflow_error(&format!("{what} is greater than maximum"))),
    }
}
/// An id as Python shows it: -1 for "no id".
pub fn id_result(sp: Space, id: u32) -> W {
    sp.newint(if id == u32::MAX { -1 } else { id as i64 })
}

/// NotImplementedError for an argument that the platform's call cannot honour: CPython's wording.
#[cold]
pub fn unavailable(sp: Space, function: &str, argument: &str) -> Raised {
    sp.raise(known::NOT_IMPLEMENTED_ERROR, &format!("{function}: {argument} unavailable on this platform"))
}

/// A new exception class `module.Name` of one base, added to the module.
pub fn new_exception(sp: Space, w_module: W, dotted: &str, w_base: W) -> Res<W> {
    let (module, name) = dotted.rsplit_once('.').unwrap_or(("builtins", dotted));
    let w_bases = sp.newtuple(&[w_base])?;
    let w_dict = sp.newdict()?;
    sp.dict_set_str(w_dict, "__module__", sp.newstr(module)?)?;
    let w_class = sp.call(sp.known(known::TYPE), &[sp.newstr(name)?, w_bases, w_dict])?;
    sp.setattr_str(w_module, name, w_class)?;
    Ok(w_class)
}
/// An exception of (errno, text).
#[cold]
pub fn errno_exception(sp: Space, w_class: W, errno: i32) -> Raised {
    // SAFETY: strerror answers a C string for any number; it is copied at once.
    let w_text = c_text(sp, unsafe { libc::strerror(errno) });
    match w_text.and_then(|w| sp.call(w_class, &[sp.newint(errno as i64), w])) {
        Ok(w) => sp.raise_object(w, W::NULL),
        Err(raised) => raised,
    }
}
