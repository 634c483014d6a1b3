//! `_stat`.

use crate::util::add_consts;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

crate::util::consts! {
    /// Values are those of the file formats, the same on every system.
    CONSTS: [S_IFBLK S_IFCHR S_IFDIR S_IFIFO S_IFLNK S_IFREG S_IFSOCK S_IRGRP S_IROTH S_IRUSR S_IRWXG S_IRWXO S_IRWXU S_ISGID
        S_ISUID S_ISVTX S_IWGRP S_IWOTH S_IWUSR S_IXGRP S_IXOTH S_IXUSR] [
        SF_APPEND = 0x40000, SF_ARCHIVED = 0x10000, SF_DATALESS = 0x40000000, SF_FIRMLINK = 0x800000, SF_IMMUTABLE = 0x20000,
        SF_NOUNLINK = 0x100000, SF_SETTABLE = 0xffff0000, SF_SNAPSHOT = 0x200000, ST_ATIME = 7, ST_CTIME = 9, ST_DEV = 2,
        ST_GID = 5, ST_INO = 1, ST_MODE = 0, ST_MTIME = 8, ST_NLINK = 3, ST_SIZE = 6, ST_UID = 4, S_ENFMT = 0x400,
        S_IEXEC = 0x40, S_IFDOOR = 0, S_IFPORT = 0, S_IFWHT = 0, S_IREAD = 0x100, S_IWRITE = 0x80, UF_APPEND = 0x4,
        UF_COMPRESSED = 0x20, UF_DATAVAULT = 0x80, UF_HIDDEN = 0x8000, UF_IMMUTABLE = 0x2, UF_NODUMP = 0x1, UF_NOUNLINK = 0x10,
        UF_OPAQUE = 0x8, UF_SETTABLE = 0xffff, UF_TRACKED = 0x40,
    ]
}

/// A mode argument: an int of 32 bits.
struct Mode(u32);
impl FromArg for Mode {
    fn from_arg(sp: Space, w: W, _: &str) -> Res<Mode> {
        let n = sp.int_w(w)?;
        if n < 0 {
            return Err(sp.overflow_error("can't convert negative value to unsigned int"));
        }
        u32::try_from(n).map(Mode).map_err(|_| sp.overflow_error("mode out of range"))
    }
}
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $kind:expr;)*) => { $(
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[interp_fn(sig = "(object, /)")]
        fn $name(_sp: Space, mode: Mode) -> Res<bool> {
            // A kind this system does not have is zero and never matches.
            let kind: u32 = $kind;
            Ok(kind != 0 && mode.0 & libc::S_IFMT == kind)
        }
    )* };
}
kinds! {
    /// S_ISDIR(mode) -> bool
    ///
    /// Return True if mode is from a directory.
    S_ISDIR, libc::S_IFDIR;
    /// S_ISCHR(mode) -> bool
    ///
    /// Return True if mode is from a character special device file.
    S_ISCHR, libc::S_IFCHR;
    /// S_ISBLK(mode) -> bool
    ///
    /// Return True if mode is from a block special device file.
    S_ISBLK, libc::S_IFBLK;
    /// S_ISREG(mode) -> bool
    ///
    /// Return True if mode is from a regular file.
    S_ISREG, libc::S_IFREG;
    /// S_ISFIFO(mode) -> bool
    ///
    /// Return True if mode is from a FIFO (named pipe).
    S_ISFIFO, libc::S_IFIFO;
    /// S_ISLNK(mode) -> bool
    ///
    /// Return True if mode is from a symbolic link.
    S_ISLNK, libc::S_IFLNK;
    /// S_ISSOCK(mode) -> bool
    ///
    /// Return True if mode is from a socket.
    S_ISSOCK, libc::S_IFSOCK;
    /// S_ISDOOR(mode) -> bool
    ///
    /// Return True if mode is from a door.
    S_ISDOOR, 0;
    /// S_ISPORT(mode) -> bool
    ///
    /// Return True if mode is from an event port.
    S_ISPORT, 0;
    /// S_ISWHT(mode) -> bool
    ///
    /// Return True if mode is from a whiteout.
    S_ISWHT, 0;
}
/// Return the portion of the file's mode that can be set by os.chmod().
#[allow(non_snake_case)]
#[interp_fn(sig = "(object, /)")]
fn S_IMODE(_sp: Space, mode: Mode) -> Res<u32> {
    Ok(mode.0 & 0o7777)
}
/// Return the portion of the file's mode that describes the file type.
#[allow(non_snake_case)]
#[interp_fn(sig = "(object, /)")]
fn S_IFMT(_sp: Space, mode: Mode) -> Res<u32> {
    Ok(mode.0 & libc::S_IFMT)
}

fn mode_text(mode: u32) -> String {
    let kind = match mode & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    };
    let mut out = String::from(kind);
    for (shift, special, both, alone) in
        [(6, libc::S_ISUID, 's', 'S'), (3, libc::S_ISGID, 's', 'S'), (0, libc::S_ISVTX, 't', 'T')]
    {
        let bits = mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => both,
            (true, false) => alone,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}
/// Convert a file's mode to a string of the form '-rwxrwxrwx'
#[interp_fn(sig = "(object, /)")]
fn filemode(_sp: Space, mode: Mode) -> Res<String> {
    Ok(mode_text(mode.0))
}

fn init(sp: Space, w_module: W) -> Res<()> {
    add_consts(sp, w_module, CONSTS)
}
mixed_module!(
    MODULE,
    "_stat",
    doc = "S_IFMT_: file type bits\nS_IFDIR: directory\nS_IFCHR: character device\nS_IFBLK: block device\nS_IFREG: regular file\nS_IFIFO: fifo (named pipe)\nS_IFLNK: symbolic link\nS_IFSOCK: socket file\n",
    functions = [
        S_ISDIR, S_ISCHR, S_ISBLK, S_ISREG, S_ISFIFO, S_ISLNK, S_ISSOCK, S_ISDOOR, S_ISPORT, S_ISWHT, S_IMODE, S_IFMT,
        filemode
    ],
    init = init,
);

#[cfg(test)]
mod tests {
    #[test]
    fn modes() {
        assert_eq!(super::mode_text(0o100644), "-rw-r--r--");
        assert_eq!(super::mode_text(0o041777), "drwxrwxrwt");
        assert_eq!(super::mode_text(0o104644), "-rwSr--r--");
    }
}
