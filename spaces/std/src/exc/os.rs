//! OSError: fields, the subclass of an errno, and its text.

use super::base::{allocate, exc, reduce_with};
use super::special::layout;
use crate::layouts::WException;
use taipan_abi::known;
use taipan_abi::types::Slots;
use taipan_abi::word::W;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::{getset, interp_fn, member, methods, setfield, slot, table};

layout!(/** OSError */ WOSError { w_errno, w_strerror, w_filename, w_filename2, w_written });

fn os<'a>(w: W) -> &'a WOSError {
    // SAFETY: the gateway has checked the type.
    unsafe { &*w.ptr() }
}

/// The subclass that PEP 3151 gives an errno.
pub fn class_of(errno: i32) -> u32 {
    match errno {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => known::BLOCKING_IO_ERROR,
        libc::EPIPE | libc::ESHUTDOWN => known::BROKEN_PIPE_ERROR,
        libc::ECHILD => known::CHILD_PROCESS_ERROR,
        libc::ECONNABORTED => known::CONNECTION_ABORTED_ERROR,
        libc::ECONNREFUSED => known::CONNECTION_REFUSED_ERROR,
        libc::ECONNRESET => known::CONNECTION_RESET_ERROR,
        libc::EEXIST => known::FILE_EXISTS_ERROR,
        libc::ENOENT => known::FILE_NOT_FOUND_ERROR,
        libc::EINTR => known::INTERRUPTED_ERROR,
        libc::EISDIR => known::IS_A_DIRECTORY_ERROR,
        libc::ENOTDIR => known::NOT_A_DIRECTORY_ERROR,
        libc::EACCES | libc::EPERM => known::PERMISSION_ERROR,
        libc::ESRCH => known::PROCESS_LOOKUP_ERROR,
        libc::ETIMEDOUT => known::TIMEOUT_ERROR,
        _ => known::OS_ERROR,
    }
}

/// strerror(errno)
pub fn strerror(errno: i32) -> String {
    // SAFETY: strerror answers a C string; it is copied at once, one thread at a time.
    unsafe {
        let p = libc::strerror(errno);
        if p.is_null() {
            format!("Unknown error {errno}")
        } else {
            std::ffi::CStr::from_ptr(p).to_string_lossy().into_owned()
        }
    }
}

/// Does the class take its arguments in `__new__` (its `__init__` is ours)?
fn init_is_ours(sp: Space, w_type: W) -> bool {
    let t = crate::types::util::type_slots(w_type);
    let _ = sp;
    t.init.is_some_and(|f| f as usize == os_init as *const () as usize)
}

fn fill(sp: Space, w: W, a: &[W]) -> Res<()> {
    let mut w_args = sp.newtuple(a)?;
    if a.len() >= 2 && a.len() <= 5 {
        setfield!(sp, w, WOSError, w_errno, a[0]);
        setfield!(sp, w, WOSError, w_strerror, a[1]);
        if a.len() >= 3 && !a[2].is_none() {
            let blocking = sp.isinstance(w, sp.known(known::BLOCKING_IO_ERROR))?;
            if blocking && a.len() == 3 && a[2].is_int() {
                setfield!(sp, w, WOSError, w_written, a[2]);
            } else {
                setfield!(sp, w, WOSError, w_filename, a[2]);
                if a.len() == 5 && !a[4].is_none() {
                    setfield!(sp, w, WOSError, w_filename2, a[4]);
                }
                w_args = sp.newtuple(&a[..2])?;
            }
        }
    }
    setfield!(sp, w, WException, w_args, w_args);
    Ok(())
}

