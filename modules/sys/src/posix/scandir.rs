//! scandir and DirEntry.

use super::dirs::Dir;
use super::stat::{stat_at, stat_result};
use crate::util::path::{FsPath, Takes, path_arg};
use crate::util::{add_type, blocking};
use std::ffi::CString;
use std::sync::{Arc, Mutex};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::prelude::*;

static DIR_ENTRY: Global = Global::new();
static SCANDIR_ITERATOR: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    add_type(sp, w_module, &DIR_ENTRY, &DIR_ENTRY_SPEC)?;
    let w = sp.newtype(&SCANDIR_SPEC, W::NULL, w_module)?;
    SCANDIR_ITERATOR.set(sp, w);
    Ok(())
}

/// posix.DirEntry
#[repr(C)]
#[derive(GcObject)]
pub struct WDirEntry {
    header: Header,
    w_name: W,
    w_path: W,
    /// Cached answers of stat() and of stat(follow_symlinks=False), or NULL.
    w_stat: W,
    w_lstat: W,
    ino: u64,
    /// The descriptor that was scanned, or -1: then `w_path` is enough.
    dir_fd: i32,
    kind: u8,
}

typespec!(DIR_ENTRY_SPEC: WDirEntry, "posix.DirEntry", {
    flags: ty::DISALLOW_INSTANTIATION | ty::IMMUTABLE,
    slots: &Slots { repr: Some(entry_repr), ..Slots::EMPTY },
    methods: methods![is_dir, is_file, is_symlink, is_junction, entry_stat, entry_inode, entry_fspath, class_getitem],
    members: table![member!(WDirEntry, "name", w_name, Obj), member!(WDirEntry, "path", w_path, Obj)],
});

/// See PEP 585
#[interp_fn(classmethod, name = "__class_getitem__", sig = "(cls, item, /)")]
fn class_getitem(sp: Space, w_cls: W, w_item: W) -> Res<W> {
    sp.call(sp.known(known::GENERIC_ALIAS), &[w_cls, w_item])
}

#[slot]
fn entry_repr(sp: Space, w: W) -> Res<W> {
    // SAFETY: the slot is only in the type of this layout.
    let e: This<WDirEntry> = unsafe { This::new(w) };
    if e.w_name.is_null() {
        return sp.newstr("<DirEntry>");
    }
    sp.add(sp.newstr("<DirEntry ")?, sp.add(sp.repr(e.w_name)?, sp.newstr(">")?)?)
}

/// The name to ask about, and the directory it is relative to.
fn place(sp: Space, e: &This<WDirEntry>) -> Res<(FsPath, i32)> {
    let (w, dir) = if e.dir_fd >= 0 { (e.w_name, e.dir_fd) } else { (e.w_path, libc::AT_FDCWD) };
    let mut path = path_arg(sp, w, "DirEntry", "path", Takes::default())?;
    path.w = e.w_path;
    Ok((path, dir))
}
fn entry_lstat_w(sp: Space, e: This<WDirEntry>) -> Res<W> {
    if e.w_lstat.is_null() {
        let (path, dir) = place(sp, &e)?;
        let s = stat_at(sp, &path, dir, false).map_err(|n| path.error(sp, n))?;
        setfield!(sp, e.w, WDirEntry, w_lstat, stat_result(sp, &s)?);
    }
    Ok(e.w_lstat)
}
fn entry_stat_w(sp: Space, e: This<WDirEntry>, follow: bool) -> Res<W> {
    if !follow {
        return entry_lstat_w(sp, e);
    }
    if e.w_stat.is_null() {
        let w = if e.symlink(sp)? {
            let (path, dir) = place(sp, &e)?;
            let s = stat_at(sp, &path, dir, true).map_err(|n| path.error(sp, n))?;
            stat_result(sp, &s)?
        } else {
            entry_lstat_w(sp, e)?
        };
        setfield!(sp, e.w, WDirEntry, w_stat, w);
    }
    Ok(e.w_stat)
}

