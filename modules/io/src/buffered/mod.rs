//! BufferedReader, BufferedWriter, BufferedRandom: one object with a read buffer and a write buffer.
//!
//! Invariants: unread bytes are `rbuf[rpos..rend]`, and the raw stream stands at the end of `rbuf[..rend]`; pending bytes in `wbuf`
//! belong at the raw stream's position. Never both: before writing the raw stream is moved back over what is unread, before
//! reading the pending bytes are written.

pub mod common;
pub mod pair;
pub mod random;
pub mod reader;
pub mod writer;

use crate::files::fileio::WFileIO;
use crate::files::{descriptor, types};
use crate::util::is_exact;
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The object.
#[repr(C)]
#[derive(GcObject)]
pub struct WBuffered {
    header: Header,
    /// The raw stream; NULL before `__init__` and after `detach`.
    pub w_raw: W,
    st: *mut State,
    /// A text stream closes this one; see `files::owned_elsewhere`.
    pub owned: bool,
}

/// The native part.
#[derive(Default)]
pub struct State {
    /// `__init__` succeeded.
    pub ok: bool,
    /// `detach` was called.
    pub detached: bool,
    /// The finalizer is closing it.
    pub finalizing: bool,
    /// May it read?
    pub readable: bool,
    /// May it write?
    pub writable: bool,
    /// The raw stream is exactly a FileIO: system calls without method calls.
    pub fast: bool,
    /// Bytes of a buffer.
    pub size: usize,
    /// What was read, see above.
    pub rbuf: Vec<u8>,
    #[allow(missing_docs)]
    pub rpos: usize,
    #[allow(missing_docs)]
    pub rend: usize,
    /// What is to be written.
    pub wbuf: Vec<u8>,
    /// The thread that is inside, 0 = none.
    owner: u64,
}

/// Releases the native part.
pub unsafe extern "C" fn free(obj: *mut u8) {
    let b = &mut *(obj as *mut WBuffered);
    if !b.st.is_null() {
        drop(Box::from_raw(b.st));
        b.st = std::ptr::null_mut();
    }
}
/// `__new__`: an object that is not usable before `__init__`.
#[slot]
pub fn new(sp: Space, w_type: W, _args: Args) -> Res<W> {
    let w = sp.allocate(w_type, 0)?;
    // SAFETY: an instance of one of the three classes or a subclass.
    unsafe { (*w.ptr::<WBuffered>()).st = Box::into_raw(Box::default()) };
    Ok(w)
}

/// A buffered object in use: the space, the object, its state.
#[derive(Copy, Clone)]
pub struct Buf {
    /// The space.
    pub sp: Space,
    /// The object.
    pub w: W,
}
impl std::ops::Deref for Buf {
    type Target = State;
    fn deref(&self) -> &State {
        // SAFETY: `Buf` is only made by `of`, which makes sure that there is a state; it lives as long as the object.
        unsafe { &*(*self.w.ptr::<WBuffered>()).st }
    }
}
impl std::ops::DerefMut for Buf {
    fn deref_mut(&mut self) -> &mut State {
        // SAFETY: as above; references are not held over calls that could come back here without meeting the lock.
        unsafe { &mut *(*self.w.ptr::<WBuffered>()).st }
    }
}

/// Marks a buffered object as in use by the running thread until dropped.
pub struct Lock(Buf);
impl Drop for Lock {
    fn drop(&mut self) {
        self.0.owner = 0;
    }
}

