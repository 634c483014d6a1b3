//! `_locale`.

mod consts;

use crate::util::path::{encode, fsdecode, fsencode, text_arg};
use crate::util::{add_consts, c_text, new_exception, set_errno};
use std::ffi::{CStr, CString};
use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

static ERROR: Global = Global::new();

unsafe extern "C" {
    fn strcoll(a: *const libc::c_char, b: *const libc::c_char) -> i32;
    fn strxfrm(to: *mut libc::c_char, from: *const libc::c_char, n: usize) -> usize;
    fn gettext(msg: *const libc::c_char) -> *const libc::c_char;
    fn dgettext(domain: *const libc::c_char, msg: *const libc::c_char) -> *const libc::c_char;
    fn dcgettext(domain: *const libc::c_char, msg: *const libc::c_char, category: i32) -> *const libc::c_char;
    fn textdomain(domain: *const libc::c_char) -> *const libc::c_char;
    fn bindtextdomain(domain: *const libc::c_char, dir: *const libc::c_char) -> *const libc::c_char;
    fn bind_textdomain_codeset(domain: *const libc::c_char, codeset: *const libc::c_char) -> *const libc::c_char;
}

#[cold]
fn error(sp: Space, text: &str) -> Raised {
    match sp.newstr(text) {
        Ok(w) => sp.raise_object(ERROR.get(), w),
        Err(raised) => raised,
    }
}
/// Activates/queries locale processing.
#[interp_fn(sig = "(category, locale=None, /)")]
fn setlocale(sp: Space, category: i32, w_locale: W) -> Res<W> {
    if !(libc::LC_CTYPE..=12).contains(&category) {
        return Err(error(sp, "invalid locale category"));
    }
    let name = match sp.text_opt(w_locale) {
        Some(t) => Some(text_arg(sp, &t)?),
        None if w_locale.is_null() || w_locale.is_none() => None,
        None => {
            let t = sp.type_name(w_locale);
            return Err(sp.type_error(&format!("setlocale() argument 2 must be str or None, not {t}")));
        }
    };
    // SAFETY: a NUL-terminated name or null; other native threads of ours do not use the locale.
    let p = unsafe { libc::setlocale(category, name.as_ref().map_or(std::ptr::null(), |n| n.as_ptr())) };
    if p.is_null() {
        return Err(error(sp, if name.is_some() { "unsupported locale setting" } else { "locale query failed" }));
    }
    c_text(sp, p)
}

