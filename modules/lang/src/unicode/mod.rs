//! `unicodedata`: the Unicode character database.

use rustpython_unicode::data::{LookupResult, Ucd};
use rustpython_unicode::normalize::{self, NormalizeForm};
use rustpython_wtf8::{CodePoint, Wtf8};
use taipan_plugin_api::abi::word::TID_STR;
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

/// Defines a function of the module and the method of the same name of old databases.
macro_rules! both {
    ($(#[$doc:meta])* $method:ident, $function:ident, $name:literal, $sig_m:literal, $sig_f:literal, ($($a:ident: $t:ty),*) $body:path) => {
        $(#[$doc])*
        #[interp_fn(name = $name, sig = $sig_f)]
        fn $function(sp: Space $(, $a: $t)*) -> Res<W> {
            $body(sp, Ucd::new(true) $(, $a)*)
        }
        $(#[$doc])*
        #[interp_fn(name = $name, method, sig = $sig_m)]
        fn $method(sp: Space, _this: W $(, $a: $t)*) -> Res<W> {
            $body(sp, Ucd::new(false) $(, $a)*)
        }
    };
}

mixed_module!(
    MODULE,
    "unicodedata",
    doc = "This module provides access to the Unicode Character Database which\ndefines character properties for all Unicode characters. The data in\nthis database is based on the UnicodeData.txt file version\n16.0.0 which is publicly available from the Unicode Consortium\nat https://unicode.org.\n\nThe module uses the same names and symbols as defined by the\nUnicodeData File Format 16.0.0.",
    functions = [
        category,
        bidirectional,
        east_asian_width,
        mirrored,
        combining,
        decomposition,
        decimal,
        digit,
        numeric,
        name,
        lookup,
        normalize_,
        is_normalized
    ],
    init = init,
);

#[repr(C)]
#[derive(GcObject)]
struct WUcd {
    header: Header,
}

typespec!(UCD: WUcd, "unicodedata.UCD", {
    flags: ty::IMMUTABLE | ty::DISALLOW_INSTANTIATION,
    methods: methods![
        m_category, m_bidirectional, m_east_asian_width, m_mirrored, m_combining, m_decomposition, m_decimal, m_digit, m_numeric,
        m_name, m_lookup, m_normalize, m_is_normalized
    ],
    getset: table![getset!("unidata_version", old_version)],
});

static TYPE: Global = Global::new();

fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&UCD, W::NULL, w_module)?);
    sp.setattr_str(w_module, "UCD", TYPE.get())?;
    sp.setattr_str(w_module, "ucd_3_2_0", sp.allocate(TYPE.get(), 0)?)?;
    sp.setattr_str(w_module, "unidata_version", sp.newstr("16.0.0")?)
}

#[slot]
fn old_version(sp: Space, _w: W) -> Res<W> {
    sp.newstr("3.2.0")
}

/// The argument as a single character. `what`: "argument" or "argument 1".
fn character(sp: Space, w: W, function: &str, what: &str) -> Res<CodePoint> {
    let Some(t) = sp.text_opt(w) else {
        return Err(raise!(sp, TYPE_ERROR, "{function}() {what} must be a unicode character, not {}", sp.type_name(w)));
    };
    match CodePoint::from_u32(if t.len() == 1 { t.char_at(0) } else { u32::MAX }) {
        Some(c) => Ok(c),
        None => Err(raise!(
            sp,
            TYPE_ERROR,
            "{function}(): {what} must be a unicode character, not a string of length {}",
            t.len()
        )),
    }
}

