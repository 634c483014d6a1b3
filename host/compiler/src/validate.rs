//! Checks of code objects that come from files: afterwards the evaluator may trust every index, every jump and the
//! stack's depth.

use crate::code::{CodeObject, Const, kind};
use crate::dis::decode;
use std::fmt;
use taipan_abi::opcode::{F_CONST, F_JUMP, F_JUMP_BACK, F_LOCAL, F_NAME, F_STOP, Op, co};

/// What is wrong with a code object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type R<T> = Result<T, Invalid>;

fn bad<T>(msg: impl Into<String>) -> R<T> {
    Err(Invalid(msg.into()))
}

/// Checks a code object and those in its constants.
pub fn validate_all(code: &CodeObject) -> R<()> {
    validate(code)?;
    code.consts.iter().try_for_each(|c| match c {
        Const::Code(inner) => validate_all(inner),
        _ => Ok(()),
    })
}

/// Checks a code object, not those in its constants.
pub fn validate(code: &CodeObject) -> R<()> {
    header(code)?;
    let starts = instructions(code)?;
    generator(code, &starts)?;
    exceptions(code, &starts)?;
    depths(code, &starts)?;
    crate::pairs::check(code, &starts)?;
    crate::verify::verify(code)
}

fn header(code: &CodeObject) -> R<()> {
    let n = code.localsplusnames.len();
    if code.localspluskinds.len() != n {
        return bad("names and kinds of locals differ in number");
    }
    let args = code.argcount as usize
        + code.kwonlyargcount as usize
        + (code.flags & co::VARARGS != 0) as usize
        + (code.flags & co::VARKEYWORDS != 0) as usize;
    if args > n || code.posonlyargcount > code.argcount {
        return bad("more parameters than locals");
    }
    if code.localspluskinds[..args].iter().any(|k| k & kind::ARG == 0 || k & kind::FREE != 0) {
        return bad("a parameter is no local");
    }
    // Free variables come last.
    let mut seen_free = false;
    for k in &code.localspluskinds {
        let free = k & kind::FREE != 0;
        if seen_free && !free {
            return bad("a local after the free variables");
        }
        seen_free |= free;
        if k & (kind::LOCAL | kind::CELL | kind::FREE) == 0 || free && k & (kind::LOCAL | kind::CELL) != 0 {
            return bad("a local of no kind");
        }
    }
    if code.code.is_empty() {
        return bad("no instructions");
    }
    if code.code.len() >= 1 << 24 || code.stacksize >= 1 << 24 || n >= 1 << 24 {
        return bad("too large");
    }
    if !code.exceptiontable.len().is_multiple_of(16) {
        return bad("half a record in the exception table");
    }
    Ok(())
}

/// Checks each instruction by itself; tells for each word whether an instruction begins there.
fn instructions(code: &CodeObject) -> R<Vec<bool>> {
    let len = code.code.len();
    let mut starts = vec![false; len];
    let mut jumps = Vec::new();
    let mut at = 0;
    while at < len {
        starts[at] = true;
        let Some((op, arg)) = decode(code.code[at]) else { return bad(format!("no opcode at {at}")) };
        if op == Op::INVALID {
            return bad(format!("invalid instruction at {at}"));
        }
        let end = at + op.words();
        if end > len {
            return bad("the last instruction is cut off");
        }
        if op.has_cache() && code.code[at + 1] >= code.ncaches {
            return bad(format!("cache index out of range at {at}"));
        }
        let flags = op.info().flags;
        if flags & F_NAME != 0 && arg as usize >= code.names.len() {
            return bad(format!("name index out of range at {at}"));
        }
        if flags & F_CONST != 0 && arg as usize >= code.consts.len() {
            return bad(format!("constant index out of range at {at}"));
        }
        argument(code, op, arg).map_err(|e| Invalid(format!("{} at {at}", e.0)))?;
        if flags & F_JUMP != 0 {
            jumps.push(end + arg as usize);
        } else if flags & F_JUMP_BACK != 0 {
            match end.checked_sub(arg as usize) {
                Some(to) => jumps.push(to),
                None => return bad(format!("jump out of range at {at}")),
            }
        }
        at = end;
    }
    if jumps.iter().any(|to| !starts.get(*to).copied().unwrap_or(false)) {
        return bad("a jump goes to no instruction");
    }
    Ok(starts)
}

/// Only generators and the like yield, and they begin with RETURN_GENERATOR.
fn generator(code: &CodeObject, starts: &[bool]) -> R<()> {
    let flags = co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR;
    let is_generator = code.flags & flags != 0;
    for at in (0..starts.len()).filter(|at| starts[*at]) {
        match decode(code.code[at]).map(|d| d.0) {
            Some(Op::RETURN_GENERATOR) if at > 0 || !is_generator => return bad("RETURN_GENERATOR out of place"),
            Some(Op::YIELD_VALUE) if !is_generator => return bad("a yield outside of a generator"),
            Some(op) if at == 0 && is_generator && op != Op::RETURN_GENERATOR => {
                return bad("a generator that does not begin as one");
            }
            _ => {}
        }
    }
    Ok(())
}

