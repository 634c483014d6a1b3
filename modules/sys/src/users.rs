//! `pwd` and `grp`: the databases of users and groups.

use crate::util::path::text_arg;
use crate::util::{blocking, c_text, id_arg, id_result, newstructseq, set_errno, structseq};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static PASSWD: Global = Global::new();
static GROUP: Global = Global::new();

/// Grows the buffer of a reentrant query until it fits; the call answers errno.
fn query<T>(sp: Space, mut f: impl FnMut(&mut Vec<u8>) -> (i32, Option<T>)) -> Res<(Option<T>, Vec<u8>)> {
    let mut buf = vec![0u8; 1024];
    loop {
        match blocking(sp, || f(&mut buf)) {
            (libc::ERANGE, _) if buf.len() < 1 << 24 => {
                let n = buf.len() * 2;
                buf.resize(n, 0);
            }
            (libc::EINTR, _) => sp.poll()?,
            // The C libraries' ways of saying "no such entry".
            (0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM, found) => return Ok((found, buf)),
            (e, _) => return Err(sp.raise_errno(e, W::NULL)),
        }
    }
}
fn passwd(sp: Space, p: &libc::passwd) -> Res<W> {
    newstructseq(
        sp,
        PASSWD.get(),
        &[
            c_text(sp, p.pw_name)?,
            c_text(sp, p.pw_passwd)?,
            id_result(sp, p.pw_uid),
            id_result(sp, p.pw_gid),
            c_text(sp, p.pw_gecos)?,
            c_text(sp, p.pw_dir)?,
            c_text(sp, p.pw_shell)?,
        ],
    )
}
/// Return the password database entry for the given numeric user ID.
///
/// See `help(pwd)` for more on password database entries.
#[interp_fn(sig = "(uidobj, /)")]
fn getpwuid(sp: Space, w_uid: W) -> Res<W> {
    let missing = || -> Res<W> {
        let t = sp.string_w(sp.str(w_uid)?)?;
        Err(sp.key_error(sp.newstr(&format!("getpwuid(): uid not found: {t}"))?))
    };
    let uid = match id_arg(sp, w_uid, "uid") {
        Ok(uid) => uid,
        // A number no id can have is no one's.
        Err(e) => {
            return if sp.catch(known::OVERFLOW_ERROR) {
                Err(sp.key_error(sp.newstr("getpwuid(): uid not found")?))
            } else {
                Err(e)
            };
        }
    };
    let (found, _buf) = query(sp, |buf| {
        let (mut p, mut r) = (crate::posix::zeroed::<libc::passwd>(), std::ptr::null_mut());
        // SAFETY: all are ours; the strings lie in the buffer.
        let e = unsafe { libc::getpwuid_r(uid, &mut p, buf.as_mut_ptr().cast(), buf.len(), &mut r) };
        (e, (!r.is_null()).then_some(p))
    })?;
    match found {
        Some(p) => passwd(sp, &p),
        None => missing(),
    }
}
/// Return the password database entry for the given user name.
///
/// See `help(pwd)` for more on password database entries.
#[interp_fn(sig = "(name, /)")]
fn getpwnam(sp: Space, name: Text) -> Res<W> {
    let c = text_arg(sp, &name)?;
    let (found, _buf) = query(sp, |buf| {
        let (mut p, mut r) = (crate::posix::zeroed::<libc::passwd>(), std::ptr::null_mut());
        // SAFETY: all are ours; the strings lie in the buffer.
        let e = unsafe { libc::getpwnam_r(c.as_ptr(), &mut p, buf.as_mut_ptr().cast(), buf.len(), &mut r) };
        (e, (!r.is_null()).then_some(p))
    })?;
    match found {
        Some(p) => passwd(sp, &p),
        None => Err(sp.key_error(sp.newstr(&format!("getpwnam(): name not found: {}", sp.repr_string(name.w)?))?)),
    }
}
/// Return a list of all available password database entries, in arbitrary order.
///
/// See help(pwd) for more on password database entries.
#[interp_fn(sig = "()")]
fn getpwall(sp: Space) -> Res<W> {
    let mut out = RootedVec::new(sp);
    // SAFETY: the C library's cursor, used by one thread at a time; entries are copied before the next call.
    unsafe {
        libc::setpwent();
        loop {
            set_errno(0);
            let p = libc::getpwent();
            if p.is_null() {
                break;
            }
            match passwd(sp, &*p) {
                Ok(w) => out.push(w),
                Err(e) => {
                    libc::endpwent();
                    return Err(e);
                }
            }
        }
        libc::endpwent();
    }
    out.into_list()
}

