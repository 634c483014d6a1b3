//! Showing a warning.

use super::{Warning, filters};
use taipan_plugin_api::prelude::*;

/// Through `warnings._showwarnmsg` where there is one, else straight to `sys.stderr`.
pub fn show(sp: Space, warning: &Warning, w_text: W) -> Res<()> {
    // The module knows how to tell where the source object was allocated.
    let import = !warning.w_source.is_none();
    let Some(w_show) = filters::attribute(sp, name!(sp, "_showwarnmsg"), import)? else {
        return plain(sp, warning, w_text);
    };
    if !sp.callable(w_show) {
        return Err(sp.type_error("warnings._showwarnmsg() must be set to a callable"));
    }
    let Some(w_class) = filters::attribute(sp, name!(sp, "WarningMessage"), false)? else {
        return Err(sp.runtime_error("unable to get warnings.WarningMessage"));
    };
    let w_lineno = sp.newint(warning.lineno);
    // A line that the loader knows is needed only where the file cannot be read.
    let known = !warning.w_line.is_null() && !std::path::Path::new(&sp.string_w(warning.w_filename)?).is_file();
    let w_line = if known { warning.w_line } else { W::NONE };
    let w_message = sp.call(
        w_class,
        &[warning.w_message, warning.w_category, warning.w_filename, w_lineno, W::NONE, w_line, warning.w_source],
    )?;
    sp.call(w_show, &[w_message])?;
    Ok(())
}

fn plain(sp: Space, warning: &Warning, w_text: W) -> Res<()> {
    let w_stderr = match sp.getattr_opt(sp.known(known::SYS_MODULE), name!(sp, "stderr"))? {
        Some(w) if !w.is_none() => w,
        // Before the standard streams exist the process's own is all there is.
        _ => {
            let category = sp.string_w(sp.getattr(warning.w_category, name!(sp, "__name__"))?)?;
            let (file, text) = (sp.string_w(warning.w_filename)?, sp.string_w(sp.str(w_text)?)?);
            eprintln!("{file}:{}: {category}: {text}", warning.lineno);
            return Ok(());
        }
    };
    let category = sp.string_w(sp.getattr(warning.w_category, name!(sp, "__name__"))?)?;
    let mut out = sp.text_w(warning.w_filename)?.to_wtf8().into_owned();
    out.extend_from_slice(format!(":{}: {category}: ", warning.lineno).as_bytes());
    out.extend_from_slice(&sp.text_w(sp.str(w_text)?)?.to_wtf8());
    out.push(b'\n');
    let given = if warning.w_line.is_null() { None } else { sp.text_opt(warning.w_line) };
    let line = match given {
        Some(t) => Some(t.to_str().trim().to_string()),
        None => source_line(&sp.string_w(warning.w_filename)?, warning.lineno),
    };
    if let Some(line) = line {
        out.extend_from_slice(format!("  {line}\n").as_bytes());
    }
    match sp.call_method(w_stderr, name!(sp, "write"), &[sp.newstr_wtf8(&out)?]) {
        Ok(_) => Ok(()),
        // A warning that cannot be written is lost.
        Err(_) if sp.catch(known::EXCEPTION) => Ok(()),
        Err(e) => Err(e),
    }
}

fn source_line(file: &str, lineno: i64) -> Option<String> {
    let index = usize::try_from(lineno).ok()?.checked_sub(1)?;
    let bytes = std::fs::read(file).ok()?;
    let line = String::from_utf8_lossy(bytes.split(|b| *b == b'\n').nth(index)?).trim().to_string();
    (!line.is_empty()).then_some(line)
}