fn argument(code: &CodeObject, op: Op, arg: u32) -> R<()> {
    let local = |i: u32, want: u8| match code.localspluskinds.get(i as usize) {
        Some(k) if k & want != 0 => Ok(()),
        _ => bad("index of a local out of range"),
    };
    let any = kind::LOCAL | kind::CELL | kind::FREE;
    match op {
        Op::LOAD_DEREF | Op::STORE_DEREF | Op::DELETE_DEREF | Op::LOAD_FROM_DICT_OR_DEREF => {
            local(arg, kind::CELL | kind::FREE)
        }
        Op::MAKE_CELL => local(arg, kind::CELL),
        Op::LOAD_FAST_LOAD_FAST | Op::STORE_FAST_LOAD_FAST | Op::STORE_FAST_STORE_FAST => {
            local(arg & 0xfff, any)?;
            local(arg >> 12, any)
        }
        _ if op.info().flags & F_LOCAL != 0 => local(arg, any),
        Op::LOAD_GLOBAL if arg as usize >> 1 >= code.names.len() => bad("name index out of range"),
        Op::LOAD_SUPER_ATTR if arg as usize >> 2 >= code.names.len() => bad("name index out of range"),
        Op::LOAD_COMMON_CONSTANT if arg > 6 => bad("unknown common constant"),
        Op::LOAD_SPECIAL if arg > 3 => bad("unknown special method"),
        Op::BUILD_SLICE if !(2..=3).contains(&arg) => bad("wrong number of items of a slice"),
        Op::RAISE_VARARGS if arg > 2 => bad("too many items to raise"),
        Op::CONVERT_VALUE if !(1..=3).contains(&arg) => bad("unknown conversion"),
        Op::BUILD_INTERPOLATION if arg >> 2 > 3 || arg & 2 != 0 => bad("unknown conversion"),
        Op::CALL_INTRINSIC_1 if arg > 9 => bad("unknown intrinsic"),
        Op::CALL_INTRINSIC_2 if arg > 4 => bad("unknown intrinsic"),
        Op::GET_AWAITABLE if arg > 2 => bad("unknown kind of await"),
        Op::SET_FUNCTION_ATTRIBUTE if !matches!(arg, 1 | 2 | 4 | 8 | 16) => bad("unknown function attribute"),
        Op::BINARY_OP if !(11..=12).contains(&(arg & 0x7f)) || arg > 0xff => bad("unknown operator"),
        _ => Ok(()),
    }
}

fn exceptions(code: &CodeObject, starts: &[bool]) -> R<()> {
    let is_start = |at: u32| starts.get(at as usize).copied().unwrap_or(false);
    let mut last_end = 0;
    for e in code.exception_entries() {
        if e.start < last_end || e.end <= e.start {
            return bad("exception table is not sorted");
        }
        if !is_start(e.start) || !(is_start(e.end) || e.end as usize == starts.len()) || !is_start(e.target) {
            return bad("exception table out of range");
        }
        if e.depth > code.stacksize {
            return bad("a handler is deeper than the stack");
        }
        last_end = e.end;
    }
    Ok(())
}

/// How far below the top an instruction looks, besides what it pops.
fn needs(op: Op, arg: u32) -> usize {
    let n = arg as usize;
    match op {
        Op::COPY | Op::SWAP => n.max(1),
        Op::LIST_APPEND | Op::LIST_EXTEND | Op::SET_ADD | Op::SET_UPDATE | Op::DICT_UPDATE => n.max(1) + 1,
        Op::MAP_ADD => n.max(1) + 2,
        Op::DICT_MERGE => n.max(1) + 4,
        Op::FOR_ITER | Op::GET_LEN | Op::GET_ANEXT | Op::IMPORT_FROM | Op::MATCH_MAPPING | Op::MATCH_SEQUENCE => 1,
        Op::SEND | Op::CHECK_EXC_MATCH | Op::MATCH_KEYS => 2,
        Op::RERAISE => 1 + n,
        Op::WITH_EXCEPT_START => 5,
        Op::YIELD_VALUE => n + 1,
        _ => 0,
    }
}

