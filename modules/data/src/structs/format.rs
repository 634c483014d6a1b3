//! Format strings.

/// A run of values of one kind.
#[derive(Copy, Clone)]
pub struct Item {
    pub code: u8,
    pub offset: usize,
    /// Bytes of one value.
    pub size: usize,
    /// Values (1 for `s` and `p`).
    pub repeat: usize,
}
/// A format as it was understood.
pub struct Layout {
    pub items: Vec<Item>,
    pub size: usize,
    /// Values in all.
    pub count: usize,
    pub big: bool,
}

/// Size and alignment in native mode.
fn native(code: u8) -> Option<(usize, usize)> {
    Some(match code {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => (1, 1),
        b'h' | b'H' | b'e' => (2, 2),
        b'i' | b'I' | b'f' => (4, 4),
        b'l' | b'L' | b'q' | b'Q' | b'd' | b'n' | b'N' | b'P' => (8, 8),
        b'F' => (8, 4),
        b'D' => (16, 8),
        _ => return None,
    })
}
fn standard(code: u8) -> Option<usize> {
    Some(match code {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'l' | b'L' | b'f' => 4,
        b'q' | b'Q' | b'd' | b'F' => 8,
        b'D' => 16,
        _ => return None,
    })
}

const TOO_LONG: &str = "total struct size too long";

/// Reads a format; the error is the exception's text.
pub fn parse(format: &[u8]) -> Result<Layout, &'static str> {
    let (mut is_native, mut big, mut at) = (true, false, 0);
    if let Some(first) = format.first() {
        match first {
            b'@' => at = 1,
            b'=' | b'<' => (is_native, at) = (false, 1),
            b'>' | b'!' => (is_native, big, at) = (false, true, 1),
            _ => {}
        }
    }
    let mut l = Layout { items: Vec::new(), size: 0, count: 0, big };
    let limit = isize::MAX as usize;
    while at < format.len() {
        let mut c = format[at];
        at += 1;
        if c.is_ascii_whitespace() || c == 0x0b {
            continue;
        }
        let mut n = 1usize;
        if c.is_ascii_digit() {
            n = (c - b'0') as usize;
            loop {
                let Some(d) = format.get(at) else { return Err("repeat count given without format specifier") };
                c = *d;
                at += 1;
                if !c.is_ascii_digit() {
                    break;
                }
                n = n
                    .checked_mul(10)
                    .and_then(|n| n.checked_add((c - b'0') as usize))
                    .filter(|n| *n <= limit)
                    .ok_or(TOO_LONG)?;
            }
        }
        if c == 0 {
            return Err("embedded null character");
        }
        let (size, align) = if is_native {
            native(c).ok_or("bad char in struct format")?
        } else {
            (standard(c).ok_or("bad char in struct format")?, 1)
        };
        l.size = l.size.checked_next_multiple_of(align).filter(|s| *s <= limit).ok_or(TOO_LONG)?;
        let bytes = size.checked_mul(n).ok_or(TOO_LONG)?;
        match c {
            b'x' => {}
            b's' | b'p' => {
                l.items.push(Item { code: c, offset: l.size, size: n, repeat: 1 });
                l.count += 1;
            }
            _ if n > 0 => {
                l.items.push(Item { code: c, offset: l.size, size, repeat: n });
                l.count = l.count.checked_add(n).ok_or(TOO_LONG)?;
            }
            _ => {}
        }
        l.size = l.size.checked_add(bytes).filter(|s| *s <= limit).ok_or(TOO_LONG)?;
    }
    Ok(l)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn sizes() {
        let size = |f: &str| parse(f.as_bytes()).map(|l| l.size);
        assert_eq!(size("bP"), Ok(16));
        assert_eq!(size("b0q"), Ok(8));
        assert_eq!(size("<bq3s"), Ok(12));
        assert_eq!(size("5"), Err("repeat count given without format specifier"));
        assert_eq!(size("999999999999999999999i"), Err(TOO_LONG));
    }
}
