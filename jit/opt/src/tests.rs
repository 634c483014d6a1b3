//! Random units behave before and after optimization alike: the same calls, the same state at every exit, taken or forced.

mod random;

use crate::{Bug, Options, optimize, optimize_bridge};
use random::{Recorder, Rng};
use std::collections::HashMap;
use taipan_jit_ir::fake::{Fake, label};
use taipan_jit_ir::interp::{Run, Stop};
use taipan_jit_ir::text::{Names, print};
use taipan_jit_ir::verify::verify;
use taipan_jit_ir::{End, ExitId, Inst, Unit};

/// Units that jump to each other by their numbers. The first is run.
#[derive(Clone, Default)]
struct Program {
    units: Vec<Unit>,
    /// Where a guard of this label goes on: the unit that finds the state in memory.
    attached: Option<(usize, usize)>,
    /// Where this exit of unit 0 goes on: a bridge proper.
    bridge: Option<(ExitId, usize)>,
}

/// What one run showed: where it stopped, iterations, the state, what calls saw.
#[derive(PartialEq, Debug)]
struct Seen {
    /// Of the guard that failed for nothing.
    forced: Option<(u32, usize)>,
    at: (u32, usize),
    state: String,
    log: Vec<String>,
}

/// Runs a program; `failing`: the guard that fails for nothing. None: there are not so many guards.
fn run(program: &Program, start: &Fake, failing: Option<u32>) -> Result<Option<Seen>, String> {
    let mut m = start.clone();
    m.failing = failing;
    let (mut at, mut body, mut params) = (0, false, Vec::new());
    let mut forced = None;
    let stop = loop {
        let unit = &program.units[at];
        let mut values = vec![0; unit.insts.len()];
        let mut run = Run::new(unit, &mut values, std::mem::take(&mut params), 100_000);
        match run.run(&mut m, body) {
            Stop::Jump(to) => (at, body) = (to as usize, false),
            Stop::Enter(to) => {
                params = run.params;
                (at, body) = (to as usize, true)
            }
            Stop::Exit(exit) => {
                let here = label(&unit.exits[exit as usize]);
                if m.failed && forced.is_none() {
                    forced = Some((m.polls, here));
                }
                match (program.attached, program.bridge) {
                    (_, Some((from, bridge))) if from == exit && at == 0 => {
                        run.live(exit, &mut params);
                        (at, body) = (bridge, false)
                    }
                    (Some((from, unit)), _) if from == here => {
                        run.write(&mut m, exit).map_err(|_| "no memory")?;
                        (at, body) = (unit, false)
                    }
                    _ => {
                        run.write(&mut m, exit).map_err(|_| "no memory")?;
                        break here;
                    }
                }
            }
            stop => return Err(format!("{stop:?}")),
        }
    };
    if let Some(w) = m.wild {
        return Err(w);
    }
    if failing.is_some() && !m.failed {
        return Ok(None);
    }
    Ok(Some(Seen { forced, at: (m.polls, stop), state: m.state(), log: m.log }))
}

/// Err tells what differs.
fn compare(before: &Program, after: &Program, start: &Fake) -> Result<(), String> {
    let (a, b) = (run(before, start, None)?, run(after, start, None)?);
    if a != b {
        return Err(format!("ends as\n{b:#?}\nnot as\n{a:#?}"));
    }
    let mut all: HashMap<Option<(u32, usize)>, Seen> = HashMap::new();
    for k in 0.. {
        let Some(seen) = run(before, start, Some(k))? else { break };
        all.insert(seen.forced, seen);
    }
    for k in 0.. {
        let Some(seen) = run(after, start, Some(k))? else { break };
        if all.get(&seen.forced) != Some(&seen) {
            return Err(format!("guard {k} leaves\n{seen:#?}\nnot\n{:#?}", all.get(&seen.forced)));
        }
    }
    Ok(())
}

