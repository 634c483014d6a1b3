//! Mixed modules about the operating system and the interpreter's surroundings.

mod atexit;
mod errno;
mod posix;
mod resource;
mod signal;
mod stat_mod;
mod time;
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
    ]
);
