//! Units and their code.

use crate::listing::{self, Source};
use crate::lower::{self, Branch, Part, Plan};
use crate::memory::{Memory, Piece};
use crate::run::{Body, Cell, ENTER_START, MAX_VALUES, Run, Start};
use crate::stubs::{Stubs, unit_signature};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{Function, UserFuncName};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use taipan_abi::thread::{Frame, Thread};
use taipan_abi::word::W;
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::{End, ExitId, Unit};

/// How to compile.
#[derive(Copy, Clone, Debug)]
pub struct Options {
    /// Let Cranelift check what it is given.
    pub verify: bool,
    /// Keep listings.
    pub listing: bool,
    /// After so many entries of a bridge from its exit, `run` ends at that exit as if there were no bridge (and again after as many): it is time
    /// to compile it into its root's function. 0 = never.
    pub hot_bridge: u32,
    /// For which machine, if not for this one; such code must not be run.
    pub target: Option<&'static str>,
}
impl Default for Options {
    fn default() -> Options {
        Options { verify: cfg!(debug_assertions), listing: false, hot_bridge: 0, target: None }
    }
}

/// A bridge that is compiled into its root's function.
#[derive(Copy, Clone)]
pub struct Bridge<'a> {
    /// The unit whose exit it hangs on: the root, or another bridge of the list.
    pub parent: u32,
    pub exit: ExitId,
    pub number: u32,
    pub unit: &'a Unit,
}

/// A function.
struct Code {
    piece: Piece,
    /// Cells of all exits of all its units.
    cells: Box<[Cell]>,
    /// Cells that lead nowhere ever. Each has its own box: the code knows their addresses.
    #[allow(clippy::vec_box)]
    _spare: Vec<Box<Cell>>,
    /// Maps of its cells.
    _maps: Vec<Box<[u16]>>,
    /// Its units, and where their cells begin.
    units: Vec<(u32, usize)>,
    /// Its own body, if others can enter it.
    body: Option<Rc<Body>>,
    /// What its instructions name.
    enters: Vec<Rc<Body>>,
    _jumps: Vec<Rc<Start>>,
    bytes: usize,
    source: Option<Source>,
}

/// The backend.
pub struct Cranelift {
    isa: OwnedTargetIsa,
    ctx: Context,
    fctx: FunctionBuilderContext,
    options: Options,
    memory: Memory,
    stubs: Stubs,
    /// Functions by the number of their root, or of the bridge that they are.
    codes: HashMap<u32, Code>,
    /// The function that a unit is in.
    home: HashMap<u32, u32>,
    starts: HashMap<u32, Rc<Start>>,
    /// Bridges by unit and exit.
    attached: HashMap<(u32, ExitId), u32>,
    /// Code that may still be running.
    retired: Vec<Code>,
    /// Units forgotten and not yet told.
    freed: Vec<u32>,
    /// Runs in progress. Outside of the backend proper because a run's callees may use the backend.
    active: Box<AtomicU32>,
}

// SAFETY: nothing that it shares by `Rc` or by raw pointers is shared with anyone outside but the code, which runs under the same lock as
// the backend.
unsafe impl Send for Cranelift {}

impl Cranelift {
    /// A backend for this machine. Err: why there is none.
    pub fn new(options: Options) -> Result<Cranelift, String> {
        let mut b = settings::builder();
        for (name, value) in [
            // The optimizer of the traces has done that work.
            ("opt_level", "none"),
            ("regalloc_algorithm", "backtracking"),
            ("enable_verifier", if options.verify { "true" } else { "false" }),
            ("unwind_info", "false"),
            ("preserve_frame_pointers", "true"),
            ("enable_probestack", "false"),
            ("is_pic", "false"),
        ] {
            b.set(name, value).map_err(|e| format!("{name}: {e}"))?;
        }
        let machine = match options.target {
            Some(name) => cranelift_codegen::isa::lookup_by_name(name).map_err(|e| e.to_string())?,
            None => cranelift_native::builder()?,
        };
        let isa = machine.finish(settings::Flags::new(b)).map_err(|e| e.to_string())?;
        let mut memory = Memory::new();
        let stubs = Stubs::new(&*isa, &mut memory)?;
        Ok(Cranelift {
            isa,
            ctx: Context::new(),
            fctx: FunctionBuilderContext::new(),
            options,
            memory,
            stubs,
            codes: HashMap::new(),
            home: HashMap::new(),
            starts: HashMap::new(),
            attached: HashMap::new(),
            retired: Vec::new(),
            freed: Vec::new(),
            active: Box::new(AtomicU32::new(0)),
        })
    }

