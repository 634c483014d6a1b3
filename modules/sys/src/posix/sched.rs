//! Scheduling.

use super::stat::zeroed;
use crate::util::{check, newstructseq, os_error, structseq};
use taipan_plugin_api::prelude::*;

static SCHED_PARAM: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    let doc = "Currently has only one field: sched_priority\n\n  sched_priority\n    A scheduling parameter.";
    SCHED_PARAM.set(sp, structseq(sp, w_module, "posix.sched_param", doc, &["sched_priority"], 1)?);
    Ok(())
}

/// Voluntarily relinquish the CPU.
#[interp_fn(sig = "()")]
pub fn sched_yield(sp: Space) -> Res<()> {
    // SAFETY: no arguments.
    check(sp, crate::util::blocking(sp, || unsafe { libc::sched_yield() })).map(drop)
}
/// Get the maximum scheduling priority for policy.
#[interp_fn(sig = "(policy)")]
pub fn sched_get_priority_max(sp: Space, policy: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::sched_get_priority_max(policy) })
}
/// Get the minimum scheduling priority for policy.
#[interp_fn(sig = "(policy)")]
pub fn sched_get_priority_min(sp: Space, policy: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::sched_get_priority_min(policy) })
}
/// Get the scheduling policy for the process identified by pid.
///
/// Passing 0 for pid returns the scheduling policy for the calling process.
#[interp_fn(sig = "(pid, /)")]
pub fn sched_getscheduler(sp: Space, pid: i32) -> Res<i32> {
    // SAFETY: any number is allowed.
    check(sp, unsafe { libc::sched_getscheduler(pid) })
}
/// The C struct of a sched_param.
pub fn param_arg(sp: Space, w: W) -> Res<libc::sched_param> {
    if !sp.isinstance(w, SCHED_PARAM.get())? {
        return Err(sp.type_error("must have a sched_param object"));
    }
    let n = sp.int_w(sp.getattr(w, name!(sp, "sched_priority"))?)?;
    let n = i32::try_from(n).map_err(|_| sp.overflow_error("sched_priority out of range"))?;
    Ok(libc::sched_param { sched_priority: n })
}
/// Set the scheduling policy for the process identified by pid.
///
/// If pid is 0, the calling process is changed.
/// param is an instance of sched_param.
#[interp_fn(sig = "(pid, policy, param, /)")]
pub fn sched_setscheduler(sp: Space, pid: i32, policy: i32, w_param: W) -> Res<()> {
    let p = param_arg(sp, w_param)?;
    // SAFETY: p is ours.
    check(sp, unsafe { libc::sched_setscheduler(pid, policy, &p) }).map(drop)
}
/// Returns scheduling parameters for the process identified by pid.
///
/// If pid is 0, returns parameters for the calling process.
/// Return value is an instance of sched_param.
#[interp_fn(sig = "(pid, /)")]
pub fn sched_getparam(sp: Space, pid: i32) -> Res<W> {
    let mut p: libc::sched_param = zeroed();
    // SAFETY: p is ours.
    check(sp, unsafe { libc::sched_getparam(pid, &mut p) })?;
    newstructseq(sp, SCHED_PARAM.get(), &[sp.newint(p.sched_priority as i64)])
}
/// Set scheduling parameters for the process identified by pid.
///
/// If pid is 0, sets parameters for the calling process.
/// param should be an instance of sched_param.
#[interp_fn(sig = "(pid, param, /)")]
pub fn sched_setparam(sp: Space, pid: i32, w_param: W) -> Res<()> {
    let p = param_arg(sp, w_param)?;
    // SAFETY: p is ours.
    check(sp, unsafe { libc::sched_setparam(pid, &p) }).map(drop)
}
/// Return the round-robin quantum for the process identified by pid, in seconds.
///
/// Value returned is a float.
#[interp_fn(sig = "(pid, /)")]
pub fn sched_rr_get_interval(sp: Space, pid: i32) -> Res<f64> {
    let mut t: libc::timespec = zeroed();
    // SAFETY: t is ours.
    check(sp, unsafe { libc::sched_rr_get_interval(pid, &mut t) })?;
    Ok(t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64)
}

/// Bits of a mask as unsigned longs.
const BITS: usize = 64;

/// Return the affinity of the process identified by pid (or the current process if zero).
///
/// The affinity is returned as a set of CPU identifiers.
#[interp_fn(sig = "(pid, /)")]
pub fn sched_getaffinity(sp: Space, pid: i32) -> Res<W> {
    let mut mask = vec![0u64; 16];
    loop {
        // SAFETY: the size is the table's; the system call answers EINVAL if it has more CPUs.
        let r = unsafe { libc::sched_getaffinity(pid, mask.len() * 8, mask.as_mut_ptr().cast()) };
        if r == 0 {
            break;
        }
        if crate::util::errno() != libc::EINVAL || mask.len() > 1 << 16 {
            return Err(os_error(sp));
        }
        let n = mask.len() * 2;
        mask = vec![0; n];
    }
    let mut cpus = RootedVec::new(sp);
    for i in 0..mask.len() * BITS {
        if mask[i / BITS] >> (i % BITS) & 1 != 0 {
            cpus.push(sp.newint(i as i64));
        }
    }
    sp.newset(&cpus)
}
/// Set the CPU affinity of the process identified by pid to mask.
///
///   pid
///     The process ID. If zero, the process identified is the current process.
///   mask
///     An iterable of integers identifying CPUs.
#[interp_fn(sig = "(pid, mask, /)")]
pub fn sched_setaffinity(sp: Space, pid: i32, w_mask: W) -> Res<()> {
    let mut mask = vec![0u64; 1];
    sp.for_each(w_mask, |w| {
        if sp.lookup_special(w, name!(sp, "__index__"))?.is_none() {
            return Err(
                sp.type_error(&format!("expected an iterator of ints, but iterator yielded {}", sp.type_name(w)))
            );
        }
        let cpu = sp.int_w(w)?;
        if cpu < 0 {
            return Err(sp.value_error("negative CPU number"));
        }
        // The kernel's masks are far smaller than this; a larger number cannot name a CPU.
        if cpu >= 1 << 24 {
            return Err(sp.overflow_error("CPU number too large"));
        }
        let i = cpu as usize;
        if mask.len() <= i / BITS {
            mask.resize(i / BITS + 1, 0);
        }
        mask[i / BITS] |= 1 << (i % BITS);
        Ok(true)
    })?;
    // SAFETY: the size is the table's.
    check(sp, unsafe { libc::sched_setaffinity(pid, mask.len() * 8, mask.as_ptr().cast()) }).map(drop)
}
