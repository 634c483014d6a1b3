//! fork and its callbacks.

use crate::util::{global_list, os_error};
use taipan_plugin_api::prelude::*;

static BEFORE: Global = Global::new();
static IN_PARENT: Global = Global::new();
static IN_CHILD: Global = Global::new();

/// Register callables to be called when forking a new process.
///
///   before
///     A callable to be called in the parent before the fork() syscall.
///   after_in_child
///     A callable to be called in the child after fork().
///   after_in_parent
///     A callable to be called in the parent after fork().
///
/// 'before' callbacks are called in reverse order.
/// 'after_in_child' and 'after_in_parent' callbacks are called in order.
#[interp_fn(sig = "(*, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)")]
pub fn register_at_fork(sp: Space, w_before: W, w_child: W, w_parent: W) -> Res<()> {
    if w_before.is_null() && w_child.is_null() && w_parent.is_null() {
        return Err(sp.type_error("At least one argument is required."));
    }
    for (w, what) in [(w_before, "before"), (w_child, "after_in_child"), (w_parent, "after_in_parent")] {
        if !w.is_null() && !sp.callable(w) {
            return Err(sp.type_error(&format!("'{what}' must be callable, not {}", sp.type_name(w))));
        }
    }
    for (w, list) in [(w_before, &BEFORE), (w_child, &IN_CHILD), (w_parent, &IN_PARENT)] {
        if !w.is_null() {
            sp.list_append(global_list(sp, list)?, w)?;
        }
    }
    Ok(())
}
/// Calls the registered functions; an exception of one is reported and does not stop the others.
fn run(sp: Space, list: &'static Global, reverse: bool) {
    let w_list = list.get();
    if w_list.is_null() {
        return;
    }
    let n = sp.list_len(w_list).unwrap_or(0);
    for i in 0..n {
        let i = if reverse { n - 1 - i } else { i };
        let Ok(w_f) = sp.list_item(w_list, i) else {
            sp.take_exc();
            return;
        };
        if sp.call(w_f, &[]).is_err() && sp.write_unraisable(w_f).is_err() {
            sp.take_exc();
        }
    }
}
/// The collector's part: 0 before, 1 in the parent, 2 in the child.
fn tell_collector(sp: Space, kind: u32) {
    // SAFETY: called in the order the interface demands.
    unsafe { ((*sp.thread().gcvt).fork)(kind) }
}
/// Calls a function of a module of the interpreter's own; an error is reported.
fn tell(sp: Space, module: &str, function: &str) {
    let told = sp.import_module(sp.intern(module)).and_then(|w| sp.call_method(w, sp.intern(function), &[]));
    if told.is_err() && sp.write_unraisable(W::NONE).is_err() {
        sp.take_exc();
    }
}
/// To be called before any fork of this process that goes on to run Python.
pub fn before_fork(sp: Space) {
    run(sp, &BEFORE, true);
    // The child is not to find a module half imported by a thread that does not exist there.
    tell(sp, "_imp", "acquire_lock");
    tell_collector(sp, 0);
}
/// To be called in the parent.
pub fn after_fork_parent(sp: Space) {
    tell_collector(sp, 1);
    tell(sp, "_imp", "release_lock");
    run(sp, &IN_PARENT, false);
}
/// To be called in the child.
pub fn after_fork_child(sp: Space) {
    // SAFETY: the forking thread is the only one here.
    unsafe { ((*sp.thread().host).thread_event)(sp.th(), taipan_plugin_api::abi::host::thread_event::FORKED) };
    tell_collector(sp, 2);
    crate::signal::after_fork_child(sp);
    tell(sp, "_thread", "_after_fork");
    tell(sp, "_imp", "release_lock");
    run(sp, &IN_CHILD, false);
}

/// Native threads of the process, or 0 if the system does not say.
pub fn thread_count() -> usize {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name may contain anything; the last parenthesis ends it. The count is the 20th field.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_ascii_whitespace().nth(17).and_then(|n| n.parse().ok()).unwrap_or(0)
}
/// Warns in the parent that the child of several threads may never get their locks.
pub fn warn_of_threads(sp: Space, what: &str, threads: usize) {
    if threads <= 1 {
        return;
    }
    let text = format!(
        "This process (pid={}) is multi-threaded, use of {what}() may lead to deadlocks in the child.",
        std::process::id()
    );
    if sp.warn(known::DEPRECATION_WARNING, &text, 1).is_err() && sp.write_unraisable(W::NONE).is_err() {
        sp.take_exc();
    }
}

/// Fork a child process.
///
/// Return 0 to child process and PID of child to parent process.
#[interp_fn(sig = "()")]
pub fn fork(sp: Space) -> Res<i32> {
    before_fork(sp);
    let threads = thread_count();
    // SAFETY: the collector and the registered functions are prepared; the child continues with this thread alone.
    let pid = unsafe { libc::fork() };
    let e = crate::util::errno();
    if pid == 0 {
        after_fork_child(sp);
        return Ok(0);
    }
    after_fork_parent(sp);
    if pid < 0 {
        crate::util::set_errno(e);
        return Err(os_error(sp));
    }
    warn_of_threads(sp, "fork", threads);
    Ok(pid)
}
