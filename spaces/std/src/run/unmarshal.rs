//! Reading marshalled objects (the compiler's answers, bytecode files, `marshal.loads`). Any bytes are answered with an object or an
//! exception.

use super::code::{self, Parts};
use taipan_abi::known;
use taipan_abi::word::W;
use taipan_plugin_api::{Raised, Res, RootedVec, Space};

const MAX_DEPTH: u32 = 1000;
const FLAG_REF: u8 = 0x80;

/// Reads one object; answers it and the bytes used.
pub fn read(sp: Space, bytes: &[u8], allow_code: bool) -> Res<(W, usize)> {
    let mut r = Reader { sp, b: bytes, i: 0, refs: RootedVec::new(sp), depth: 0, allow_code, codes: None, inside: 0 };
    let w = r.object()?;
    if w.is_null() {
        return Err(sp.type_error("NULL object in marshal data for object"));
    }
    Ok((w, r.i))
}

/// The first byte of a sealed code object, and the length of a seal (the compiler's `pyc::SEAL`): then follow the length and the hash of
/// the marshalled code.
const SEAL: u8 = b'C';
const SEAL_BYTES: usize = 13;

/// Puts a seal before a marshalled code object.
pub fn seal(sp: Space, marshalled: &[u8]) -> Res<Vec<u8>> {
    let Ok(n) = u32::try_from(marshalled.len()) else {
        return Err(sp.value_error("object too large to marshal"));
    };
    let mut out = vec![SEAL];
    out.extend_from_slice(&n.to_le_bytes());
    out.extend_from_slice(&super::imp::hash(super::imp::MAGIC, marshalled));
    out.extend_from_slice(marshalled);
    Ok(out)
}

fn sealed(bytes: &[u8]) -> bool {
    let Some((head, rest)) = bytes.split_at_checked(SEAL_BYTES) else { return false };
    let len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    rest.get(..len).is_some_and(|inner| head[5..] == super::imp::hash(super::imp::MAGIC, inner))
}

/// As `read`, for bytes that anybody may have written: unless an unbroken seal says that it is as the compiler made it, code is looked at
/// by the host's verifier before anything can run it. (The compiler's own answers need no such look.)
pub fn read_untrusted(sp: Space, bytes: &[u8], allow_code: bool) -> Res<(W, usize)> {
    if bytes.first() != Some(&SEAL) {
        return read_verified(sp, bytes, allow_code);
    }
    let inner = bytes.get(SEAL_BYTES..).unwrap_or(&[]);
    let (w, used) = if sealed(bytes) { read(sp, inner, allow_code)? } else { read_verified(sp, inner, allow_code)? };
    Ok((w, used + SEAL_BYTES))
}

fn read_verified(sp: Space, bytes: &[u8], allow_code: bool) -> Res<(W, usize)> {
    let codes = Some(RootedVec::new(sp));
    let mut r = Reader { sp, b: bytes, i: 0, refs: RootedVec::new(sp), depth: 0, allow_code, codes, inside: 0 };
    let w = r.object()?;
    if w.is_null() {
        return Err(sp.type_error("NULL object in marshal data for object"));
    }
    let codes = r.codes.take().unwrap_or_else(|| RootedVec::new(sp));
    if codes.len() == 1 && codes[0] == w {
        verify(sp, &bytes[..r.i])?;
    } else {
        for w_code in codes.iter() {
            // Beside other objects its bytes may refer to theirs; written alone they do not.
            verify(sp, &super::marshal::bytes_of(sp, *w_code)?)?;
        }
    }
    Ok((w, r.i))
}

fn verify(sp: Space, bytes: &[u8]) -> Res<()> {
    let request = super::compile::Request {
        source: bytes,
        filename: b"",
        mode: 0,
        optimize: 0,
        flags: 0,
        want: taipan_abi::host::WANT_VERIFIED,
        feature_version: -1,
    };
    super::compile::run(sp, &request).map(drop)
}

struct Reader<'a> {
    sp: Space,
    b: &'a [u8],
    i: usize,
    refs: RootedVec,
    depth: u32,
    allow_code: bool,
    /// The code objects that are in no other one, if they are asked for; and how many the reader is inside of.
    codes: Option<RootedVec>,
    inside: u32,
}

