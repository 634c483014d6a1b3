//! writer.

use super::dialect::{NONE, Settings, settings};
use super::*;

#[derive(GcObject)]
#[repr(C)]
struct WWriter {
    header: Header,
    w_write: W,
    w_dialect: W,
}
static W_WRITER: TypeOf = TypeOf::new();
typespec!(WRITER: WWriter, "_csv.writer", {
    doc: Str::new("CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input."),
    flags: ty::DISALLOW_INSTANTIATION,
    methods: methods![writerow, writerows],
    members: table![member!(WWriter, "dialect", w_dialect, Obj)],
});
pub fn make(sp: Space, w_module: W) -> Res<()> {
    let w = W_WRITER.make(sp, w_module, &WRITER)?;
    sp.setattr_str(w_module, "Writer", w)
}
/// csv_writer = csv.writer(fileobj [, dialect='excel']
///                             [optional keyword args])
///     for row in sequence:
///         csv_writer.writerow(row)
///
///     [or]
///
///     csv_writer = csv.writer(fileobj [, dialect='excel']
///                             [optional keyword args])
///     csv_writer.writerows(rows)
///
/// The "fileobj" argument can be any object that supports the file API.
#[interp_fn(raw)]
pub fn writer(sp: Space, _w: W, args: Args) -> Res<W> {
    let (w_file, w_base) = match args.positional() {
        [f] => (*f, W::NULL),
        [f, d] => (*f, *d),
        a => return Err(wrong_count(sp, "writer", a.len(), 1, 2)),
    };
    let w_write = sp.getattr_opt(w_file, name!(sp, "write"))?.filter(|w| sp.callable(*w));
    let Some(w_write) = w_write else { return Err(sp.type_error("argument 1 must have a \"write\" method")) };
    let w_dialect = super::dialect::from_call(sp, w_base, &args)?;
    let (w, s) = W_WRITER.new_instance::<WWriter>(sp)?;
    s.w_write = w_write;
    s.w_dialect = w_dialect;
    Ok(w)
}
/// Appends one field; answers whether it was quoted.
fn append(
    sp: Space,
    d: &Settings,
    out: &mut Vec<u32>,
    field: &[u32],
    mut quoted: bool,
    first: bool,
    null: bool,
) -> Res<bool> {
    if !first {
        out.push(d.delimiter)
    }
    let mut body = Vec::with_capacity(field.len());
    for c in field.iter().copied() {
        let special = c == d.delimiter
            || c == d.escapechar
            || c == d.quotechar
            || c == '\r' as u32
            || c == '\n' as u32
            || d.lineterminator.contains(&c);
        if special && c != NONE {
            let mut escape = false;
            if d.quoting == QUOTE_NONE {
                escape = true
            } else {
                if c == d.quotechar {
                    if d.doublequote { body.push(c) } else { escape = true }
                } else if c == d.escapechar {
                    escape = true
                }
                if !escape {
                    quoted = true
                }
            }
            if escape {
                if d.escapechar == NONE {
                    return Err(error(sp, "need to escape, but no escapechar set"));
                }
                body.push(d.escapechar)
            }
        }
        body.push(c)
    }
    // An empty field that the reader would skip as space must be quoted to be seen.
    if field.is_empty() && d.delimiter == ' ' as u32 && d.skipinitialspace {
        if d.quoting == QUOTE_NONE || (null && (d.quoting == QUOTE_STRINGS || d.quoting == QUOTE_NOTNULL)) {
            return Err(error(sp, "empty field must be quoted if delimiter is a space and skipinitialspace is true"));
        }
        quoted = true
    }
    if quoted {
        out.push(d.quotechar)
    }
    out.extend_from_slice(&body);
    if quoted {
        out.push(d.quotechar)
    }
    Ok(quoted)
}
fn number(sp: Space, w: W) -> Res<bool> {
    if w.is_int() || is_exact_float(w) || is_int(sp, w) {
        return Ok(true);
    }
    let t = sp.type_(w)?;
    for name in [name!(sp, "__index__"), name!(sp, "__int__"), name!(sp, "__float__")] {
        if sp.getattr_opt(t, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
fn write_row(sp: Space, w: W, w_row: W) -> Res<W> {
    let it = sp.iter(w_row).map_err(|r| {
        if sp.catch(known::TYPE_ERROR) {
            error(sp, &format!("iterable expected, not {}", sp.type_name(w_row)))
        } else {
            r
        }
    })?;
    let d = settings(sp, obj::<WWriter>(w).w_dialect);
    let mut out: Vec<u32> = Vec::new();
    let (mut n, mut null, mut quoted) = (0, false, false);
    while let Some(field) = sp.next(it)? {
        let quote = match d.quoting {
            QUOTE_NONNUMERIC => !number(sp, field)?,
            QUOTE_ALL => true,
            QUOTE_STRINGS => is_str(sp, field),
            QUOTE_NOTNULL => !field.is_none(),
            _ => false,
        };
        null = field.is_none();
        let chars: Vec<u32> = if let Some(t) = sp.text_opt(field) {
            t.chars().collect()
        } else if null {
            Vec::new()
        } else {
            sp.text_w(sp.str(field)?)?.chars().collect()
        };
        quoted = append(sp, &d, &mut out, &chars, quote, n == 0, null)?;
        n += 1;
    }
    if n == 1 && out.is_empty() && !quoted {
        if d.quoting == QUOTE_NONE || (null && (d.quoting == QUOTE_STRINGS || d.quoting == QUOTE_NOTNULL)) {
            return Err(error(sp, "single empty field record must be quoted"));
        }
        out.extend_from_slice(&[d.quotechar, d.quotechar])
    }
    out.extend_from_slice(&d.lineterminator);
    sp.call(obj::<WWriter>(w).w_write, &[sp.newstr_chars(&out)?])
}
/// writerow(iterable)
///
/// Construct and write a CSV record from an iterable of fields.  Non-string
/// elements will be converted to string.
#[interp_fn(method, sig = "(self, row, /)")]
fn writerow(sp: Space, w: W, w_row: W) -> Res<W> {
    write_row(sp, w, w_row)
}
/// writerows(iterable of iterables)
///
/// Construct and write a series of iterables to a csv file.  Non-string
/// elements will be converted to string.
#[interp_fn(method, sig = "(self, rows, /)")]
fn writerows(sp: Space, w: W, w_rows: W) -> Res<()> {
    sp.for_each(w_rows, |w_row| write_row(sp, w, w_row).map(|_| true))
}