#[slot]
fn os_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let a = args.positional();
    if !init_is_ours(sp, w_type) {
        return allocate(sp, w_type, a);
    }
    if args.nkw(sp) > 0 {
        return Err(raise!(sp, TYPE_ERROR, "{}() takes no keyword arguments", crate::types::util::tp_name(sp, w_type)));
    }
    let mut w_class = w_type;
    if w_type == sp.known(known::OS_ERROR) && a.len() >= 2 && a[0].is_int() {
        w_class = sp.known(class_of(a[0].untag() as i32));
    }
    let w = allocate(sp, w_class, &[])?;
    fill(sp, w, a)?;
    Ok(w)
}
#[slot]
fn os_init(sp: Space, w: W, args: Args) -> Res<()> {
    // A class with its own `__new__` or `__init__` that calls up gets its fields here.
    if !init_is_ours(sp, sp.type_(w)?) && args.nkw(sp) == 0 {
        fill(sp, w, args.positional())?;
    }
    Ok(())
}
#[slot]
fn os_str(sp: Space, w: W) -> Res<W> {
    let e = os(w);
    let text = |w: W| sp.string_w(sp.str(if w.is_null() { W::NONE } else { w })?);
    if !e.w_filename.is_null() {
        let head = format!("[Errno {}] {}: {}", text(e.w_errno)?, text(e.w_strerror)?, sp.repr_string(e.w_filename)?);
        if !e.w_filename2.is_null() {
            return sp.newstr(&format!("{head} -> {}", sp.repr_string(e.w_filename2)?));
        }
        return sp.newstr(&head);
    }
    if !e.w_errno.is_null() && !e.w_strerror.is_null() {
        return sp.newstr(&format!("[Errno {}] {}", text(e.w_errno)?, text(e.w_strerror)?));
    }
    match sp.tuple_items(exc(w).w_args) {
        [] => Ok(sp.known(known::EMPTY_STR)),
        [one] => sp.str(*one),
        _ => sp.str(exc(w).w_args),
    }
}
/// For pickling.
#[interp_fn(method, name = "__reduce__", sig = "(self)")]
fn os_reduce(sp: Space, w: W) -> Res<W> {
    let e = os(w);
    let a = sp.tuple_items(e.w_args);
    let w_args = if a.len() == 2 && !e.w_filename.is_null() {
        if e.w_filename2.is_null() {
            sp.newtuple(&[a[0], a[1], e.w_filename])?
        } else {
            sp.newtuple(&[a[0], a[1], e.w_filename, W::NONE, e.w_filename2])?
        }
    } else {
        e.w_args
    };
    reduce_with(sp, w, w_args)
}
#[slot]
fn get_written(sp: Space, w: W) -> Res<W> {
    let v = os(w).w_written;
    if v.is_null() { Err(raise!(sp, ATTRIBUTE_ERROR, "characters_written")) } else { Ok(v) }
}
#[slot]
fn set_written(sp: Space, w: W, v: W) -> Res<()> {
    if v.is_null() && os(w).w_written.is_null() {
        return Err(raise!(sp, ATTRIBUTE_ERROR, "characters_written"));
    }
    let v = if v.is_null() { v } else { sp.index(v)? };
    setfield!(sp, w, WOSError, w_written, v);
    Ok(())
}
typespec!(
    /// OSError
    pub OS_ERROR: WOSError, "OSError", {
        doc: Str::new("Base class for I/O related errors."),
        flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
        slots: &Slots { new: Some(os_new), init: Some(os_init), str: Some(os_str), ..Slots::EMPTY },
        methods: methods![os_reduce],
        getset: table![getset!("characters_written", get_written, set_written)],
        members: table![
            member!(WOSError, "errno", w_errno, mut Obj), member!(WOSError, "strerror", w_strerror, mut Obj),
            member!(WOSError, "filename", w_filename, mut Obj), member!(WOSError, "filename2", w_filename2, mut Obj),
        ],
    }
);
macro_rules! kinds {
    ($($id:ident $name:literal $doc:literal;)*) => { $(typespec!(#[doc = $name] pub $id: WOSError, $name, {
        doc: Str::new($doc), flags: ty::BASETYPE | ty::DICT | ty::IMMUTABLE,
    });)* };
}
kinds! {
    BLOCKING_IO_ERROR "BlockingIOError" "I/O operation would block.";
    BROKEN_PIPE_ERROR "BrokenPipeError" "Broken pipe.";
    CHILD_PROCESS_ERROR "ChildProcessError" "Child process error.";
    CONNECTION_ERROR "ConnectionError" "Connection error.";
    CONNECTION_ABORTED_ERROR "ConnectionAbortedError" "Connection aborted.";
    CONNECTION_REFUSED_ERROR "ConnectionRefusedError" "Connection refused.";
    CONNECTION_RESET_ERROR "ConnectionResetError" "Connection reset.";
    FILE_EXISTS_ERROR "FileExistsError" "File already exists.";
    FILE_NOT_FOUND_ERROR "FileNotFoundError" "File not found.";
    INTERRUPTED_ERROR "InterruptedError" "Interrupted by signal.";
    IS_A_DIRECTORY_ERROR "IsADirectoryError" "Operation doesn't work on directories.";
    NOT_A_DIRECTORY_ERROR "NotADirectoryError" "Operation only works on directories.";
    PERMISSION_ERROR "PermissionError" "Not enough permissions.";
    PROCESS_LOOKUP_ERROR "ProcessLookupError" "Process not found.";
    TIMEOUT_ERROR "TimeoutError" "Timeout expired.";
}
