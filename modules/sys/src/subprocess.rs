//! `_posixsubprocess`: fork and exec with everything decided beforehand.
//!
//! Between fork and exec the child may not allocate, lock or run Python (a preexec function is the caller's risk), so all strings and
//! tables are made before.

use crate::posix::close_range;
use crate::util::path::fsencode;
use crate::util::{errno, id_arg};
use std::ffi::CString;
use taipan_plugin_api::abi::word::TID_TUPLE;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// A null-terminated table of pointers, with the strings it points into.
struct Table {
    _strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}
impl Table {
    fn new(strings: Vec<CString>) -> Table {
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        Table { _strings: strings, pointers }
    }
}
fn strings(sp: Space, w: W) -> Res<Vec<CString>> {
    let (_keep, items) = sp.unpack(w)?;
    items.iter().map(|w| fsencode(sp, *w)).collect()
}

/// What the child does.
struct Plan {
    argv: Option<Table>,
    /// Candidates, tried in order.
    executables: Table,
    env: Option<Table>,
    cwd: Option<CString>,
    /// Sorted; stays open.
    keep: Vec<i32>,
    close_fds: bool,
    p2cread: i32,
    p2cwrite: i32,
    c2pread: i32,
    c2pwrite: i32,
    errread: i32,
    errwrite: i32,
    errpipe_read: i32,
    errpipe_write: i32,
    restore_signals: bool,
    setsid: bool,
    pgid: i32,
    gid: Option<u32>,
    groups: Option<Vec<libc::gid_t>>,
    uid: Option<u32>,
    umask: i32,
    w_preexec: W,
}

/// How far the child came, for the parent's message.
enum Failed {
    /// Before exec: no executable is to blame.
    Setup,
    /// exec itself.
    Exec,
    /// The preexec function raised.
    Preexec,
}

/// Makes the descriptors of `keep` survive exec. False: see errno.
unsafe fn make_inheritable(plan: &Plan) -> bool {
    for fd in &plan.keep {
        if *fd != plan.errpipe_write && !crate::util::fd::set_inheritable(*fd, true) {
            return false;
        }
    }
    true
}
/// Closes all descriptors above 2 but those of `keep`.
unsafe fn close_others(keep: &[i32]) {
    let mut low = 3;
    for fd in keep {
        if *fd < low {
            continue;
        }
        close_range(low, *fd);
        low = *fd + 1;
    }
    if libc::syscall(libc::SYS_close_range, low as libc::c_uint, libc::c_uint::MAX, 0) != 0 {
        let end = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20) as i32;
        for fd in low..end {
            libc::close(fd);
        }
    }
}
/// Signals that were ignored on our own account get their default action back.
unsafe fn restore_signals() {
    for n in [libc::SIGPIPE, libc::SIGXFSZ] {
        libc::signal(n, libc::SIG_DFL);
    }
}

