//! Instructions that no hot path depends on. They work on the saved frame: `f.ip` is the next instruction, `f.sp` one past the operands.

use crate::call::{new_cell, run_namespace};
use crate::objects::{WCell, WFunction};
use crate::rare_exc;
use crate::rare_match;
use crate::space::ObjSpace;
use taipan_abi::known;
use taipan_abi::opcode::{Intrinsic1, Intrinsic2, Op, co};
use taipan_abi::thread::{Code, Frame};
use taipan_abi::word::{TID_CELL, TID_COROUTINE, TID_DICT, TID_FUNCTION, TID_GENERATOR, TID_STR, TID_TUPLE, W};
use taipan_plugin_api::{Raised, Res, Space, name, raise, setfield};

/// The instructions that `execute` runs, as a pattern: so the evaluator's match is exhaustive and its jump needs no range check.
macro_rules! rare_ops {
    () => {
        Op::INVALID
            | Op::LOAD_COMMON_CONSTANT
            | Op::DELETE_DEREF
            | Op::MAKE_CELL
            | Op::LOAD_FROM_DICT_OR_DEREF
            | Op::LOAD_NAME
            | Op::STORE_NAME
            | Op::DELETE_NAME
            | Op::STORE_GLOBAL
            | Op::DELETE_GLOBAL
            | Op::LOAD_FROM_DICT_OR_GLOBALS
            | Op::LOAD_LOCALS
            | Op::LOAD_BUILD_CLASS
            | Op::DELETE_ATTR
            | Op::LOAD_SUPER_ATTR
            | Op::LOAD_SPECIAL
            | Op::UNARY_NEGATIVE
            | Op::UNARY_POSITIVE
            | Op::UNARY_INVERT
            | Op::DELETE_SUBSCR
            | Op::BINARY_SLICE
            | Op::STORE_SLICE
            | Op::BUILD_SLICE
            | Op::GET_LEN
            | Op::UNPACK_EX
            | Op::CALL_FUNCTION_EX
            | Op::MAKE_FUNCTION
            | Op::SET_FUNCTION_ATTRIBUTE
            | Op::GET_YIELD_FROM_ITER
            | Op::GET_AWAITABLE
            | Op::GET_AITER
            | Op::GET_ANEXT
            | Op::END_ASYNC_FOR
            | Op::CLEANUP_THROW
            | Op::BUILD_SET
            | Op::BUILD_MAP
            | Op::BUILD_STRING
            | Op::BUILD_TEMPLATE
            | Op::BUILD_INTERPOLATION
            | Op::LIST_EXTEND
            | Op::SET_ADD
            | Op::SET_UPDATE
            | Op::MAP_ADD
            | Op::DICT_UPDATE
            | Op::DICT_MERGE
            | Op::FORMAT_SIMPLE
            | Op::FORMAT_WITH_SPEC
            | Op::CONVERT_VALUE
            | Op::IMPORT_NAME
            | Op::IMPORT_FROM
            | Op::RERAISE
            | Op::RAISE_VARARGS
            | Op::CHECK_EXC_MATCH
            | Op::CHECK_EG_MATCH
            | Op::WITH_EXCEPT_START
            | Op::MATCH_MAPPING
            | Op::MATCH_SEQUENCE
            | Op::MATCH_KEYS
            | Op::MATCH_CLASS
            | Op::CALL_INTRINSIC_1
            | Op::CALL_INTRINSIC_2
            | Op::SETUP_ANNOTATIONS
    };
}
pub(crate) use rare_ops;

/// The operands of the running frame.
pub(crate) struct Stack(pub *mut Frame);
impl Stack {
    /// n = 1 is the top.
    pub(crate) fn peek(&self, n: usize) -> W {
        // SAFETY: the compiler's stack depth check.
        unsafe { *(*self.0).sp.sub(n) }
    }
    pub(crate) fn poke(&self, n: usize, w: W) {
        // SAFETY: as above.
        unsafe { *(*self.0).sp.sub(n) = w }
    }
    pub(crate) fn drop(&self, n: usize) {
        // SAFETY: as above.
        unsafe { (*self.0).sp = (*self.0).sp.sub(n) }
    }
    pub(crate) fn push(&self, w: W) {
        // SAFETY: as above.
        unsafe {
            *(*self.0).sp = w;
            (*self.0).sp = (*self.0).sp.add(1)
        }
    }
    pub(crate) fn pop(&self) -> W {
        self.drop(1);
        // SAFETY: as above.
        unsafe { *(*self.0).sp }
    }
    pub(crate) fn top(&self, n: usize) -> &[W] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts((*self.0).sp.sub(n), n) }
    }
}

