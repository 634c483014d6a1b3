//! The matcher: backtracking over an explicit stack, so that neither patterns nor subjects can exhaust the native one.
//!
//! The stack holds two kinds of entries. Choices say where to go on when a path fails. Undo entries restore what a path has changed
//! (groups, repeat counters) while the stack is unwound to the latest choice. A finished assertion or atomic group drops its choices and
//! keeps its undo entries.

use super::chars::{self, Char};
use super::op::*;
use super::program::Program;

/// No position, no index.
pub const NONE: usize = usize::MAX;

/// The caller wants to stop (an exception is pending).
pub struct Stop;

#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    // choices
    Branch,
    Greedy,
    Lazy,
    Tail,
    Body,
    Assert,
    AssertNot,
    Atomic,
    Possessive,
    // undo
    Mark,
    Counter,
    Current,
    NewRepeat,
}

/// An entry; what `a`, `b`, `c` mean depends on the kind.
#[derive(Copy, Clone)]
struct Entry {
    kind: Kind,
    pc: u32,
    a: usize,
    b: usize,
    c: usize,
}

/// A repeat whose body is more than one character.
#[derive(Copy, Clone)]
struct Repeat {
    pc: usize,
    /// Completed iterations; NONE before the first.
    count: usize,
    last: usize,
    outer: usize,
}

/// What is searched for: the request of one match.
#[derive(Copy, Clone)]
pub struct Request {
    pub start: usize,
    /// The match must reach the end.
    pub full: bool,
    /// A match at `start` may not be empty.
    pub must_advance: bool,
}

/// The state of a match; reused from one to the next.
#[derive(Default)]
pub struct Engine {
    stack: Vec<Entry>,
    repeats: Vec<Repeat>,
    /// Start and end of each group, NONE where unset.
    pub marks: Vec<usize>,
    /// The group closed last, or NONE.
    pub last_group: usize,
    steps: u32,
}

/// Called now and then during a long match.
pub type Poll<'a> = &'a mut dyn FnMut() -> bool;

impl Engine {
    fn reset(&mut self, groups: usize) {
        self.stack.clear();
        self.repeats.clear();
        self.marks.clear();
        self.marks.resize(groups * 2, NONE);
        self.last_group = NONE;
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, pc: usize, a: usize, b: usize, c: usize) {
        self.stack.push(Entry { kind, pc: pc as u32, a, b, c });
    }

    /// Drops the choices from `base` on, keeps the undo entries.
    fn cut(&mut self, base: usize) {
        let mut keep = base;
        for i in base..self.stack.len() {
            let e = self.stack[i];
            if matches!(e.kind, Kind::Mark | Kind::Counter | Kind::Current | Kind::NewRepeat) {
                self.stack[keep] = e;
                keep += 1;
            }
        }
        self.stack.truncate(keep);
    }

    #[inline(always)]
    fn undo(&mut self, e: Entry, current: &mut usize) {
        match e.kind {
            Kind::Mark => {
                self.marks[e.a] = e.b;
                self.last_group = e.c;
            }
            Kind::Counter => {
                self.repeats[e.a].count = e.b;
                self.repeats[e.a].last = e.c;
            }
            Kind::Current => *current = e.a,
            Kind::NewRepeat => {
                *current = e.a;
                self.repeats.truncate(e.b);
            }
            _ => {}
        }
    }

    fn group(&self, n: usize) -> Option<(usize, usize)> {
        match (self.marks.get(2 * n), self.marks.get(2 * n + 1)) {
            (Some(&s), Some(&e)) if s != NONE && e != NONE && s <= e => Some((s, e)),
            _ => None,
        }
    }