/// Is the character assigned in the version that `str` knows? The crate's tables may be newer.
fn assigned(sp: Space, ucd: Ucd, w: W, c: CodePoint) -> Res<bool> {
    Ok(match ucd.category(c).as_bytes() {
        b"Cn" => false,
        [b'C' | b'Z', ..] => true,
        _ => sp.is_true(sp.call_method(w, name!(sp, "isprintable"), &[])?)?,
    })
}
fn get_category(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    let c = character(sp, w, "category", "argument")?;
    sp.newstr(if assigned(sp, ucd, w, c)? { ucd.category(c) } else { "Cn" })
}
fn get_bidirectional(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    let c = character(sp, w, "bidirectional", "argument")?;
    sp.newstr(if assigned(sp, ucd, w, c)? { ucd.bidirectional(c) } else { "" })
}
fn get_east_asian_width(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    sp.newstr(ucd.east_asian_width(character(sp, w, "east_asian_width", "argument")?))
}
fn get_mirrored(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    Ok(W::int(ucd.mirrored(character(sp, w, "mirrored", "argument")?) as i64))
}
fn get_combining(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    let c = character(sp, w, "combining", "argument")?;
    Ok(W::int(if assigned(sp, ucd, w, c)? { ucd.combining(c) as i64 } else { 0 }))
}
fn get_decomposition(sp: Space, ucd: Ucd, w: W) -> Res<W> {
    let c = character(sp, w, "decomposition", "argument")?;
    let syllable = c.to_u32().wrapping_sub(0xAC00);
    if syllable < 11172 {
        // Hangul is decomposed by rule, into two or three letters.
        let (l, v, t) = (0x1100 + syllable / 588, 0x1161 + syllable % 588 / 28, 0x11A7 + syllable % 28);
        return sp.newstr(&if t == 0x11A7 { format!("{l:04X} {v:04X}") } else { format!("{l:04X} {v:04X} {t:04X}") });
    }
    sp.newstr(&ucd.decomposition(c))
}
fn or_default(sp: Space, default: Option<W>, message: &str) -> Res<W> {
    default.ok_or_else(|| sp.value_error(message))
}
fn get_decimal(sp: Space, ucd: Ucd, w: W, default: Option<W>) -> Res<W> {
    match ucd.decimal(character(sp, w, "decimal", "argument 1")?) {
        Some(n) => n.into_w(sp),
        None => or_default(sp, default, "not a decimal"),
    }
}
fn get_digit(sp: Space, ucd: Ucd, w: W, default: Option<W>) -> Res<W> {
    match ucd.digit(character(sp, w, "digit", "argument 1")?) {
        Some(n) => n.into_w(sp),
        None => or_default(sp, default, "not a digit"),
    }
}
fn get_numeric(sp: Space, ucd: Ucd, w: W, default: Option<W>) -> Res<W> {
    match ucd.numeric(character(sp, w, "numeric", "argument 1")?) {
        Some(n) => Ok(sp.newfloat(n)),
        None => or_default(sp, default, "not a numeric character"),
    }
}
fn get_name(sp: Space, ucd: Ucd, w: W, default: Option<W>) -> Res<W> {
    let c = character(sp, w, "name", "argument 1")?.to_char();
    match c.filter(|c| ucd.membership(*c)).and_then(rustpython_unicode::data::character_name) {
        Some(n) => sp.newstr(&n),
        None => or_default(sp, default, "no such name"),
    }
}
fn get_lookup(sp: Space, ucd: Ucd, name: Text) -> Res<W> {
    let name = name.to_str();
    match ucd.lookup(&name) {
        Some(LookupResult::Character(c)) => sp.newstr(c.encode_utf8(&mut [0; 4])),
        Some(LookupResult::Sequence(s)) => sp.newstr(s),
        None => Err(raise!(sp, KEY_ERROR, "undefined character name '{name}'")),
    }
}
fn form_of(sp: Space, form: Text) -> Res<NormalizeForm> {
    form.to_str().parse().map_err(|_| sp.value_error("invalid normalization form"))
}
fn get_normalize(sp: Space, _ucd: Ucd, form: Text, text: Text) -> Res<W> {
    let form = form_of(sp, form)?;
    let bytes = text.to_wtf8();
    // SAFETY: a live object.
    if text.ascii().is_some() && unsafe { text.w.is_tid(TID_STR) } {
        return Ok(text.w);
    }
    match Wtf8::from_bytes(&bytes) {
        Some(t) => sp.newstr_wtf8(normalize::normalize(form, t).as_bytes()),
        None => sp.newstr_wtf8(&bytes),
    }
}
fn get_is_normalized(sp: Space, _ucd: Ucd, form: Text, text: Text) -> Res<W> {
    let form = form_of(sp, form)?;
    Ok(W::bool(
        text.ascii().is_some() || Wtf8::from_bytes(&text.to_wtf8()).is_some_and(|t| normalize::is_normalized(form, t)),
    ))
}

