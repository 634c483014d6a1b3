//! The bytecode loop.
//!
//! One loop runs all Python frames above its entry frame; a call pushes a frame and goes on, a return pops one. `kk` is how the loop is
//! (re)entered: a continuation with its value on top of the stack, `k::RAISE`, or `BYTECODE`.
//!
//! While the loop runs, `ip`, `sp`, `base` and `f` live in registers; `save!` writes them to the frame before anything that may raise,
//! call back, collect, or look at frames.

use crate::call;
use crate::generator;
use crate::hot;
use crate::operators::{binop_of, cmpop_of};
use crate::rare::{self, rare_ops};
use crate::space::{Call, Callee, Item, Native, Next, ObjSpace, Truth};
use crate::traced;
use crate::unwind;
use taipan_abi::mode::Mode;
use taipan_abi::opcode::{BinOp, CmpOp, Op, SMALL_INT_BIAS};
use taipan_abi::thread::{Frame, Thread, fr, k};
use taipan_abi::word::W;
use taipan_plugin_api::Space;

/// `kk` when execution goes on at a bytecode.
pub const BYTECODE: u32 = u32::MAX;
/// Operands that the result of a call replaces are counted in the upper half of the callee's `Frame::flags`.
pub const POPS_SHIFT: u32 = 16;

/// Why the loop was left.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// The entry frame returned (or yielded) this.
    Value(W),
    /// The entry frame was left by the pending exception.
    Raised,
    /// Go on in the other mode (tracing was switched on or off); the state is in the thread.
    Switch,
    /// The recorder stops here; the state is in the thread.
    Stop,
}

