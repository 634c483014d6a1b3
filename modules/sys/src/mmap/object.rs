//! The mmap type: making it, its memory, and how it is indexed.

use super::methods as m;
use crate::util::{blocking, check, errno, os_error};
use taipan_plugin_api::abi::gc::tf;
use taipan_plugin_api::abi::word::TID_SLICE;
use taipan_plugin_api::prelude::*;

/// `access` of the constructor.
pub const ACCESS_DEFAULT: i32 = 0;
pub const ACCESS_READ: i32 = 1;
pub const ACCESS_WRITE: i32 = 2;
pub const ACCESS_COPY: i32 = 3;

/// mmap.mmap
#[repr(C)]
#[derive(GcObject)]
pub struct WMmap {
    header: Header,
    /// Null when closed.
    pub data: *mut u8,
    pub size: usize,
    pub pos: usize,
    pub offset: i64,
    /// Views that hold the memory.
    pub exports: i64,
    /// Our duplicate of the descriptor plus one; 0 = none.
    pub fd1: i64,
    pub access: i32,
    pub flags: i32,
}
impl WMmap {
    pub fn close(&mut self) {
        // SAFETY: the mapping and the descriptor are ours and given back once.
        unsafe {
            if self.fd1 > 0 {
                libc::close((self.fd1 - 1) as i32);
                self.fd1 = 0;
            }
            if !self.data.is_null() {
                libc::munmap(self.data.cast(), self.size);
                self.data = std::ptr::null_mut();
            }
        }
    }
    /// The mapped bytes; ValueError when closed.
    pub fn bytes(&self, sp: Space) -> Res<&[u8]> {
        if self.data.is_null() {
            return Err(sp.value_error("mmap closed or invalid"));
        }
        // SAFETY: mapped with this size until closed.
        Ok(unsafe { std::slice::from_raw_parts(self.data, self.size) })
    }
    /// The same to be written to; TypeError for a read-only one.
    pub fn bytes_mut(&mut self, sp: Space) -> Res<&mut [u8]> {
        self.bytes(sp)?;
        if self.access == ACCESS_READ {
            return Err(sp.type_error("mmap can't modify a readonly memory map."));
        }
        // SAFETY: as above, and mapped for writing.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.data, self.size) })
    }
}
unsafe extern "C" fn free(obj: *mut u8) {
    // SAFETY: called once for a dead object.
    unsafe { (*obj.cast::<WMmap>()).close() };
}
typespec!(pub MMAP: WMmap, "mmap.mmap", {
    flags: ty::BASETYPE | ty::WEAKREF,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots {
        new: Some(mmap_new), len: Some(len), getitem: Some(getitem), setitem: Some(setitem), getbuffer: Some(getbuffer),
        releasebuffer: Some(release), ..Slots::EMPTY
    },
    methods: methods![
        m::close, m::read, m::read_byte, m::readline, m::write, m::write_byte, m::seek, m::tell, m::seekable, m::find, m::rfind,
        m::flush, m::resize, m::size, m::move_, m::madvise, m::enter, m::exit
    ],
    getset: table![getset!("closed", closed)],
});

fn of<'a>(w: W) -> &'a mut WMmap {
    // SAFETY: the slots are only in the type of this layout.
    unsafe { &mut *w.ptr::<WMmap>() }
}
#[slot]
fn closed(_sp: Space, w: W) -> Res<W> {
    Ok(W::bool(of(w).data.is_null()))
}

const NAMES: [&str; 7] = ["fileno", "length", "flags", "prot", "access", "offset", "trackfd"];

