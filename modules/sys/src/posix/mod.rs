//! `posix`: what `os` is made of.

mod confnames;
mod consts;
mod dirs;
mod env;
mod exec;
mod fork;
mod ids;
mod io;
mod io_rare;
mod pathlogic;
mod perms;
mod process;
mod scandir;
mod sched;
mod spawn;
mod stat;
mod sysinfo;
mod timerfd;
mod tty;
mod wait;
mod xattr;

pub use fork::{after_fork_child, after_fork_parent, before_fork};
pub use io::{buffer, close_range};
pub use stat::zeroed;
pub use sysinfo::raw_environ;

use crate::util::{add_consts, names_dict};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// `_have_functions`: what `os` derives its `supports_*` sets from.
static HAVE: &[&str] = &[
    "HAVE_EVENTFD",
    "HAVE_TIMERFD_CREATE",
    "HAVE_FACCESSAT",
    "HAVE_FCHDIR",
    "HAVE_FCHMOD",
    "HAVE_FCHMODAT",
    "HAVE_FCHOWN",
    "HAVE_FCHOWNAT",
    "HAVE_FEXECVE",
    "HAVE_FDOPENDIR",
    "HAVE_FPATHCONF",
    "HAVE_FSTATAT",
    "HAVE_FSTATVFS",
    "HAVE_FTRUNCATE",
    "HAVE_FUTIMENS",
    "HAVE_FUTIMES",
    "HAVE_FUTIMESAT",
    "HAVE_LINKAT",
    "HAVE_LCHOWN",
    "HAVE_LSTAT",
    "HAVE_LUTIMES",
    "HAVE_MEMFD_CREATE",
    "HAVE_MKDIRAT",
    "HAVE_MKFIFOAT",
    "HAVE_MKNODAT",
    "HAVE_OPENAT",
    "HAVE_READLINKAT",
    "HAVE_RENAMEAT",
    "HAVE_SYMLINKAT",
    "HAVE_UNLINKAT",
    "HAVE_UTIMENSAT",
    "HAVE_PTSNAME_R",
];

fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, consts::CONSTS)?;
    let mut have = RootedVec::with_capacity(sp, HAVE.len());
    for name in HAVE {
        have.push(sp.newstr(name)?);
    }
    sp.setattr_str(w_module, "_have_functions", have.into_list()?)?;
    sp.setattr_str(w_module, "error", sp.known(known::OS_ERROR))?;
    sp.setattr_str(w_module, "environ", env::environ_dict(sp)?)?;
    sp.setattr_str(w_module, "sysconf_names", names_dict(sp, confnames::SYSCONF)?)?;
    sp.setattr_str(w_module, "pathconf_names", names_dict(sp, confnames::PATHCONF)?)?;
    sp.setattr_str(w_module, "confstr_names", names_dict(sp, confnames::CONFSTR)?)?;
    stat::init(sp, w_module)?;
    scandir::init(sp, w_module)?;
    sysinfo::init(sp, w_module)?;
    tty::init(sp, w_module)?;
    sched::init(sp, w_module)?;
    wait::init(sp, w_module)
}

