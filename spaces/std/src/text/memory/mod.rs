//! memoryview.

pub mod codes;
pub mod index;
pub mod managed;
pub mod methods;

use crate::text::buffer;
use buffer::flag;
use std::mem::size_of;
use taipan_abi::types::BufferView;
use taipan_abi::word::{TID_ARRAY_RAW, TID_MEMORYVIEW};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

pub use methods::MEMORYVIEW;

/// More dimensions than this are refused.
pub const MAX_NDIM: usize = 64;

/// A view of memory: its own shape over a shared buffer.
#[derive(GcObject)]
#[repr(C)]
pub struct WMemory {
    pub header: Header,
    /// The WManaged.
    pub w_managed: W,
    /// A raw array: ndim extents, then ndim strides.
    pub w_dims: W,
    /// The format as a bytes object that ends with NUL.
    pub w_format: W,
    pub ptr: *mut u8,
    pub itemsize: usize,
    /// Bytes of all items.
    pub nbytes: usize,
    pub ndim: u32,
    pub readonly: u32,
    pub released: u32,
    pub pad: u32,
    /// Buffers this view has handed out.
    pub exports: usize,
    /// 0 = not computed.
    pub hash: i64,
}

/// The fields, released or not.
pub fn raw<'a>(w: W) -> &'a mut WMemory {
    // SAFETY: callers pass objects laid out as a memoryview.
    unsafe { &mut *w.ptr::<WMemory>() }
}

/// The fields; ValueError when it was released.
pub fn live<'a>(sp: Space, w: W) -> Res<&'a mut WMemory> {
    let m = raw(w);
    if m.released != 0 || managed::view(m.w_managed).is_none() {
        return Err(sp.value_error("operation forbidden on released memoryview object"));
    }
    Ok(m)
}

impl WMemory {
    fn dims(&self) -> *mut isize {
        // SAFETY: a raw array begins with header and capacity.
        unsafe { self.w_dims.ptr::<u8>().add(16).cast() }
    }
    /// The extents.
    pub fn shape(&self) -> &[isize] {
        // SAFETY: the array was made for ndim extents and strides.
        unsafe { std::slice::from_raw_parts(self.dims(), self.ndim as usize) }
    }
    /// Bytes from item to item.
    pub fn strides(&self) -> &[isize] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(self.dims().add(self.ndim as usize), self.ndim as usize) }
    }
    /// The format without NUL.
    pub fn format(&self) -> &'static [u8] {
        let f = crate::text::bytes::object::data(self.w_format);
        f.strip_suffix(b"\0").unwrap_or(f)
    }
    /// The code of the items; NotImplementedError for formats that are not one native character.
    pub fn code(&self, sp: Space) -> Res<u8> {
        codes::native(self.format()).ok_or_else(|| {
            raise!(
                sp,
                NOT_IMPLEMENTED_ERROR,
                "memoryview: format {} not supported",
                String::from_utf8_lossy(self.format())
            )
        })
    }
    /// Do the items follow one another, last index fastest?
    pub fn c_contiguous(&self) -> bool {
        contiguous(self.shape().iter().zip(self.strides()).rev(), self.itemsize)
    }
    /// Do the items follow one another, first index fastest?
    pub fn f_contiguous(&self) -> bool {
        contiguous(self.shape().iter().zip(self.strides()), self.itemsize)
    }
    /// Number of items.
    pub fn count(&self) -> usize {
        self.shape().iter().product::<isize>() as usize
    }
    /// The item at an address within the view.
    pub fn item(&self, p: *const u8) -> &[u8] {
        // SAFETY: callers compute the address from indexes in range.
        unsafe { std::slice::from_raw_parts(p, self.itemsize) }
    }
    /// Calls back with the address of each item, last index fastest.
    pub fn each(&self, mut f: impl FnMut(*mut u8)) {
        each_item(self.ptr, self.shape(), self.strides(), &mut f)
    }
    /// The memory of a C-contiguous view.
    pub fn flat(&self) -> &[u8] {
        if self.nbytes == 0 {
            return &[];
        }
        // SAFETY: nbytes bytes from ptr belong to the held buffer.
        unsafe { std::slice::from_raw_parts(self.ptr, self.nbytes) }
    }
    /// The items' bytes in C order.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.c_contiguous() {
            return self.flat().to_vec();
        }
        let mut out = Vec::with_capacity(self.nbytes);
        self.each(|p| out.extend_from_slice(self.item(p)));
        out
    }
}

fn contiguous<'a>(dims: impl Iterator<Item = (&'a isize, &'a isize)>, itemsize: usize) -> bool {
    let mut expected = itemsize as isize;
    let mut fits = true;
    for (n, stride) in dims {
        if *n == 0 {
            return true;
        }
        fits &= *n == 1 || *stride == expected;
        expected *= n;
    }
    fits
}