    /// Matches at `req.start`; answers the end.
    // A condition in an arm's guard would try the arms after it; here its failure means that the path has failed.
    #[allow(clippy::collapsible_match)]
    pub fn match_at<C: Char>(&mut self, p: &Program, s: &[C], req: Request, poll: Poll) -> Result<Option<usize>, Stop> {
        self.reset(p.groups);
        let mut pos = req.start;
        let mut pc = if p.word(0) == INFO { 1 + p.at(1) } else { 0 };
        // The innermost running repeat, and the entry of the innermost running assertion or atomic group.
        let mut current = NONE;
        let mut barrier = NONE;
        loop {
            // Each arm goes on with `continue` or falls out of the match: the path has failed.
            match p.word(pc) {
                LITERAL => {
                    if pos < s.len() && s[pos].code() == p.word(pc + 1) {
                        pos += 1;
                        pc += 2;
                        continue;
                    }
                }
                MARK => {
                    let i = p.at(pc + 1);
                    if i < self.marks.len() {
                        self.push(Kind::Mark, 0, i, self.marks[i], self.last_group);
                        self.marks[i] = pos;
                        if i & 1 != 0 {
                            self.last_group = i / 2 + 1;
                        }
                        pc += 2;
                        continue;
                    }
                }
                IN | IN_IGNORE | IN_UNI_IGNORE | IN_LOC_IGNORE => {
                    if pos < s.len() && p.one(pc, s[pos].code()) {
                        pos += 1;
                        pc += 1 + p.at(pc + 1);
                        continue;
                    }
                }
                op @ (ANY | ANY_ALL) => {
                    if pos < s.len() && (op == ANY_ALL || s[pos].code() != 10) {
                        pos += 1;
                        pc += 1;
                        continue;
                    }
                }
                NOT_LITERAL
                | CATEGORY
                | LITERAL_IGNORE
                | NOT_LITERAL_IGNORE
                | LITERAL_UNI_IGNORE
                | NOT_LITERAL_UNI_IGNORE
                | LITERAL_LOC_IGNORE
                | NOT_LITERAL_LOC_IGNORE => {
                    if pos < s.len() && p.one(pc, s[pos].code()) {
                        pos += 1;
                        pc += 2;
                        continue;
                    }
                }
                AT => {
                    if at(p.word(pc + 1), s, pos) {
                        pc += 2;
                        continue;
                    }
                }
                JUMP | INFO => {
                    pc += 1 + p.at(pc + 1);
                    continue;
                }
                BRANCH => {
                    if self.branch(p, s, &mut pc, pos) {
                        continue;
                    }
                }
                REPEAT_ONE | POSSESSIVE_REPEAT_ONE => {
                    let (min, max) = (p.at(pc + 2), p.word(pc + 3));
                    let n = count(p, pc + 4, s, pos, max);
                    let tail = pc + 1 + p.at(pc + 1);
                    if n >= min {
                        let possessive = p.word(pc) == POSSESSIVE_REPEAT_ONE;
                        if !possessive && n > min {
                            // From here on as if this try had failed one step further right.
                            self.push(Kind::Greedy, tail, pos + min, pos + n + 1, 0);
                        } else {
                            pos += n;
                            pc = tail;
                            continue;
                        }
                    }
                }
                MIN_REPEAT_ONE => {
                    let (min, max) = (p.at(pc + 2), p.word(pc + 3));
                    let n = if min == 0 { 0 } else { count(p, pc + 4, s, pos, min as u32) };
                    if n >= min {
                        pos += n;
                        if max == MAXREPEAT || (max as usize) > n {
                            self.push(Kind::Lazy, pc, pos, n, 0);
                        }
                        pc += 1 + p.at(pc + 1);
                        continue;
                    }
                }
                REPEAT => {
                    self.push(Kind::NewRepeat, 0, current, self.repeats.len(), 0);
                    self.repeats.push(Repeat { pc, count: NONE, last: NONE, outer: current });
                    current = self.repeats.len() - 1;
                    pc += 1 + p.at(pc + 1);
                    continue;
                }
                MAX_UNTIL if current < self.repeats.len() => {
                    let r = self.repeats[current];
                    let n = r.count.wrapping_add(1);
                    let max = p.word(r.pc + 3);
                    if n < p.at(r.pc + 2) {
                        self.push(Kind::Counter, 0, current, r.count, r.last);
                        self.repeats[current].count = n;
                        pc = r.pc + 4;
                        continue;
                    }
                    if (n < max as usize || max == MAXREPEAT) && pos != r.last {
                        self.push(Kind::Tail, pc + 1, current, pos, 0);
                        self.push(Kind::Counter, 0, current, r.count, r.last);
                        self.repeats[current].count = n;
                        self.repeats[current].last = pos;
                        pc = r.pc + 4;
                        continue;
                    }
                    self.push(Kind::Current, 0, current, 0, 0);
                    current = r.outer;
                    pc += 1;
                    continue;
                }
                MIN_UNTIL if current < self.repeats.len() => {
                    let r = self.repeats[current];
                    let n = r.count.wrapping_add(1);
                    if n < p.at(r.pc + 2) {
                        self.push(Kind::Counter, 0, current, r.count, r.last);
                        self.repeats[current].count = n;
                        pc = r.pc + 4;
                        continue;
                    }
                    self.push(Kind::Body, 0, current, pos, n);
                    self.push(Kind::Current, 0, current, 0, 0);
                    current = r.outer;
                    pc += 1;
                    continue;
                }
                op @ (ASSERT | ASSERT_NOT) => {
                    let back = p.at(pc + 2);
                    if pos >= back {
                        self.push(if op == ASSERT { Kind::Assert } else { Kind::AssertNot }, pc, pos, barrier, 0);
                        barrier = self.stack.len() - 1;
                        pos -= back;
                        pc += 3;
                        continue;
                    } else if op == ASSERT_NOT {
                        pc += 1 + p.at(pc + 1);
                        continue;
                    }
                }
                ATOMIC_GROUP => {
                    self.push(Kind::Atomic, pc, pos, barrier, 0);
                    barrier = self.stack.len() - 1;
                    pc += 2;
                    continue;
                }
                POSSESSIVE_REPEAT => {
                    if p.word(pc + 3) == 0 {
                        pc += 2 + p.at(pc + 1);
                    } else {
                        self.push(Kind::Possessive, pc, pos, barrier, 0);
                        barrier = self.stack.len() - 1;
                        pc += 4;
                    }
                    continue;
                }
                op @ (GROUPREF | GROUPREF_IGNORE | GROUPREF_LOC_IGNORE | GROUPREF_UNI_IGNORE) => {
                    if let Some((from, to)) = self.group(p.at(pc + 1)) {
                        let n = to - from;
                        if n <= s.len() - pos && same(op, &s[from..to], &s[pos..pos + n]) {
                            pos += n;
                            pc += 2;
                            continue;
                        }
                    }
                }
                GROUPREF_EXISTS => {
                    pc += if self.group(p.at(pc + 1)).is_some() { 3 } else { 1 + p.at(pc + 2) };
                    continue;
                }
                SUCCESS => {
                    if barrier == NONE {
                        let short = req.full && pos != s.len() || req.must_advance && pos == req.start;
                        if !short {
                            return Ok(Some(pos));
                        }
                    } else {
                        let e = self.stack[barrier];
                        let pc0 = e.pc as usize;
                        if e.kind == Kind::AssertNot {
                            // The path fails; what the assertion did is undone with it.
                            while self.stack.len() > barrier + 1 {
                                if let Some(e) = self.stack.pop() {
                                    self.undo(e, &mut current);
                                }
                            }
                            self.stack.pop();
                            barrier = e.b;
                        } else {
                            let base = barrier;
                            barrier = e.b;
                            self.cut(base);
                            match e.kind {
                                Kind::Assert => {
                                    pos = e.a;
                                    pc = pc0 + 1 + p.at(pc0 + 1);
                                }
                                Kind::Atomic => pc = pc0 + 1 + p.at(pc0 + 1),
                                _ => {
                                    let (n, min, max) = (e.c + 1, p.at(pc0 + 2), p.word(pc0 + 3));
                                    if (n < max as usize || max == MAXREPEAT) && (n < min || pos != e.a) {
                                        self.push(Kind::Possessive, pc0, pos, barrier, n);
                                        barrier = self.stack.len() - 1;
                                        pc = pc0 + 4;
                                    } else {
                                        pc = pc0 + 2 + p.at(pc0 + 1);
                                    }
                                }
                            }
                            continue;
                        }
                    }
                }
                _ => {}
            }
            // Back to the latest choice.
            self.steps = self.steps.wrapping_add(1);
            if self.steps & 0xFFFF == 0 && !poll() {
                return Err(Stop);
            }
            loop {
                let Some(e) = self.stack.pop() else { return Ok(None) };
                let epc = e.pc as usize;
                match e.kind {
                    Kind::Mark | Kind::Counter | Kind::Current | Kind::NewRepeat => {
                        self.undo(e, &mut current);
                        continue;
                    }
                    Kind::Branch => {
                        pos = e.a;
                        pc = epc;
                        if !self.alternative(p, s, &mut pc, pos) {
                            continue;
                        }
                    }
                    Kind::Greedy => {
                        let mut at = e.b - 1;
                        if p.word(epc) == LITERAL {
                            let c = p.word(epc + 1);
                            while at >= e.a && !(at < s.len() && s[at].code() == c) {
                                if at == e.a {
                                    at = NONE;
                                    break;
                                }
                                at -= 1;
                            }
                            if at == NONE {
                                continue;
                            }
                        }
                        if at > e.a {
                            self.push(Kind::Greedy, epc, e.a, at, 0);
                        }
                        pos = at;
                        pc = epc;
                    }
                    Kind::Lazy => {
                        if e.a >= s.len() || !p.one(epc + 4, s[e.a].code()) {
                            continue;
                        }
                        let (max, n) = (p.word(epc + 3), e.b + 1);
                        pos = e.a + 1;
                        if max == MAXREPEAT || (max as usize) > n {
                            self.push(Kind::Lazy, epc, pos, n, 0);
                        }
                        pc = epc + 1 + p.at(epc + 1);
                    }
                    Kind::Tail => {
                        pos = e.b;
                        pc = epc;
                        self.push(Kind::Current, 0, e.a, 0, 0);
                        current = self.repeats[e.a].outer;
                    }
                    Kind::Body => {
                        let r = self.repeats[e.a];
                        let max = p.word(r.pc + 3);
                        if e.c >= max as usize && max != MAXREPEAT || e.b == r.last {
                            continue;
                        }
                        self.push(Kind::Counter, 0, e.a, r.count, r.last);
                        self.repeats[e.a].count = e.c;
                        self.repeats[e.a].last = e.b;
                        pos = e.b;
                        pc = r.pc + 4;
                    }
                    Kind::Assert | Kind::Atomic => {
                        barrier = e.b;
                        continue;
                    }
                    Kind::AssertNot => {
                        barrier = e.b;
                        pos = e.a;
                        pc = epc + 1 + p.at(epc + 1);
                    }
                    Kind::Possessive => {
                        barrier = e.b;
                        if e.c < p.at(epc + 2) {
                            continue;
                        }
                        pos = e.a;
                        pc = epc + 2 + p.at(epc + 1);
                    }
                }
                break;
            }
        }
    }