    /// Compiles a root unit and bridges that hang on it, on each other, into one function, in which taking such an exit is a plain branch.
    /// Replaces the code of all of them; other bridges stay attached. Code that is running goes on as it was.
    pub fn compile_tree(&mut self, number: u32, root: &Unit, bridges: &[Bridge]) -> Result<(), String> {
        self.sweep();
        let branches: Vec<Branch> =
            bridges.iter().map(|x| Branch { parent: x.parent, exit: x.exit, number: x.number, unit: x.unit }).collect();
        let all = || std::iter::once((number, root)).chain(bridges.iter().map(|x| (x.number, x.unit)));
        let mut parts: Vec<Part> = Vec::new();
        let mut cells = Vec::new();
        for (n, u) in all() {
            if parts.iter().any(|p| p.number == n) {
                return Err(format!("unit {n} twice in a tree"));
            }
            let live: Vec<_> = (0..u.exits.len() as u32).map(|e| u.live(e)).collect();
            if live.iter().any(|l| l.len() > MAX_VALUES) {
                return Err("too many live values at an exit".into());
            }
            let first = cells.len();
            cells.extend(live.iter().enumerate().map(|(e, l)| Cell::new(self.stubs.leave, n, e as u32, l.len())));
            parts.push(Part { number: n, cells: first, live });
        }
        let cells: Box<[Cell]> = cells.into();
        let kinds = lower::enterable(root).then(|| lower::body_kinds(root));
        if let Some(old) = self.codes.get(&number)
            && old.body.as_ref().is_some_and(|b| Some(&b.kinds) != kinds.as_ref())
        {
            // Made for other parameters.
            self.forget(self.enterers(old));
        }
        let (mut starts, mut bodies) = (HashMap::new(), HashMap::new());
        for (_, u) in all() {
            match &u.end {
                End::Jump { target, .. } => {
                    starts.insert(*target, self.starts.entry(*target).or_default().clone());
                }
                End::Enter { target, .. } if *target != number => {
                    bodies.extend(self.codes.get(target).and_then(|c| c.body.clone()).map(|b| (*target, b)));
                }
                _ => {}
            }
        }
        let plan = Plan {
            number,
            root,
            branches: &branches,
            stubs: &self.stubs,
            parts,
            cells: &cells,
            maps: RefCell::default(),
            spare: RefCell::default(),
            starts,
            bodies,
            config: self.isa.frontend_config(),
            counted: self.options.hot_bridge > 0,
            notes: self.options.listing,
        };
        let (piece, bytes, source) = translate(&*self.isa, &mut self.ctx, &mut self.fctx, &mut self.memory, &plan)?;
        let Plan { starts, bodies, parts, maps, spare, .. } = plan;
        let units = parts.into_iter().map(|p| (p.number, p.cells)).collect();
        let address = piece.address();
        let body = kinds.map(|kinds| self.body(number, kinds, address));
        let code = Code {
            piece,
            bytes,
            cells,
            _spare: spare.into_inner(),
            _maps: maps.into_inner(),
            units,
            body,
            enters: bodies.into_values().collect(),
            _jumps: starts.into_values().collect(),
            source,
        };
        for (n, _) in &code.units {
            if let Some(old) = self.codes.remove(n) {
                self.retired.push(old);
            }
            self.home.insert(*n, number);
        }
        self.codes.insert(number, code);
        self.starts.entry(number).or_default().code.store(address, Relaxed);
        // Exits of these units with bridges elsewhere, and the exit this one itself hangs on.
        let links: Vec<_> = self.attached.iter().map(|((u, e), b)| (*u, *e, *b)).collect();
        for (u, e, b) in links {
            if self.home.get(&u) == Some(&number) || b == number {
                self.link(u, e, b);
            }
        }
        self.sweep();
        Ok(())
    }

