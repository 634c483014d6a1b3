//! Dialect.

use super::*;

#[derive(GcObject)]
#[repr(C)]
pub struct WDialect {
    header: Header,
    /// Code points; `NONE` = not set.
    delimiter: u32,
    quotechar: u32,
    escapechar: u32,
    w_lineterminator: W,
    quoting: i64,
    doublequote: bool,
    skipinitialspace: bool,
    strict: bool,
}
/// No character.
pub const NONE: u32 = u32::MAX;
static W_DIALECT: TypeOf = TypeOf::new();

typespec!(DIALECT: WDialect, "_csv.Dialect", {
    doc: Str::new("CSV dialect\n\nThe Dialect type records CSV dialect options."),
    flags: ty::BASETYPE,
    slots: &Slots { new: Some(dialect_new), ..Slots::EMPTY },
    methods: methods![no_reduce, no_reduce_ex],
    getset: table![
        getset!("delimiter", get_delimiter),
        getset!("escapechar", get_escapechar),
        getset!("quotechar", get_quotechar),
        getset!("quoting", get_quoting),
    ],
    members: table![
        member!(WDialect, "lineterminator", w_lineterminator, Obj),
        member!(WDialect, "doublequote", doublequote, Bool),
        member!(WDialect, "skipinitialspace", skipinitialspace, Bool),
        member!(WDialect, "strict", strict, Bool),
    ],
});
pub fn make(sp: Space, w_module: W) -> Res<()> {
    W_DIALECT.add(sp, w_module, &DIALECT)?;
    Ok(())
}

/// A dialect's settings for the machines.
#[derive(Clone)]
pub struct Settings {
    pub delimiter: u32,
    pub quotechar: u32,
    pub escapechar: u32,
    pub lineterminator: Vec<u32>,
    pub quoting: i64,
    pub doublequote: bool,
    pub skipinitialspace: bool,
    pub strict: bool,
}
pub fn settings(sp: Space, w: W) -> Settings {
    let d = obj::<WDialect>(w);
    let lineterminator = sp.text_opt(d.w_lineterminator).map(|t| t.chars().collect()).unwrap_or_default();
    Settings {
        delimiter: d.delimiter,
        quotechar: d.quotechar,
        escapechar: d.escapechar,
        lineterminator,
        quoting: d.quoting,
        doublequote: d.doublequote,
        skipinitialspace: d.skipinitialspace,
        strict: d.strict,
    }
}
fn char_or_none(sp: Space, c: u32) -> Res<W> {
    if c == NONE { Ok(W::NONE) } else { sp.newstr_chars(&[c]) }
}
#[slot]
fn get_delimiter(sp: Space, w: W) -> Res<W> {
    char_or_none(sp, obj::<WDialect>(w).delimiter)
}
#[slot]
fn get_escapechar(sp: Space, w: W) -> Res<W> {
    char_or_none(sp, obj::<WDialect>(w).escapechar)
}
#[slot]
fn get_quotechar(sp: Space, w: W) -> Res<W> {
    char_or_none(sp, obj::<WDialect>(w).quotechar)
}
#[slot]
fn get_quoting(sp: Space, w: W) -> Res<W> {
    Ok(sp.newint(obj::<WDialect>(w).quoting))
}
fn cannot_pickle(sp: Space, w: W) -> Raised {
    raise!(sp, TYPE_ERROR, "cannot pickle '{}' object", sp.type_name(w))
}
/// raises an exception to avoid pickling
#[interp_fn(method, name = "__reduce__", sig = "(self, /)")]
fn no_reduce(sp: Space, w: W) -> Res<W> {
    Err(cannot_pickle(sp, w))
}
/// raises an exception to avoid pickling
#[interp_fn(method, name = "__reduce_ex__", sig = "(self, protocol, /)")]
fn no_reduce_ex(sp: Space, w: W, _protocol: W) -> Res<W> {
    Err(cannot_pickle(sp, w))
}

