//! Identities: processes, groups, sessions, users.

use crate::util::path::{fsencode, text_arg};
use crate::util::{c_text, check, id_arg, id_result, os_error};
use taipan_plugin_api::prelude::*;

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "()")]
        pub fn $name(_sp: Space) -> Res<i32> {
            // SAFETY: such queries cannot fail.
            Ok(unsafe { libc::$name() })
        }
    )* };
}
getters! {
    /// Return the current process id.
    getpid;
    /// Return the parent's process id.
    ///
    /// If the parent process has already exited, Windows machines will still
    /// return its id; others systems will return the id of the 'init' process (1).
    getppid;
    /// Return the current process group id.
    getpgrp;
}
macro_rules! id_getters {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "()")]
        pub fn $name(sp: Space) -> Res<W> {
            // SAFETY: such queries cannot fail.
            Ok(id_result(sp, unsafe { libc::$name() }))
        }
    )* };
}
id_getters! {
    /// Return the current process's user id.
    getuid;
    /// Return the current process's effective user id.
    geteuid;
    /// Return the current process's group id.
    getgid;
    /// Return the current process's effective group id.
    getegid;
}
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $sig:literal, $($arg:ident)*;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = $sig)]
        pub fn $name(sp: Space $(, $arg: W)*) -> Res<()> {
            // SAFETY: plain numbers.
            check(sp, unsafe { libc::$name($(id_arg(sp, $arg, $what)?),*) })?;
            Ok(())
        }
    )* };
}
setters! {
    /// Set the current process's user id.
    setuid, "uid", "(uid, /)", a;
    /// Set the current process's effective user id.
    seteuid, "uid", "(euid, /)", a;
    /// Set the current process's group id.
    setgid, "gid", "(gid, /)", a;
    /// Set the current process's effective group id.
    setegid, "gid", "(egid, /)", a;
    /// Set the current process's real and effective user ids.
    setreuid, "uid", "(ruid, euid, /)", a b;
    /// Set the current process's real and effective group ids.
    setregid, "gid", "(rgid, egid, /)", a b;
    /// Set the current process's real, effective, and saved user ids.
    setresuid, "uid", "(ruid, euid, suid, /)", a b c;
    /// Set the current process's real, effective, and saved group ids.
    setresgid, "gid", "(rgid, egid, sgid, /)", a b c;
}
/// Return a tuple of the current process's real, effective, and saved user ids.
#[interp_fn(sig = "()")]
pub fn getresuid(sp: Space) -> Res<W> {
    let (mut a, mut b, mut c) = (0, 0, 0);
    // SAFETY: three numbers of ours.
    check(sp, unsafe { libc::getresuid(&mut a, &mut b, &mut c) })?;
    sp.newtuple(&[id_result(sp, a), id_result(sp, b), id_result(sp, c)])
}
/// Return a tuple of the current process's real, effective, and saved group ids.
#[interp_fn(sig = "()")]
pub fn getresgid(sp: Space) -> Res<W> {
    let (mut a, mut b, mut c) = (0, 0, 0);
    // SAFETY: three numbers of ours.
    check(sp, unsafe { libc::getresgid(&mut a, &mut b, &mut c) })?;
    sp.newtuple(&[id_result(sp, a), id_result(sp, b), id_result(sp, c)])
}
fn gid_list(sp: Space, gids: &[libc::gid_t]) -> Res<W> {
    let mut out = RootedVec::with_capacity(sp, gids.len());
    for g in gids {
        out.push(id_result(sp, *g));
    }
    out.into_list()
}
/// Return list of supplemental group IDs for the process.
#[interp_fn(sig = "()")]
pub fn getgroups(sp: Space) -> Res<W> {
    // SAFETY: the first call asks for the count, the second has room for it.
    unsafe {
        let n = check(sp, libc::getgroups(0, std::ptr::null_mut()))?;
        let mut gids = vec![0; n as usize];
        let n = check(sp, libc::getgroups(n, gids.as_mut_ptr()))?;
        gid_list(sp, &gids[..n as usize])
    }
}
/// Set the groups of the current process to list.
#[interp_fn(sig = "(groups, /)")]
pub fn setgroups(sp: Space, w_groups: W) -> Res<()> {
    if sp.lookup_special(w_groups, name!(sp, "__getitem__"))?.is_none() {
        return Err(sp.type_error("setgroups argument must be a sequence"));
    }
    let (_keep, items) = sp.unpack(w_groups)?;
    if items.len() > 65536 {
        return Err(sp.value_error("too many groups"));
    }
    let gids = items.iter().map(|w| group_id(sp, *w)).collect::<Res<Vec<_>>>()?;
    // SAFETY: the count is the table's.
    check(sp, unsafe { libc::setgroups(gids.len(), gids.as_ptr()) })?;
    Ok(())
}
fn group_id(sp: Space, w: W) -> Res<libc::gid_t> {
    if sp.lookup_special(w, name!(sp, "__index__"))?.is_none() {
        return Err(sp.type_error("groups must be integers"));
    }
    id_arg(sp, w, "gid")
}
/// Initialize the group access list.
///
/// Call the system initgroups() to initialize the group access list with all of
/// the groups of which the specified username is a member, plus the specified
/// group id.
#[interp_fn(sig = "(username, gid, /)")]
pub fn initgroups(sp: Space, w_name: W, w_gid: W) -> Res<()> {
    let (name, gid) = (fsencode(sp, w_name)?, id_arg(sp, w_gid, "gid")?);
    // SAFETY: a NUL-terminated name.
    check(sp, unsafe { libc::initgroups(name.as_ptr(), gid) })?;
    Ok(())
}
/// Returns a list of groups to which a user belongs.
///
///   user
///     username to lookup
///   group
///     base group id of the user
#[interp_fn(sig = "(user, group, /)")]
pub fn getgrouplist(sp: Space, user: Text, w_group: W) -> Res<W> {
    let (user, gid) = (text_arg(sp, &user)?, id_arg(sp, w_group, "gid")?);
    let mut gids = vec![0 as libc::gid_t; 64];
    loop {
        let mut n = gids.len() as i32;
        // SAFETY: room for n.
        if unsafe { libc::getgrouplist(user.as_ptr(), gid, gids.as_mut_ptr(), &mut n) } >= 0 {
            return gid_list(sp, &gids[..n as usize]);
        }
        let more = (n as usize).max(gids.len() * 2);
        gids.resize(more, 0);
    }
}
/// Return the actual login name.
#[interp_fn(sig = "()")]
pub fn getlogin(sp: Space) -> Res<W> {
    // SAFETY: a C string of the library, or null with errno.
    let p = unsafe { libc::getlogin() };
    if p.is_null() { Err(os_error(sp)) } else { c_text(sp, p) }
}
/// Call the system call getpgid(), and return the result.
#[interp_fn(sig = "(pid)")]
pub fn getpgid(sp: Space, pid: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::getpgid(pid) })
}
/// Call the system call setpgid(pid, pgrp).
#[interp_fn(sig = "(pid, pgrp, /)")]
pub fn setpgid(sp: Space, pid: i32, pgrp: i32) -> Res<()> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::setpgid(pid, pgrp) }).map(drop)
}
/// Make the current process the leader of its process group.
#[interp_fn(sig = "()")]
pub fn setpgrp(sp: Space) -> Res<()> {
    // SAFETY: plain numbers.
    check(sp, unsafe { libc::setpgid(0, 0) }).map(drop)
}
/// Call the system call getsid(pid) and return the result.
#[interp_fn(sig = "(pid, /)")]
pub fn getsid(sp: Space, pid: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::getsid(pid) })
}
/// Call the system call setsid().
#[interp_fn(sig = "()")]
pub fn setsid(sp: Space) -> Res<()> {
    // SAFETY: no arguments.
    check(sp, unsafe { libc::setsid() }).map(drop)
}