/// Follows every path: the depth of the stack is the same however an instruction is reached, never negative and never
/// above `stacksize`, and control does not run over the end.
fn depths(code: &CodeObject, starts: &[bool]) -> R<()> {
    let max = code.stacksize as usize;
    let entries: Vec<_> = code.exception_entries().collect();
    let mut depth_at = vec![usize::MAX; starts.len()];
    let mut todo = vec![(0, 0)];
    while let Some((at, depth)) = todo.pop() {
        if depth > max {
            return bad(format!("stack overflow at {at}"));
        }
        match depth_at.get(at) {
            None => return bad("control runs over the end"),
            Some(&d) if d == depth => continue,
            Some(&usize::MAX) => depth_at[at] = depth,
            Some(_) => return bad(format!("stack depths differ at {at}")),
        }
        let Some((op, arg)) = decode(code.code[at]) else { return bad("no opcode") };
        let i = entries.partition_point(|e| e.end as usize <= at);
        if let Some(e) = entries.get(i).filter(|e| e.start as usize <= at) {
            if e.depth as usize > depth {
                return bad(format!("the handler of {at} expects a deeper stack"));
            }
            todo.push((e.target as usize, e.depth as usize + 1 + e.push_lasti as usize));
        }
        let pops = op.pops(arg);
        let needed = pops.max(needs(op, arg));
        if needed > depth || op == Op::YIELD_VALUE && arg as usize + 1 != depth {
            return bad(format!("stack underflow at {at}"));
        }
        let end = at + op.words();
        let after = depth - pops + op.pushes(arg);
        let flags = op.info().flags;
        let there = (depth as isize + op.effect(arg, true)).max(0) as usize;
        if flags & F_JUMP != 0 {
            todo.push((end + arg as usize, there));
        } else if flags & F_JUMP_BACK != 0 {
            todo.push((end - arg as usize, there));
        }
        if flags & F_STOP == 0 {
            todo.push((end, after));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use taipan_abi::opcode::encode;

    fn code(words: &[u32]) -> CodeObject {
        CodeObject { code: words.to_vec(), stacksize: 2, ..CodeObject::default() }
    }

    #[test]
    fn good_and_bad_code() {
        let none = encode(Op::LOAD_NONE, 0);
        let ret = encode(Op::RETURN_VALUE, 0);
        assert_eq!(validate(&code(&[none, ret])), Ok(()));
        for words in [
            &[][..],
            &[none],
            &[ret],
            &[none, none, none, ret],
            &[0, ret],
            &[0xff, ret],
            &[encode(Op::LOAD_CONST, 0), ret],
            &[encode(Op::LOAD_FAST, 0), ret],
            &[encode(Op::JUMP_FORWARD, 5), none, ret],
            &[encode(Op::JUMP_BACKWARD_NO_INTERRUPT, 5), none, ret],
            &[encode(Op::JUMP_BACKWARD, 2), 0],
        ] {
            assert!(validate(&code(words)).is_err(), "{words:x?}");
        }
    }

    #[test]
    fn neighbours() {
        use crate::code::Const;
        let none = encode(Op::LOAD_NONE, 0);
        let ret = encode(Op::RETURN_VALUE, 0);
        let constant = encode(Op::LOAD_CONST, 0);
        let make = encode(Op::MAKE_FUNCTION, 0);
        let with = |words: &[u32], c: Const| validate(&CodeObject { consts: vec![c], stacksize: 4, ..code(words) });
        let inner = |kinds: &[u8]| {
            let names = kinds.iter().map(|_| taipan_syntax::ast::Ident::new("x")).collect();
            let localspluskinds = kinds.to_vec();
            Const::Code(std::rc::Rc::new(CodeObject { localsplusnames: names, localspluskinds, ..code(&[none, ret]) }))
        };
        assert_eq!(with(&[constant, make, ret], inner(&[])), Ok(()));
        // Code that is not code, code from elsewhere, a missing closure, an attribute of no function, a docstring that is not there.
        assert!(with(&[constant, make, ret], Const::None).is_err());
        assert!(with(&[constant, encode(Op::NOP, 0), make, ret], inner(&[])).is_err());
        assert!(with(&[constant, make, ret], inner(&[kind::FREE])).is_err());
        assert!(with(&[none, none, encode(Op::SET_FUNCTION_ATTRIBUTE, 1), ret], Const::None).is_err());
        let c = CodeObject { flags: co::HAS_DOCSTRING, ..code(&[none, ret]) };
        assert!(validate(&c).is_err());
        // Names of keyword arguments that are none.
        let null = encode(Op::PUSH_NULL, 0);
        let call = |names: Const| with(&[none, null, none, constant, encode(Op::CALL_KW, 1), 0, ret], names);
        assert!(call(Const::None).is_err());
        assert!(call(Const::Tuple([Const::Int(1)].into())).is_err());
        // An exception is handled that was not raised.
        assert!(
            validate(&code(&[
                none,
                encode(Op::PUSH_EXC_INFO, 0),
                encode(Op::POP_TOP, 0),
                encode(Op::POP_EXCEPT, 0),
                none,
                ret
            ]))
            .is_err()
        );
    }
}
