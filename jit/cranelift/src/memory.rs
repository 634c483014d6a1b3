//! Memory for machine code: pieces of mapped chunks, each freed by itself.
//!
//! No page is writable and executable at once: a piece's pages are writable only while its code is copied in. Nothing may execute on these
//! pages then; whoever compiles holds the interpreter lock, so no other thread runs compiled code, and the compiling one is in Rust.

use std::ptr::null_mut;

/// Bytes of a chunk; a larger function gets its own.
const CHUNK: usize = 256 << 10;
/// Alignment and granularity of pieces.
const GRAIN: usize = 32;

/// Code in place.
#[derive(Debug)]
pub struct Piece {
    start: *mut u8,
    len: usize,
}
impl Piece {
    /// Its first instruction.
    pub fn address(&self) -> usize {
        self.start as usize
    }
}

struct Chunk {
    start: *mut u8,
    len: usize,
    /// Free parts (offset, length), by offset, no two adjacent.
    free: Vec<(usize, usize)>,
}

/// All code of a backend.
pub struct Memory {
    chunks: Vec<Chunk>,
    used: usize,
    page: usize,
}

impl Memory {
    pub fn new() -> Memory {
        // SAFETY: no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Memory { chunks: Vec::new(), used: 0, page: if page > 0 { page as usize } else { 4096 } }
    }

    /// Bytes in pieces.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Bytes mapped.
    pub fn mapped(&self) -> usize {
        self.chunks.iter().map(|c| c.len).sum()
    }

    /// Copies code, which must not depend on its place, to where it can run.
    pub fn place(&mut self, code: &[u8]) -> Result<Piece, String> {
        let len = code.len().max(1).next_multiple_of(GRAIN);
        let at = match self.chunks.iter_mut().find_map(|c| c.take(len)) {
            Some(at) => at,
            None => {
                self.map(len)?;
                self.chunks.last_mut().and_then(|c| c.take(len)).ok_or("no room in a new chunk")?
            }
        };
        let piece = Piece { start: at, len };
        self.used += len;
        if let Err(e) = self.write(at, code) {
            self.free(piece);
            return Err(e);
        }
        Ok(piece)
    }

    fn map(&mut self, len: usize) -> Result<(), String> {
        let len = len.max(CHUNK).next_multiple_of(self.page);
        // SAFETY: a fresh private mapping.
        let p = unsafe {
            libc::mmap(
                null_mut(),
                len,
                libc::PROT_READ | libc::PROT_EXEC,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(format!("no memory for code: {}", std::io::Error::last_os_error()));
        }
        self.chunks.push(Chunk { start: p as *mut u8, len, free: vec![(0, len)] });
        Ok(())
    }

    fn write(&self, at: *mut u8, code: &[u8]) -> Result<(), String> {
        let first = at as usize & !(self.page - 1);
        let end = (at as usize + code.len()).next_multiple_of(self.page);
        let protect = |how| {
            // SAFETY: the pages belong to one of our chunks, whose ends are page boundaries.
            match unsafe { libc::mprotect(first as *mut _, end - first, how) } {
                0 => Ok(()),
                _ => Err(format!("code memory cannot be protected: {}", std::io::Error::last_os_error())),
            }
        };
        protect(libc::PROT_READ | libc::PROT_WRITE)?;
        // SAFETY: the piece is ours, at least as long as the code, and writable now.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), at, code.len()) };
        protect(libc::PROT_READ | libc::PROT_EXEC)?;
        flush(at, code.len());
        Ok(())
    }

    /// Gives a piece back. Nothing executes in it or returns to it.
    pub fn free(&mut self, piece: Piece) {
        self.used -= piece.len;
        let Some(i) = self.chunks.iter().position(|c| c.holds(piece.start)) else { return };
        self.chunks[i].give(piece.start, piece.len);
        if self.chunks[i].is_free() && self.chunks.len() > 1 {
            self.chunks.swap_remove(i).unmap();
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.chunks.drain(..).for_each(Chunk::unmap)
    }
}

impl Chunk {
    fn holds(&self, p: *mut u8) -> bool {
        (self.start as usize..self.start as usize + self.len).contains(&(p as usize))
    }

    fn is_free(&self) -> bool {
        self.free == [(0, self.len)]
    }

    /// First fit.
    fn take(&mut self, len: usize) -> Option<*mut u8> {
        let i = self.free.iter().position(|(_, n)| *n >= len)?;
        let (at, n) = self.free[i];
        if n == len {
            self.free.remove(i);
        } else {
            self.free[i] = (at + len, n - len);
        }
        // SAFETY: the free parts lie in the mapping.
        Some(unsafe { self.start.add(at) })
    }

    fn give(&mut self, p: *mut u8, len: usize) {
        let (mut at, mut len) = (p as usize - self.start as usize, len);
        let mut i = self.free.partition_point(|(o, _)| *o < at);
        if i < self.free.len() && self.free[i].0 == at + len {
            len += self.free.remove(i).1;
        }
        if i > 0 && self.free[i - 1].0 + self.free[i - 1].1 == at {
            i -= 1;
            let (o, n) = self.free.remove(i);
            at = o;
            len += n;
        }
        self.free.insert(i, (at, len));
    }

    fn unmap(self) {
        // SAFETY: our own mapping; no piece of it is in use. A failure would only leak it.
        unsafe { libc::munmap(self.start as *mut _, self.len) };
    }
}

/// Makes the instruction fetch see what was written.
#[cfg(target_arch = "x86_64")]
fn flush(_: *mut u8, _: usize) {}

/// Makes the instruction fetch see what was written.
#[cfg(not(target_arch = "x86_64"))]
fn flush(p: *mut u8, len: usize) {
    unsafe extern "C" {
        fn __clear_cache(start: *mut u8, end: *mut u8);
    }
    // SAFETY: the compiler's support library has it on every other target; the range is mapped.
    unsafe { __clear_cache(p, p.add(len)) }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn pieces_are_reused_and_coalesced() {
        let mut m = Memory::new();
        let a = m.place(&[0xc3; 100]).unwrap();
        let b = m.place(&[0xc3; 100]).unwrap();
        let c = m.place(&[0xc3; 40]).unwrap();
        let at = a.address();
        assert_eq!(m.used(), 128 + 128 + 64);
        m.free(b);
        m.free(a);
        let d = m.place(&[0xc3; 250]).unwrap();
        assert_eq!(d.address(), at);
        m.free(d);
        m.free(c);
        assert_eq!(m.used(), 0);
        assert!(m.chunks[0].is_free());
    }

    #[test]
    fn large_and_many() {
        let mut m = Memory::new();
        let big = m.place(&vec![0xc3; 300 << 10]).unwrap();
        let many: Vec<_> = (0..3000).map(|i| m.place(&vec![0xc3; 1 + i % 700]).unwrap()).collect();
        assert!(m.chunks.len() > 2);
        many.into_iter().for_each(|p| m.free(p));
        m.free(big);
        assert_eq!(m.chunks.len(), 1);
        assert_eq!(m.used(), 0);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn code_runs() {
        let mut m = Memory::new();
        // mov eax, edi; add eax, 2; ret
        let p = m.place(&[0x89, 0xf8, 0x83, 0xc0, 0x02, 0xc3]).unwrap();
        // SAFETY: these are the instructions of such a function.
        let f: extern "C" fn(u32) -> u32 = unsafe { std::mem::transmute(p.address()) };
        assert_eq!(f(40), 42);
    }
}