trait Kind {
    fn symlink(&self, sp: Space) -> Res<bool>;
    fn has_mode(&self, sp: Space, follow: bool, mode: u32) -> Res<bool>;
}
impl Kind for This<WDirEntry> {
    fn symlink(&self, sp: Space) -> Res<bool> {
        match self.kind {
            libc::DT_UNKNOWN => self.has_mode(sp, false, libc::S_IFLNK),
            k => Ok(k == libc::DT_LNK),
        }
    }
    fn has_mode(&self, sp: Space, follow: bool, mode: u32) -> Res<bool> {
        let link = self.kind == libc::DT_LNK;
        if self.kind != libc::DT_UNKNOWN && !(follow && link) {
            let dt = match mode {
                libc::S_IFDIR => libc::DT_DIR,
                libc::S_IFREG => libc::DT_REG,
                _ => libc::DT_LNK,
            };
            return Ok(self.kind == dt);
        }
        let w_stat = match entry_stat_w(sp, *self, follow) {
            Ok(w) => w,
            // A vanished file is of no kind.
            Err(e) => return if sp.catch(known::FILE_NOT_FOUND_ERROR) { Ok(false) } else { Err(e) },
        };
        let m = sp.int_w(sp.getattr(w_stat, name!(sp, "st_mode"))?)?;
        Ok(m as u32 & libc::S_IFMT == mode)
    }
}

/// Return True if the entry is a directory; cached per entry.
#[interp_fn(method, sig = "(self, *, follow_symlinks=True)")]
fn is_dir(sp: Space, e: This<WDirEntry>, follow: bool) -> Res<bool> {
    e.has_mode(sp, follow, libc::S_IFDIR)
}
/// Return True if the entry is a file; cached per entry.
#[interp_fn(method, sig = "(self, *, follow_symlinks=True)")]
fn is_file(sp: Space, e: This<WDirEntry>, follow: bool) -> Res<bool> {
    e.has_mode(sp, follow, libc::S_IFREG)
}
/// Return True if the entry is a symbolic link; cached per entry.
#[interp_fn(method, sig = "(self)")]
fn is_symlink(sp: Space, e: This<WDirEntry>) -> Res<bool> {
    e.symlink(sp)
}
/// Return True if the entry is a junction; cached per entry.
#[interp_fn(method, sig = "(self)")]
fn is_junction(_sp: Space, _e: This<WDirEntry>) -> Res<bool> {
    Ok(false)
}
/// Return stat_result object for the entry; cached per entry.
#[interp_fn(method, name = "stat", sig = "(self, *, follow_symlinks=True)")]
fn entry_stat(sp: Space, e: This<WDirEntry>, follow: bool) -> Res<W> {
    entry_stat_w(sp, e, follow)
}
/// Return inode of the entry; cached per entry.
#[interp_fn(method, name = "inode", sig = "(self)")]
fn entry_inode(_sp: Space, e: This<WDirEntry>) -> Res<u64> {
    Ok(e.ino)
}
/// Returns the path for the entry.
#[interp_fn(method, name = "__fspath__", sig = "(self)")]
fn entry_fspath(_sp: Space, e: This<WDirEntry>) -> Res<W> {
    Ok(e.w_path)
}

/// What an iterator keeps outside the heap.
#[derive(Clone)]
struct Native {
    /// None once closed. Threads may share an iterator: one of them at a time reads.
    dir: Arc<Mutex<Option<Dir>>>,
    /// The directory's name with a slash, to be put before each entry's; None for a descriptor.
    prefix: Option<Arc<[u8]>>,
    is_bytes: bool,
    fd: i32,
}

/// posix.ScandirIterator
#[repr(C)]
#[derive(GcObject)]
pub struct WScandir {
    header: Header,
    /// The argument, for errors; may be NULL.
    w_path: W,
    /// Null once exhausted or closed.
    native: *mut Native,
}
unsafe extern "C" fn scandir_free(obj: *mut u8) {
    // SAFETY: called once for a dead object; the box is ours.
    unsafe {
        let s = &mut *obj.cast::<WScandir>();
        if !s.native.is_null() {
            drop(Box::from_raw(s.native));
        }
    }
}
typespec!(SCANDIR_SPEC: WScandir, "posix.ScandirIterator", {
    flags: ty::DISALLOW_INSTANTIATION | ty::IMMUTABLE,
    layout_flags: tf::FREE,
    free: Some(scandir_free),
    slots: &Slots { iter: Some(scandir_iter), next: Some(scandir_next), ..Slots::EMPTY },
    methods: methods![scandir_enter, scandir_exit, scandir_close],
});

