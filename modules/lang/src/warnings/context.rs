//! Which code a warning is attributed to.

use taipan_plugin_api::prelude::*;

/// What `warn` finds out about the code at the stack level.
pub struct Origin {
    pub w_filename: W,
    pub lineno: i64,
    pub w_module: W,
    pub w_registry: W,
}

fn filename(sp: Space, w_frame: W) -> Res<W> {
    sp.getattr(sp.getattr(w_frame, name!(sp, "f_code"))?, name!(sp, "co_filename"))
}

/// Frames of the import system do not count.
fn is_internal(name: &[u8]) -> bool {
    let has = |part: &[u8]| name.windows(part.len()).any(|w| w == part);
    has(b"importlib") && has(b"_bootstrap")
}

fn skipped(sp: Space, w_frame: W, prefixes: &[W]) -> Res<bool> {
    let Some(text) = sp.text_opt(filename(sp, w_frame)?) else { return Ok(false) };
    let name = text.to_wtf8();
    Ok(is_internal(&name) || prefixes.iter().any(|p| name.starts_with(&sp.text_of(*p).to_wtf8())))
}

/// The frame `level` calls up, and its names.
pub fn origin(sp: Space, level: i64, prefixes: &[W]) -> Res<Origin> {
    let mut depth = 0;
    let mut frame = sp.frame(0)?;
    let plain = match frame {
        Some(w) if level > 0 => skipped(sp, w, &[])?,
        _ => true,
    };
    let mut left = level.max(1) - 1;
    while left > 0
        && let Some(_) = frame
    {
        loop {
            depth += 1;
            frame = sp.frame(depth)?;
            match frame {
                Some(w) if !plain && skipped(sp, w, prefixes)? => {}
                _ => break,
            }
        }
        left -= 1;
    }
    let (w_globals, w_filename, lineno) = match frame {
        None => (sp.getattr(sp.known(known::SYS_MODULE), name!(sp, "__dict__"))?, sp.newstr("<sys>")?, 0),
        Some(w) => {
            let w_line = sp.getattr(w, name!(sp, "f_lineno"))?;
            let lineno = if w_line.is_none() { 0 } else { sp.int_w(w_line)? };
            (sp.getattr(w, name!(sp, "f_globals"))?, filename(sp, w)?, lineno)
        }
    };
    let w_registry = match sp.dict_get(w_globals, name!(sp, "__warningregistry__"))? {
        Some(w) => w,
        None => {
            let w = sp.newdict()?;
            sp.dict_set(w_globals, name!(sp, "__warningregistry__"), w)?;
            w
        }
    };
    let w_module = match sp.dict_get(w_globals, name!(sp, "__name__"))? {
        Some(w) if w.is_none() || sp.text_opt(w).is_some() => w,
        _ => sp.newstr("<string>")?,
    };
    Ok(Origin { w_filename, lineno, w_module, w_registry })
}