/// Visits all items of a shape.
pub fn each_item(p: *mut u8, shape: &[isize], strides: &[isize], f: &mut dyn FnMut(*mut u8)) {
    match (shape, strides) {
        ([n, shape @ ..], [stride, strides @ ..]) => {
            for i in 0..*n {
                each_item(p.wrapping_offset(i * stride), shape, strides, f)
            }
        }
        _ => f(p),
    }
}

/// What a new view looks like.
pub struct Layout<'a> {
    #[allow(missing_docs)]
    pub ptr: *mut u8,
    #[allow(missing_docs)]
    pub itemsize: usize,
    #[allow(missing_docs)]
    pub readonly: bool,
    #[allow(missing_docs)]
    pub shape: &'a [isize],
    #[allow(missing_docs)]
    pub strides: &'a [isize],
    /// A bytes object that ends with NUL.
    pub w_format: W,
}

/// A view on a managed buffer.
pub fn make(sp: Space, w_managed: W, layout: Layout) -> Res<W> {
    let ndim = layout.shape.len();
    // SAFETY: rows with these layouts; the stores follow or take the barrier.
    unsafe {
        let w_dims = sp.alloc(TID_ARRAY_RAW, 16 + ndim * 16)?;
        *w_dims.ptr::<u64>().add(1) = (ndim * 16) as u64;
        let p = w_dims.ptr::<u8>().add(16).cast::<isize>();
        std::ptr::copy_nonoverlapping(layout.shape.as_ptr(), p, ndim);
        std::ptr::copy_nonoverlapping(layout.strides.as_ptr(), p.add(ndim), ndim);
        let w = sp.alloc(TID_MEMORYVIEW, size_of::<WMemory>())?;
        let m = raw(w);
        m.w_managed = w_managed;
        m.w_dims = w_dims;
        m.w_format = layout.w_format;
        m.ptr = layout.ptr;
        m.itemsize = layout.itemsize;
        m.nbytes = layout.shape.iter().product::<isize>() as usize * layout.itemsize;
        m.ndim = ndim as u32;
        m.readonly = u32::from(layout.readonly);
        (*w_managed.ptr::<managed::WManaged>()).views += 1;
        Ok(w)
    }
}

/// C-order strides of a shape.
pub fn c_strides(shape: &[isize], itemsize: usize) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = itemsize as isize;
    for (s, n) in strides.iter_mut().zip(shape).rev() {
        *s = step;
        step *= n;
    }
    strides
}

/// memoryview(obj)
pub fn new(sp: Space, w_obj: W, flags: u32) -> Res<W> {
    if sp.layout(w_obj) == TID_MEMORYVIEW {
        let m = live(sp, w_obj)?;
        let (shape, strides) = (m.shape().to_vec(), m.strides().to_vec());
        let (w_managed, w_format) = (m.w_managed, m.w_format);
        let (ptr, itemsize, readonly) = (m.ptr, m.itemsize, m.readonly != 0);
        return make(sp, w_managed, Layout { ptr, itemsize, readonly, shape: &shape, strides: &strides, w_format });
    }
    if !buffer::supports(sp, w_obj) {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "memoryview: a bytes-like object is required, not '{}'",
            sp.type_name(w_obj)
        ));
    }
    let w_managed = managed::take(sp, w_obj, flags)?;
    let Some(view) = managed::view(w_managed) else { return Err(sp.value_error("no buffer")) };
    let ndim = view.ndim as usize;
    if ndim > MAX_NDIM {
        return Err(raise!(sp, VALUE_ERROR, "memoryview: number of dimensions must not exceed {MAX_NDIM}"));
    }
    let itemsize = view.itemsize.max(1);
    // SAFETY: the exporter fills as many extents and strides as dimensions, if it fills them.
    let (shape, strides) = unsafe {
        if !view.suboffsets.is_null() && (0..ndim).any(|i| *view.suboffsets.add(i) >= 0) {
            return Err(sp.not_implemented("memoryview of indirect (PIL-style) memory"));
        }
        let shape = match (view.shape.is_null(), ndim) {
            (_, 0) => Vec::new(),
            (true, _) => vec![(view.len / itemsize) as isize],
            (false, n) => std::slice::from_raw_parts(view.shape, n).to_vec(),
        };
        let strides = if view.strides.is_null() || ndim == 0 {
            c_strides(&shape, itemsize)
        } else {
            std::slice::from_raw_parts(view.strides, ndim).to_vec()
        };
        (shape, strides)
    };
    let format = if view.format.is_null() {
        b"B\0".to_vec()
    } else {
        // SAFETY: a NUL-terminated string of the exporter.
        unsafe { std::ffi::CStr::from_ptr(view.format.cast()) }.to_bytes_with_nul().to_vec()
    };
    let (ptr, readonly) = (view.ptr, view.readonly != 0);
    let w_format = sp.newbytes(&format)?;
    make(sp, w_managed, Layout { ptr, itemsize, readonly, shape: &shape, strides: &strides, w_format })
}