impl WScandir {
    /// Closes the directory. Threads that read it at the moment come first; later ones find it closed.
    fn release(&mut self, sp: Space) {
        let p = std::mem::replace(&mut self.native, std::ptr::null_mut());
        if !p.is_null() {
            // SAFETY: the box was made by scandir and is released once.
            let native = unsafe { Box::from_raw(p) };
            blocking(sp, || *native.dir.lock().unwrap_or_else(|e| e.into_inner()) = None);
        }
    }
}
#[slot]
fn scandir_iter(_sp: Space, w: W) -> Res<W> {
    Ok(w)
}
#[slot]
fn scandir_next(sp: Space, w: W) -> Res<Option<W>> {
    // SAFETY: the slot is only in the type of this layout.
    let mut it: This<WScandir> = unsafe { This::new(w) };
    if it.native.is_null() {
        return Ok(None);
    }
    // SAFETY: not null; a copy, because another thread may close the iterator meanwhile.
    let n = unsafe { (*it.native).clone() };
    // The lock is not waited for, and not held, by a thread that has the interpreter lock.
    let read = blocking(sp, || {
        let mut dir = n.dir.lock().unwrap_or_else(|e| e.into_inner());
        dir.as_mut().map_or(Ok(None), Dir::read)
    });
    let (name, ino, kind) = match read {
        Ok(Some(entry)) => entry,
        Ok(None) => {
            it.release(sp);
            return Ok(None);
        }
        Err(e) => {
            it.release(sp);
            return Err(sp.raise_errno(e, it.w_path));
        }
    };
    let plain = FsPath { w: W::NULL, c: CString::default(), is_bytes: n.is_bytes, fd: None };
    let w_name = plain.answer(sp, &name)?;
    let w_path = match &n.prefix {
        None => w_name,
        Some(prefix) => plain.answer(sp, &[&prefix[..], &name].concat())?,
    };
    let fd = n.fd;
    let w = sp.allocate(DIR_ENTRY.get(), 0)?;
    // SAFETY: just allocated with this layout.
    let mut e: This<WDirEntry> = unsafe { This::new(w) };
    (e.ino, e.kind, e.dir_fd) = (ino, kind, fd);
    setfield!(sp, w, WDirEntry, w_name, w_name);
    setfield!(sp, w, WDirEntry, w_path, w_path);
    Ok(Some(w))
}
/// The iterator itself.
#[interp_fn(method, name = "__enter__", sig = "(self)")]
fn scandir_enter(_sp: Space, it: This<WScandir>) -> Res<W> {
    Ok(it.w)
}
/// Closes the iterator.
#[interp_fn(method, name = "__exit__", sig = "(self, *args)")]
fn scandir_exit(sp: Space, mut it: This<WScandir>, _w_args: W) -> Res<()> {
    it.release(sp);
    Ok(())
}
/// Closes the iterator and releases the directory.
#[interp_fn(method, name = "close", sig = "(self)")]
fn scandir_close(sp: Space, mut it: This<WScandir>) -> Res<()> {
    it.release(sp);
    Ok(())
}

/// Return an iterator of DirEntry objects for given path.
///
/// path can be specified as either str, bytes, or a path-like object.  If path
/// is bytes, the names of yielded DirEntry objects will also be bytes; in
/// all other circumstances they will be str.
///
/// If path is None, uses the path='.'.
#[interp_fn(sig = "(path=None)")]
pub fn scandir(sp: Space, w_path: W) -> Res<W> {
    let path = path_arg(sp, w_path, "scandir", "path", Takes { fd: true, none: true })?;
    let dir = Dir::open(sp, &path)?;
    let prefix = path.fd.is_none().then(|| {
        let mut p = path.c.as_bytes().to_vec();
        if p.last().is_some_and(|c| *c != b'/') {
            p.push(b'/');
        }
        p
    });
    let w = sp.allocate(SCANDIR_ITERATOR.get(), 0)?;
    // SAFETY: just allocated with this layout.
    let mut it: This<WScandir> = unsafe { This::new(w) };
    it.native = Box::into_raw(Box::new(Native {
        dir: Arc::new(Mutex::new(Some(dir))),
        prefix: prefix.map(Arc::from),
        is_bytes: path.is_bytes,
        fd: path.fd.unwrap_or(-1),
    }));
    setfield!(sp, w, WScandir, w_path, path.w);
    Ok(w)
}