    /// The body of a unit's new code: whoever enters the old code's enters this one from now on.
    fn body(&mut self, number: u32, kinds: Vec<u8>, address: usize) -> Rc<Body> {
        match self.codes.get_mut(&number).and_then(|old| old.body.take_if(|b| b.kinds == kinds)) {
            Some(body) => {
                body.code.store(address, Relaxed);
                body
            }
            None => Rc::new(Body { code: AtomicUsize::new(address), kinds }),
        }
    }

    /// Lets an exit lead into a bridge's function, if both have code.
    fn link(&mut self, unit: u32, exit: ExitId, bridge: u32) {
        let to = self.codes.get(&bridge).map(|c| c.piece.address());
        let Some(code) = self.home.get(&unit).and_then(|h| self.codes.get(h)) else { return };
        let Some((_, at)) = code.units.iter().find(|(n, _)| *n == unit) else { return };
        if let Some(cell) = code.cells.get(at + exit as usize)
            && (cell.unit, cell.exit) == (unit, exit)
        {
            cell.left.store(self.options.hot_bridge, Relaxed);
            cell.target.store(to.unwrap_or(self.stubs.leave), Relaxed);
        }
    }

    /// Frees retired code if nothing runs.
    fn sweep(&mut self) {
        if self.active.load(Relaxed) == 0 {
            for code in self.retired.drain(..) {
                self.memory.free(code.piece);
            }
        }
    }

    /// Functions that enter the body of a function.
    fn enterers(&self, of: &Code) -> Vec<u32> {
        let Some(body) = of.body.as_ref().filter(|b| Rc::strong_count(b) > 1) else { return Vec::new() };
        let enters = |c: &Code| c.enters.iter().any(|b| Rc::ptr_eq(b, body));
        self.codes.iter().filter(|(_, c)| enters(c)).map(|(n, _)| *n).collect()
    }

    /// Forgets units, what hangs on them, what is in the same function, and what enters their bodies.
    fn forget(&mut self, mut dead: Vec<u32>) {
        let mut i = 0;
        while let Some(&u) = dead.get(i) {
            i += 1;
            let mut more: Vec<u32> = self.attached.extract_if(|(x, _), _| *x == u).map(|(_, b)| b).collect();
            more.extend(self.home.get(&u));
            if let Some(code) = self.codes.get(&u) {
                more.extend(code.units.iter().map(|(n, _)| *n));
                more.extend(self.enterers(code));
            }
            for n in more {
                if !dead.contains(&n) {
                    dead.push(n)
                }
            }
        }
        for u in &dead {
            self.home.remove(u);
            if let Some(code) = self.codes.remove(u) {
                // If it runs, it shall not go on into others.
                code.cells.iter().for_each(|c| c.target.store(self.stubs.leave, Relaxed));
                self.retired.push(code);
            }
            if let Some(s) = self.starts.get(u) {
                s.code.store(0, Relaxed);
            }
        }
        // Exits elsewhere that led into one of them.
        let lost: Vec<_> = self.attached.extract_if(|_, b| dead.contains(b)).collect();
        for ((u, e), b) in lost {
            self.link(u, e, b);
        }
        self.freed.extend(dead);
        self.sweep();
        self.starts.retain(|_, s| s.code.load(Relaxed) != 0 || Rc::strong_count(s) > 1);
    }

    /// Bytes mapped for code, used or not.
    pub fn mapped_bytes(&self) -> usize {
        self.memory.mapped()
    }

    /// Where a root's code begins; 0 if it has none.
    pub fn address(&self, number: u32) -> usize {
        self.starts.get(&number).map_or(0, |s| s.code.load(Relaxed))
    }
}