#[slot]
fn mmap_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let a = args.positional();
    if a.len() > 6 {
        return Err(sp.type_error(&format!("mmap() takes at most 6 positional arguments ({} given)", a.len())));
    }
    let mut given = [W::NULL; 7];
    given[..a.len()].copy_from_slice(a);
    for (name, w) in args.keywords(sp) {
        let Some(i) = NAMES.iter().position(|n| name.eq_str(n)) else {
            return Err(sp.type_error(&format!("mmap() got an unexpected keyword argument '{}'", name.to_str())));
        };
        given[i] = w;
    }
    for i in 0..2 {
        if given[i].is_null() {
            return Err(sp.type_error(&format!("mmap() missing required argument '{}' (pos {})", NAMES[i], i + 1)));
        }
    }
    let int =
        |i: usize, default: i32| if given[i].is_null() { Ok(default) } else { i32::from_arg(sp, given[i], NAMES[i]) };
    let fd = int(0, -1)?;
    let length = isize::from_arg(sp, given[1], "length")?;
    let Ok(mut size) = usize::try_from(length) else {
        return Err(sp.overflow_error("memory mapped length must be positive"));
    };
    let mut flags = int(2, libc::MAP_SHARED)?;
    let mut prot = int(3, libc::PROT_READ | libc::PROT_WRITE)?;
    let mut access = int(4, ACCESS_DEFAULT)?;
    let offset = if given[5].is_null() { 0 } else { sp.int_w(given[5])? };
    let trackfd = given[6].is_null() || sp.is_true(given[6])?;
    if offset < 0 {
        return Err(sp.overflow_error("memory mapped offset must be positive"));
    }
    if access != ACCESS_DEFAULT && (!given[2].is_null() || !given[3].is_null()) {
        return Err(sp.value_error("mmap can't specify both access and flags, prot."));
    }
    match access {
        ACCESS_READ => (flags, prot) = (libc::MAP_SHARED, libc::PROT_READ),
        ACCESS_WRITE => (flags, prot) = (libc::MAP_SHARED, libc::PROT_READ | libc::PROT_WRITE),
        ACCESS_COPY => (flags, prot) = (libc::MAP_PRIVATE, libc::PROT_READ | libc::PROT_WRITE),
        ACCESS_DEFAULT if prot & libc::PROT_WRITE == 0 => access = ACCESS_READ,
        ACCESS_DEFAULT => {}
        _ => return Err(sp.value_error("mmap invalid access parameter.")),
    }
    if fd != -1 {
        let mut s: libc::stat = crate::posix::zeroed();
        // SAFETY: s is ours.
        let r = blocking(sp, || unsafe { libc::fstat(fd, &mut s) });
        if r == 0 && s.st_mode & libc::S_IFMT == libc::S_IFREG {
            if size == 0 {
                if s.st_size == 0 {
                    return Err(sp.value_error("cannot mmap an empty file"));
                }
                if offset >= s.st_size {
                    return Err(sp.value_error("mmap offset is greater than file size"));
                }
                size = (s.st_size - offset) as usize;
            } else if offset > s.st_size || s.st_size - offset < size as i64 {
                return Err(sp.value_error("mmap length is greater than file size"));
            }
        } else if r != 0 && errno() == libc::EBADF {
            return Err(os_error(sp));
        }
    } else {
        flags |= libc::MAP_ANONYMOUS;
    }
    let w = sp.allocate(w_type, 0)?;
    let me = of(w);
    if fd != -1 && trackfd {
        // SAFETY: any number is allowed.
        me.fd1 = check(sp, unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })? as i64 + 1;
    }
    // SAFETY: the kernel chooses the place.
    let (p, e) = blocking(sp, || (unsafe { libc::mmap(std::ptr::null_mut(), size, prot, flags, fd, offset) }, errno()));
    if p == libc::MAP_FAILED {
        return Err(sp.raise_errno(e, W::NULL));
    }
    (me.data, me.size, me.offset, me.access, me.flags) = (p.cast(), size, offset, access, flags);
    Ok(w)
}

