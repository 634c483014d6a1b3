//! The format specification mini-language, as numbers read it.

/// Why a number cannot be formatted so.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum FormatError {
    /// ValueError
    Value(String),
    /// OverflowError
    Overflow(String),
    /// MemoryError
    Memory,
}
/// A ValueError.
pub fn value_error<T>(message: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Value(message.into()))
}

/// Separators of thousands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Grouping {
    /// None.
    No,
    /// `,`
    Comma,
    /// `_`
    Underscore,
    /// `_` every four digits (binary, octal, hexadecimal).
    UnderscoreFour,
}

/// `[[fill]align][sign][z][#][0][width][grouping][.[precision][grouping]][type]`
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Spec {
    pub fill: u32,
    pub align: u8,
    /// `+`, `-`, a blank, or 0.
    pub sign: u8,
    pub no_neg_0: bool,
    pub alternate: bool,
    pub width: usize,
    pub grouping: Grouping,
    pub precision: Option<usize>,
    pub fraction_grouping: Grouping,
    /// The presentation type; 0 = not given.
    pub code: u32,
}

/// Widths beyond this are MemoryError without an attempt.
pub const MAX_WIDTH: usize = 1 << 32;

fn align_of(c: Option<&u32>) -> Option<u8> {
    c.and_then(|c| u8::try_from(*c).ok()).filter(|c| b"<>=^".contains(c))
}

struct Reader<'a> {
    s: &'a [u32],
    pos: usize,
}
impl Reader<'_> {
    fn peek(&self) -> Option<u32> {
        self.s.get(self.pos).copied()
    }
    fn accept(&mut self, c: u8) -> bool {
        let yes = self.peek() == Some(c as u32);
        self.pos += yes as usize;
        yes
    }
    /// Digits of any script.
    fn number(&mut self) -> Result<Option<usize>, FormatError> {
        let mut value = None;
        while let Some(d) = self.peek().and_then(super::parse::decimal_value) {
            let v = value.unwrap_or(0usize);
            if v > (isize::MAX as usize - d as usize) / 10 {
                return value_error("Too many decimal digits in format string");
            }
            value = Some(v * 10 + d as usize);
            self.pos += 1;
        }
        Ok(value)
    }
    fn grouping(&mut self) -> Result<Grouping, FormatError> {
        let mut g = Grouping::No;
        if self.accept(b',') {
            g = Grouping::Comma;
        }
        if self.accept(b'_') {
            if g != Grouping::No {
                return value_error("Cannot specify both ',' and '_'.");
            }
            g = Grouping::Underscore;
        }
        if g == Grouping::Underscore && self.peek() == Some(b',' as u32) {
            return value_error("Cannot specify both ',' and '_'.");
        }
        Ok(g)
    }
}

/// A presentation type in a message.
fn show_code(code: u32) -> String {
    match char::from_u32(code) {
        Some(c) if (33..128).contains(&code) => format!("'{c}'"),
        _ => format!("'\\x{code:x}'"),
    }
}

/// "Unknown format code".
pub fn unknown_code<T>(code: u32, type_name: &str) -> Result<T, FormatError> {
    value_error(format!("Unknown format code {} for object of type '{type_name}'", show_code(code)))
}

fn no_separator<T>(g: Grouping, code: u32) -> Result<T, FormatError> {
    let c = if g == Grouping::Comma { ',' } else { '_' };
    value_error(format!("Cannot specify '{c}' with {}.", show_code(code)))
}

/// Reads a specification for an object of the named type.
pub fn parse(s: &[u32], type_name: &str) -> Result<Spec, FormatError> {
    let mut spec = Spec {
        fill: b' ' as u32,
        align: b'>',
        sign: 0,
        no_neg_0: false,
        alternate: false,
        width: 0,
        grouping: Grouping::No,
        precision: None,
        fraction_grouping: Grouping::No,
        code: 0,
    };
    let mut r = Reader { s, pos: 0 };
    let (mut fill_given, mut align_given) = (false, false);
    if let Some(a) = align_of(s.get(1)) {
        (spec.align, spec.fill, r.pos) = (a, s[0], 2);
        (fill_given, align_given) = (true, true);
    } else if let Some(a) = align_of(s.first()) {
        (spec.align, r.pos) = (a, 1);
        align_given = true;
    }
    for c in *b"+- " {
        if r.accept(c) {
            spec.sign = c;
            break;
        }
    }
    spec.no_neg_0 = r.accept(b'z');
    spec.alternate = r.accept(b'#');
    if !fill_given && r.accept(b'0') {
        spec.fill = b'0' as u32;
        if !align_given {
            spec.align = b'=';
        }
    }
    spec.width = r.number()?.unwrap_or(0);
    spec.grouping = r.grouping()?;
    if r.accept(b'.') {
        spec.precision = r.number()?;
        spec.fraction_grouping = r.grouping()?;
        if spec.precision.is_none() && spec.fraction_grouping == Grouping::No {
            return value_error("Format specifier missing precision");
        }
    }
    match s.len() - r.pos {
        0 => {}
        1 => spec.code = s[r.pos],
        _ => {
            let text: String = s.iter().map(|c| char::from_u32(*c).unwrap_or('\u{fffd}')).collect();
            return value_error(format!("Invalid format specifier '{text}' for object of type '{type_name}'"));
        }
    }
    let code = u8::try_from(spec.code).unwrap_or(b'?');
    if spec.grouping != Grouping::No {
        match code {
            b'd' | b'e' | b'f' | b'g' | b'E' | b'G' | b'%' | b'F' | 0 => {}
            b'b' | b'o' | b'x' | b'X' if spec.grouping == Grouping::Underscore => {
                spec.grouping = Grouping::UnderscoreFour
            }
            _ => return no_separator(spec.grouping, spec.code),
        }
    }
    if code == b'n' && spec.fraction_grouping != Grouping::No {
        return no_separator(spec.fraction_grouping, spec.code);
    }
    Ok(spec)
}
