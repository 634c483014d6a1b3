//! reader.

use super::dialect::{Settings, settings};
use super::*;
use taipan_plugin_api::abi::gc::tf;

#[derive(GcObject)]
#[repr(C)]
struct WReader {
    header: Header,
    w_iter: W,
    w_dialect: W,
    /// Fields of the record so far, a list; NULL between records.
    w_fields: W,
    line_num: i64,
    machine: *mut Machine,
}
static W_READER: TypeOf = TypeOf::new();
typespec!(READER: WReader, "_csv.reader", {
    doc: Str::new("CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format."),
    flags: ty::DISALLOW_INSTANTIATION,
    layout_flags: tf::FREE,
    free: Some(free),
    slots: &Slots { iter: Some(iter_self), next: Some(reader_next), ..Slots::EMPTY },
    members: table![member!(WReader, "dialect", w_dialect, Obj), member!(WReader, "line_num", line_num, Int)],
});
unsafe extern "C" fn free(p: *mut u8) {
    let m = (*p.cast::<WReader>()).machine;
    if !m.is_null() {
        drop(Box::from_raw(m))
    }
}
pub fn make(sp: Space, w_module: W) -> Res<()> {
    let w = W_READER.make(sp, w_module, &READER)?;
    sp.setattr_str(w_module, "Reader", w)
}
#[derive(Copy, Clone, PartialEq)]
enum State {
    StartRecord,
    StartField,
    EscapedChar,
    InField,
    InQuotedField,
    EscapeInQuotedField,
    QuoteInQuotedField,
    EatCrNl,
    AfterEscapedCrNl,
}
use State::*;
struct Machine {
    d: Settings,
    state: State,
    field: Vec<u32>,
    /// The field was not quoted and is to become a number (or None).
    unquoted: bool,
}
/// csv_reader = reader(iterable [, dialect='excel']
///                        [optional keyword args])
///     for row in csv_reader:
///         process(row)
///
/// The "iterable" argument can be any object that returns a line
/// of input for each iteration, such as a file object or a list.  The
/// optional "dialect" parameter is discussed below.  The function
/// also accepts optional keyword arguments which override settings
/// provided by the dialect.
///
/// The returned object is an iterator.  Each iteration returns a row
/// of the CSV file (which can span multiple input lines).
#[interp_fn(raw)]
pub fn reader(sp: Space, _w: W, args: Args) -> Res<W> {
    let (w_iterable, w_base) = match args.positional() {
        [i] => (*i, W::NULL),
        [i, d] => (*i, *d),
        a => return Err(wrong_count(sp, "reader", a.len(), 1, 2)),
    };
    let w_iter = sp.iter(w_iterable)?;
    let w_dialect = super::dialect::from_call(sp, w_base, &args)?;
    let (w, r) = W_READER.new_instance::<WReader>(sp)?;
    r.w_iter = w_iter;
    r.w_dialect = w_dialect;
    let d = settings(sp, w_dialect);
    r.machine = Box::into_raw(Box::new(Machine { d, state: StartRecord, field: Vec::new(), unquoted: true }));
    Ok(w)
}

const CR: u32 = '\r' as u32;
const LF: u32 = '\n' as u32;
/// The end of a line, as a character.
const EOL: u32 = u32::MAX - 1;

