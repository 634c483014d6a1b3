//! posix_spawn.

use super::env::{argv_strings, env_strings, pointers};
use super::sched::param_arg;
use super::stat::zeroed;
use crate::signal::sigset_arg;
use crate::util::path::{fsencode, plain_path};
use std::ffi::CString;
use taipan_plugin_api::prelude::*;

/// The C library's lists of actions and attributes, destroyed when dropped.
struct Plan {
    actions: libc::posix_spawn_file_actions_t,
    attr: libc::posix_spawnattr_t,
    /// Names the actions point to.
    names: Vec<CString>,
}
impl Drop for Plan {
    fn drop(&mut self) {
        // SAFETY: both were initialized when the plan was made.
        unsafe {
            libc::posix_spawn_file_actions_destroy(&mut self.actions);
            libc::posix_spawnattr_destroy(&mut self.attr);
        }
    }
}
/// Calls of this family answer errno.
fn ok(sp: Space, e: i32) -> Res<()> {
    if e == 0 { Ok(()) } else { Err(sp.raise_errno(e, W::NULL)) }
}
impl Plan {
    fn new(sp: Space) -> Res<Box<Plan>> {
        let mut plan = Box::new(Plan { actions: zeroed(), attr: zeroed(), names: Vec::new() });
        // SAFETY: initializes our structs; they do not move, being boxed.
        unsafe {
            ok(sp, libc::posix_spawn_file_actions_init(&mut plan.actions))?;
            ok(sp, libc::posix_spawnattr_init(&mut plan.attr))?;
        }
        Ok(plan)
    }
    fn file_actions(&mut self, sp: Space, w_actions: W) -> Res<()> {
        unsafe extern "C" {
            fn posix_spawn_file_actions_addclosefrom_np(a: *mut libc::posix_spawn_file_actions_t, from: i32) -> i32;
        }
        let bad = || sp.type_error("Each file_actions element must be a non-empty tuple");
        let (_keep, items) = sp.unpack(w_actions)?;
        for w_action in items {
            let Some(action) = sp.tuple_opt(*w_action) else { return Err(bad()) };
            let Some(w_tag) = action.first() else { return Err(bad()) };
            let int = |i: usize| i32::from_arg(sp, action[i], "fd");
            // SAFETY: the list is initialized; names live in the plan.
            unsafe {
                match (sp.int_w(*w_tag)?, action.len()) {
                    (0, 5) => {
                        self.names.push(fsencode(sp, action[2])?);
                        let name = self.names[self.names.len() - 1].as_ptr();
                        let (fd, flags, mode) = (int(1)?, int(3)?, u32::from_arg(sp, action[4], "mode")?);
                        ok(sp, libc::posix_spawn_file_actions_addopen(&mut self.actions, fd, name, flags, mode))?
                    }
                    (1, 2) => ok(sp, libc::posix_spawn_file_actions_addclose(&mut self.actions, int(1)?))?,
                    (2, 3) => ok(sp, libc::posix_spawn_file_actions_adddup2(&mut self.actions, int(1)?, int(2)?))?,
                    (3, 2) => ok(sp, posix_spawn_file_actions_addclosefrom_np(&mut self.actions, int(1)?))?,
                    (0, _) => return Err(sp.type_error("A open file_action tuple must have 5 elements")),
                    (1, _) => return Err(sp.type_error("A close file_action tuple must have 2 elements")),
                    (2, _) => return Err(sp.type_error("A dup2 file_action tuple must have 3 elements")),
                    (3, _) => return Err(sp.type_error("A closefrom file_action tuple must have 2 elements")),
                    _ => return Err(sp.type_error("Unknown file_actions identifier")),
                }
            }
        }
        Ok(())
    }
    fn attributes(&mut self, sp: Space, o: &Options) -> Res<()> {
        let mut flags = 0;
        // SAFETY: the attributes are initialized, the arguments are ours.
        unsafe {
            if !o.w_setpgroup.is_null() && !o.w_setpgroup.is_none() {
                ok(
                    sp,
                    libc::posix_spawnattr_setpgroup(&mut self.attr, i32::from_arg(sp, o.w_setpgroup, "setpgroup")?),
                )?;
                flags |= libc::POSIX_SPAWN_SETPGROUP;
            }
            if o.resetids {
                flags |= libc::POSIX_SPAWN_RESETIDS;
            }
            if o.setsid {
                flags |= libc::POSIX_SPAWN_SETSID as i32;
            }
            if !o.w_sigmask.is_null() {
                ok(sp, libc::posix_spawnattr_setsigmask(&mut self.attr, &sigset_arg(sp, o.w_sigmask)?))?;
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
            }
            if !o.w_sigdef.is_null() {
                ok(sp, libc::posix_spawnattr_setsigdefault(&mut self.attr, &sigset_arg(sp, o.w_sigdef)?))?;
                flags |= libc::POSIX_SPAWN_SETSIGDEF;
            }
            if !o.w_scheduler.is_null() && !o.w_scheduler.is_none() {
                let Some([w_policy, w_param]) = sp.tuple_opt(o.w_scheduler) else {
                    return Err(sp.type_error("A scheduler tuple must have two elements"));
                };
                if !w_policy.is_none() {
                    ok(
                        sp,
                        libc::posix_spawnattr_setschedpolicy(&mut self.attr, i32::from_arg(sp, *w_policy, "policy")?),
                    )?;
                    flags |= libc::POSIX_SPAWN_SETSCHEDULER;
                }
                ok(sp, libc::posix_spawnattr_setschedparam(&mut self.attr, &param_arg(sp, *w_param)?))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
            }
            ok(sp, libc::posix_spawnattr_setflags(&mut self.attr, flags as libc::c_short))
        }
    }
}