both!(
    /// Returns the general category assigned to the character chr as string.
    m_category, category, "category", "(self, chr, /)", "(chr, /)", (w: W) get_category
);
both!(
    /// Returns the bidirectional class assigned to the character chr as string.
    ///
    /// If no such value is defined, an empty string is returned.
    m_bidirectional, bidirectional, "bidirectional", "(self, chr, /)", "(chr, /)", (w: W) get_bidirectional
);
both!(
    /// Returns the east asian width assigned to the character chr as string.
    m_east_asian_width, east_asian_width, "east_asian_width", "(self, chr, /)", "(chr, /)", (w: W) get_east_asian_width
);
both!(
    /// Returns the mirrored property assigned to the character chr as integer.
    ///
    /// Returns 1 if the character has been identified as a "mirrored"
    /// character in bidirectional text, 0 otherwise.
    m_mirrored, mirrored, "mirrored", "(self, chr, /)", "(chr, /)", (w: W) get_mirrored
);
both!(
    /// Returns the canonical combining class assigned to the character chr as integer.
    ///
    /// Returns 0 if no combining class is defined.
    m_combining, combining, "combining", "(self, chr, /)", "(chr, /)", (w: W) get_combining
);
both!(
    /// Returns the character decomposition mapping assigned to the character chr as string.
    ///
    /// An empty string is returned in case no such mapping is defined.
    m_decomposition, decomposition, "decomposition", "(self, chr, /)", "(chr, /)", (w: W) get_decomposition
);
both!(
    /// Converts a Unicode character into its equivalent decimal value.
    m_decimal, decimal, "decimal", "(self, chr, default=<unrepresentable>, /)", "(chr, default=<unrepresentable>, /)",
    (w: W, default: Option<W>) get_decimal
);
both!(
    /// Converts a Unicode character into its equivalent digit value.
    m_digit, digit, "digit", "(self, chr, default=<unrepresentable>, /)", "(chr, default=<unrepresentable>, /)",
    (w: W, default: Option<W>) get_digit
);
both!(
    /// Converts a Unicode character into its equivalent numeric value.
    m_numeric, numeric, "numeric", "(self, chr, default=<unrepresentable>, /)", "(chr, default=<unrepresentable>, /)",
    (w: W, default: Option<W>) get_numeric
);
both!(
    /// Returns the name assigned to the character chr as a string.
    m_name, name, "name", "(self, chr, default=<unrepresentable>, /)", "(chr, default=<unrepresentable>, /)",
    (w: W, default: Option<W>) get_name
);
both!(
    /// Look up character by name.
    m_lookup, lookup, "lookup", "(self, name, /)", "(name, /)", (name: Text) get_lookup
);
both!(
    /// Return the normal form 'form' for the Unicode string unistr.
    ///
    /// Valid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.
    m_normalize, normalize_, "normalize", "(self, form, unistr, /)", "(form, unistr, /)", (form: Text, text: Text) get_normalize
);
both!(
    /// Return whether the Unicode string unistr is in the normal form 'form'.
    m_is_normalized, is_normalized, "is_normalized", "(self, form, unistr, /)", "(form, unistr, /)",
    (form: Text, text: Text) get_is_normalized
);