    #[inline]
    fn branch<C: Char>(&mut self, p: &Program, s: &[C], pc: &mut usize, pos: usize) -> bool {
        *pc += 1;
        self.alternative(p, s, pc, pos)
    }

    /// `pc` is at an alternative's distance word: enters the next one that can match and leaves a choice for those after it.
    fn alternative<C: Char>(&mut self, p: &Program, s: &[C], pc: &mut usize, pos: usize) -> bool {
        let possible = |at: usize| match p.word(at + 1) {
            LITERAL => pos < s.len() && s[pos].code() == p.word(at + 2),
            IN => pos < s.len() && p.in_set(at + 3, s[pos].code()),
            _ => true,
        };
        let mut at = *pc;
        loop {
            let skip = p.at(at);
            if skip == 0 {
                return false;
            }
            if possible(at) {
                break;
            }
            at += skip;
        }
        *pc = at + 1;
        let mut next = at + p.at(at);
        loop {
            let skip = p.at(next);
            if skip == 0 {
                return true;
            }
            if possible(next) {
                break;
            }
            next += skip;
        }
        self.push(Kind::Branch, next, pos, 0, 0);
        true
    }
}

/// How many characters (at most `max`) the one-character operation takes.
#[inline]
fn count<C: Char>(p: &Program, pc: usize, s: &[C], pos: usize, max: u32) -> usize {
    let rest = s.get(pos..).unwrap_or(&[]);
    let rest = if max != MAXREPEAT && (max as usize) < rest.len() { &rest[..max as usize] } else { rest };
    let arg = p.word(pc + 1);
    let found = match p.word(pc) {
        ANY_ALL => None,
        ANY => C::of(10).and_then(|c| C::find(rest, c)),
        NOT_LITERAL => C::of(arg).and_then(|c| C::find(rest, c)),
        LITERAL => rest.iter().position(|c| c.code() != arg),
        IN => match p.map(pc + 2) {
            Some(map) => rest.iter().position(|c| {
                let c = c.code();
                if c < 256 { map[c as usize >> 6] >> (c & 63) & 1 == 0 } else { !p.in_set(pc + 2, c) }
            }),
            None => rest.iter().position(|c| !p.in_set(pc + 2, c.code())),
        },
        _ => rest.iter().position(|c| !p.one(pc, c.code())),
    };
    found.unwrap_or(rest.len())
}