/// The child, up to exec. Comes back only when something failed, with errno set.
///
/// # Safety
/// Runs in a child of fork; touches no lock and allocates nothing (but for a preexec function).
unsafe fn child(sp: Space, plan: &mut Plan) -> Failed {
    macro_rules! need {
        ($ok:expr) => {
            if !$ok {
                return Failed::Setup;
            }
        };
    }
    need!(make_inheritable(plan));
    // The parent's ends.
    for fd in [plan.p2cwrite, plan.c2pread, plan.errread] {
        if fd >= 0 {
            libc::close(fd);
        }
    }
    libc::close(plan.errpipe_read);
    // A child's end in the way of a standard descriptor moves up first.
    if plan.c2pwrite == 0 {
        plan.c2pwrite = libc::dup(plan.c2pwrite);
        need!(plan.c2pwrite >= 0);
    }
    while plan.errwrite == 0 || plan.errwrite == 1 {
        plan.errwrite = libc::dup(plan.errwrite);
        need!(plan.errwrite >= 0);
    }
    for (from, to) in [(plan.p2cread, 0), (plan.c2pwrite, 1), (plan.errwrite, 2)] {
        // The same number twice would make dup2 leave FD_CLOEXEC set.
        if from == to {
            need!(crate::util::fd::set_inheritable(to, true));
        } else if from >= 0 {
            need!(libc::dup2(from, to) >= 0);
        }
    }
    if let Some(cwd) = &plan.cwd {
        need!(libc::chdir(cwd.as_ptr()) == 0);
    }
    if plan.umask >= 0 {
        libc::umask(plan.umask as libc::mode_t);
    }
    if plan.restore_signals {
        restore_signals();
    }
    if plan.setsid {
        need!(libc::setsid() >= 0);
    }
    if plan.pgid >= 0 {
        need!(libc::setpgid(0, plan.pgid) == 0);
    }
    if let Some(groups) = &plan.groups {
        need!(libc::setgroups(groups.len(), groups.as_ptr()) == 0);
    }
    if let Some(gid) = plan.gid {
        need!(libc::setregid(gid, gid) == 0);
    }
    if let Some(uid) = plan.uid {
        need!(libc::setreuid(uid, uid) == 0);
    }
    if !plan.w_preexec.is_null() && sp.call(plan.w_preexec, &[]).is_err() {
        sp.take_exc();
        return Failed::Preexec;
    }
    // After the preexec function, which may have opened files.
    if plan.close_fds {
        close_others(&plan.keep);
    }
    let argv = plan.argv.as_ref().map_or(std::ptr::null(), |t| t.pointers.as_ptr());
    let mut saved = 0;
    for exe in &plan.executables.pointers {
        if exe.is_null() {
            break;
        }
        match &plan.env {
            Some(env) => libc::execve(*exe, argv, env.pointers.as_ptr()),
            None => libc::execv(*exe, argv),
        };
        let e = errno_now();
        // "There is no such file here" goes on to the next folder; any other reason is worth telling.
        if e != libc::ENOENT && e != libc::ENOTDIR && saved == 0 {
            saved = e;
        }
    }
    if saved != 0 {
        crate::util::set_errno(saved);
    }
    Failed::Exec
}
fn errno_now() -> i32 {
    // SAFETY: the address of the thread's errno is always valid.
    unsafe { *libc::__errno_location() }
}
/// Tells the parent: class name, errno in hexadecimal, what failed.
unsafe fn report(fd: i32, failed: Failed) {
    let e = errno_now();
    let mut line = [0u8; 64];
    let mut n = 0;
    let mut put = |s: &[u8]| {
        line[n..n + s.len()].copy_from_slice(s);
        n += s.len();
    };
    if matches!(failed, Failed::Preexec) {
        put(b"SubprocessError:0:Exception occurred in preexec_fn.");
    } else {
        put(b"OSError:");
        let mut digits = [0u8; 8];
        let mut i = digits.len();
        let mut rest = e as u32;
        loop {
            i -= 1;
            digits[i] = b"0123456789ABCDEF"[(rest & 15) as usize];
            rest >>= 4;
            if rest == 0 || i == 0 {
                break;
            }
        }
        put(&digits[i..]);
        put(b":");
        if matches!(failed, Failed::Setup) {
            put(b"noexec");
        }
    }
    libc::write(fd, line.as_ptr().cast(), n);
}

fn keep_arg(sp: Space, w: W) -> Res<Vec<i32>> {
    let bad = || sp.value_error("bad value(s) in fds_to_keep");
    let mut keep: Vec<i32> = Vec::new();
    for w in sp.tuple_opt(w).ok_or_else(bad)? {
        let n = sp.int_w(*w)?;
        let fd = i32::try_from(n).map_err(|_| bad())?;
        // Sorted and without repetition by the caller's contract.
        if fd < 0 || keep.last().is_some_and(|last| *last >= fd) {
            return Err(bad());
        }
        keep.push(fd);
    }
    Ok(keep)
}