fn report(seed: u64, error: &str, before: &Program, after: &Program) -> String {
    let mut names = Names::new();
    let mut text = |p: &Program| p.units.iter().map(|u| print(u, &mut names)).collect::<Vec<_>>().join("and\n");
    format!("seed {seed}: {error}\n{}becomes\n{}", text(before), text(after))
}

/// The state in which a unit leaves at the first of its exits that a forced failure reaches after `k` guards.
fn left(unit: &Unit, start: &Fake, k: u32) -> Option<(ExitId, Fake)> {
    let mut m = start.clone();
    m.failing = Some(k);
    let mut values = vec![0; unit.insts.len()];
    let mut run = Run::new(unit, &mut values, Vec::new(), 100_000);
    let Stop::Exit(exit) = run.run(&mut m, false) else { return None };
    run.write(&mut m, exit).ok()?;
    let guards = |i: &Inst| matches!(i, Inst::Guard { exit: e, .. } | Inst::GuardValue { exit: e, .. } if *e == exit);
    unit.insts.iter().any(guards).then_some((exit, m))
}

/// One random program with these options. Ok: was the loop peeled?
fn check(seed: u64, o: &Options) -> Result<bool, String> {
    let mut r = Recorder::new(Rng(seed));
    let start = r.machine.clone();
    let (mut before, mut after) = (Program::default(), Program::default());
    if seed.is_multiple_of(3) {
        // The loop is entered from another unit.
        before.units = vec![r.unit(Some(1)), r.unit(None)];
        let root = optimize(&before.units[1], o);
        let first = optimize_bridge(&before.units[0], &[], root.preamble.as_ref(), o);
        after.units = vec![first.unit, root.unit];
    } else {
        before.units = vec![r.unit(None)];
        let root = optimize(&before.units[0], o);
        after.units = vec![root.unit.clone()];
        // A bridge from one of its guards.
        if let (1, Some((exit, m))) = (seed % 3, left(&root.unit, &start, (seed / 3 % 40) as u32)) {
            let (by_memory, bridge) = r.bridge(m, &root.unit, exit);
            let bridge = optimize_bridge(&bridge, &root.known[exit as usize], root.preamble.as_ref(), o);
            let from = label(&root.unit.exits[exit as usize]);
            // A body has copies of the preamble's exits: the state of one only is in the Params.
            after.units.push(optimize_bridge(&by_memory, &[], root.preamble.as_ref(), o).unit);
            after.units.push(bridge.unit);
            before.units.push(by_memory);
            (before.attached, after.attached) = (Some((from, 1)), Some((from, 1)));
            after.bridge = Some((exit, 2));
        }
    }
    for u in &before.units {
        verify(u).map_err(|e| format!("seed {seed}: recorded badly: {e}"))?;
    }
    for u in &after.units {
        verify(u).map_err(|e| report(seed, &e, &before, &after))?;
    }
    compare(&before, &after, &start).map_err(|e| report(seed, &e, &before, &after))?;
    Ok(after.units.iter().any(|u| matches!(u.end, End::Loop { .. })))
}

/// Programs with `o`; TAIPAN_SEED begins elsewhere, TAIPAN_PROGRAMS says how many.
fn programs(default: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|s| s.parse::<u64>().ok());
    let first = number("TAIPAN_SEED").unwrap_or(1);
    first..first + number("TAIPAN_PROGRAMS").unwrap_or(default)
}

#[test]
fn random_units_keep_their_meaning() {
    let mut peeled = 0;
    let n = programs(600).count();
    for seed in programs(600) {
        match check(seed, &Options::default()) {
            Ok(p) => peeled += p as usize,
            Err(e) => panic!("{e}"),
        }
    }
    assert!(n < 100 || peeled * 5 > n, "only {peeled} of {n} loops were peeled");
}