#[slot]
fn len(sp: Space, w: W) -> Res<i64> {
    Ok(of(w).bytes(sp)?.len() as i64)
}
/// Start, step and count of a slice.
fn slice(sp: Space, w_slice: W, len: usize) -> Res<(i64, i64, usize)> {
    let w = sp.call_method(w_slice, name!(sp, "indices"), &[sp.newint(len as i64)])?;
    let t = sp.tuple_items(w);
    let (start, stop, step) = (sp.int_w(t[0])?, sp.int_w(t[1])?, sp.int_w(t[2])?);
    let n = if step > 0 { (stop - start + step - 1) / step } else { (start - stop - step - 1) / -step };
    Ok((start, step, n.max(0) as usize))
}
fn index(sp: Space, w_key: W, len: usize) -> Res<usize> {
    if sp.lookup_special(w_key, name!(sp, "__index__"))?.is_none() {
        return Err(sp.type_error("mmap indices must be integers"));
    }
    let i = sp.int_w(w_key)?;
    let i = if i < 0 { i + len as i64 } else { i };
    usize::try_from(i).ok().filter(|i| *i < len).ok_or_else(|| sp.index_error("mmap index out of range"))
}
#[slot]
fn getitem(sp: Space, w: W, w_key: W) -> Res<W> {
    let me = of(w);
    let len = me.bytes(sp)?.len();
    if sp.layout(w_key) != TID_SLICE {
        let i = index(sp, w_key, len)?;
        return Ok(sp.newint(me.bytes(sp)?[i] as i64));
    }
    let (start, step, n) = slice(sp, w_key, len)?;
    // The indices' methods may have closed the map.
    let b = me.bytes(sp)?;
    if step == 1 {
        return sp.newbytes(&b[start as usize..start as usize + n]);
    }
    let picked: Vec<u8> = (0..n as i64).map(|i| b[(start + i * step) as usize]).collect();
    sp.newbytes(&picked)
}
#[slot]
fn setitem(sp: Space, w: W, w_key: W, w_value: W) -> Res<()> {
    let me = of(w);
    let len = me.bytes_mut(sp)?.len();
    if w_value.is_null() {
        return Err(sp.type_error("mmap object doesn't support item deletion"));
    }
    if sp.layout(w_key) != TID_SLICE {
        let i = index(sp, w_key, len)?;
        if sp.lookup_special(w_value, name!(sp, "__index__"))?.is_none() {
            return Err(sp.type_error("mmap item value must be an int"));
        }
        let v =
            u8::try_from(sp.int_w(w_value)?).map_err(|_| sp.value_error("mmap item value must be in range(0, 256)"))?;
        me.bytes_mut(sp)?[i] = v;
        return Ok(());
    }
    let (start, step, n) = slice(sp, w_key, len)?;
    let value = Buffer::get(sp, w_value)?.to_vec();
    if value.len() != n {
        return Err(sp.index_error("mmap slice assignment is wrong size"));
    }
    let b = me.bytes_mut(sp)?;
    for (i, v) in value.iter().enumerate() {
        b[(start + i as i64 * step) as usize] = *v;
    }
    Ok(())
}

/// PyBUF_WRITABLE
const WRITABLE: u32 = 1;
unsafe extern "C-unwind" fn getbuffer(
    th: *mut Thread,
    w: W,
    flags: u32,
    view: *mut taipan_plugin_api::BufferView,
) -> i32 {
    taipan_plugin_api::gate::guarded(th, |sp| {
        let me = of(w);
        me.bytes(sp)?;
        let readonly = me.access == ACCESS_READ;
        if readonly && flags & WRITABLE != 0 {
            return Err(sp.raise(known::BUFFER_ERROR, "Object is not writable."));
        }
        // SAFETY: the caller's view, to be filled; shape and strides lie in the view itself.
        let v = unsafe { &mut *view };
        (v.ptr, v.len, v.itemsize, v.readonly, v.ndim) = (me.data, me.size, 1, readonly as u32, 1);
        v.format = std::ptr::null();
        v.small = [me.size as isize, 1];
        (v.shape, v.strides) = (&raw const v.small[0], &raw const v.small[1]);
        v.suboffsets = std::ptr::null();
        (v.w_obj, v.internal) = (w, std::ptr::null_mut());
        me.exports += 1;
        Ok(0i32)
    })
}
unsafe extern "C-unwind" fn release(_th: *mut Thread, w: W, _view: *mut taipan_plugin_api::BufferView) {
    of(w).exports -= 1;
}