mixed_module!(
    MODULE,
    "posix",
    doc = "This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for more information on calls.",
    functions = [
        pathlogic::_path_normpath,
        pathlogic::_path_splitroot_ex,
        pathlogic::fspath,
        stat::stat,
        stat::lstat,
        stat::fstat,
        stat::statvfs,
        stat::fstatvfs,
        stat::major,
        stat::minor,
        stat::makedev,
        dirs::getcwd,
        dirs::getcwdb,
        dirs::chdir,
        dirs::fchdir,
        dirs::chroot,
        dirs::listdir,
        dirs::mkdir,
        dirs::rmdir,
        dirs::remove,
        dirs::unlink,
        dirs::rename,
        dirs::replace,
        dirs::link,
        dirs::symlink,
        dirs::readlink,
        dirs::mkfifo,
        dirs::mknod,
        scandir::scandir,
        perms::access,
        perms::chmod,
        perms::fchmod,
        perms::chown,
        perms::fchown,
        perms::lchown,
        perms::utime,
        perms::umask,
        io::open,
        io::close,
        io::closerange,
        io::dup,
        io::dup2,
        io::read,
        io::readinto,
        io::write,
        io::lseek,
        io::pipe,
        io::pipe2,
        io::isatty,
        io::fsync,
        io::fdatasync,
        io::sync,
        io::truncate,
        io::ftruncate,
        io::get_inheritable,
        io::set_inheritable,
        io::get_blocking,
        io::set_blocking,
        io::lockf,
        io_rare::pread,
        io_rare::pwrite,
        io_rare::readv,
        io_rare::writev,
        io_rare::preadv,
        io_rare::pwritev,
        io_rare::sendfile,
        io_rare::copy_file_range,
        io_rare::splice,
        io_rare::posix_fallocate,
        io_rare::posix_fadvise,
        io_rare::memfd_create,
        io_rare::eventfd,
        io_rare::eventfd_read,
        io_rare::eventfd_write,
        io_rare::pidfd_open,
        timerfd::timerfd_create,
        timerfd::timerfd_settime,
        timerfd::timerfd_settime_ns,
        timerfd::timerfd_gettime,
        timerfd::timerfd_gettime_ns,
        env::_create_environ,
        env::putenv,
        env::unsetenv,
        env::strerror,
        env::urandom,
        env::getrandom,
        env::device_encoding,
        sysinfo::uname,
        sysinfo::times,
        sysinfo::cpu_count,
        sysinfo::getloadavg,
        sysinfo::sysconf,
        sysinfo::pathconf,
        sysinfo::fpathconf,
        sysinfo::confstr,
        tty::get_terminal_size,
        tty::ttyname,
        tty::ctermid,
        tty::openpty,
        tty::forkpty,
        tty::login_tty,
        tty::posix_openpt,
        tty::grantpt,
        tty::unlockpt,
        tty::ptsname,
        tty::tcgetpgrp,
        tty::tcsetpgrp,
        ids::getpid,
        ids::getppid,
        ids::getuid,
        ids::geteuid,
        ids::getgid,
        ids::getegid,
        ids::setuid,
        ids::seteuid,
        ids::setgid,
        ids::setegid,
        ids::setreuid,
        ids::setregid,
        ids::getresuid,
        ids::getresgid,
        ids::setresuid,
        ids::setresgid,
        ids::getgroups,
        ids::setgroups,
        ids::initgroups,
        ids::getgrouplist,
        ids::getlogin,
        ids::getpgid,
        ids::getpgrp,
        ids::setpgid,
        ids::setpgrp,
        ids::getsid,
        ids::setsid,
        process::kill,
        process::killpg,
        process::nice,
        process::getpriority,
        process::setpriority,
        process::abort,
        process::_exit,
        process::system,
        process::unshare,
        process::setns,
        process::_inputhook,
        process::_is_inputhook_installed,
        fork::fork,
        fork::register_at_fork,
        exec::execv,
        exec::execve,
        spawn::posix_spawn,
        spawn::posix_spawnp,
        wait::wait,
        wait::waitpid,
        wait::wait3,
        wait::wait4,
        wait::waitid,
        wait::waitstatus_to_exitcode,
        wait::WCOREDUMP,
        wait::WIFCONTINUED,
        wait::WIFSTOPPED,
        wait::WIFSIGNALED,
        wait::WIFEXITED,
        wait::WEXITSTATUS,
        wait::WTERMSIG,
        wait::WSTOPSIG,
        sched::sched_yield,
        sched::sched_get_priority_max,
        sched::sched_get_priority_min,
        sched::sched_getscheduler,
        sched::sched_setscheduler,
        sched::sched_getparam,
        sched::sched_setparam,
        sched::sched_rr_get_interval,
        sched::sched_getaffinity,
        sched::sched_setaffinity,
        xattr::getxattr,
        xattr::setxattr,
        xattr::removexattr,
        xattr::listxattr,
    ],
    init = init,
);