/// A list of group sizes; its end says whether the last repeats.
fn grouping(sp: Space, p: *const libc::c_char) -> Res<W> {
    let mut out = RootedVec::new(sp);
    // SAFETY: a NUL-terminated table of the C library.
    let sizes = unsafe { CStr::from_ptr(p) }.to_bytes();
    for n in sizes {
        out.push(sp.newint(*n as i64));
        if *n as libc::c_char == libc::c_char::MAX {
            break;
        }
    }
    if !sizes.is_empty() && *sizes.last().unwrap_or(&0) as libc::c_char != libc::c_char::MAX {
        out.push(W::int(0));
    }
    out.into_list()
}
/// Returns numeric and monetary locale-specific parameters.
#[interp_fn(sig = "()")]
fn localeconv(sp: Space) -> Res<W> {
    // SAFETY: a struct of the C library, read before the next call.
    let c = unsafe { &*libc::localeconv() };
    let w_dict = sp.newdict()?;
    for (name, p) in [
        ("decimal_point", c.decimal_point),
        ("thousands_sep", c.thousands_sep),
        ("int_curr_symbol", c.int_curr_symbol),
        ("currency_symbol", c.currency_symbol),
        ("mon_decimal_point", c.mon_decimal_point),
        ("mon_thousands_sep", c.mon_thousands_sep),
        ("positive_sign", c.positive_sign),
        ("negative_sign", c.negative_sign),
    ] {
        sp.dict_set_str(w_dict, name, c_text(sp, p)?)?;
    }
    for (name, n) in [
        ("int_frac_digits", c.int_frac_digits),
        ("frac_digits", c.frac_digits),
        ("p_cs_precedes", c.p_cs_precedes),
        ("p_sep_by_space", c.p_sep_by_space),
        ("n_cs_precedes", c.n_cs_precedes),
        ("n_sep_by_space", c.n_sep_by_space),
        ("p_sign_posn", c.p_sign_posn),
        ("n_sign_posn", c.n_sign_posn),
    ] {
        sp.dict_set_str(w_dict, name, sp.newint(n as i64))?;
    }
    sp.dict_set_str(w_dict, "grouping", grouping(sp, c.grouping)?)?;
    sp.dict_set_str(w_dict, "mon_grouping", grouping(sp, c.mon_grouping)?)?;
    Ok(w_dict)
}
/// Return the value for the locale information associated with key.
#[interp_fn(sig = "(key, /)")]
fn nl_langinfo(sp: Space, key: i32) -> Res<W> {
    if !consts::CONSTS.iter().any(|(name, v)| *v == key as i64 && !name.starts_with("LC_") && *name != "CHAR_MAX") {
        return Err(sp.value_error("unsupported langinfo constant"));
    }
    // SAFETY: a known item; a C string of the library.
    let p = unsafe { libc::nl_langinfo(key) };
    if p.is_null() { sp.newstr("") } else { c_text(sp, p) }
}
/// Get the current locale encoding.
#[interp_fn(sig = "()")]
fn getencoding(_sp: Space) -> Res<&'static str> {
    // The interpreter runs in UTF-8 whatever the locale says.
    Ok("utf-8")
}
/// Compares two strings according to the locale.
#[interp_fn(sig = "(os1, os2, /)")]
fn strcoll_(sp: Space, a: Text, b: Text) -> Res<i32> {
    let (a, b) = (text_arg(sp, &a)?, text_arg(sp, &b)?);
    // SAFETY: NUL-terminated strings.
    Ok(unsafe { strcoll(a.as_ptr(), b.as_ptr()) })
}
/// Return a string that can be used as a key for locale-aware comparisons.
#[interp_fn(sig = "(string, /)")]
fn strxfrm_(sp: Space, s: Text) -> Res<W> {
    let s = CString::new(encode(sp, &s)?).map_err(|_| sp.value_error("embedded null character"))?;
    let mut buf = vec![0u8; s.as_bytes().len() * 4 + 1];
    for _ in 0..2 {
        set_errno(0);
        // SAFETY: the buffer has the length given.
        let n = unsafe { strxfrm(buf.as_mut_ptr().cast(), s.as_ptr(), buf.len()) };
        if n < buf.len() {
            return fsdecode(sp, &buf[..n]);
        }
        buf.resize(n + 1, 0);
    }
    fsdecode(sp, s.as_bytes())
}
/// gettext(msg) -> string
///
/// Return translation of msg.
#[interp_fn(sig = "(msg, /)")]
fn gettext_(sp: Space, msg: Text) -> Res<W> {
    let msg = text_arg(sp, &msg)?;
    // SAFETY: a NUL-terminated string; the answer is it or the C library's.
    c_text(sp, unsafe { gettext(msg.as_ptr()) })
}
/// An optional str.
fn domain_arg(sp: Space, w: W) -> Res<Option<CString>> {
    if w.is_none() { Ok(None) } else { text_arg(sp, &sp.text_w(w)?).map(Some) }
}
fn ptr(s: &Option<CString>) -> *const libc::c_char {
    s.as_ref().map_or(std::ptr::null(), |s| s.as_ptr())
}
/// dgettext(domain, msg) -> string
///
/// Return translation of msg in domain.
#[interp_fn(sig = "(domain, msg, /)")]
fn dgettext_(sp: Space, w_domain: W, msg: Text) -> Res<W> {
    let (domain, msg) = (domain_arg(sp, w_domain)?, text_arg(sp, &msg)?);
    // SAFETY: as above.
    c_text(sp, unsafe { dgettext(ptr(&domain), msg.as_ptr()) })
}
/// Return translation of msg in domain and category.
#[interp_fn(sig = "(domain, msg, category, /)")]
fn dcgettext_(sp: Space, w_domain: W, msg: Text, category: i32) -> Res<W> {
    let (domain, msg) = (domain_arg(sp, w_domain)?, text_arg(sp, &msg)?);
    // SAFETY: as above.
    c_text(sp, unsafe { dcgettext(ptr(&domain), msg.as_ptr(), category) })
}
/// Set the C library's textdmain to domain, returning the new domain.
#[interp_fn(sig = "(domain, /)")]
fn textdomain_(sp: Space, w_domain: W) -> Res<W> {
    let domain = domain_arg(sp, w_domain)?;
    // SAFETY: a NUL-terminated string or null.
    let p = unsafe { textdomain(ptr(&domain)) };
    if p.is_null() { Err(crate::util::os_error(sp)) } else { c_text(sp, p) }
}
/// Bind the C library's domain to dir.
#[interp_fn(sig = "(domain, dir, /)")]
fn bindtextdomain_(sp: Space, domain: Text, w_dir: W) -> Res<W> {
    if domain.is_empty() {
        return Err(error(sp, "domain must be a non-empty string"));
    }
    let domain = text_arg(sp, &domain)?;
    let dir = if w_dir.is_none() { None } else { Some(fsencode(sp, w_dir)?) };
    // SAFETY: NUL-terminated strings or null.
    let p = unsafe { bindtextdomain(domain.as_ptr(), ptr(&dir)) };
    if p.is_null() { Err(crate::util::os_error(sp)) } else { c_text(sp, p) }
}
/// Bind the C library's domain to codeset.
#[interp_fn(sig = "(domain, codeset, /)")]
fn bind_textdomain_codeset_(sp: Space, domain: Text, w_codeset: W) -> Res<W> {
    let (domain, codeset) = (text_arg(sp, &domain)?, domain_arg(sp, w_codeset)?);
    // SAFETY: NUL-terminated strings or null.
    c_text(sp, unsafe { bind_textdomain_codeset(domain.as_ptr(), ptr(&codeset)) })
}

fn init(sp: Space, w_module: W) -> Res<()> {
    // As the interpreter's start does: the user's character types, and UTF-8 where the locale is the bare C one.
    // SAFETY: NUL-terminated names.
    unsafe {
        let p = libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        if p.is_null() || matches!(CStr::from_ptr(p).to_bytes(), b"C" | b"POSIX") {
            libc::setlocale(libc::LC_CTYPE, c"C.UTF-8".as_ptr());
        }
    }
    add_consts(sp, w_module, consts::CONSTS)?;
    ERROR.set(sp, new_exception(sp, w_module, "locale.Error", sp.known(known::EXCEPTION))?);
    Ok(())
}
mixed_module!(
    MODULE,
    "_locale",
    doc = "Support for POSIX locales.",
    functions = [
        setlocale,
        localeconv,
        nl_langinfo,
        getencoding,
        strcoll_,
        strxfrm_,
        gettext_,
        dgettext_,
        dcgettext_,
        textdomain_,
        bindtextdomain_,
        bind_textdomain_codeset_
    ],
    init = init,
);