#[test]
fn each_pass_alone_keeps_meaning() {
    let on: [fn(&mut Options); 6] = [
        |o| o.fold = true,
        |o| o.cse = true,
        |o| o.ranges = true,
        |o| o.heap = true,
        |o| o.peel = true,
        |o| o.sink = true,
    ];
    for seed in programs(60) {
        for set in on {
            let (mut with, mut without) = (Options::none(), Options::default());
            set(&mut with);
            set(&mut without);
            check(seed, &with).unwrap_or_else(|e| panic!("{with:?} {e}"));
        }
    }
}

/// The test above would notice these.
#[test]
fn seeded_bugs_are_caught() {
    for bug in [
        Bug::StoreIgnoresAliases,
        Bug::CallKeepsHeap,
        Bug::WrongExitConstant,
        Bug::SunkFieldLost,
        Bug::NoUnion,
        Bug::WrongBound,
        Bug::EscapeForgotten,
        Bug::BridgeKnowsTooMuch,
        Bug::BridgeKeepsSlots,
    ] {
        let o = Options { bug: Some(bug), ..Options::default() };
        // A wrong unit may break the verifier's rules too, which debug builds assert.
        let caught = |seed| std::panic::catch_unwind(|| check(seed, &o).is_err()).unwrap_or(true);
        let at = programs(600).find(|seed| caught(*seed));
        assert!(at.is_some(), "{bug:?} is not noticed");
    }
}

/// Floats among the constants are read while optimizing.
#[test]
fn fields_of_constants() {
    let text = "
field tid@1 U32 off=0
field float.value@3 F off=8 immutable
field x@300 F off=8
o = const W 0x40000
t = get o tid@1
guard_value t = const I 7 exit 0
f = get o float.value@3
x = get o x@300
y = fadd f, x
leave exit 1
exit 0 bytecode
exit 1 bytecode
  slot 0 = y
";
    fn read(obj: u64, field: taipan_jit_ir::Field) -> Option<u64> {
        assert_eq!(obj, 0x40000);
        Some(if field.0.off == 0 { taipan_abi::word::TID_FLOAT as u64 } else { 2.5f64.to_bits() })
    }
    let mut names = Names::new();
    let unit = taipan_jit_ir::text::parse(text, &mut names).unwrap();
    let out = optimize(&unit, &Options { read: Some(read), ..Options::default() }).unit;
    let text = print(&out, &mut names);
    assert!(!text.contains("guard") && !text.contains("tid") && text.contains("const F 2.5"), "{text}");
    assert!(text.contains("get v0 x@300"), "{text}");
}

/// How long it takes: `cargo test --release -p taipan-jit-opt -- --ignored --nocapture`.
#[test]
#[ignore]
fn speed() {
    let units: Vec<Unit> = (1..2000).map(|seed| Recorder::new(Rng(seed)).unit(None)).collect();
    time(&units);
    let long: Vec<Unit> = (1..50)
        .map(|seed| {
            let mut r = Recorder::new(Rng(seed));
            r.length = 1000;
            r.unit(None)
        })
        .collect();
    time(&long);
}

fn time(units: &[Unit]) {
    let n: usize = units.iter().map(|u| u.insts.len()).sum();
    let (mut params, mut bodies, mut floats, mut sunk) = (0, 0, 0, 0);
    let mut best = u128::MAX;
    for _ in 0..5 {
        let begin = std::time::Instant::now();
        units.iter().for_each(|u| drop(optimize(u, &Options::default())));
        best = best.min(begin.elapsed().as_nanos());
    }
    for u in units {
        let out = optimize(u, &Options::default()).unit;
        bodies += (out.body != 0) as usize;
        params += out.enter.len();
        floats += out.enter.iter().filter(|r| out.kind(**r) == Some(taipan_jit_ir::Kind::F)).count();
        sunk += out.insts[out.body as usize..].iter().filter(|i| matches!(i, taipan_jit_ir::Inst::Nop)).count();
    }
    println!("{n} instructions, {:.0} ns each", best as f64 / n as f64);
    println!("{bodies} bodies, {params} Params, {floats} of them floats, {sunk} objects sunk in bodies");
}