/// The keyword arguments.
struct Options {
    w_actions: W,
    w_setpgroup: W,
    resetids: bool,
    setsid: bool,
    w_sigmask: W,
    w_sigdef: W,
    w_scheduler: W,
}
fn run(sp: Space, function: &str, search: bool, w_path: W, w_argv: W, w_env: W, o: Options) -> Res<i32> {
    let path = plain_path(sp, w_path, function, "path")?;
    let argv = argv_strings(sp, w_argv, function)?;
    let env = if w_env.is_none() { None } else { Some(env_strings(sp, w_env)?) };
    let mut plan = Plan::new(sp)?;
    if !o.w_actions.is_null() && !o.w_actions.is_none() {
        plan.file_actions(sp, o.w_actions)?;
    }
    plan.attributes(sp, &o)?;
    let a: Vec<_> = pointers(&argv).into_iter().map(|p| p.cast_mut()).collect();
    let e: Option<Vec<_>> = env.as_ref().map(|env| pointers(env).into_iter().map(|p| p.cast_mut()).collect());
    let e = e.as_ref().map_or(crate::posix::raw_environ().cast(), |e| e.as_ptr());
    let mut pid = 0;
    // SAFETY: NUL-terminated strings, null-terminated tables, initialized lists.
    let r = unsafe {
        let call = if search { libc::posix_spawnp } else { libc::posix_spawn };
        call(&mut pid, path.ptr(), &plan.actions, &plan.attr, a.as_ptr(), e)
    };
    if r != 0 { Err(path.error(sp, r)) } else { Ok(pid) }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident, $search:literal;)*) => { $(
        $(#[$doc])*
        #[interp_fn(sig = "(path, argv, env, /, *, file_actions=(), setpgroup=<unrepresentable>, resetids=False, setsid=False, setsigmask=<unrepresentable>, setsigdef=<unrepresentable>, scheduler=<unrepresentable>)")]
        pub fn $name(
            sp: Space, w_path: W, w_argv: W, w_env: W, w_actions: W, w_setpgroup: W, resetids: bool, setsid: bool, w_sigmask: W,
            w_sigdef: W, w_scheduler: W,
        ) -> Res<i32> {
            let o = Options { w_actions, w_setpgroup, resetids, setsid, w_sigmask, w_sigdef, w_scheduler };
            run(sp, stringify!($name), $search, w_path, w_argv, w_env, o)
        }
    )* };
}
functions! {
    /// Execute the program specified by path in a new process.
    ///
    ///   path
    ///     Path of executable file.
    ///   argv
    ///     Tuple or list of strings.
    ///   env
    ///     Dictionary of strings mapping to strings.
    ///   file_actions
    ///     A sequence of file action tuples.
    ///   setpgroup
    ///     The pgroup to use with the POSIX_SPAWN_SETPGROUP flag.
    ///   resetids
    ///     If the value is `true` the POSIX_SPAWN_RESETIDS will be activated.
    ///   setsid
    ///     If the value is `true` the POSIX_SPAWN_SETSID or POSIX_SPAWN_SETSID_NP will be activated.
    ///   setsigmask
    ///     The sigmask to use with the POSIX_SPAWN_SETSIGMASK flag.
    ///   setsigdef
    ///     The sigmask to use with the POSIX_SPAWN_SETSIGDEF flag.
    ///   scheduler
    ///     A tuple with the scheduler policy (optional) and parameters.
    posix_spawn, false;
    /// Execute the program specified by path in a new process.
    ///
    ///   path
    ///     Path of executable file.
    ///   argv
    ///     Tuple or list of strings.
    ///   env
    ///     Dictionary of strings mapping to strings.
    ///   file_actions
    ///     A sequence of file action tuples.
    ///   setpgroup
    ///     The pgroup to use with the POSIX_SPAWN_SETPGROUP flag.
    ///   resetids
    ///     If the value is `True` the POSIX_SPAWN_RESETIDS will be activated.
    ///   setsid
    ///     If the value is `True` the POSIX_SPAWN_SETSID or POSIX_SPAWN_SETSID_NP will be activated.
    ///   setsigmask
    ///     The sigmask to use with the POSIX_SPAWN_SETSIGMASK flag.
    ///   setsigdef
    ///     The sigmask to use with the POSIX_SPAWN_SETSIGDEF flag.
    ///   scheduler
    ///     A tuple with the scheduler policy (optional) and parameters.
    posix_spawnp, true;
}
