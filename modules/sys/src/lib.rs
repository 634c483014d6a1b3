//! Mixed modules about the operating system and the interpreter's surroundings.

mod atexit;
mod errno;
mod fcntl;
mod locale;
mod posix;
mod resource;
mod signal;
mod stat_mod;
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
    ]
);