/// Spawn a fresh new child process.
///
/// Fork a child process, close parent file descriptors as appropriate in the
/// child and duplicate the few that are needed before calling exec() in the
/// child process.
///
/// If close_fds is True, close file descriptors 3 and higher, except those listed
/// in the sorted tuple pass_fds.
///
/// The preexec_fn, if supplied, will be called immediately before closing file
/// descriptors and exec.
///
/// WARNING: preexec_fn is NOT SAFE if your application uses threads.
///          It may trigger infrequent, difficult to debug deadlocks.
///
/// If an error occurs in the child process before the exec, it is
/// serialized and written to the errpipe_write fd per subprocess.py.
///
/// Returns: the child process's PID.
///
/// Raises: Only on an error in the parent process.
#[interp_fn(
    sig = "(args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, /)"
)]
fn fork_exec(
    sp: Space,
    w_args: W,
    w_executables: W,
    close_fds: bool,
    w_keep: W,
    w_cwd: W,
    w_env: W,
    p2cread: i32,
    p2cwrite: i32,
    c2pread: i32,
    c2pwrite: i32,
    errread: i32,
    errwrite: i32,
    errpipe_read: i32,
    errpipe_write: i32,
    restore_signals: bool,
    setsid: bool,
    pgid: i32,
    w_gid: W,
    w_groups: W,
    w_uid: W,
    umask: i32,
    w_preexec: W,
) -> Res<i32> {
    if close_fds && errpipe_write < 3 {
        return Err(sp.value_error("errpipe_write must be >= 3"));
    }
    let keep = keep_arg(sp, w_keep)?;
    let argv = if w_args.is_none() { None } else { Some(Table::new(strings(sp, w_args)?)) };
    if sp.layout(w_executables) != TID_TUPLE && sp.lookup_special(w_executables, name!(sp, "__getitem__"))?.is_none() {
        return Err(sp.type_error(&format!("expected sequence, got {}", sp.type_name(w_executables))));
    }
    let executables = Table::new(strings(sp, w_executables)?);
    let env = if w_env.is_none() { None } else { Some(Table::new(strings(sp, w_env)?)) };
    let cwd = if w_cwd.is_none() { None } else { Some(fsencode(sp, w_cwd)?) };
    let id = |w: W, what| if w.is_none() { Ok(None) } else { id_arg(sp, w, what).map(Some) };
    let groups = if w_groups.is_none() {
        None
    } else {
        let (_keep, items) = sp.unpack(w_groups)?;
        if items.len() > 65536 {
            return Err(sp.value_error("too many extra_groups"));
        }
        Some(items.iter().map(|w| id_arg(sp, *w, "gid")).collect::<Res<Vec<_>>>()?)
    };
    let mut plan = Plan {
        argv,
        executables,
        env,
        cwd,
        keep,
        close_fds,
        p2cread,
        p2cwrite,
        c2pread,
        c2pwrite,
        errread,
        errwrite,
        errpipe_read,
        errpipe_write,
        restore_signals,
        setsid,
        pgid,
        gid: id(w_gid, "gid")?,
        groups,
        uid: id(w_uid, "uid")?,
        umask,
        w_preexec: if w_preexec.is_none() { W::NULL } else { w_preexec },
    };
    let runs_python = !plan.w_preexec.is_null();
    if runs_python {
        crate::posix::before_fork(sp);
    }
    // SAFETY: the child keeps to what is allowed after fork and leaves by exec or _exit.
    let pid = unsafe {
        let pid = libc::fork();
        if pid == 0 {
            if runs_python {
                crate::posix::after_fork_child(sp);
            }
            let failed = child(sp, &mut plan);
            report(plan.errpipe_write, failed);
            libc::_exit(255);
        }
        pid
    };
    let e = errno();
    if runs_python {
        crate::posix::after_fork_parent(sp);
    }
    if pid < 0 { Err(sp.raise_errno(e, W::NULL)) } else { Ok(pid) }
}
mixed_module!(MODULE, "_posixsubprocess", doc = "A POSIX helper for the subprocess module.", functions = [fork_exec]);