/// Runs the thread's top frame until its entry frame is left.
///
/// # Safety
/// The top frame is complete (`call::push_frame`), `th.resume` says how it goes on.
#[inline(never)]
pub unsafe fn eval<S: ObjSpace, M: Mode, const TRACE: bool>(s: S, m: M) -> Exit {
    let th = m.th();
    let sp_ = Space::new(th);
    let mut f = (*th).gc.frame_top as *mut Frame;
    let mut ip = (*f).ip;
    let mut sp = (*f).sp;
    let mut base = (*f).base;
    // How it goes on, and how many operands the value of continuation `kk` replaces.
    let (mut kk, mut pops) = resumed(th);
    let mut reraised = false;

    'outer: loop {
        macro_rules! save {
            () => {
                (*f).ip = ip;
                (*f).sp = sp;
            };
        }
        macro_rules! load {
            () => {
                f = (*th).gc.frame_top as *mut Frame;
                ip = (*f).ip;
                sp = (*f).sp;
                base = (*f).base;
            };
        }
        macro_rules! push {
            ($w:expr) => {{
                let w = $w;
                m.set(sp, w);
                sp = sp.add(1);
            }};
        }
        macro_rules! cache {
            () => {{
                let c = (*(*f).code).caches.add(*ip as usize);
                ip = ip.add(1);
                c
            }};
        }
        macro_rules! name {
            ($i:expr) => {
                *(*(*f).code).names.add($i as usize)
            };
        }
        // A residual operation on the top operands: NULL = raised.
        macro_rules! unless_null {
            ($w:expr) => {{
                let w = $w;
                if m.raised(w) {
                    kk = k::RAISE;
                    continue 'outer;
                }
                w
            }};
        }
        macro_rules! check {
            ($ok:expr) => {
                if !$ok {
                    kk = k::RAISE;
                    continue 'outer;
                }
            };
        }
        // What others want of this thread; `sys.settrace` holds from here on.
        macro_rules! poll {
            () => {
                if (*th).gc.poll.load(std::sync::atomic::Ordering::Relaxed) != 0 {
                    save!();
                    check!(sp_.poll().is_ok());
                    if call::tracing_wanted(th) != TRACE {
                        return Exit::Switch;
                    }
                }
            };
        }
        // Pushes the frame an operation asked for.
        macro_rules! enter {
            ($call:expr, $pops:expr) => {{
                let c: &mut Call<M> = $call;
                save!();
                let args = sp.add(1);
                m.set(sp, m.kw(c.w_func));
                for i in 0..c.n {
                    m.set(args.add(i), c.args[i]);
                }
                if !M::RECORDING {
                    // What lies in this native frame is found by the collector as long as the loop runs; so the answer is
                    // cleared where the operation wrote it, not in a copy.
                    (&raw mut c.args).write_volatile([m.kw(W::NULL); 4]);
                }
                let (w_func, n, k_) = (c.w_func, c.n, c.k);
                if call::enter(s, m, w_func, args, n, k_, $pops) {
                    load!();
                    continue 'outer;
                }
                kk = k::RAISE;
                continue 'outer;
            }};
        }
        macro_rules! step {
            ($next:expr, $pops:expr) => {{
                let pops_: usize = $pops;
                match $next {
                    Next::Done(w) => {
                        sp = sp.sub(pops_);
                        push!(w);
                    }
                    Next::Raised => {
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    Next::Call(ref mut c) => enter!(c, pops_),
                    Next::Cont(v, k) => {
                        push!(v);
                        pops = pops_;
                        kk = k;
                        continue 'outer;
                    }
                }
            }};
        }
        // As step!, but the instruction pushes nothing.
        macro_rules! step_none {
            ($next:expr, $pops:expr) => {{
                match $next {
                    Next::Done(_) => sp = sp.sub($pops),
                    Next::Raised => {
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    Next::Call(ref mut c) => enter!(c, $pops),
                    Next::Cont(v, k) => {
                        push!(v);
                        pops = $pops;
                        kk = k;
                        continue 'outer;
                    }
                }
            }};
        }
        macro_rules! jump_if {
            ($when:expr, $arg:expr) => {{
                let w = m.get(sp.sub(1));
                save!();
                match s.truth(m, w) {
                    Truth::Known(t) => {
                        sp = sp.sub(1);
                        if t == $when {
                            ip = ip.add($arg as usize);
                        }
                    }
                    Truth::Raised => {
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    Truth::Call(ref mut c) => enter!(c, 1),
                }
            }};
        }
        macro_rules! binary {
            ($op:ident, $arg:expr) => {{
                let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                let c = cache!();
                save!();
                step!(s.binop(m, BinOp::$op, $arg != 0, a, b, c), 2)
            }};
            ($op:ident, $arg:expr, $ovf:ident, $prim:ident) => {{
                let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                if m.branch(m.both_int(a, b)) && !m.branch(m.$ovf(a, b)) {
                    ip = ip.add(1);
                    sp = sp.sub(1);
                    m.set(sp.sub(1), m.$prim(a, b));
                } else {
                    let c = cache!();
                    save!();
                    step!(s.binop(m, BinOp::$op, $arg != 0, a, b, c), 2)
                }
            }};
            (bits $op:ident, $arg:expr, $prim:ident) => {{
                let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                if m.branch(m.both_int(a, b)) {
                    ip = ip.add(1);
                    sp = sp.sub(1);
                    m.set(sp.sub(1), m.$prim(a, b));
                } else {
                    let c = cache!();
                    save!();
                    step!(s.binop(m, BinOp::$op, $arg != 0, a, b, c), 2)
                }
            }};
        }
        macro_rules! compare {
            ($op:ident, |$a:ident, $b:ident| $cond:expr) => {{
                let ($a, $b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                if m.branch(m.both_int($a, $b)) {
                    let cond = $cond;
                    ip = ip.add(1);
                    let next = *ip;
                    // The jump that usually follows needs no bool object.
                    if next as u8 == Op::POP_JUMP_IF_FALSE as u8 {
                        ip = ip.add(1);
                        sp = sp.sub(2);
                        if !m.branch(cond) {
                            ip = ip.add((next >> 8) as usize);
                        }
                    } else {
                        sp = sp.sub(1);
                        m.set(sp.sub(1), m.wbool(cond));
                    }
                } else {
                    let c = cache!();
                    save!();
                    step!(s.compare(m, CmpOp::$op, $a, $b, c), 2)
                }
            }};
        }

        // The running frame's result is `v`.
        macro_rules! returned {
            ($v:expr) => {{
                let v = $v;
                let (flags, cont) = ((*f).flags, (*f).cont);
                if TRACE || flags & fr::GENERATOR != 0 || !(*f).w_frame.is_null() {
                    m.give_up("a generator's end, or a frame that someone looks at");
                    save!();
                    check!(call::leave::<M, TRACE>(m, f, v));
                }
                let window = base.sub(1);
                call::pop_frame(th, f);
                if flags & fr::ENTRY != 0 {
                    return Exit::Value(m.w(v));
                }
                if flags & fr::GENERATOR != 0 {
                    generator::wake(th, window);
                }
                load!();
                if cont == k::CALL {
                    sp = sp.sub((flags >> POPS_SHIFT) as usize);
                    push!(v);
                } else if flags & fr::GENERATOR != 0 {
                    // Exhausted: the instruction that resumed it goes on.
                    if TRACE && (cont == k::SEND_GEN || cont == k::FOR_GEN && !m.w(v).is_none()) {
                        save!();
                        check!(traced::stopped(sp_, f, m.w(v)));
                    }
                    match cont {
                        k::FOR_GEN => ip = ip.add((*ip.sub(2) >> 8) as usize),
                        k::SEND_GEN => {
                            m.set(sp.sub(1), v);
                            ip = ip.add((*ip.sub(2) >> 8) as usize);
                        }
                        _ => {
                            generator::stop_iteration(sp_, m.w(v));
                            kk = k::RAISE;
                            continue 'outer;
                        }
                    }
                } else {
                    push!(v);
                    pops = (flags >> POPS_SHIFT) as usize;
                    kk = cont;
                    continue 'outer;
                }
            }};
        }

        if kk != BYTECODE {
            let k = std::mem::replace(&mut kk, BYTECODE);
            m.at_cont(k, ip, sp);
            if k == k::RAISE {
                m.give_up("an exception");
                save!();
                if !unwind::unwind::<TRACE>(sp_, std::mem::take(&mut reraised)) {
                    return Exit::Raised;
                }
                load!();
            } else {
                // The value is on top, the instruction's operands below it.
                let v = m.get(sp.sub(1));
                sp = sp.sub(1);
                save!();
                match k {
                    k::CALL | k::DONE => {
                        sp = sp.sub(pops);
                        push!(v);
                    }
                    k::DISCARD => sp = sp.sub(pops),
                    k::BINOP1 | k::BINOP2 | k::BINOP_SUB | k::INPLACE1 => {
                        let ins = *ip.sub(2);
                        let (op, inplace) = binop_of(ins);
                        let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                        step!(s.binop_cont(m, k, op, inplace, a, b, v), 2)
                    }
                    k::COMPARE1 | k::COMPARE2 | k::COMPARE_SUB => {
                        let op = cmpop_of(*ip.sub(2));
                        let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                        step!(s.compare_cont(m, k, op, a, b, v), 2)
                    }
                    k::INIT => {
                        // The instance lies in the first argument's place, which INIT's frame window began with.
                        if !m.branch(m.weq(v, m.kw(W::NONE))) {
                            rare::init_returned(sp_, m.w(v));
                            kk = k::RAISE;
                            continue 'outer;
                        }
                        let instance = m.get(sp.sub(pops));
                        sp = sp.sub(pops);
                        push!(instance);
                    }
                    k::METHOD_VALUE => {
                        sp = sp.sub(pops);
                        push!(v);
                        push!(m.kw(W::NULL));
                    }
                    k::BOOL | k::BOOL_LEN => {
                        let t = unless_null!(hot::truth_result(m, v, k == k::BOOL_LEN));
                        let ins = *ip.sub(1);
                        sp = sp.sub(1);
                        let op = ins as u8;
                        let taken = (m.w(t) == W::TRUE)
                            == (op == Op::POP_JUMP_IF_TRUE as u8 || op == Op::JUMP_IF_TRUE_OR_POP as u8);
                        if op == Op::JUMP_IF_TRUE_OR_POP as u8 || op == Op::JUMP_IF_FALSE_OR_POP as u8 {
                            sp = sp.add(taken as usize);
                        }
                        if taken {
                            ip = ip.add((ins >> 8) as usize);
                        }
                    }
                    k::NOT_BOOL | k::NOT_LEN => {
                        let t = unless_null!(hot::truth_result(m, v, k == k::NOT_LEN));
                        sp = sp.sub(1);
                        push!(m.kw(W::bool(m.w(t) == W::FALSE)));
                    }
                    k::CONTAINS => {
                        let ins = *ip.sub(2);
                        let t = unless_null!(hot::truth(m, v));
                        sp = sp.sub(2);
                        push!(m.kw(W::bool((m.w(t) == W::TRUE) != (ins >> 8 == 1))));
                    }
                    k::FOR => {
                        if M::RECORDING || m.w(v) != W::EXHAUSTED {
                            push!(v)
                        } else {
                            ip = ip.add((*ip.sub(2) >> 8) as usize);
                        }
                    }
                    k::ITER => {
                        unless_null!(hot::check_iter(m, v));
                        sp = sp.sub(1);
                        push!(v);
                    }
                    _ => {
                        rare::bad_continuation(sp_, k);
                        kk = k::RAISE;
                        continue 'outer;
                    }
                }
            }
        }
        loop {
            if m.at(ip, sp) {
                save!();
                return Exit::Stop;
            }
            if TRACE {
                save!();
                let ok = traced::instruction(sp_, f);
                load!();
                check!(ok);
            }
            let ins = *ip;
            ip = ip.add(1);
            let arg = ins >> 8;
            // SAFETY: code objects are made from validated instructions only.
            match std::mem::transmute::<u8, Op>(ins as u8) {
                Op::NOP => {}
                Op::POP_TOP | Op::POP_ITER => sp = sp.sub(1),
                Op::PUSH_NULL => push!(m.kw(W::NULL)),
                Op::COPY => push!(m.get(sp.sub(arg as usize))),
                Op::SWAP => {
                    let (top, other) = (m.get(sp.sub(1)), m.get(sp.sub(arg as usize)));
                    m.set(sp.sub(1), other);
                    m.set(sp.sub(arg as usize), top);
                }
                Op::LOAD_CONST => push!(m.kw(*(*(*f).code).consts.add(arg as usize))),
                Op::LOAD_SMALL_INT => push!(m.kw(W::int(arg as i64 - SMALL_INT_BIAS))),
                Op::LOAD_NONE => push!(m.kw(W::NONE)),
                Op::LOAD_TRUE => push!(m.kw(W::TRUE)),
                Op::LOAD_FALSE => push!(m.kw(W::FALSE)),
                Op::LOAD_FAST | Op::LOAD_FAST_AND_CLEAR | Op::LOAD_FAST_CHECK => {
                    let slot = base.add(arg as usize);
                    let w = m.get(slot);
                    if ins as u8 == Op::LOAD_FAST_CHECK as u8 && m.branch(m.is_null(w)) {
                        save!();
                        rare::unbound_local(sp_, (*f).code, arg);
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    push!(w);
                    if ins as u8 == Op::LOAD_FAST_AND_CLEAR as u8 {
                        m.set(slot, m.kw(W::NULL));
                    }
                }
                Op::LOAD_FAST_LOAD_FAST => {
                    let (a, b) = (m.get(base.add((arg & 0xfff) as usize)), m.get(base.add((arg >> 12) as usize)));
                    m.set(sp, a);
                    m.set(sp.add(1), b);
                    sp = sp.add(2);
                }
                Op::STORE_FAST | Op::STORE_FAST_MAYBE_NULL => {
                    sp = sp.sub(1);
                    m.set(base.add(arg as usize), m.get(sp));
                }
                Op::STORE_FAST_LOAD_FAST => {
                    m.set(base.add((arg & 0xfff) as usize), m.get(sp.sub(1)));
                    m.set(sp.sub(1), m.get(base.add((arg >> 12) as usize)));
                }
                Op::STORE_FAST_STORE_FAST => {
                    m.set(base.add((arg & 0xfff) as usize), m.get(sp.sub(1)));
                    m.set(base.add((arg >> 12) as usize), m.get(sp.sub(2)));
                    sp = sp.sub(2);
                }
                Op::DELETE_FAST => {
                    let slot = base.add(arg as usize);
                    if m.branch(m.is_null(m.get(slot))) {
                        save!();
                        rare::unbound_local(sp_, (*f).code, arg);
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    m.set(slot, m.kw(W::NULL));
                }
                Op::LOAD_DEREF => {
                    let cell = m.get(base.add(arg as usize));
                    let w = m.getf(cell, &call::CELL_VALUE, m.ki(0));
                    if m.branch(m.is_null(w)) {
                        save!();
                        rare::unbound_deref(sp_, (*f).code, arg);
                        kk = k::RAISE;
                        continue 'outer;
                    }
                    push!(w);
                }
                Op::STORE_DEREF => {
                    sp = sp.sub(1);
                    let cell = m.get(base.add(arg as usize));
                    m.setf(cell, &call::CELL_VALUE, m.ki(0), m.get(sp));
                }
                Op::LOAD_GLOBAL => {
                    let c = cache!();
                    save!();
                    let w_name = name!(arg >> 1);
                    let mut next = s.load_global(m, (*f).w_globals, w_name, c);
                    step!(next, 0);
                    if arg & 1 != 0 {
                        push!(m.kw(W::NULL));
                    }
                }
                Op::LOAD_ATTR => {
                    let w = m.get(sp.sub(1));
                    let c = cache!();
                    save!();
                    step!(s.getattr(m, w, name!(arg), c), 1)
                }
                Op::LOAD_METHOD => {
                    let w = m.get(sp.sub(1));
                    let c = cache!();
                    save!();
                    let mut with_self = false;
                    match s.load_method(m, w, name!(arg), c, &mut with_self) {
                        Next::Done(func) => {
                            m.set(sp.sub(1), func);
                            push!(if with_self { w } else { m.kw(W::NULL) });
                        }
                        Next::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                        Next::Call(ref mut c) => enter!(c, 1),
                        Next::Cont(v, k) => {
                            push!(v);
                            pops = 1;
                            kk = k;
                            continue 'outer;
                        }
                    }
                }
                Op::STORE_ATTR => {
                    let (v, w) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let c = cache!();
                    save!();
                    step_none!(s.setattr(m, w, name!(arg), v, c), 2)
                }
                Op::BINARY_ADD => binary!(Add, arg, add_ovf, tadd),
                Op::BINARY_SUB => binary!(Sub, arg, sub_ovf, tsub),
                Op::BINARY_MUL => binary!(Mul, arg, mul_ovf, tmul),
                Op::BINARY_TRUEDIV => binary!(TrueDiv, arg),
                Op::BINARY_FLOORDIV => binary!(FloorDiv, arg),
                Op::BINARY_MOD => binary!(Mod, arg),
                Op::BINARY_AND => binary!(bits And, arg, tand),
                Op::BINARY_OR => binary!(bits Or, arg, tor),
                Op::BINARY_XOR => binary!(bits Xor, arg, txor),
                Op::BINARY_LSHIFT => binary!(LShift, arg),
                Op::BINARY_RSHIFT => binary!(RShift, arg),
                Op::BINARY_OP => {
                    let (op, inplace) = binop_of(ins);
                    let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let c = cache!();
                    save!();
                    step!(s.binop(m, op, inplace, a, b, c), 2)
                }
                Op::COMPARE_LT => compare!(Lt, |a, b| m.tlt(a, b)),
                Op::COMPARE_LE => compare!(Le, |a, b| m.tle(a, b)),
                Op::COMPARE_EQ => compare!(Eq, |a, b| m.weq(a, b)),
                Op::COMPARE_NE => compare!(Ne, |a, b| m.not(m.weq(a, b))),
                Op::COMPARE_GT => compare!(Gt, |a, b| m.tlt(b, a)),
                Op::COMPARE_GE => compare!(Ge, |a, b| m.tle(b, a)),
                Op::IS_OP => {
                    let (a, b) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let mut c = m.weq(a, b);
                    if arg == 1 {
                        c = m.not(c);
                    }
                    sp = sp.sub(1);
                    m.set(sp.sub(1), m.wbool(c));
                }
                Op::CONTAINS_OP => {
                    let (x, a) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let c = cache!();
                    save!();
                    match s.contains(m, a, x, c) {
                        Next::Done(w) => {
                            sp = sp.sub(1);
                            let w = if arg == 1 { m.wbool(m.weq(w, m.kw(W::FALSE))) } else { w };
                            m.set(sp.sub(1), w);
                        }
                        mut other => step!(other, 2),
                    }
                }
                Op::UNARY_NOT => {
                    let w = m.get(sp.sub(1));
                    save!();
                    match s.truth(m, w) {
                        Truth::Known(t) => m.set(sp.sub(1), m.kw(W::bool(!t))),
                        Truth::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                        Truth::Call(ref mut c) => {
                            c.k = if c.k == k::BOOL { k::NOT_BOOL } else { k::NOT_LEN };
                            enter!(c, 1)
                        }
                    }
                }
                Op::BINARY_SUBSCR => {
                    let (a, key) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let c = cache!();
                    save!();
                    step!(s.getitem(m, a, key, c), 2)
                }
                Op::STORE_SUBSCR => {
                    let (v, a, key) = (m.get(sp.sub(3)), m.get(sp.sub(2)), m.get(sp.sub(1)));
                    let c = cache!();
                    save!();
                    step_none!(s.setitem(m, a, key, v, c), 3)
                }
                Op::JUMP_FORWARD => ip = ip.add(arg as usize),
                Op::JUMP_BACKWARD => {
                    let c = cache!();
                    if (*th).gc.poll.load(std::sync::atomic::Ordering::Relaxed) != 0 {
                        // What a signal handler raises is raised by the jump: its target may be the first instruction of a `try`.
                        save!();
                        check!(sp_.poll().is_ok());
                        if call::tracing_wanted(th) != TRACE {
                            ip = ip.sub(arg as usize);
                            save!();
                            return Exit::Switch;
                        }
                    }
                    ip = ip.sub(arg as usize);
                    if M::RECORDING {
                        save!();
                        if m.back_edge((*f).code, ip, sp) {
                            return Exit::Stop;
                        }
                    } else if !TRACE && !(*th).jit.is_null() {
                        (*c).count += 1;
                        if (*c).count >= (*th).jit_threshold || (*c).a != 0 {
                            save!();
                            match hot::back_edge(th, (*f).code, ip, sp, c) {
                                hot::Answer::Interpret => {}
                                hot::Answer::Moved => {
                                    load!();
                                    (kk, pops) = resumed(th);
                                    continue 'outer;
                                }
                                hot::Answer::Record => return Exit::Switch,
                            }
                        }
                    }
                }
                Op::JUMP_BACKWARD_NO_INTERRUPT => ip = ip.sub(arg as usize),
                Op::POP_JUMP_IF_FALSE => jump_if!(false, arg),
                Op::POP_JUMP_IF_TRUE => jump_if!(true, arg),
                Op::POP_JUMP_IF_NONE => {
                    sp = sp.sub(1);
                    if m.branch(m.weq(m.get(sp), m.kw(W::NONE))) {
                        ip = ip.add(arg as usize);
                    }
                }
                Op::POP_JUMP_IF_NOT_NONE => {
                    sp = sp.sub(1);
                    if !m.branch(m.weq(m.get(sp), m.kw(W::NONE))) {
                        ip = ip.add(arg as usize);
                    }
                }
                Op::JUMP_IF_FALSE_OR_POP | Op::JUMP_IF_TRUE_OR_POP => {
                    let when = ins as u8 == Op::JUMP_IF_TRUE_OR_POP as u8;
                    let w = m.get(sp.sub(1));
                    save!();
                    match s.truth(m, w) {
                        Truth::Known(t) => {
                            if t == when {
                                ip = ip.add(arg as usize);
                            } else {
                                sp = sp.sub(1);
                            }
                        }
                        Truth::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                        Truth::Call(ref mut c) => enter!(c, 1),
                    }
                }
                Op::GET_ITER => {
                    let w = m.get(sp.sub(1));
                    save!();
                    step!(s.iter(m, w), 1)
                }
                Op::FOR_ITER => {
                    let it = m.get(sp.sub(1));
                    let c = cache!();
                    save!();
                    let unpacked = !TRACE && !M::RECORDING && *ip == Op::UNPACK_SEQUENCE as u32 | 2 << 8;
                    match s.next(m, it, unpacked, c) {
                        Item::Value(w) => push!(w),
                        Item::Pair(first, second) => {
                            push!(second);
                            push!(first);
                            ip = ip.add(2);
                        }
                        Item::Exhausted => ip = ip.add(arg as usize),
                        Item::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                        Item::Resume(g) => {
                            check!(generator::resume(m, g, m.kw(W::NONE), sp, k::FOR_GEN, 0));
                            load!();
                        }
                        Item::Call(ref mut c) => enter!(c, 0),
                    }
                }
                Op::UNPACK_SEQUENCE => {
                    let w = m.get(sp.sub(1));
                    ip = ip.add(1);
                    save!();
                    check!(s.unpack(m, w, arg as usize, sp.sub(1)));
                    sp = sp.add(arg as usize).sub(1);
                }
                Op::CALL => {
                    let n = arg as usize;
                    let mut args = sp.sub(n);
                    let at = args.sub(2);
                    let c = cache!();
                    save!();
                    let func = m.get(at);
                    let mut nargs = n;
                    if !m.branch(m.is_null(m.get(args.sub(1)))) {
                        args = args.sub(1);
                        nargs += 1;
                    }
                    match s.callee(m, func, args, nargs, c) {
                        Callee::Function(w_func) => {
                            if nargs == n {
                                m.set(args.sub(1), func);
                            }
                            check!(call::enter(s, m, w_func, args, nargs, k::CALL, n + 2));
                            load!();
                            poll!();
                        }
                        // The callable is read again, so that no word of it has to lie in this native frame, where the collector looks.
                        Callee::Called(w_func) => {
                            let extra = (nargs != n) as usize;
                            let w_self = m.get(at);
                            if extra != 0 {
                                call::shift_up(m, args, args.add(1), nargs);
                                sp = sp.add(1);
                                (*f).sp = sp;
                            }
                            m.set(at, m.kw(w_func));
                            m.set(at.add(1), w_self);
                            check!(call::enter(s, m, w_func, at.add(1), nargs + 1, k::CALL, n + 2 + extra));
                            load!();
                        }
                        Callee::Method(w_func, w_self) => {
                            // A bound method: its self goes before the arguments.
                            let extra = (nargs != n) as usize;
                            if extra != 0 {
                                call::shift_up(m, args, args.add(1), nargs);
                                sp = sp.add(1);
                                (*f).sp = sp;
                            }
                            m.set(at, m.kw(w_func));
                            m.set(at.add(1), w_self);
                            check!(call::enter(s, m, w_func, at.add(1), nargs + 1, k::CALL, n + 2 + extra));
                            load!();
                        }
                        Callee::Init(instance, w_init) => {
                            // [class, NULL, args] becomes [instance, __init__, instance, args]; INIT finds the result below.
                            call::shift_up(m, args, at.add(3), nargs);
                            m.set(at, instance);
                            m.set(at.add(1), m.kw(w_init));
                            m.set(at.add(2), instance);
                            sp = at.add(3 + nargs);
                            (*f).sp = sp;
                            check!(call::enter(s, m, w_init, at.add(2), nargs + 1, k::INIT, nargs + 3));
                            load!();
                        }
                        Callee::Resume(g, v) => {
                            check!(generator::resume(m, g, v, sp, k::GEN_CALL, n + 2));
                            load!();
                        }
                        Callee::Native(native) => {
                            let w = match native {
                                Native::Parsed(f, missing) => {
                                    for i in 0..missing {
                                        *args.add(nargs + i) = W::NULL;
                                    }
                                    f(th, args)
                                }
                                Native::Raw(f, w_self, skip) => f(th, w_self, args.add(skip), nargs - skip, W::NULL),
                            };
                            let w = unless_null!(m.kw(w));
                            sp = at;
                            push!(w);
                            poll!();
                        }
                        Callee::Other => {
                            let w = unless_null!(s.call(m, m.get(at), args, nargs, W::NULL));
                            sp = at;
                            push!(w);
                            poll!();
                        }
                        Callee::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                    }
                }
                Op::CALL_KW => {
                    let n = arg as usize;
                    ip = ip.add(1);
                    save!();
                    m.give_up("a call with keywords");
                    match call::call_kw(s, m, f, sp, n) {
                        call::Outcome::Entered => {
                            load!();
                        }
                        call::Outcome::Value(w) => {
                            sp = sp.sub(n + 3);
                            push!(m.kw(w));
                        }
                        call::Outcome::Raised => {
                            kk = k::RAISE;
                            continue 'outer;
                        }
                    }
                }
                Op::RETURN_VALUE => {
                    let v = m.get(sp.sub(1));
                    returned!(v)
                }
                Op::RETURN_GENERATOR => {
                    save!();
                    m.give_up("making a generator");
                    let v = unless_null!(generator::make(m, f));
                    returned!(v)
                }
                Op::YIELD_VALUE => {
                    m.give_up("a yield");
                    let v = m.get(sp.sub(1));
                    sp = sp.sub(1);
                    save!();
                    let (mut flags, mut cont) = ((*f).flags, (*f).cont);
                    let window = base.sub(1);
                    if TRACE {
                        check!(traced::returned(sp_, f, m.w(v)).is_ok());
                        if traced::jumped(sp_, f) {
                            load!();
                            continue;
                        }
                    }
                    check!(generator::suspend(m, f, v));
                    // Those that only delegate hand the value on.
                    if cont == k::SEND_GEN {
                        if TRACE {
                            generator::wake(th, window);
                        }
                        while flags & fr::ENTRY == 0 {
                            let outer = (*th).gc.frame_top as *mut Frame;
                            if (*outer).flags & fr::DELEGATING == 0 {
                                break;
                            }
                            (flags, cont) = ((*outer).flags, (*outer).cont);
                            generator::pop_delegating(th, outer);
                        }
                    }
                    if flags & fr::ENTRY != 0 {
                        return Exit::Value(m.w(v));
                    }
                    load!();
                    match cont {
                        k::FOR_GEN => push!(v),
                        k::SEND_GEN => m.set(sp.sub(1), v),
                        _ => {
                            sp = sp.sub((flags >> POPS_SHIFT) as usize);
                            push!(v);
                        }
                    }
                }
                Op::SEND => {
                    let (receiver, v) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    ip = ip.add(1);
                    save!();
                    if generator::can_resume(m, receiver) {
                        check!(generator::resume(m, receiver, v, sp, k::SEND_GEN, 0));
                        load!();
                    } else {
                        m.give_up("sending to something else than a generator");
                        let mut result = W::NULL;
                        match (sp_.ops().send.exec)(th, m.w(receiver), m.w(v), &mut result) {
                            1 => m.set(sp.sub(1), m.kw(result)),
                            0 => {
                                m.set(sp.sub(1), m.kw(result));
                                if TRACE && !result.is_none() {
                                    check!(traced::stopped(sp_, f, result));
                                }
                                ip = ip.add(arg as usize);
                            }
                            _ => {
                                kk = k::RAISE;
                                continue 'outer;
                            }
                        }
                    }
                }
                Op::END_SEND => {
                    let v = m.get(sp.sub(1));
                    sp = sp.sub(1);
                    m.set(sp.sub(1), v);
                }
                Op::BUILD_TUPLE => {
                    save!();
                    let items = sp.sub(arg as usize);
                    let w = unless_null!(s.build_tuple(m, items, arg as usize));
                    sp = items;
                    push!(w);
                }
                Op::BUILD_LIST => {
                    save!();
                    let items = sp.sub(arg as usize);
                    let w = unless_null!(s.build_list(m, items, arg as usize));
                    sp = items;
                    push!(w);
                }
                Op::LIST_APPEND => {
                    let v = m.get(sp.sub(1));
                    save!();
                    let list = m.get(sp.sub(1 + arg as usize));
                    check!(s.list_append(m, list, v));
                    sp = sp.sub(1);
                }
                Op::SET_ADD if !M::RECORDING => {
                    save!();
                    check!(s.set_add(m, m.get(sp.sub(1 + arg as usize)), m.get(sp.sub(1))));
                    sp = sp.sub(1);
                }
                Op::MAP_ADD if !M::RECORDING => {
                    save!();
                    let (key, v) = (m.get(sp.sub(2)), m.get(sp.sub(1)));
                    check!(s.map_add(m, m.get(sp.sub(2 + arg as usize)), key, v));
                    sp = sp.sub(2);
                }
                Op::PUSH_EXC_INFO => {
                    m.give_up("an exception handler");
                    let e = m.get(sp.sub(1));
                    let previous = std::mem::replace(&mut (*th).handled, m.w(e));
                    m.set(sp.sub(1), m.kw(if previous.is_null() { W::NONE } else { previous }));
                    push!(e);
                }
                Op::POP_EXCEPT => {
                    m.give_up("an exception handler");
                    sp = sp.sub(1);
                    let w = m.w(m.get(sp));
                    (*th).handled = if w.is_none() { W::NULL } else { w };
                }
                // The rest: instructions that no hot path depends on. They work on the saved frame. They are named, so that the match
                // is exhaustive and its jump needs no range check.
                op @ rare_ops!() => {
                    if M::RECORDING {
                        ip = ip.sub(1);
                        save!();
                        return Exit::Stop;
                    }
                    if op.has_cache() {
                        ip = ip.add(1);
                    }
                    save!();
                    let ok = rare::execute(s, sp_, f, op, arg);
                    // A re-raised exception has its entry of this frame already.
                    reraised = !ok
                        && (matches!(op, Op::RERAISE | Op::END_ASYNC_FOR | Op::CLEANUP_THROW)
                            || op == Op::RAISE_VARARGS && arg == 0 && !(*th).handled.is_null());
                    check!(ok);
                    load!();
                }
            }
        }
    }
}

/// Takes the thread's word about how it goes on: a continuation, and in the upper half the operands its value replaces.
#[inline(always)]
unsafe fn resumed(th: *mut Thread) -> (u32, usize) {
    match std::mem::replace(&mut (*th).resume, BYTECODE) {
        BYTECODE => (BYTECODE, 0),
        k => (k & 0xffff, (k >> POPS_SHIFT) as usize),
    }
}