impl Machine {
    fn add(&mut self, sp: Space, c: u32) -> Res<()> {
        let limit = FIELD_LIMIT.load(Ordering::Relaxed);
        if self.field.len() as i64 >= limit {
            return Err(error(sp, &format!("field larger than field limit ({limit})")));
        }
        self.field.push(c);
        Ok(())
    }
    fn save(&mut self, sp: Space, w_fields: W) -> Res<()> {
        let q = self.d.quoting;
        let w = if self.unquoted && self.field.is_empty() && (q == QUOTE_NOTNULL || q == QUOTE_STRINGS) {
            W::NONE
        } else {
            let w = sp.newstr_chars(&self.field)?;
            let numeric = q == QUOTE_NONNUMERIC || q == QUOTE_STRINGS;
            if self.unquoted && numeric && !self.field.is_empty() { sp.call(sp.known(known::FLOAT), &[w])? } else { w }
        };
        self.field.clear();
        self.unquoted = true;
        sp.list_append(w_fields, w)
    }
    fn is_end(c: u32) -> bool {
        matches!(c, CR | LF | EOL)
    }
    fn feed(&mut self, sp: Space, w_fields: W, c: u32) -> Res<()> {
        let after_end = if c == EOL { StartRecord } else { EatCrNl };
        match self.state {
            StartRecord => {
                if c == EOL {
                    return Ok(());
                }
                if Self::is_end(c) {
                    self.state = EatCrNl;
                    return Ok(());
                }
                self.state = StartField;
                self.start_field(sp, w_fields, c, after_end)?
            }
            StartField => self.start_field(sp, w_fields, c, after_end)?,
            EscapedChar => {
                if c == CR || c == LF {
                    self.add(sp, c)?;
                    self.state = AfterEscapedCrNl;
                    return Ok(());
                }
                self.add(sp, if c == EOL { LF } else { c })?;
                self.state = InField
            }
            AfterEscapedCrNl | InField => {
                if self.state == AfterEscapedCrNl && c == EOL {
                    return Ok(());
                }
                if Self::is_end(c) {
                    self.save(sp, w_fields)?;
                    self.state = after_end
                } else if c == self.d.escapechar {
                    self.state = EscapedChar
                } else if c == self.d.delimiter {
                    self.save(sp, w_fields)?;
                    self.state = StartField
                } else {
                    self.add(sp, c)?;
                    self.state = InField
                }
            }
            InQuotedField => {
                if c == EOL {
                } else if c == self.d.escapechar {
                    self.state = EscapeInQuotedField
                } else if c == self.d.quotechar && self.d.quoting != QUOTE_NONE {
                    self.state = if self.d.doublequote { QuoteInQuotedField } else { InField }
                } else {
                    self.add(sp, c)?
                }
            }
            EscapeInQuotedField => {
                self.add(sp, if c == EOL { LF } else { c })?;
                self.state = InQuotedField
            }
            QuoteInQuotedField => {
                if self.d.quoting != QUOTE_NONE && c == self.d.quotechar {
                    self.add(sp, c)?;
                    self.state = InQuotedField
                } else if c == self.d.delimiter {
                    self.save(sp, w_fields)?;
                    self.state = StartField
                } else if Self::is_end(c) {
                    self.save(sp, w_fields)?;
                    self.state = after_end
                } else if !self.d.strict {
                    self.add(sp, c)?;
                    self.state = InField
                } else {
                    let show = |c: u32| char::from_u32(c).unwrap_or('\u{fffd}');
                    let m = format!("'{}' expected after '{}'", show(self.d.delimiter), show(self.d.quotechar));
                    return Err(error(sp, &m));
                }
            }
            EatCrNl => match c {
                CR | LF => {}
                EOL => self.state = StartRecord,
                _ => {
                    return Err(error(
                        sp,
                        "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                    ));
                }
            },
        }
        Ok(())
    }
    fn start_field(&mut self, sp: Space, w_fields: W, c: u32, after_end: State) -> Res<()> {
        if Self::is_end(c) {
            self.save(sp, w_fields)?;
            self.state = after_end
        } else if c == self.d.quotechar && self.d.quoting != QUOTE_NONE {
            self.unquoted = false;
            self.state = InQuotedField
        } else if c == self.d.escapechar {
            self.state = EscapedChar
        } else if c == ' ' as u32 && self.d.skipinitialspace {
        } else if c == self.d.delimiter {
            self.save(sp, w_fields)?
        } else {
            self.add(sp, c)?;
            self.state = InField
        }
        Ok(())
    }
}
#[slot]
fn reader_next(sp: Space, w: W) -> Res<Option<W>> {
    let r = obj::<WReader>(w);
    // SAFETY: a box made by `reader`, alive as long as its object.
    let Some(m) = (unsafe { r.machine.as_mut() }) else { return Ok(None) };
    let w_fields = sp.newlist(&[])?;
    setfield!(sp, w, WReader, w_fields, w_fields);
    m.field.clear();
    m.unquoted = true;
    m.state = StartRecord;
    loop {
        let Some(w_line) = sp.next(obj::<WReader>(w).w_iter)? else {
            if m.field.is_empty() && m.state != InQuotedField {
                return Ok(None);
            }
            if m.d.strict {
                return Err(error(sp, "unexpected end of data"));
            }
            m.save(sp, w_fields)?;
            break;
        };
        let Some(text) = sp.text_opt(w_line) else {
            return Err(error(
                sp,
                &format!(
                    "iterator should return strings, not {} (the file should be opened in text mode)",
                    sp.type_name(w_line)
                ),
            ));
        };
        if obj::<WReader>(w).w_fields != w_fields {
            return Err(error(sp, "iterator has already advanced the reader"));
        }
        // SAFETY: as above.
        let Some(m) = (unsafe { obj::<WReader>(w).machine.as_mut() }) else { return Ok(None) };
        obj::<WReader>(w).line_num += 1;
        for c in text.chars() {
            m.feed(sp, w_fields, c)?
        }
        m.feed(sp, w_fields, EOL)?;
        if m.state == StartRecord {
            break;
        }
    }
    obj::<WReader>(w).w_fields = W::NULL;
    Ok(Some(w_fields))
}