/// Releases a view; it may have handed out no buffers.
pub fn release(sp: Space, w: W) -> Res<()> {
    let m = raw(w);
    if m.released != 0 {
        return Ok(());
    }
    if m.exports > 0 {
        let s = if m.exports == 1 { "" } else { "s" };
        return Err(raise!(sp, BUFFER_ERROR, "memoryview has {} exported buffer{s}", m.exports));
    }
    m.released = 1;
    // A released view keeps nothing alive, so that forgotten views on the same buffer can be found dead.
    let w_managed = std::mem::replace(&mut m.w_managed, W::NULL);
    managed::drop_view(sp, w_managed);
    Ok(())
}

#[slot]
fn getbuffer(sp: Space, w: W, flags: u32, out: *mut BufferView) -> Res<()> {
    let m = live(sp, w)?;
    let refuse = |text: &str| Err(sp.raise(known::BUFFER_ERROR, &format!("memoryview: underlying buffer {text}")));
    let asked = |f: u32| flags & f == f;
    let (c, f) = (m.c_contiguous(), m.f_contiguous());
    if asked(flag::WRITABLE) && m.readonly != 0 {
        return refuse("is not writable");
    }
    if asked(flag::C_CONTIGUOUS) && !c {
        return refuse("is not C-contiguous");
    }
    if asked(flag::F_CONTIGUOUS) && !f {
        return refuse("is not Fortran contiguous");
    }
    if asked(flag::ANY_CONTIGUOUS) && !c && !f {
        return refuse("is not contiguous");
    }
    if !asked(flag::STRIDES) && !c {
        return refuse("is not C-contiguous");
    }
    if !asked(flag::ND) && asked(flag::FORMAT) {
        return Err(
            sp.raise(known::BUFFER_ERROR, "memoryview: cannot cast to unsigned bytes if the format flag is present")
        );
    }
    let simple = !asked(flag::ND);
    let view = BufferView {
        ptr: m.ptr,
        len: m.nbytes,
        itemsize: m.itemsize,
        readonly: m.readonly,
        ndim: if simple { 1 } else { m.ndim },
        format: if asked(flag::FORMAT) {
            crate::text::bytes::object::data(m.w_format).as_ptr()
        } else {
            std::ptr::null()
        },
        shape: if simple { std::ptr::null() } else { m.shape().as_ptr() },
        strides: if asked(flag::STRIDES) { m.strides().as_ptr() } else { std::ptr::null() },
        suboffsets: std::ptr::null(),
        w_obj: w,
        small: [0; 2],
        internal: std::ptr::null_mut(),
    };
    // SAFETY: the caller's view.
    unsafe { *out = view };
    m.exports += 1;
    Ok(())
}
unsafe extern "C-unwind" fn releasebuffer(_th: *mut Thread, w: W, _view: *mut BufferView) {
    raw(w).exports -= 1;
}

/// The bytes of an object's buffer in C order, whatever its strides.
pub fn copy_contiguous(sp: Space, w: W) -> Res<Vec<u8>> {
    let held = Buffer::with_flags(sp, w, flag::FULL_RO)?;
    let v = held.view();
    if v.shape.is_null() || v.strides.is_null() || v.ndim == 0 {
        return Ok(held.bytes().to_vec());
    }
    // SAFETY: the exporter has filled ndim extents and strides.
    let (shape, strides) = unsafe {
        (std::slice::from_raw_parts(v.shape, v.ndim as usize), std::slice::from_raw_parts(v.strides, v.ndim as usize))
    };
    if contiguous(shape.iter().zip(strides).rev(), v.itemsize) {
        return Ok(held.bytes().to_vec());
    }
    let mut out = Vec::with_capacity(v.len);
    // SAFETY: each address is that of an item of the held buffer.
    each_item(v.ptr, shape, strides, &mut |p| {
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(p, v.itemsize) })
    });
    Ok(out)
}

#[slot]
fn memory_repr(sp: Space, w: W) -> Res<W> {
    let what = if raw(w).released != 0 { "released memory" } else { "memory" };
    let text = format!("<{what} at {:#x}>", w.0);
    sp.newstr(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides() {
        assert_eq!(c_strides(&[2, 3], 4), [12, 4]);
        let yes = |shape: &[isize], strides: &[isize]| contiguous(shape.iter().zip(strides).rev(), 4);
        assert!(yes(&[2, 3], &[12, 4]) && !yes(&[2, 3], &[4, 8]) && yes(&[0, 3], &[1, 1]) && yes(&[1, 3], &[99, 4]));
    }
}
