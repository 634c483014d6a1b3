//! What the system says about itself.

use super::confnames::{CONFSTR, PATHCONF, SYSCONF};
use super::stat::zeroed;
use crate::util::path::path_or_fd;
use crate::util::{blocking, c_text, errno, newstructseq, os_error, set_errno, structseq};
use taipan_plugin_api::prelude::*;

static UNAME: Global = Global::new();
static TIMES: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "uname_result: Result from os.uname().\n\nThis object may be accessed either as a tuple of\n  (sysname, nodename, release, version, machine),\nor via the attributes sysname, nodename, release, version, and machine.\n\nSee os.uname for more information.";
    UNAME.set(
        sp,
        structseq(
            sp,
            w_module,
            "posix.uname_result",
            doc,
            &["sysname", "nodename", "release", "version", "machine"],
            5,
        )?,
    );
    let doc = "times_result: Result from os.times().\n\nThis object may be accessed either as a tuple of\n  (user, system, children_user, children_system, elapsed),\nor via the attributes user, system, children_user, children_system,\nand elapsed.\n\nSee os.times for more information.";
    let fields = ["user", "system", "children_user", "children_system", "elapsed"];
    TIMES.set(sp, structseq(sp, w_module, "posix.times_result", doc, &fields, 5)?);
    Ok(())
}

/// The C library's table of environment strings.
pub fn raw_environ() -> *const *const libc::c_char {
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    // SAFETY: a variable that every C library has.
    unsafe { environ }
}

/// Return an object identifying the current operating system.
///
/// The object behaves like a named tuple with the following fields:
///   (sysname, nodename, release, version, machine)
#[interp_fn(sig = "()")]
pub fn uname(sp: Space) -> Res<W> {
    let mut u: libc::utsname = zeroed();
    // SAFETY: u is ours.
    if unsafe { libc::uname(&mut u) } < 0 {
        return Err(os_error(sp));
    }
    let text = |f: &[libc::c_char]| c_text(sp, f.as_ptr());
    newstructseq(
        sp,
        UNAME.get(),
        &[text(&u.sysname)?, text(&u.nodename)?, text(&u.release)?, text(&u.version)?, text(&u.machine)?],
    )
}
/// Return a collection containing process timing information.
///
/// The object returned behaves like a named tuple with these fields:
///   (utime, stime, cutime, cstime, elapsed_time)
/// All fields are floating-point numbers.
#[interp_fn(sig = "()")]
pub fn times(sp: Space) -> Res<W> {
    let mut t: libc::tms = zeroed();
    // SAFETY: t is ours.
    let (elapsed, per_second) = unsafe { (libc::times(&mut t), libc::sysconf(libc::_SC_CLK_TCK)) };
    let f = |n: libc::clock_t| sp.newfloat(n as f64 / per_second.max(1) as f64);
    newstructseq(sp, TIMES.get(), &[f(t.tms_utime), f(t.tms_stime), f(t.tms_cutime), f(t.tms_cstime), f(elapsed)])
}
/// Return the number of logical CPUs in the system.
///
/// Return None if indeterminable.
#[interp_fn(sig = "()")]
pub fn cpu_count(_sp: Space) -> Res<Option<i64>> {
    // SAFETY: a plain query.
    let n = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    Ok((n >= 1).then_some(n))
}
/// Return average recent system load information.
///
/// Return the number of processes in the system run queue averaged over
/// the last 1, 5, and 15 minutes as a tuple of three floats.
/// Raises OSError if the load average was unobtainable.
#[interp_fn(sig = "()")]
pub fn getloadavg(sp: Space) -> Res<(f64, f64, f64)> {
    let mut l = [0f64; 3];
    // SAFETY: room for three.
    if unsafe { libc::getloadavg(l.as_mut_ptr(), 3) } != 3 {
        return Err(sp.raise(known::OS_ERROR, "Load averages are unobtainable"));
    }
    Ok((l[0], l[1], l[2]))
}

/// A configuration name: a number, or a str of the table.
fn conf_name(sp: Space, w: W, table: &[(&str, i64)]) -> Res<i32> {
    if let Some(t) = sp.text_opt(w) {
        return match table.iter().find(|(n, _)| t.eq_str(&n[1..])) {
            Some((_, v)) => Ok(*v as i32),
            None => Err(sp.value_error("unrecognized configuration name")),
        };
    }
    if sp.lookup_special(w, name!(sp, "__index__"))?.is_none() {
        return Err(sp.type_error("configuration names must be strings or integers"));
    }
    i32::from_arg(sp, w, "name")
}
/// Return an integer-valued system configuration variable.
#[interp_fn(sig = "(name, /)")]
pub fn sysconf(sp: Space, w_name: W) -> Res<i64> {
    let name = conf_name(sp, w_name, SYSCONF)?;
    set_errno(0);
    // SAFETY: any number is allowed.
    let r = unsafe { libc::sysconf(name) };
    if r == -1 && errno() != 0 { Err(os_error(sp)) } else { Ok(r) }
}
/// Return the configuration limit name for the file or directory path.
///
/// If there is no limit, return -1.
/// On some platforms, path may also be specified as an open file descriptor.
///   If this functionality is unavailable, using it raises an exception.
#[interp_fn(sig = "(path, name)")]
pub fn pathconf(sp: Space, w_path: W, w_name: W) -> Res<i64> {
    let path = path_or_fd(sp, w_path, "pathconf")?;
    let name = conf_name(sp, w_name, PATHCONF)?;
    let (r, e) = blocking(sp, || {
        set_errno(0);
        // SAFETY: a NUL-terminated name or any descriptor number.
        (unsafe { path.fd.map_or_else(|| libc::pathconf(path.ptr(), name), |fd| libc::fpathconf(fd, name)) }, errno())
    });
    if r == -1 && e != 0 {
        // A wrong name is not the file's fault.
        return Err(if e == libc::EINVAL { sp.raise_errno(e, W::NULL) } else { path.error(sp, e) });
    }
    Ok(r)
}
/// Return the configuration limit name for the file descriptor fd.
///
/// If there is no limit, return -1.
#[interp_fn(sig = "(fd, name, /)")]
pub fn fpathconf(sp: Space, fd: crate::util::fd::Fd, w_name: W) -> Res<i64> {
    let name = conf_name(sp, w_name, PATHCONF)?;
    set_errno(0);
    // SAFETY: any number is allowed.
    let r = unsafe { libc::fpathconf(fd.0, name) };
    if r == -1 && errno() != 0 { Err(os_error(sp)) } else { Ok(r) }
}
/// Return a string-valued system configuration variable.
#[interp_fn(sig = "(name, /)")]
pub fn confstr(sp: Space, w_name: W) -> Res<W> {
    let name = conf_name(sp, w_name, CONFSTR)?;
    let mut buf = vec![0u8; 255];
    loop {
        set_errno(0);
        // SAFETY: the buffer has the length given.
        let n = unsafe { libc::confstr(name, buf.as_mut_ptr().cast(), buf.len()) };
        if n == 0 {
            return if errno() != 0 { Err(os_error(sp)) } else { Ok(W::NONE) };
        }
        if n <= buf.len() {
            return crate::util::path::fsdecode(sp, &buf[..n - 1]);
        }
        buf.resize(n, 0);
    }
}