/// From a plan to code in its place, and its length.
fn translate(
    isa: &dyn TargetIsa,
    ctx: &mut Context,
    fctx: &mut FunctionBuilderContext,
    memory: &mut Memory,
    plan: &Plan,
) -> Result<(Piece, usize, Option<Source>), String> {
    ctx.clear();
    ctx.func = Function::with_name_signature(UserFuncName::user(0, plan.number), unit_signature());
    ctx.set_disasm(plan.notes);
    let notes = match lower::lower(plan, FunctionBuilder::new(&mut ctx.func, fctx)) {
        Ok(notes) => notes,
        Err(e) => {
            // A builder that was given up leaves its context in the middle of a function.
            *fctx = FunctionBuilderContext::new();
            return Err(e);
        }
    };
    let code = match ctx.compile(isa, &mut ControlPlane::default()) {
        Ok(code) => code,
        Err(e) => return Err(cranelift_codegen::print_errors::pretty_error(e.func, e.inner)),
    };
    if !code.buffer.relocs().is_empty() {
        return Err("code that depends on its place".into());
    }
    let source = plan.notes.then(|| {
        let locs = code.buffer.get_srclocs_sorted().iter();
        let noted = locs
            .filter(|l| !l.loc.is_default())
            .filter_map(|l| Some((l.start, notes.get(l.loc.bits() as usize)?.clone())));
        Source { vcode: code.vcode.clone().unwrap_or_default(), notes: noted.collect() }
    });
    let piece = memory.place(code.code_buffer())?;
    Ok((piece, code.code_buffer().len(), source))
}

impl Backend for Cranelift {
    fn compile(&mut self, number: u32, unit: &Unit) -> Result<(), String> {
        self.compile_tree(number, unit, &[])
    }

    fn attach(&mut self, unit: u32, exit: ExitId, bridge: u32) {
        self.attached.insert((unit, exit), bridge);
        self.link(unit, exit, bridge);
    }

    fn free(&mut self, number: u32) {
        self.forget(vec![number]);
    }

    fn freed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.freed)
    }

    unsafe fn run(me: *mut Self, number: u32, th: *mut Thread, base: *mut W, values: &mut Vec<u64>) -> Left {
        let code = (*me).address(number);
        assert!(code != 0, "unit {number} has no code");
        let (enter, again) = ((*me).stubs.enter, (*me).options.hot_bridge);
        let active: *const AtomicU32 = &*(*me).active;
        let mut run: MaybeUninit<Run> = MaybeUninit::uninit();
        let run = run.as_mut_ptr();
        (*run).frame = (*th).gc.frame_top as *mut Frame;
        (*run).fresh = 0;
        // From here to the end no reference to the backend is held: what the unit calls may use the backend.
        (*active).fetch_add(1, Relaxed);
        let cell = enter(code, th, base, run, ENTER_START as u64);
        (*active).fetch_sub(1, Relaxed);
        let cell = &*cell;
        cell.left.store(again, Relaxed);
        // The frames above the entry frame are the exit's to make.
        let f = (*run).frame;
        (*th).gc.frame_top = f as *mut u8;
        (*th).gc.vs_top = if (*f).code.is_null() { (*f).sp } else { (*f).base.add((*(*f).code).framesize as usize) };
        values.clear();
        let n = (cell.live as usize).min(MAX_VALUES);
        let map = std::slice::from_raw_parts(cell.map.load(Relaxed), n);
        values.extend(map.iter().map(|i| (&raw const (*run).values[*i as usize]).read()));
        Left { unit: cell.unit, exit: cell.exit }
    }

    fn listing(&self, number: u32) -> Option<String> {
        let code = self.codes.get(self.home.get(&number)?)?;
        let at = code.piece.address();
        // SAFETY: the piece is mapped readable, and at least that long.
        let bytes = unsafe { std::slice::from_raw_parts(at as *const u8, code.bytes) };
        Some(listing::text(code.source.as_ref()?, at, bytes, &code.cells, self.stubs.leave))
    }

    fn code_bytes(&self) -> usize {
        self.memory.used()
    }
}