impl Buf {
    /// Of an object, in whatever state.
    pub fn of(sp: Space, w: W) -> Buf {
        // SAFETY: the caller's gateway checked the class.
        let b = unsafe { &mut *w.ptr::<WBuffered>() };
        if b.st.is_null() {
            b.st = Box::into_raw(Box::default());
        }
        Buf { sp, w }
    }
    /// Of an initialized object.
    pub fn ready(sp: Space, w: W) -> Res<Buf> {
        let b = Self::of(sp, w);
        if b.ok {
            return Ok(b);
        }
        Err(sp.value_error(if b.detached {
            "raw stream has been detached"
        } else {
            "I/O operation on uninitialized object"
        }))
    }
    /// The raw stream.
    pub fn raw(&self) -> W {
        // SAFETY: a WBuffered.
        unsafe { (*self.w.ptr::<WBuffered>()).w_raw }
    }
    fn file(&self) -> This<WFileIO> {
        // SAFETY: only asked when `fast` says that the raw stream is a FileIO.
        unsafe { This::new(self.raw()) }
    }
    /// Bytes read ahead.
    pub fn unread(&self) -> usize {
        self.rend - self.rpos
    }
    /// Is the raw stream closed?
    pub fn is_closed(&self) -> Res<bool> {
        if self.fast { Ok(self.file().is_closed()) } else { crate::files::base::is_closed(self.sp, self.raw()) }
    }
    /// ValueError if closed and nothing is left to read.
    pub fn check_open(&self, message: &str) -> Res<()> {
        if self.unread() == 0 && self.is_closed()? { Err(self.sp.value_error(message)) } else { Ok(()) }
    }
    /// Takes the lock: RuntimeError if this thread has it already, waiting if another one has.
    pub fn lock(mut self) -> Res<Lock> {
        let me = self.sp.thread().ident.max(1);
        while self.owner != 0 {
            if self.owner == me {
                let r = self.sp.repr_string(self.w)?;
                return Err(raise!(self.sp, RUNTIME_ERROR, "reentrant call inside {r}"));
            }
            // At the end of the interpreter no other thread will ever give it back.
            if self.sp.closing() {
                break;
            }
            crate::util::blocking(self.sp, || std::thread::sleep(std::time::Duration::from_micros(100)));
            self.sp.poll()?;
        }
        self.owner = me;
        Ok(Lock(self))
    }
    /// Sets up the object over `w_raw`.
    pub fn setup(mut self, w_raw: W, size: i64, readable: bool, writable: bool) -> Res<()> {
        let sp = self.sp;
        if size <= 0 {
            return Err(sp.value_error("buffer size must be strictly positive"));
        }
        let old = self.raw();
        if !old.is_null() {
            crate::files::set_owned(sp, old, false);
        }
        crate::setfield!(sp, self.w, WBuffered, w_raw, w_raw);
        crate::files::set_owned(sp, w_raw, true);
        *self = State { readable, writable, size: size as usize, ..State::default() };
        self.fast = is_exact(sp, w_raw, types::FILEIO.get());
        self.ok = true;
        Ok(())
    }
    /// Forgets what was read ahead.
    pub fn reset_read(&mut self) {
        (self.rpos, self.rend) = (0, 0);
    }