impl<'a> Reader<'a> {
    fn bad(&self, what: &str) -> Raised {
        self.sp.value_error(&format!("bad marshal data ({what})"))
    }
    fn eof(&self) -> Raised {
        self.sp.raise(known::EOF_ERROR, "marshal data too short")
    }
    fn take(&mut self, n: usize) -> Res<&'a [u8]> {
        if n > self.b.len() - self.i {
            return Err(self.eof());
        }
        let s = &self.b[self.i..self.i + n];
        self.i += n;
        Ok(s)
    }
    fn u8(&mut self) -> Res<u8> {
        Ok(self.take(1)?[0])
    }
    fn i32(&mut self) -> Res<i32> {
        let b = self.take(4)?;
        Ok(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }
    fn f64(&mut self) -> Res<f64> {
        let b = self.take(8)?;
        Ok(f64::from_le_bytes(std::array::from_fn(|i| b[i])))
    }
    fn size(&mut self) -> Res<usize> {
        usize::try_from(self.i32()?).map_err(|_| self.bad("size out of range"))
    }
    fn text_float(&mut self) -> Res<f64> {
        let n = self.u8()? as usize;
        let s = self.take(n)?;
        std::str::from_utf8(s).ok().and_then(|s| s.parse().ok()).ok_or_else(|| self.bad("bad float"))
    }
    /// A container's reference number is taken before its items.
    fn reserve(&mut self, flag: bool) -> Option<usize> {
        flag.then(|| {
            self.refs.push(W::NULL);
            self.refs.len() - 1
        })
    }
    fn fill(&mut self, at: Option<usize>, w: W) -> W {
        if let Some(i) = at {
            self.refs[i] = w
        }
        w
    }
    fn items(&mut self, n: usize, what: &str) -> Res<RootedVec> {
        if n > self.b.len() {
            return Err(self.bad(&format!("{what} size out of range")));
        }
        let mut v = RootedVec::with_capacity(self.sp, n);
        for _ in 0..n {
            let w = self.object()?;
            if w.is_null() {
                return Err(self.sp.type_error(&format!("NULL object in marshal data for {what}")));
            }
            v.push(w);
        }
        Ok(v)
    }

    fn object(&mut self) -> Res<W> {
        let sp = self.sp;
        let byte = self.u8().map_err(|_| {
            sp.take_exc();
            sp.raise(known::EOF_ERROR, "EOF read where object expected")
        })?;
        let flag = byte & FLAG_REF != 0;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.bad("recursion limit exceeded"));
        }
        let w = match byte & !FLAG_REF {
            b'0' => W::NULL,
            b'N' => W::NONE,
            b'T' => W::TRUE,
            b'F' => W::FALSE,
            b'.' => W::ELLIPSIS,
            b'S' => sp.known(known::STOP_ITERATION),
            b'i' => {
                let i = self.i32()? as i64;
                let at = self.reserve(flag);
                self.fill(at, W::int(i))
            }
            b'I' => {
                let b = self.take(8)?;
                let w = sp.newint(i64::from_le_bytes(std::array::from_fn(|i| b[i])));
                let at = self.reserve(flag);
                self.fill(at, w)
            }
            b'l' => {
                let at = self.reserve(flag);
                let w = self.long()?;
                self.fill(at, w)
            }
            b'g' | b'f' => {
                let f = if byte & !FLAG_REF == b'g' { self.f64()? } else { self.text_float()? };
                let at = self.reserve(flag);
                self.fill(at, sp.newfloat(f))
            }
            b'y' | b'x' => {
                let binary = byte & !FLAG_REF == b'y';
                let re = if binary { self.f64()? } else { self.text_float()? };
                let im = if binary { self.f64()? } else { self.text_float()? };
                let at = self.reserve(flag);
                self.fill(at, sp.newcomplex(re, im))
            }
            b's' => {
                let n = self.size()?;
                let w = sp.newbytes(self.take(n)?)?;
                let at = self.reserve(flag);
                self.fill(at, w)
            }
            t @ (b'u' | b't' | b'a' | b'A' | b'z' | b'Z') => {
                let n = if matches!(t, b'z' | b'Z') { self.u8()? as usize } else { self.size()? };
                let bytes = self.take(n)?;
                let w = match t {
                    b'u' | b't' => {
                        if std::str::from_utf8(bytes).is_err() && !wtf8(bytes) {
                            return Err(self.bad("invalid UTF-8"));
                        }
                        sp.newstr_wtf8(bytes)?
                    }
                    _ => sp.newstr_latin1(bytes)?,
                };
                let w = if matches!(t, b't' | b'A' | b'Z') { sp.intern_str(w)? } else { w };
                let at = self.reserve(flag);
                self.fill(at, w)
            }
            t @ (b'(' | b')') => {
                let n = if t == b')' { self.u8()? as usize } else { self.size()? };
                let at = self.reserve(flag);
                let w = self.items(n, "tuple")?.into_tuple()?;
                self.fill(at, w)
            }
            b'[' => {
                let n = self.size()?;
                let w = sp.newlist(&[])?;
                let at = self.reserve(flag);
                self.fill(at, w);
                for x in self.items(n, "list")?.iter() {
                    sp.list_append(w, *x)?;
                }
                w
            }
            b'{' => {
                let w = sp.newdict()?;
                let at = self.reserve(flag);
                self.fill(at, w);
                loop {
                    let k = self.object()?;
                    if k.is_null() {
                        break;
                    }
                    let v = self.object()?;
                    if v.is_null() {
                        break;
                    }
                    sp.dict_set(w, k, v)?;
                }
                w
            }
            t @ (b'<' | b'>') => {
                let n = self.size()?;
                let at = self.reserve(flag);
                let items = self.items(n, "set")?;
                let w = if t == b'>' { sp.newfrozenset(&items)? } else { sp.newset(&items)? };
                self.fill(at, w)
            }
            b':' => {
                let at = self.reserve(flag);
                let parts = self.items(3, "slice")?;
                let w = sp.newslice(parts[0], parts[1], parts[2])?;
                self.fill(at, w)
            }
            b'r' => {
                let n = self.i32()? as usize;
                match self.refs.get(n) {
                    Some(w) if !w.is_null() => *w,
                    _ => return Err(self.bad("invalid reference")),
                }
            }
            b'c' => {
                if !self.allow_code {
                    return Err(sp.value_error("unmarshalling code objects is disallowed"));
                }
                let at = self.reserve(flag);
                let w = self.code()?;
                self.fill(at, w)
            }
            _ => return Err(self.bad("unknown type code")),
        };
        self.depth -= 1;
        Ok(w)
    }

    fn long(&mut self) -> Res<W> {
        let n = self.i32()?;
        let count = n.unsigned_abs() as usize;
        if count * 2 > self.b.len() {
            return Err(self.bad("long size out of range"));
        }
        let mut digits = vec![0u64; count * 15 / 64 + 1];
        let mut last = 1;
        for i in 0..count {
            let b = self.take(2)?;
            let d = u16::from_le_bytes([b[0], b[1]]) as u64;
            if d > 0x7fff {
                return Err(self.bad("digit out of range in long"));
            }
            let (word, bit) = (i * 15 / 64, i * 15 % 64);
            digits[word] |= d << bit;
            if bit > 49 {
                digits[word + 1] |= d >> (64 - bit)
            }
            last = d;
        }
        if last == 0 {
            return Err(self.bad("unnormalized long data"));
        }
        // SAFETY: the digits are copied.
        let w = unsafe { (self.sp.ops().newbigint.exec)(self.sp.th(), digits.as_ptr(), digits.len(), (n < 0) as u32) };
        if w.is_null() { Err(Raised) } else { Ok(w) }
    }

    fn code(&mut self) -> Res<W> {
        let sp = self.sp;
        let mut n = [0u32; 7];
        for x in &mut n {
            *x = u32::try_from(self.i32()?).map_err(|_| self.bad("code header"))?;
        }
        self.inside += 1;
        let w_code = self.object()?;
        let mut objs = RootedVec::new(sp);
        objs.push(w_code);
        for _ in 0..9 {
            let w = self.object()?;
            objs.push(w);
        }
        let objs = &objs[1..];
        self.inside -= 1;
        let tuples = objs[..3].iter().all(|w| !w.is_null() && sp.tuple_opt(*w).is_some());
        let strs = objs[4..7].iter().all(|w| !w.is_null() && sp.text_opt(*w).is_some());
        let bytes = [w_code, objs[3], objs[7], objs[8]].iter().all(|w| !w.is_null() && sp.bytes_opt(*w).is_some());
        if !tuples || !strs || !bytes {
            return Err(self.bad("code object"));
        }
        let strings = |w: W| sp.tuple_items(w).iter().all(|w| sp.text_opt(*w).is_some());
        let nlocals = sp.tuple_items(objs[2]).len();
        if !strings(objs[1]) || !strings(objs[2]) || sp.bytes_opt(objs[3]).map(<[u8]>::len) != Some(nlocals) {
            return Err(self.bad("code object"));
        }
        let p = Parts {
            argcount: n[0],
            posonlyargcount: n[1],
            kwonlyargcount: n[2],
            stacksize: n[3],
            flags: n[4],
            ncaches: n[5],
            firstlineno: n[6],
            code: sp.bytes_opt(w_code).unwrap_or(&[]),
            w_consts: objs[0],
            w_names: objs[1],
            w_localsplusnames: objs[2],
            w_localspluskinds: objs[3],
            w_filename: objs[4],
            w_name: objs[5],
            w_qualname: objs[6],
            w_linetable: objs[7],
            w_exceptiontable: objs[8],
        };
        let (nconsts, nnames) = (sp.tuple_items(objs[0]).len(), sp.tuple_items(objs[1]).len());
        let args = n[0].checked_add(n[2]).is_some_and(|x| x as usize <= nlocals) && n[1] <= n[0];
        let sizes = n[3] < 1 << 20 && n[5] < 1 << 24 && (n[5] as usize) <= p.code.len();
        if !args || !sizes || !code::instructions_ok(p.code, &p, nconsts, nnames, nlocals) {
            return Err(self.bad("code object"));
        }
        let w = code::new(sp, &p)?;
        if let (Some(codes), 0) = (&mut self.codes, self.inside) {
            codes.push(w);
        }
        Ok(w)
    }
}

/// UTF-8 in which encoded surrogates are allowed?
fn wtf8(b: &[u8]) -> bool {
    let mut i = 0;
    while i < b.len() {
        let n = match b[i] {
            0..=0x7f => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return false,
        };
        if i + n > b.len() || b[i + 1..i + n].iter().any(|c| c & 0xc0 != 0x80) {
            return false;
        }
        let surrogate = b[i] == 0xed && n == 3;
        if !surrogate && std::str::from_utf8(&b[i..i + n]).is_err() {
            return false;
        }
        i += n;
    }
    true
}
