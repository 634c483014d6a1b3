//! Searching: trying the matcher where a match can begin.

use super::chars::Char;
use super::engine::{Engine, Poll, Request, Stop};
use super::op::*;
use super::program::Program;

/// The first match at or after `req.start`: (start, end).
pub fn search<C: Char>(
    engine: &mut Engine,
    p: &Program,
    s: &[C],
    req: Request,
    poll: Poll,
) -> Result<Option<(usize, usize)>, Stop> {
    let mut at = req.start;
    let (mut flags, mut min) = (0, 0);
    let mut body = 0;
    if p.word(0) == INFO {
        flags = p.word(2);
        min = p.at(3);
        body = 1 + p.at(1);
    }
    if at > s.len() || s.len() - at < min {
        return Ok(None);
    }
    // Where the last possible match begins.
    let last = s.len() - min;
    let prefix: Vec<C> = if flags & INFO_PREFIX != 0 {
        let codes = p.code().get(7..7 + p.at(5)).unwrap_or(&[]);
        // A character that this subject cannot contain.
        match codes.iter().map(|c| C::of(*c)).collect() {
            Some(v) => v,
            None => return Ok(None),
        }
    } else {
        Vec::new()
    };
    let charset = flags & (INFO_PREFIX | INFO_CHARSET) == INFO_CHARSET;
    let anchored = p.word(body) == AT && matches!(p.word(body + 1), at::BEGINNING | at::BEGINNING_STRING);
    loop {
        if let Some(first) = prefix.first() {
            let Some(rest) = s.get(at..) else { return Ok(None) };
            match C::find(rest, *first) {
                Some(i) => at += i,
                None => return Ok(None),
            }
            if !s[at..].starts_with(&prefix) {
                at += 1;
                continue;
            }
        } else if charset {
            match s.get(at..).and_then(|rest| rest.iter().position(|c| p.in_set(5, c.code()))) {
                Some(i) => at += i,
                None => return Ok(None),
            }
        }
        if at > last {
            return Ok(None);
        }
        let here = Request { start: at, full: req.full, must_advance: req.must_advance && at == req.start };
        if let Some(end) = engine.match_at(p, s, here, poll)? {
            return Ok(Some((at, end)));
        }
        if anchored {
            return Ok(None);
        }
        at += 1;
    }
}
