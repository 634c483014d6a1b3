//! `resource`.

use crate::posix::zeroed;
use crate::util::{add_consts, check, errno, newstructseq, os_error, structseq};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

crate::util::consts! {
    /// Limits and whose usage.
    CONSTS: [
        RLIMIT_AS RLIMIT_CORE RLIMIT_CPU RLIMIT_DATA RLIMIT_FSIZE RLIMIT_MEMLOCK RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_NOFILE
        RLIMIT_NPROC RLIMIT_RSS RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING RLIMIT_STACK RLIM_INFINITY RUSAGE_CHILDREN
        RUSAGE_SELF RUSAGE_THREAD
    ] [RLIMIT_OFILE = libc::RLIMIT_NOFILE as i64]
}
static RUSAGE: Global = Global::new();

/// The type exists once, whichever module needs it first.
fn rusage_type(sp: Space) -> Res<W> {
    RUSAGE.get_or(sp, |sp| {
        let w_module = sp.import_module(sp.newstr("resource")?)?;
        sp.getattr_str(w_module, "struct_rusage")
    })
}
fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, CONSTS)?;
    sp.setattr_str(w_module, "error", sp.known(known::OS_ERROR))?;
    let doc = "struct_rusage: Result from getrusage.\n\nThis object may be accessed either as a tuple of\n    (utime,stime,maxrss,ixrss,idrss,isrss,minflt,majflt,\n    nswap,inblock,oublock,msgsnd,msgrcv,nsignals,nvcsw,nivcsw)\nor via the attributes ru_utime, ru_stime, ru_maxrss, and so on.";
    let fields = [
        "ru_utime",
        "ru_stime",
        "ru_maxrss",
        "ru_ixrss",
        "ru_idrss",
        "ru_isrss",
        "ru_minflt",
        "ru_majflt",
        "ru_nswap",
        "ru_inblock",
        "ru_oublock",
        "ru_msgsnd",
        "ru_msgrcv",
        "ru_nsignals",
        "ru_nvcsw",
        "ru_nivcsw",
    ];
    RUSAGE.set(sp, structseq(sp, w_module, "resource.struct_rusage", doc, &fields, 16)?);
    Ok(())
}
/// A struct_rusage.
pub fn rusage_result(sp: Space, r: &libc::rusage) -> Res<W> {
    let f = |t: libc::timeval| sp.newfloat(t.tv_sec as f64 + t.tv_usec as f64 * 1e-6);
    let i = |n: i64| sp.newint(n);
    let items = [
        f(r.ru_utime),
        f(r.ru_stime),
        i(r.ru_maxrss),
        i(r.ru_ixrss),
        i(r.ru_idrss),
        i(r.ru_isrss),
        i(r.ru_minflt),
        i(r.ru_majflt),
        i(r.ru_nswap),
        i(r.ru_inblock),
        i(r.ru_oublock),
        i(r.ru_msgsnd),
        i(r.ru_msgrcv),
        i(r.ru_nsignals),
        i(r.ru_nvcsw),
        i(r.ru_nivcsw),
    ];
    newstructseq(sp, rusage_type(sp)?, &items)
}
#[interp_fn(sig = "(who, /)")]
fn getrusage(sp: Space, who: i32) -> Res<W> {
    let mut r: libc::rusage = zeroed();
    // SAFETY: r is ours.
    if unsafe { libc::getrusage(who, &mut r) } < 0 {
        if errno() == libc::EINVAL {
            return Err(sp.value_error("invalid who parameter"));
        }
        return Err(os_error(sp));
    }
    rusage_result(sp, &r)
}
fn limit_kind(sp: Space, n: i32) -> Res<libc::__rlimit_resource_t> {
    // RLIM_NLIMITS of Linux.
    if (0..16).contains(&n) { Ok(n as _) } else { Err(sp.value_error("invalid resource specified")) }
}
fn limits(sp: Space, r: &libc::rlimit) -> Res<W> {
    sp.newtuple(&[sp.newint(r.rlim_cur as i64), sp.newint(r.rlim_max as i64)])
}
fn limits_arg(sp: Space, w: W) -> Res<libc::rlimit> {
    let (_keep, items) = sp.unpack(w)?;
    let [w_soft, w_hard] = items else {
        return Err(sp.value_error("expected a tuple of 2 integers"));
    };
    Ok(libc::rlimit { rlim_cur: sp.int_w(*w_soft)? as u64, rlim_max: sp.int_w(*w_hard)? as u64 })
}
#[interp_fn(sig = "(resource, /)")]
fn getrlimit(sp: Space, resource: i32) -> Res<W> {
    let mut r: libc::rlimit = zeroed();
    // SAFETY: r is ours.
    check(sp, unsafe { libc::getrlimit(limit_kind(sp, resource)?, &mut r) })?;
    limits(sp, &r)
}
#[cold]
fn limit_error(sp: Space) -> Raised {
    match errno() {
        libc::EINVAL => sp.value_error("current limit exceeds maximum limit"),
        libc::EPERM => sp.value_error("not allowed to raise maximum limit"),
        _ => os_error(sp),
    }
}
#[interp_fn(sig = "(resource, limits, /)")]
fn setrlimit(sp: Space, resource: i32, w_limits: W) -> Res<()> {
    let (kind, r) = (limit_kind(sp, resource)?, limits_arg(sp, w_limits)?);
    // SAFETY: r is ours.
    if unsafe { libc::setrlimit(kind, &r) } < 0 { Err(limit_error(sp)) } else { Ok(()) }
}
/// prlimit(pid, resource, [limits])
#[interp_fn(sig = "(pid, resource, limits=None, /)")]
fn prlimit(sp: Space, pid: i32, resource: i32, w_limits: W) -> Res<W> {
    let kind = limit_kind(sp, resource)?;
    let new = if w_limits.is_null() || w_limits.is_none() { None } else { Some(limits_arg(sp, w_limits)?) };
    let mut old: libc::rlimit = zeroed();
    // SAFETY: both are ours or null.
    if unsafe { libc::prlimit(pid, kind, new.as_ref().map_or(std::ptr::null(), |r| r), &mut old) } < 0 {
        return Err(if errno() == libc::EINVAL { limit_error(sp) } else { os_error(sp) });
    }
    limits(sp, &old)
}
#[interp_fn(sig = "()")]
fn getpagesize(_sp: Space) -> Res<i64> {
    // SAFETY: a plain query.
    Ok(unsafe { libc::sysconf(libc::_SC_PAGESIZE) })
}
mixed_module!(
    MODULE,
    "resource",
    doc = "",
    functions = [getrusage, getrlimit, setrlimit, prlimit, getpagesize],
    init = init,
);
