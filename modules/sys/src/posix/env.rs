//! The environment, error texts, random bytes.

use crate::util::path::fsencode;
use crate::util::{check, interruptible};
use std::ffi::{CStr, CString};
use taipan_plugin_api::prelude::*;

/// dict of bytes to bytes of the process's environment.
pub fn environ_dict(sp: Space) -> Res<W> {
    let w_dict = sp.newdict()?;
    // SAFETY: the C library's table of NUL-terminated strings; one thread runs Python.
    unsafe {
        let mut p = super::raw_environ();
        while !p.is_null() && !(*p).is_null() {
            let entry = CStr::from_ptr(*p).to_bytes();
            p = p.add(1);
            // A name may begin with "=" (it does for some shells), so the separator is looked for after it.
            let Some(i) = entry.iter().skip(1).position(|c| *c == b'=') else { continue };
            let (w_key, w_value) = (sp.newbytes(&entry[..i + 1])?, sp.newbytes(&entry[i + 2..])?);
            if sp.dict_get(w_dict, w_key)?.is_none() {
                sp.dict_set(w_dict, w_key, w_value)?;
            }
        }
    }
    Ok(w_dict)
}
/// Create the environment dictionary.
#[interp_fn(sig = "()")]
pub fn _create_environ(sp: Space) -> Res<W> {
    environ_dict(sp)
}
fn env_text(sp: Space, w: W) -> Res<CString> {
    if sp.text_opt(w).is_none() && sp.bytes_opt(w).is_none() {
        return Err(sp.type_error(&format!("expected str, bytes or os.PathLike object, not {}", sp.type_name(w))));
    }
    fsencode(sp, w)
}
/// Change or add an environment variable.
#[interp_fn(sig = "(name, value, /)")]
pub fn putenv(sp: Space, w_name: W, w_value: W) -> Res<()> {
    let (name, value) = (env_text(sp, w_name)?, env_text(sp, w_value)?);
    if name.as_bytes().contains(&b'=') {
        return Err(sp.value_error("illegal environment variable name"));
    }
    // SAFETY: NUL-terminated strings that the C library copies; other native threads of ours do not read the environment.
    check(sp, unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) })?;
    Ok(())
}
/// Delete an environment variable.
#[interp_fn(sig = "(name, /)")]
pub fn unsetenv(sp: Space, w_name: W) -> Res<()> {
    let name = env_text(sp, w_name)?;
    // SAFETY: as above.
    check(sp, unsafe { libc::unsetenv(name.as_ptr()) })?;
    Ok(())
}
/// Translate an error code to a message string.
#[interp_fn(sig = "(code, /)")]
pub fn strerror(sp: Space, code: i32) -> Res<W> {
    // SAFETY: strerror answers a C string for any number; it is copied at once.
    crate::util::c_text(sp, unsafe { libc::strerror(code) })
}

/// Return a bytes object containing random bytes suitable for cryptographic use.
#[interp_fn(sig = "(size, /)")]
pub fn urandom(sp: Space, size: isize) -> Res<W> {
    if size < 0 {
        return Err(sp.value_error("negative argument not allowed"));
    }
    let mut buf = super::io::buffer(sp, size as usize)?;
    let mut done = 0;
    while done < buf.len() {
        let rest = &mut buf[done..];
        // SAFETY: the buffer has the length given.
        done += interruptible(sp, || unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) })? as usize;
    }
    sp.newbytes(&buf)
}
/// Obtain a series of random bytes.
#[interp_fn(sig = "(size, flags=0)")]
pub fn getrandom(sp: Space, size: isize, flags: i32) -> Res<W> {
    if size < 0 {
        return Err(sp.raise_errno(libc::EINVAL, W::NULL));
    }
    let mut buf = super::io::buffer(sp, size as usize)?;
    // SAFETY: the buffer has the length given.
    let n = interruptible(sp, || unsafe { libc::getrandom(buf.as_mut_ptr().cast(), buf.len(), flags as u32) })?;
    sp.newbytes(&buf[..n as usize])
}
/// Return a string describing the encoding of a terminal's file descriptor.
///
/// The file descriptor must be attached to a terminal.
/// If the device is not a terminal, return None.
#[interp_fn(sig = "(fd)")]
pub fn device_encoding(_sp: Space, fd: i32) -> Res<Option<&'static str>> {
    // SAFETY: any number is allowed.
    Ok((unsafe { libc::isatty(fd) } == 1).then_some("utf-8"))
}

/// The strings of a mapping as `NAME=value`.
pub fn env_strings(sp: Space, w_env: W) -> Res<Vec<CString>> {
    if sp.lookup_special(w_env, name!(sp, "__getitem__"))?.is_none()
        || sp.lookup_special(w_env, name!(sp, "keys"))?.is_none()
    {
        return Err(sp.type_error("execve: environment must be a mapping object"));
    }
    let (_keys, keys) = sp.unpack(sp.call_method(w_env, name!(sp, "keys"), &[])?)?;
    let (_values, values) = sp.unpack(sp.call_method(w_env, name!(sp, "values"), &[])?)?;
    let mut out = Vec::with_capacity(keys.len());
    for (w_key, w_value) in keys.iter().zip(values) {
        let (key, value) = (fsencode(sp, *w_key)?, fsencode(sp, *w_value)?);
        if key.as_bytes().is_empty() || key.as_bytes()[1..].contains(&b'=') {
            return Err(sp.value_error("illegal environment variable name"));
        }
        let joined = [key.as_bytes(), b"=", value.as_bytes()].concat();
        out.push(CString::new(joined).map_err(|_| sp.value_error("embedded null byte"))?);
    }
    Ok(out)
}
/// How messages name the argument: execv has words of its own.
fn argv_name(function: &str) -> String {
    if function == "execv" { "execv() arg 2".into() } else { format!("{function}: argv") }
}
/// The argument strings of exec and spawn.
pub fn argv_strings(sp: Space, w_argv: W, function: &str) -> Res<Vec<CString>> {
    use taipan_plugin_api::abi::word::{TID_LIST, TID_TUPLE};
    if !matches!(sp.layout(w_argv), TID_LIST | TID_TUPLE) {
        return Err(sp.type_error(&format!("{} must be a tuple or list", argv_name(function))));
    }
    let (_keep, items) = sp.unpack(w_argv)?;
    if items.is_empty() {
        return Err(sp.value_error(&format!("{} must not be empty", argv_name(function))));
    }
    let argv = items.iter().map(|w| fsencode(sp, *w)).collect::<Res<Vec<_>>>()?;
    if argv[0].as_bytes().is_empty() {
        return Err(sp.value_error(&format!("{} first element cannot be empty", argv_name(function))));
    }
    Ok(argv)
}
/// A null-terminated table of pointers into strings that outlive it.
pub fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}
