//! exec.

use super::env::{argv_strings, env_strings, pointers};
use crate::util::errno;
use crate::util::path::{path_or_fd, plain_path};
use taipan_plugin_api::prelude::*;

/// Execute an executable path with arguments, replacing current process.
///
///   path
///     Path of executable file.
///   argv
///     Tuple or list of strings.
#[interp_fn(sig = "(path, argv, /)")]
pub fn execv(sp: Space, w_path: W, w_argv: W) -> Res<()> {
    let path = plain_path(sp, w_path, "execv", "path")?;
    let argv = argv_strings(sp, w_argv, "execv")?;
    let table = pointers(&argv);
    // SAFETY: NUL-terminated strings and a null-terminated table.
    unsafe { libc::execv(path.ptr(), table.as_ptr()) };
    Err(sp.raise_errno(errno(), W::NULL))
}
/// Execute an executable path with arguments, replacing current process.
///
///   path
///     Path of executable file.
///   argv
///     Tuple or list of strings.
///   env
///     Dictionary of strings mapping to strings.
#[interp_fn(sig = "(path, argv, env)")]
pub fn execve(sp: Space, w_path: W, w_argv: W, w_env: W) -> Res<()> {
    let path = path_or_fd(sp, w_path, "execve")?;
    let argv = argv_strings(sp, w_argv, "execve")?;
    let env = env_strings(sp, w_env)?;
    let (a, e) = (pointers(&argv), pointers(&env));
    // SAFETY: NUL-terminated strings and null-terminated tables.
    unsafe {
        match path.fd {
            Some(fd) => libc::fexecve(fd, a.as_ptr(), e.as_ptr()),
            None => libc::execve(path.ptr(), a.as_ptr(), e.as_ptr()),
        }
    };
    Err(path.error(sp, errno()))
}