/// A Dialect of a base (object, name or NULL) and the keyword arguments of a call.
pub fn from_call(sp: Space, w_base: W, args: &Args) -> Res<W> {
    let mut words = RootedVec::new(sp);
    if !w_base.is_null() {
        words.push(w_base)
    }
    let n = words.len();
    for (_, v) in args.keywords(sp) {
        words.push(v)
    }
    sp.call_args(W_DIALECT.w(), Args { ptr: words.as_ptr(), n, kwnames: args.kwnames })
}
const NAMES: [&str; 9] = [
    "dialect",
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];
fn one_char(sp: Space, name: &str, w: W, default: u32, none_allowed: bool) -> Res<u32> {
    if w.is_null() {
        return Ok(default);
    }
    let or_none = if none_allowed { " or None" } else { "" };
    if w.is_none() && none_allowed {
        return Ok(NONE);
    }
    let Some(t) = sp.text_opt(w) else {
        let t = sp.type_name(w);
        return Err(raise!(sp, TYPE_ERROR, "\"{name}\" must be a unicode character{or_none}, not {t}"));
    };
    if t.len() != 1 {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "\"{name}\" must be a unicode character{or_none}, not a string of length {}",
            t.len()
        ));
    }
    Ok(t.char_at(0))
}
#[slot]
fn dialect_new(sp: Space, w_type: W, args: Args) -> Res<W> {
    let mut a = parse_args(sp, "Dialect", &args, NAMES, 0, 0, 9)?;
    if !a[0].is_null() {
        if is_str(sp, a[0]) {
            a[0] = known_dialect(sp, a[0])?
        }
        if W_DIALECT.is_exact(sp, a[0]) && a[1..].iter().all(|w| w.is_null()) {
            return Ok(a[0]);
        }
        for (i, name) in NAMES.iter().enumerate().skip(1) {
            if a[i].is_null()
                && let Some(w) = sp.getattr_opt(a[0], sp.intern(name))?
            {
                a[i] = w
            }
        }
    }
    let [_, w_delimiter, w_double, w_escape, w_terminator, w_quote, w_quoting, w_skip, w_strict] = a;
    let flag = |w: W, default: bool| if w.is_null() { Ok(default) } else { sp.is_true(w) };
    let delimiter = one_char(sp, "delimiter", w_delimiter, ',' as u32, false)?;
    let doublequote = flag(w_double, true)?;
    let escapechar = one_char(sp, "escapechar", w_escape, NONE, true)?;
    let w_lineterminator = if w_terminator.is_null() { sp.newstr("\r\n")? } else { w_terminator };
    if !is_str(sp, w_lineterminator) {
        let t = sp.type_name(w_lineterminator);
        return Err(raise!(sp, TYPE_ERROR, "\"lineterminator\" must be a string, not {t}"));
    }
    let mut quotechar = one_char(sp, "quotechar", w_quote, '"' as u32, true)?;
    let mut quoting = QUOTE_MINIMAL;
    if !w_quoting.is_null() {
        if !is_int(sp, w_quoting) {
            return Err(raise!(sp, TYPE_ERROR, "\"quoting\" must be an integer, not {}", sp.type_name(w_quoting)));
        }
        quoting = sp.int_w(w_quoting)?;
    }
    let skipinitialspace = flag(w_skip, false)?;
    let strict = flag(w_strict, false)?;
    if !(QUOTE_MINIMAL..=QUOTE_NOTNULL).contains(&quoting) {
        return Err(sp.type_error("bad \"quoting\" value"));
    }
    if !w_quote.is_null() && w_quote.is_none() && w_quoting.is_null() {
        quoting = QUOTE_NONE;
    }
    if w_quote.is_null() && quotechar == NONE {
        quotechar = '"' as u32;
    }
    if quoting != QUOTE_NONE && quotechar == NONE {
        return Err(sp.type_error("quotechar must be set if quoting enabled"));
    }
    let terminator: Vec<u32> = sp.text_of(w_lineterminator).chars().collect();
    let bad = |c: u32, name: &str, space: bool| {
        let wrong = c == '\r' as u32 || c == '\n' as u32 || (space && c == ' ' as u32);
        if wrong || (c != NONE && terminator.contains(&c)) {
            Err(raise!(sp, VALUE_ERROR, "bad {name} value"))
        } else {
            Ok(())
        }
    };
    bad(delimiter, "delimiter", false)?;
    bad(escapechar, "escapechar", skipinitialspace)?;
    bad(quotechar, "quotechar", skipinitialspace)?;
    for (x, y, what) in [
        (delimiter, escapechar, "delimiter and escapechar"),
        (delimiter, quotechar, "delimiter and quotechar"),
        (escapechar, quotechar, "escapechar and quotechar"),
    ] {
        if x == y && x != NONE {
            return Err(raise!(sp, VALUE_ERROR, "bad {} value", what.replace(" and ", " or ")));
        }
    }
    let w = sp.allocate(w_type, 0)?;
    setfield!(sp, w, WDialect, w_lineterminator, w_lineterminator);
    let d = obj::<WDialect>(w);
    (d.delimiter, d.quotechar, d.escapechar, d.quoting) = (delimiter, quotechar, escapechar, quoting);
    (d.doublequote, d.skipinitialspace, d.strict) = (doublequote, skipinitialspace, strict);
    Ok(w)
}
