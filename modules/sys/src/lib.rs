//! Mixed modules about the operating system and the interpreter's surroundings.

mod atexit;
mod errno;
mod faulthandler;
mod fcntl;
mod locale;
mod mmap;
mod posix;
mod resource;
mod select;
mod signal;
mod socket;
mod stat_mod;
mod subprocess;
mod syslog;
mod termios;
mod time;
mod users;
mod util;
mod weakref;

taipan_plugin_api::export_modules!(
    "sys",
    "modules about the operating system: posix, time, signals and their like",
    [
        &posix::MODULE,
        &errno::MODULE,
        &time::MODULE,
        &stat_mod::MODULE,
        &signal::MODULE,
        &atexit::MODULE,
        &weakref::MODULE,
        &resource::MODULE,
        &locale::MODULE,
        &users::PWD,
        &users::GRP,
        &fcntl::MODULE,
        &mmap::MODULE,
        &socket::MODULE,
        &select::MODULE,
        &faulthandler::MODULE,
        &subprocess::MODULE,
        &termios::MODULE,
        &syslog::MODULE,
    ]
);