    /// One read of the raw stream; None = it would block.
    pub fn raw_read(&self, into: &mut [u8]) -> Res<Option<usize>> {
        let sp = self.sp;
        if self.fast {
            return descriptor::read(sp, self.file().read_fd(sp)?, into);
        }
        let w_array = sp.call(sp.known(known::BYTEARRAY), &[W::int(into.len() as i64)])?;
        // SAFETY: a live word.
        let w_view = unsafe { (sp.ops().newmemoryview.exec)(sp.th(), w_array) };
        if w_view.is_null() {
            return Err(Raised);
        }
        let w_n = loop {
            match sp.call_method(self.raw(), name!(sp, "readinto"), &[w_view]) {
                Err(Raised) if sp.catch(known::INTERRUPTED_ERROR) => sp.poll()?,
                r => break r?,
            }
        };
        if w_n.is_none() {
            return Ok(None);
        }
        let n = self.count(w_n, into.len(), "readinto")?;
        into[..n].copy_from_slice(&Buffer::get(sp, w_array)?[..n]);
        Ok(Some(n))
    }
    /// A raw method's count, checked.
    fn count(&self, w_n: W, most: usize, method: &str) -> Res<usize> {
        let n = match self.sp.int_w(w_n) {
            Ok(n) => n,
            Err(Raised) => {
                let w_cause = self.sp.take_exc();
                let r = raise!(self.sp, OS_ERROR, "raw {method}() failed");
                let w_exc = self.sp.take_exc();
                if self.sp.setattr(w_exc, name!(self.sp, "__cause__"), w_cause).is_err() {
                    self.sp.take_exc();
                }
                self.sp.set_exc(w_exc);
                return Err(r);
            }
        };
        if n < 0 || n as usize > most {
            let m = format!("raw {method}() returned invalid length {n} (should have been between 0 and {most})");
            return Err(self.sp.raise(known::OS_ERROR, &m));
        }
        Ok(n as usize)
    }
    /// One write to the raw stream; None = it would block.
    pub fn raw_write(&self, data: &[u8]) -> Res<Option<usize>> {
        let sp = self.sp;
        if self.fast {
            return descriptor::write(sp, self.file().write_fd(sp)?, data);
        }
        let w_data = sp.newbytes(data)?;
        let w_n = loop {
            match sp.call_method(self.raw(), name!(sp, "write"), &[w_data]) {
                Err(Raised) if sp.catch(known::INTERRUPTED_ERROR) => sp.poll()?,
                r => break r?,
            }
        };
        if w_n.is_none() { Ok(None) } else { Ok(Some(self.count(w_n, data.len(), "write")?)) }
    }
    /// The raw stream's position.
    pub fn raw_tell(&self) -> Res<i64> {
        let sp = self.sp;
        if self.fast {
            return crate::files::fileio::seek_to(sp, self.file(), 0, libc::SEEK_CUR);
        }
        self.position(sp.call_method(self.raw(), name!(sp, "tell"), &[])?)
    }
    /// Moves the raw stream.
    pub fn raw_seek(&self, offset: i64, whence: i32) -> Res<i64> {
        let sp = self.sp;
        if self.fast {
            return crate::files::fileio::seek_to(sp, self.file(), offset, whence);
        }
        self.position(sp.call_method(self.raw(), name!(sp, "seek"), &[sp.newint(offset), W::int(whence as i64)])?)
    }
    fn position(&self, w: W) -> Res<i64> {
        let n = crate::files::offset_arg(self.sp, w)?;
        if n < 0 {
            return Err(raise!(self.sp, OS_ERROR, "Raw stream returned invalid position {n}"));
        }
        Ok(n)
    }

    /// Writes out what is pending. What could not be written stays.
    pub fn flush_writes(&mut self) -> Res<()> {
        let mut done = 0;
        let r = loop {
            if done == self.wbuf.len() {
                break Ok(());
            }
            match self.raw_write(&self.wbuf[done..]) {
                Ok(Some(n)) => done += n,
                Ok(None) => {
                    break Err(crate::files::would_block(self.sp, "write could not complete without blocking", 0));
                }
                Err(r) => break Err(r),
            }
            if done < self.wbuf.len()
                && let Err(r) = self.sp.poll()
            {
                break Err(r);
            }
        };
        let done = done.min(self.wbuf.len());
        self.wbuf.drain(..done);
        r
    }
    /// Moves the raw stream back over what is unread.
    pub fn rewind_unread(&mut self) -> Res<()> {
        let n = self.unread();
        if n > 0 {
            self.raw_seek(-(n as i64), libc::SEEK_CUR)?;
        }
        self.reset_read();
        Ok(())
    }
    /// Both directions settled.
    pub fn settle(&mut self) -> Res<()> {
        if self.writable {
            self.flush_writes()?;
        }
        if self.readable {
            // A stream without positions keeps what was read ahead.
            self.rewind_unread()?;
        }
        Ok(())
    }
    /// Replaces the read buffer by one read; the count, or None = it would block.
    pub fn fill(&mut self) -> Res<Option<usize>> {
        if self.writable {
            self.flush_writes()?;
        }
        self.reset_read();
        let mut buf = std::mem::take(&mut self.rbuf);
        buf.resize(self.size, 0);
        let r = self.raw_read(&mut buf);
        self.rbuf = buf;
        if let Ok(Some(n)) = r {
            self.rend = n;
        }
        r
    }
    /// Takes up to `n` of the unread bytes.
    pub fn take(&mut self, n: usize) -> Res<W> {
        let n = n.min(self.unread());
        let w = self.sp.newbytes(&self.rbuf[self.rpos..self.rpos + n])?;
        self.rpos += n;
        Ok(w)
    }
}