/// Runs one instruction. False = raised.
///
/// # Safety
/// `f` is the running frame, saved.
#[inline(never)]
pub unsafe fn execute<S: ObjSpace>(s: S, sp: Space, f: *mut Frame, op: Op, arg: u32) -> bool {
    instruction(s, sp, f, op, arg).is_ok()
}

unsafe fn instruction<S: ObjSpace>(s: S, sp: Space, f: *mut Frame, op: Op, arg: u32) -> Res<()> {
    let st = Stack(f);
    let code = &*(*f).code;
    let n = arg as usize;
    let the_name = || *code.names.add(n);
    match op {
        Op::LOAD_COMMON_CONSTANT => st.push(match arg {
            0 => sp.known(known::ASSERTION_ERROR),
            1 => sp.known(known::NOT_IMPLEMENTED_ERROR),
            2 => sp.known(known::TUPLE),
            3 => sp.known(known::ALL),
            4 => sp.known(known::ANY),
            5 => sp.known(known::LIST),
            _ => sp.known(known::SET),
        }),
        Op::DELETE_DEREF => {
            let cell = *(*f).base.add(n);
            if (*cell.ptr::<WCell>()).w_value.is_null() {
                return Err(unbound_deref(sp, (*f).code, arg));
            }
            (*cell.ptr::<WCell>()).w_value = W::NULL;
        }
        Op::MAKE_CELL => *(*f).base.add(n) = new_cell(sp, *(*f).base.add(n))?,
        Op::LOAD_FROM_DICT_OR_DEREF => {
            let w_name = sp.tuple_items(code.w_localsplusnames)[n];
            let w_map = st.peek(1);
            let w = match mapping_get(sp, w_map, w_name)? {
                Some(w) => w,
                None => {
                    let cell = *(*f).base.add(n);
                    let w = (*cell.ptr::<WCell>()).w_value;
                    if w.is_null() {
                        return Err(unbound_deref(sp, (*f).code, arg));
                    }
                    w
                }
            };
            st.poke(1, w);
        }
        Op::LOAD_NAME => {
            let w_name = the_name();
            let w = match mapping_get(sp, (*f).w_locals, w_name)? {
                Some(w) => w,
                None => load_global(s, sp, f, w_name)?,
            };
            st.push(w);
        }
        Op::STORE_NAME => {
            let w_ns = locals_mapping(sp, f)?;
            store(sp, w_ns, the_name(), st.peek(1))?;
            st.drop(1);
        }
        Op::DELETE_NAME => {
            let (w_ns, w_name) = (locals_mapping(sp, f)?, the_name());
            if sp.delitem(w_ns, w_name).is_err() {
                return Err(if sp.catch(known::KEY_ERROR) { name_error(sp, w_name) } else { Raised });
            }
        }
        Op::STORE_GLOBAL => {
            store(sp, (*f).w_globals, the_name(), st.peek(1))?;
            st.drop(1);
        }
        Op::DELETE_GLOBAL => {
            let w_name = the_name();
            if sp.delitem((*f).w_globals, w_name).is_err() {
                return Err(if sp.catch(known::KEY_ERROR) { name_error(sp, w_name) } else { Raised });
            }
        }
        Op::LOAD_FROM_DICT_OR_GLOBALS => {
            let w_name = the_name();
            let w = match mapping_get(sp, st.peek(1), w_name)? {
                Some(w) => w,
                None => load_global(s, sp, f, w_name)?,
            };
            st.poke(1, w);
        }
        Op::LOAD_LOCALS => {
            let w = locals_mapping(sp, f)?;
            st.push(w)
        }
        Op::LOAD_BUILD_CLASS => {
            let w = mapping_get(sp, s.builtins_of(sp.th(), (*f).w_globals), name!(sp, "__build_class__"))?;
            st.push(w.ok_or_else(|| sp.raise(known::NAME_ERROR, "__build_class__ not found"))?);
        }
        Op::DELETE_ATTR => {
            sp.delattr(st.peek(1), the_name())?;
            st.drop(1);
        }
        Op::LOAD_SUPER_ATTR => {
            let w_name = *code.names.add(n >> 2);
            let (w_super, w_class, w_self) = (st.peek(3), st.peek(2), st.peek(1));
            if w_super == sp.known(known::SUPER) {
                let (w, w_bound) = s.load_super(sp, w_class, w_self, w_name, arg & 1 != 0)?;
                st.drop(3);
                st.push(w);
                if arg & 1 != 0 {
                    st.push(w_bound);
                }
                return Ok(());
            }
            let w_proxy = {
                let two = [w_class, w_self];
                sp.call(w_super, if arg & 2 != 0 { &two } else { &[] })?
            };
            let w = sp.getattr(w_proxy, w_name)?;
            st.drop(3);
            st.push(w);
            if arg & 1 != 0 {
                st.push(W::NULL);
            }
        }
        Op::LOAD_SPECIAL => rare_exc::load_special(sp, &st, arg)?,
        Op::UNARY_NEGATIVE => st.poke(1, sp.neg(st.peek(1))?),
        Op::UNARY_POSITIVE => st.poke(1, sp.pos(st.peek(1))?),
        Op::UNARY_INVERT => st.poke(1, sp.invert(st.peek(1))?),
        Op::DELETE_SUBSCR => {
            sp.delitem(st.peek(2), st.peek(1))?;
            st.drop(2);
        }
        Op::BINARY_SLICE => {
            let w_slice = sp.newslice(st.peek(2), st.peek(1), W::NONE)?;
            let w = sp.getitem(st.peek(3), w_slice)?;
            st.drop(3);
            st.push(w);
        }
        Op::STORE_SLICE => {
            let w_slice = sp.newslice(st.peek(2), st.peek(1), W::NONE)?;
            sp.setitem(st.peek(3), w_slice, st.peek(4))?;
            st.drop(4);
        }
        Op::BUILD_SLICE => {
            let step = if n == 3 { st.peek(1) } else { W::NONE };
            let w = sp.newslice(st.peek(n), st.peek(n - 1), step)?;
            st.drop(n);
            st.push(w);
        }
        Op::GET_LEN => {
            let len = sp.len(st.peek(1))?;
            st.push(W::int(len))
        }
        Op::UNPACK_EX => unpack_ex(sp, &st, (arg & 0xff) as usize, (arg >> 8) as usize)?,
        Op::CALL_FUNCTION_EX => call_ex(sp, &st)?,
        Op::MAKE_FUNCTION => {
            let w = s.make_function(sp, st.peek(1), (*f).w_globals)?;
            st.poke(1, w);
        }
        Op::SET_FUNCTION_ATTRIBUTE => {
            let (w_func, w) = (st.peek(1), st.peek(2));
            // Code from a file may offer anything; who uses these fields trusts them.
            let fits = match arg {
                1 => w.is_tid(TID_TUPLE),
                2 => w.is_tid(TID_DICT),
                8 => {
                    let free = (*(*w_func.ptr::<WFunction>()).code()).nfree as usize;
                    w.is_tid(TID_TUPLE)
                        && sp.tuple_items(w).len() == free
                        && sp.tuple_items(w).iter().all(|c| c.is_tid(TID_CELL))
                }
                _ => true,
            };
            if !fits {
                return Err(raise!(sp, SYSTEM_ERROR, "bad attribute of a function in the bytecode"));
            }
            match arg {
                1 => setfield!(sp, w_func, WFunction, w_defaults, w),
                2 => setfield!(sp, w_func, WFunction, w_kwdefaults, w),
                4 => setfield!(sp, w_func, WFunction, w_annotations, w),
                8 => setfield!(sp, w_func, WFunction, w_closure, w),
                _ => setfield!(sp, w_func, WFunction, w_annotate, w),
            }
            st.drop(2);
            st.push(w_func);
        }
        Op::GET_YIELD_FROM_ITER => {
            let w = st.peek(1);
            let is_coroutine = w.is_tid(TID_COROUTINE);
            if is_coroutine
                && code.flags & (taipan_abi::opcode::co::COROUTINE | taipan_abi::opcode::co::ITERABLE_COROUTINE) == 0
            {
                return Err(sp.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator"));
            }
            if !is_coroutine && !w.is_tid(TID_GENERATOR) {
                st.poke(1, sp.iter(w)?);
            }
        }
        Op::GET_AWAITABLE => rare_exc::get_awaitable(sp, &st, arg)?,
        Op::GET_AITER => rare_exc::get_aiter(sp, &st)?,
        Op::GET_ANEXT => rare_exc::get_anext(sp, &st)?,
        Op::END_ASYNC_FOR => rare_exc::end_async_for(sp, &st)?,
        Op::CLEANUP_THROW => rare_exc::cleanup_throw(sp, &st)?,
        Op::BUILD_SET => {
            let w = sp.newset(st.top(n))?;
            st.drop(n);
            st.push(w);
        }
        Op::BUILD_MAP => {
            let w = sp.newdict()?;
            for pair in 0..n {
                let at = 2 * (n - pair);
                sp.dict_set(w, st.peek(at), st.peek(at - 1))?;
            }
            st.drop(2 * n);
            st.push(w);
        }
        Op::BUILD_STRING => {
            // The compiler joins only what FORMAT_* and constants have pushed; code from a file may join anything.
            if !st.top(n).iter().all(|w| w.is_tid(TID_STR) || sp.text_opt(*w).is_some()) {
                return Err(raise!(sp, SYSTEM_ERROR, "the bytecode joins what is no text"));
            }
            let w = s.build_string(sp, st.top(n))?;
            st.drop(n);
            st.push(w);
        }
        Op::BUILD_TEMPLATE | Op::BUILD_INTERPOLATION => template(sp, &st, op, arg)?,
        Op::LIST_EXTEND => {
            let w = st.peek(1);
            extend_list(sp, st.peek(1 + n), w)?;
            st.drop(1);
        }
        Op::SET_ADD => {
            sp.set_add(st.peek(1 + n), st.peek(1))?;
            st.drop(1);
        }
        Op::SET_UPDATE => {
            let w_set = st.peek(1 + n);
            sp.for_each(st.peek(1), |w| sp.set_add(w_set, w).map(|_| true))?;
            st.drop(1);
        }
        Op::MAP_ADD => {
            sp.dict_set(st.peek(2 + n), st.peek(2), st.peek(1))?;
            st.drop(2);
        }
        Op::DICT_UPDATE => {
            let w = st.peek(1);
            if sp.dict_update(st.peek(1 + n), w, 1).is_err() {
                if sp.catch(known::ATTRIBUTE_ERROR) {
                    return Err(raise!(sp, TYPE_ERROR, "'{}' object is not a mapping", sp.type_name(w)));
                }
                return Err(Raised);
            }
            st.drop(1);
        }
        Op::DICT_MERGE => dict_merge(sp, &st, n)?,
        Op::FORMAT_SIMPLE => {
            let w = st.peek(1);
            if !w.is_tid(TID_STR) {
                st.poke(1, sp.format(w, sp.known(known::EMPTY_STR))?);
            }
        }
        Op::FORMAT_WITH_SPEC => {
            let w = sp.format(st.peek(2), st.peek(1))?;
            st.drop(2);
            st.push(w);
        }
        Op::CONVERT_VALUE => {
            let w = st.peek(1);
            st.poke(
                1,
                match arg {
                    1 => sp.str(w)?,
                    2 => sp.repr(w)?,
                    _ => sp.ascii(w)?,
                },
            );
        }
        Op::IMPORT_NAME => {
            let w_builtins = s.builtins_of(sp.th(), (*f).w_globals);
            let w_import = mapping_get(sp, w_builtins, name!(sp, "__import__"))?
                .ok_or_else(|| sp.raise(known::IMPORT_ERROR, "__import__ not found"))?;
            let w_locals = if (*f).w_locals.is_null() { W::NONE } else { (*f).w_locals };
            let w = sp.call(w_import, &[the_name(), (*f).w_globals, w_locals, st.peek(1), st.peek(2)])?;
            st.drop(2);
            st.push(w);
        }
        Op::IMPORT_FROM => {
            let w = rare_exc::import_from(sp, st.peek(1), the_name())?;
            st.push(w);
        }
        Op::RERAISE => {
            let w_exc = st.pop();
            return Err(rare_exc::set_checked(sp, w_exc));
        }
        Op::RAISE_VARARGS => return Err(rare_exc::raise(sp, &st, arg)),
        Op::CHECK_EXC_MATCH => {
            let r = rare_exc::check_match(sp, st.peek(2), st.peek(1))?;
            st.poke(1, W::bool(r));
        }
        Op::CHECK_EG_MATCH => rare_exc::check_group_match(sp, &st)?,
        Op::WITH_EXCEPT_START => rare_exc::with_except_start(sp, &st)?,
        Op::MATCH_MAPPING => {
            let r = s.type_flag(sp, st.peek(1), false);
            st.push(W::bool(r));
        }
        Op::MATCH_SEQUENCE => {
            let r = s.type_flag(sp, st.peek(1), true);
            st.push(W::bool(r));
        }
        Op::MATCH_KEYS => rare_match::match_keys(sp, &st)?,
        Op::MATCH_CLASS => rare_match::match_class(sp, &st, n)?,
        Op::CALL_INTRINSIC_1 => {
            let w = intrinsic1(s, sp, f, st.peek(1), arg)?;
            st.poke(1, w);
        }
        Op::CALL_INTRINSIC_2 => {
            let w = intrinsic2(sp, st.peek(2), st.peek(1), arg)?;
            st.drop(2);
            st.push(w);
        }
        Op::SETUP_ANNOTATIONS => {
            let w_ns = locals_mapping(sp, f)?;
            if mapping_get(sp, w_ns, name!(sp, "__annotations__"))?.is_none() {
                store(sp, w_ns, name!(sp, "__annotations__"), sp.newdict()?)?;
            }
        }
        _ => return Err(raise!(sp, SYSTEM_ERROR, "the instruction {op:?} cannot run")),
    }
    Ok(())
}

/// The mapping that names of this frame are stored in.
unsafe fn locals_mapping(sp: Space, f: *mut Frame) -> Res<W> {
    if !(*f).w_locals.is_null() {
        Ok((*f).w_locals)
    } else if (*(*f).code).flags & co::OPTIMIZED == 0 {
        // A function made of a module's code.
        Ok((*f).w_globals)
    } else {
        Err(sp.raise(known::SYSTEM_ERROR, "no locals"))
    }
}

/// mapping[key], None if it is not there; a dict without `__missing__` is not asked twice.
pub(crate) fn mapping_get(sp: Space, w_map: W, w_key: W) -> Res<Option<W>> {
    if w_map.is_null() {
        return Ok(None);
    }
    // SAFETY: a live word.
    if unsafe { w_map.is_tid(TID_DICT) } {
        return sp.dict_get(w_map, w_key);
    }
    match sp.getitem(w_map, w_key) {
        Ok(w) => Ok(Some(w)),
        Err(_) if sp.catch(known::KEY_ERROR) => Ok(None),
        Err(e) => Err(e),
    }
}

fn store(sp: Space, w_map: W, w_key: W, w: W) -> Res<()> {
    // SAFETY: a live word.
    if unsafe { w_map.is_tid(TID_DICT) } { sp.dict_set(w_map, w_key, w) } else { sp.setitem(w_map, w_key, w) }
}

unsafe fn load_global<S: ObjSpace>(s: S, sp: Space, f: *mut Frame, w_name: W) -> Res<W> {
    if let Some(w) = mapping_get(sp, (*f).w_globals, w_name)? {
        return Ok(w);
    }
    match mapping_get(sp, s.builtins_of(sp.th(), (*f).w_globals), w_name)? {
        Some(w) => Ok(w),
        None => Err(name_error(sp, w_name)),
    }
}

/// NameError with its name.
#[cold]
pub fn name_error(sp: Space, w_name: W) -> Raised {
    let name = sp.string_w(w_name).unwrap_or_default();
    let _ = raise!(sp, NAME_ERROR, "name '{name}' is not defined");
    with_name(sp, w_name)
}

/// Sets `.name` of the pending exception.
fn with_name(sp: Space, w_name: W) -> Raised {
    let w_exc = sp.take_exc();
    if sp.setattr(w_exc, name!(sp, "name"), w_name).is_err() {
        sp.take_exc();
    }
    sp.set_exc(w_exc)
}

/// UnboundLocalError of local `i`.
///
/// # Safety
/// `code` is live.
#[cold]
pub unsafe fn unbound_local(sp: Space, code: *mut Code, i: u32) -> Raised {
    let w_name = sp.tuple_items((*code).w_localsplusnames)[i as usize];
    let name = sp.string_w(w_name).unwrap_or_default();
    let _ = raise!(
        sp,
        UNBOUND_LOCAL_ERROR,
        "cannot access local variable '{name}' where it is not associated with a value"
    );
    with_name(sp, w_name)
}

/// NameError (UnboundLocalError for an own cell) of cell or free variable `i`.
///
/// # Safety
/// `code` is live.
#[cold]
pub unsafe fn unbound_deref(sp: Space, code: *mut Code, i: u32) -> Raised {
    if i < (*code).nlocalsplus - (*code).nfree {
        return unbound_local(sp, code, i);
    }
    let w_name = sp.tuple_items((*code).w_localsplusnames)[i as usize];
    let name = sp.string_w(w_name).unwrap_or_default();
    let _ = raise!(
        sp,
        NAME_ERROR,
        "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
    );
    with_name(sp, w_name)
}

/// `__init__` answered something else than None.
#[cold]
pub fn init_returned(sp: Space, w: W) {
    let t = sp.type_name(w);
    let _ = raise!(sp, TYPE_ERROR, "__init__() should return None, not '{t}'");
}

#[cold]
pub(crate) fn bad_continuation(sp: Space, k: u32) {
    let _ = raise!(sp, SYSTEM_ERROR, "unknown continuation {k}");
}

/// What `__bool__` (or `__len__`) answered, as True or False; NULL = raised.
pub(crate) fn truth_result(sp: Space, w: W, len: bool) -> W {
    if len {
        return match sp.index(w).and_then(|w| sp.int_w(w)) {
            Ok(n) if n < 0 => {
                sp.value_error("__len__() should return >= 0");
                W::NULL
            }
            Ok(n) => W::bool(n != 0),
            Err(_) => W::NULL,
        };
    }
    if w == W::TRUE || w == W::FALSE {
        return w;
    }
    let _ = raise!(sp, TYPE_ERROR, "__bool__ should return bool, returned {}", sp.type_name(w));
    W::NULL
}

pub(crate) fn truth(sp: Space, w: W) -> W {
    sp.is_true(w).map_or(W::NULL, W::bool)
}

/// `__iter__`'s answer must be an iterator.
pub(crate) fn check_iter(sp: Space, w: W) -> W {
    if w.is_obj() {
        // SAFETY: a heap object has a row with slots.
        let has_next = unsafe { (*sp.row(w).slots).next.is_some() };
        if has_next {
            return w;
        }
    }
    let _ = raise!(sp, TYPE_ERROR, "iter() returned non-iterator of type '{}'", sp.type_name(w));
    W::NULL
}

/// The closest of some names, as CPython suggests them.
pub fn suggest(name: &str, among: &[String]) -> Option<String> {
    among
        .iter()
        .filter(|c| *c != name)
        .map(|c| (distance(name, c), c))
        .filter(|(d, c)| *d <= (name.len() + c.len() + 3) / 6 * 2 / 2 + 1 && *d < name.len().max(2))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c.clone())
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.iter().enumerate() {
            let next = (diagonal + (ca != *cb) as usize).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

/// Does the class of `w` know nothing of iteration? Messages are different then.
fn no_iteration(sp: Space, w: W) -> bool {
    // SAFETY: a live word; heap objects have slots.
    w.is_int() || unsafe { (*sp.row(w).slots).iter.is_none() && (*sp.row(w).slots).getitem.is_none() }
}

fn unpack_ex(sp: Space, st: &Stack, before: usize, after: usize) -> Res<()> {
    let w = st.peek(1);
    let (w_tuple, items) = sp.unpack(w).map_err(|e| {
        if no_iteration(sp, w) && sp.catch(known::TYPE_ERROR) {
            return raise!(sp, TYPE_ERROR, "cannot unpack non-iterable {} object", sp.type_name(w));
        }
        e
    })?;
    if items.len() < before + after {
        return Err(raise!(
            sp,
            VALUE_ERROR,
            "not enough values to unpack (expected at least {}, got {})",
            before + after,
            items.len()
        ));
    }
    let w_rest = sp.newlist(&items[before..items.len() - after])?;
    st.drop(1);
    for w in items[items.len() - after..].iter().rev() {
        st.push(*w);
    }
    st.push(w_rest);
    for w in items[..before].iter().rev() {
        st.push(*w);
    }
    let _ = w_tuple;
    Ok(())
}

fn call_ex(sp: Space, st: &Stack) -> Res<()> {
    let (w_func, w_args, w_kwargs) = (st.peek(4), st.peek(2), st.peek(1));
    let w_args = if sp.tuple_opt(w_args).is_some() {
        w_args
    } else {
        match sp.fixedtuple(w_args) {
            Ok(w) => w,
            Err(e) => {
                // Attributes are looked up without a pending exception.
                let w_exc = sp.take_exc();
                let no_iter = sp.getattr_opt(w_args, name!(sp, "__iter__")).is_ok_and(|x| x.is_none());
                sp.set_exc(w_exc);
                if no_iter && sp.catch(known::TYPE_ERROR) {
                    return Err(raise!(
                        sp,
                        TYPE_ERROR,
                        "{} argument after * must be an iterable, not {}",
                        callable_text(sp, w_func),
                        sp.type_name(w_args)
                    ));
                }
                return Err(e);
            }
        }
    };
    let w = if w_kwargs.is_null() {
        sp.call(w_func, sp.tuple_items(w_args))?
    } else {
        sp.call_ex(w_func, w_args, w_kwargs)?
    };
    st.drop(4);
    st.push(w);
    Ok(())
}

/// `mod.qualname()` of a callable, for messages about its arguments.
pub(crate) fn callable_text(sp: Space, w: W) -> String {
    let attr = |n| match sp.getattr_opt(w, n) {
        Ok(Some(w)) => sp.text_opt(w).map(|t| t.to_str().into_owned()),
        _ => {
            sp.take_exc();
            None
        }
    };
    match (attr(name!(sp, "__qualname__")), attr(name!(sp, "__module__"))) {
        (Some(q), Some(m)) if m != "builtins" => format!("{m}.{q}()"),
        (Some(q), _) => format!("{q}()"),
        _ => sp.str(w).and_then(|w| sp.string_w(w)).unwrap_or_else(|_| "object".into()),
    }
}

fn dict_merge(sp: Space, st: &Stack, n: usize) -> Res<()> {
    let (w_dict, w_other) = (st.peek(1 + n), st.peek(1));
    let w_func = st.peek(4 + n);
    // SAFETY: a live word.
    let is_mapping = sp.layout(w_other) == TID_DICT || sp.getattr_opt(w_other, name!(sp, "keys"))?.is_some();
    if !is_mapping {
        return Err(raise!(
            sp,
            TYPE_ERROR,
            "{} argument after ** must be a mapping, not {}",
            callable_text(sp, w_func),
            sp.type_name(w_other)
        ));
    }
    if sp.dict_update(w_dict, w_other, 2).is_err() {
        let w_exc = sp.thread().exc;
        if sp.exc_match(w_exc, sp.known(known::KEY_ERROR))? {
            let w_args = sp.getattr(w_exc, name!(sp, "args"))?;
            if let Some([w_key]) = sp.tuple_opt(w_args) {
                let w_key = *w_key;
                sp.take_exc();
                let key = sp.string_w(sp.str(w_key)?)?;
                return Err(raise!(
                    sp,
                    TYPE_ERROR,
                    "{} got multiple values for keyword argument '{key}'",
                    callable_text(sp, w_func)
                ));
            }
        }
        return Err(Raised);
    }
    st.drop(1);
    Ok(())
}

fn extend_list(sp: Space, w_list: W, w: W) -> Res<()> {
    match sp.iter(w) {
        Ok(it) => {
            while let Some(x) = sp.next(it)? {
                sp.list_append(w_list, x)?;
            }
            Ok(())
        }
        Err(e) => {
            if no_iteration(sp, w) && sp.catch(known::TYPE_ERROR) {
                return Err(raise!(sp, TYPE_ERROR, "Value after * must be an iterable, not {}", sp.type_name(w)));
            }
            Err(e)
        }
    }
}

fn template(sp: Space, st: &Stack, op: Op, arg: u32) -> Res<()> {
    let w_module = sp.import_module(name!(sp, "_templatelib"))?;
    if op == Op::BUILD_TEMPLATE {
        let w_class = sp.getattr(w_module, name!(sp, "Template"))?;
        let (strings, parts) = (tuple(sp, st.peek(2))?, tuple(sp, st.peek(1))?);
        let mut args = taipan_plugin_api::RootedVec::new(sp);
        for (i, w) in strings.iter().enumerate() {
            args.push(*w);
            if let Some(p) = parts.get(i) {
                args.push(*p);
            }
        }
        let w = sp.call(w_class, &args)?;
        st.drop(2);
        st.push(w);
        return Ok(());
    }
    let has_spec = arg & 1;
    let w_spec = if has_spec == 1 { st.peek(1) } else { sp.known(known::EMPTY_STR) };
    let at = 2 + has_spec as usize;
    let w_conversion = match arg >> 2 {
        1 => name!(sp, "s"),
        2 => name!(sp, "r"),
        3 => name!(sp, "a"),
        _ => W::NONE,
    };
    let w_class = sp.getattr(w_module, name!(sp, "Interpolation"))?;
    let w = sp.call(w_class, &[st.peek(at), st.peek(at - 1), w_conversion, w_spec])?;
    st.drop(at);
    st.push(w);
    Ok(())
}

/// The items of an operand that the compiler makes a tuple of; in code from a file it may be anything.
fn tuple<'a>(sp: Space, w: W) -> Res<&'a [W]> {
    sp.tuple_opt(w).ok_or_else(|| raise!(sp, SYSTEM_ERROR, "an operand in the bytecode is no tuple"))
}

unsafe fn intrinsic1<S: ObjSpace>(s: S, sp: Space, f: *mut Frame, w: W, which: u32) -> Res<W> {
    let typing =
        |n: &str, args: &[W]| sp.call(sp.getattr(sp.import_module(name!(sp, "_typing"))?, sp.intern(n))?, args);
    if which == Intrinsic1::Print as u32 {
        let w_sys = sp.known(known::SYS_MODULE);
        let w_hook = sp
            .getattr_opt(w_sys, name!(sp, "displayhook"))?
            .ok_or_else(|| sp.raise(known::RUNTIME_ERROR, "lost sys.displayhook"))?;
        sp.call(w_hook, &[w])?;
        return Ok(W::NONE);
    }
    if which == Intrinsic1::ImportStar as u32 {
        rare_exc::import_star(sp, w, locals_mapping(sp, f)?)?;
        return Ok(W::NONE);
    }
    if which == Intrinsic1::StopIterationError as u32 {
        return rare_exc::stop_iteration_error(sp, f, w);
    }
    if which == Intrinsic1::AsyncGenWrap as u32 {
        return s.async_gen_wrap(sp, w);
    }
    if which == Intrinsic1::ListToTuple as u32 {
        return sp.fixedtuple(w);
    }
    if which == Intrinsic1::TypeVar as u32 {
        return typing("_type_var", &[w]);
    }
    if which == Intrinsic1::ParamSpec as u32 {
        return typing("_param_spec", &[w]);
    }
    if which == Intrinsic1::TypeVarTuple as u32 {
        return typing("_type_var_tuple", &[w]);
    }
    if which == Intrinsic1::SubscriptGeneric as u32 {
        return typing("_subscript_generic", &[w]);
    }
    if which == Intrinsic1::TypeAlias as u32 {
        return typing("_type_alias", tuple(sp, w)?);
    }
    Err(raise!(sp, SYSTEM_ERROR, "unknown intrinsic {which}"))
}

unsafe fn intrinsic2(sp: Space, a: W, b: W, which: u32) -> Res<W> {
    let typing =
        |n: &str, args: &[W]| sp.call(sp.getattr(sp.import_module(name!(sp, "_typing"))?, sp.intern(n))?, args);
    if which == Intrinsic2::PrepReraiseStar as u32 {
        return rare_exc::prep_reraise_star(sp, a, b);
    }
    if which == Intrinsic2::TypeVarWithBound as u32 {
        return typing("_type_var", &[a, b]);
    }
    if which == Intrinsic2::TypeVarWithConstraints as u32 {
        return typing("_type_var", &[a, W::NONE, b]);
    }
    if which == Intrinsic2::SetFunctionTypeParams as u32 {
        if !a.is_tid(TID_FUNCTION) {
            return Err(raise!(sp, SYSTEM_ERROR, "type parameters of no function in the bytecode"));
        }
        tuple(sp, b)?;
        setfield!(sp, a, WFunction, w_type_params, b);
        return Ok(a);
    }
    if which == Intrinsic2::SetTypeparamDefault as u32 {
        return typing("_set_default", &[a, b]);
    }
    Err(raise!(sp, SYSTEM_ERROR, "unknown intrinsic {which}"))
}

/// Calls a class body's function in a namespace (for `__build_class__`).
pub fn run_class_body(sp: Space, w_func: W, w_ns: W) -> Res<W> {
    // SAFETY: a live word.
    if !unsafe { w_func.is_tid(TID_FUNCTION) } {
        return Err(sp.type_error("__build_class__: func must be a function"));
    }
    run_namespace(sp, w_func, w_ns)
}