fn same<C: Char>(op: u32, a: &[C], b: &[C]) -> bool {
    let fold = match op {
        GROUPREF => return a == b,
        GROUPREF_IGNORE => chars::lower_ascii,
        GROUPREF_LOC_IGNORE => chars::lower_locale,
        _ => chars::lower_unicode,
    };
    a.iter().zip(b).all(|(x, y)| fold(x.code()) == fold(y.code()))
}

fn at<C: Char>(code: u32, s: &[C], pos: usize) -> bool {
    let boundary = |word: fn(u32) -> bool| {
        let before = pos > 0 && word(s[pos - 1].code());
        let after = pos < s.len() && word(s[pos].code());
        before != after
    };
    match code {
        at::BEGINNING | at::BEGINNING_STRING => pos == 0,
        at::BEGINNING_LINE => pos == 0 || s[pos - 1].code() == 10,
        at::END => pos == s.len() || pos + 1 == s.len() && s[pos].code() == 10,
        at::END_LINE => pos == s.len() || s[pos].code() == 10,
        at::END_STRING => pos == s.len(),
        at::BOUNDARY => boundary(chars::is_word),
        at::NON_BOUNDARY => !boundary(chars::is_word),
        at::LOC_BOUNDARY => boundary(chars::is_word_locale),
        at::LOC_NON_BOUNDARY => !boundary(chars::is_word_locale),
        at::UNI_BOUNDARY => boundary(chars::is_word_unicode),
        at::UNI_NON_BOUNDARY => !boundary(chars::is_word_unicode),
        _ => false,
    }
}