fn group(sp: Space, g: &libc::group) -> Res<W> {
    let mut members = RootedVec::new(sp);
    // SAFETY: a null-terminated table of C strings.
    unsafe {
        let mut p = g.gr_mem;
        while !p.is_null() && !p.read_unaligned().is_null() {
            members.push(c_text(sp, p.read_unaligned())?);
            p = p.add(1);
        }
    }
    let w_members = members.into_list()?;
    newstructseq(
        sp,
        GROUP.get(),
        &[c_text(sp, g.gr_name)?, c_text(sp, g.gr_passwd)?, id_result(sp, g.gr_gid), w_members],
    )
}
/// Return the group database entry for the given numeric group ID.
///
/// If id is not valid, raise KeyError.
#[interp_fn(sig = "(id)")]
fn getgrgid(sp: Space, w_id: W) -> Res<W> {
    let missing = || -> Res<W> {
        let t = sp.string_w(sp.str(w_id)?)?;
        Err(sp.key_error(sp.newstr(&format!("getgrgid(): gid not found: {t}"))?))
    };
    let gid = id_arg(sp, w_id, "gid")?;
    let (found, _buf) = query(sp, |buf| {
        let (mut g, mut r) = (crate::posix::zeroed::<libc::group>(), std::ptr::null_mut());
        // SAFETY: all are ours; the strings lie in the buffer.
        let e = unsafe { libc::getgrgid_r(gid, &mut g, buf.as_mut_ptr().cast(), buf.len(), &mut r) };
        (e, (!r.is_null()).then_some(g))
    })?;
    match found {
        Some(g) => group(sp, &g),
        None => missing(),
    }
}
/// Return the group database entry for the given group name.
///
/// If name is not valid, raise KeyError.
#[interp_fn(sig = "(name)")]
fn getgrnam(sp: Space, name: Text) -> Res<W> {
    let c = text_arg(sp, &name)?;
    let (found, _buf) = query(sp, |buf| {
        let (mut g, mut r) = (crate::posix::zeroed::<libc::group>(), std::ptr::null_mut());
        // SAFETY: all are ours; the strings lie in the buffer.
        let e = unsafe { libc::getgrnam_r(c.as_ptr(), &mut g, buf.as_mut_ptr().cast(), buf.len(), &mut r) };
        (e, (!r.is_null()).then_some(g))
    })?;
    match found {
        Some(g) => group(sp, &g),
        None => Err(sp.key_error(sp.newstr(&format!("getgrnam(): name not found: {}", sp.repr_string(name.w)?))?)),
    }
}
/// Return a list of all available group entries, in arbitrary order.
///
/// An entry whose name starts with '+' or '-' represents an instruction
/// to use YP/NIS and may not be accessible via getgrnam or getgrgid.
#[interp_fn(sig = "()")]
fn getgrall(sp: Space) -> Res<W> {
    let mut out = RootedVec::new(sp);
    // SAFETY: as in getpwall.
    unsafe {
        libc::setgrent();
        loop {
            let g = libc::getgrent();
            if g.is_null() {
                break;
            }
            match group(sp, &*g) {
                Ok(w) => out.push(w),
                Err(e) => {
                    libc::endgrent();
                    return Err(e);
                }
            }
        }
        libc::endgrent();
    }
    out.into_list()
}

fn init_pwd(sp: Space, w_module: W) -> Res<()> {
    let doc = "pwd.struct_passwd: Results from getpw*() routines.\n\nThis object may be accessed either as a tuple of\n  (pw_name,pw_passwd,pw_uid,pw_gid,pw_gecos,pw_dir,pw_shell)\nor via the object attributes as named in the above tuple.";
    let fields = ["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"];
    PASSWD.set(sp, structseq(sp, w_module, "pwd.struct_passwd", doc, &fields, 7)?);
    Ok(())
}
fn init_grp(sp: Space, w_module: W) -> Res<()> {
    let doc = "grp.struct_group: Results from getgr*() routines.\n\nThis object may be accessed either as a tuple of\n  (gr_name,gr_passwd,gr_gid,gr_mem)\nor via the object attributes as named in the above tuple.\n";
    GROUP.set(sp, structseq(sp, w_module, "grp.struct_group", doc, &["gr_name", "gr_passwd", "gr_gid", "gr_mem"], 4)?);
    Ok(())
}
mixed_module!(
    PWD,
    "pwd",
    doc = "This module provides access to the Unix password database.\nIt is available on all Unix versions.\n\nPassword database entries are reported as 7-tuples containing the following\nitems from the password database (see `<pwd.h>'), in order:\npw_name, pw_passwd, pw_uid, pw_gid, pw_gecos, pw_dir, pw_shell.\nThe uid and gid items are integers, all others are strings. An\nexception is raised if the entry asked for cannot be found.",
    functions = [getpwuid, getpwnam, getpwall],
    init = init_pwd,
);
mixed_module!(
    GRP,
    "grp",
    doc = "Access to the Unix group database.\n\nGroup entries are reported as 4-tuples containing the following fields\nfrom the group database, in order:\n\n  name   - name of the group\n  passwd - group password (encrypted); often empty\n  gid    - numeric ID of the group\n  mem    - list of members\n\nThe gid is an integer, name and password are strings.  (Note that most\nusers are not explicitly listed as members of the groups they are in\naccording to the password database.  Check both databases to get\ncomplete membership information.)",
    functions = [getgrgid, getgrnam, getgrall],
    init = init_grp,
);
