//! Random units behave before and after optimization alike: the same calls, the same state at every exit, taken or forced.

mod random;

use crate::{Bug, Options, optimize, optimize_bridge, optimize_root};
use random::{Recorder, Rng};
use std::collections::HashMap;
use taipan_jit_ir::fake::{Fake, label};
use taipan_jit_ir::interp::{Run, Stop};
use taipan_jit_ir::text::{Names, print};
use taipan_jit_ir::verify::verify;
use taipan_jit_ir::{End, Unit};

/// A unit and where it goes on: the number of its target.
type Program = Vec<Unit>;

/// What one run showed: where it stopped, iterations, the state, what calls saw.
#[derive(PartialEq, Debug)]
struct Seen {
    at: (u32, usize),
    state: String,
    log: Vec<String>,
}

/// Runs unit 0 of the program; `failing`: the guard that fails for nothing. None: there are not so many guards.
fn run(program: &Program, start: &Fake, failing: Option<u32>) -> Result<Option<Seen>, String> {
    let mut m = start.clone();
    m.failing = failing;
    let (mut at, mut body, mut params) = (0, false, Vec::new());
    let stop = loop {
        let unit = &program[at];
        let mut values = vec![0; unit.insts.len()];
        let mut run = Run { unit, values: &mut values, params: std::mem::take(&mut params), budget: 100_000 };
        match run.run(&mut m, body) {
            Stop::Jump(to) => (at, body) = (to as usize, false),
            Stop::Enter(to) => {
                params = run.params;
                (at, body) = (to as usize, true)
            }
            Stop::Exit(exit) => {
                run.write(&mut m, exit).map_err(|_| "no memory")?;
                break label(&unit.exits[exit as usize]);
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
    Ok(Some(Seen { at: (m.polls, stop), state: m.state(), log: m.log }))
}

/// Err tells what differs.
fn compare(before: &Program, after: &Program, start: &Fake) -> Result<(), String> {
    let (a, b) = (run(before, start, None)?, run(after, start, None)?);
    if a != b {
        return Err(format!("ends as\n{b:#?}\nnot as\n{a:#?}"));
    }
    let mut all: HashMap<(u32, usize), Seen> = HashMap::new();
    for k in 0.. {
        let Some(seen) = run(before, start, Some(k))? else { break };
        all.insert(seen.at, seen);
    }
    for k in 0.. {
        let Some(seen) = run(after, start, Some(k))? else { break };
        if all.get(&seen.at) != Some(&seen) {
            return Err(format!("guard {k} leaves\n{seen:#?}\nnot\n{:#?}", all.get(&seen.at)));
        }
    }
    Ok(())
}

fn report(seed: u64, error: &str, before: &Program, after: &Program) -> String {
    let mut names = Names::new();
    let mut text = |p: &Program| p.iter().map(|u| print(u, &mut names)).collect::<Vec<_>>().join("and\n");
    format!("seed {seed}: {error}\n{}becomes\n{}", text(before), text(after))
}

/// One random program with these options. Ok: was the loop peeled?
fn check(seed: u64, o: &Options) -> Result<bool, String> {
    let mut r = Recorder::new(Rng(seed));
    let start = r.machine.clone();
    // Every third program enters its loop from a bridge.
    let bridge = seed % 3 == 0;
    let before: Program = if bridge {
        let first = r.unit(Some(1));
        vec![first, r.unit(None)]
    } else {
        vec![r.unit(None)]
    };
    for u in &before {
        verify(u).map_err(|e| format!("seed {seed}: recorded badly: {e}"))?;
    }
    let (root, preamble) = optimize_root(before.last().unwrap_or(&before[0]), o);
    let after = match &preamble {
        _ if !bridge => vec![root],
        Some(p) => vec![optimize_bridge(&before[0], p, o), root],
        None => vec![optimize(&before[0], o), root],
    };
    for u in &after {
        verify(u).map_err(|e| report(seed, &e, &before, &after))?;
    }
    compare(&before, &after, &start).map_err(|e| report(seed, &e, &before, &after))?;
    Ok(matches!(after.last().map(|u| &u.end), Some(End::Loop { .. })))
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
    ] {
        let o = Options { bug: Some(bug), ..Options::default() };
        // A wrong unit may break the verifier's rules too, which debug builds assert.
        let caught = |seed| std::panic::catch_unwind(|| check(seed, &o).is_err()).unwrap_or(true);
        let at = programs(600).find(|seed| caught(*seed));
        assert!(at.is_some(), "{bug:?} is not noticed");
    }
}

/// How long it takes: `cargo test --release -p taipan-jit-opt -- --ignored --nocapture`.
#[test]
#[ignore]
fn speed() {
    let units: Vec<Unit> = (1..2000).map(|seed| Recorder::new(Rng(seed)).unit(None)).collect();
    let n: usize = units.iter().map(|u| u.insts.len()).sum();
    let (mut params, mut bodies, mut floats, mut sunk) = (0, 0, 0, 0);
    let begin = std::time::Instant::now();
    for u in &units {
        let out = optimize(u, &Options::default());
        bodies += (out.body != 0) as usize;
        params += out.enter.len();
        floats += out.enter.iter().filter(|r| out.kind(**r) == Some(taipan_jit_ir::Kind::F)).count();
        sunk += out.insts[out.body as usize..].iter().filter(|i| matches!(i, taipan_jit_ir::Inst::Nop)).count();
    }
    let t = begin.elapsed();
    println!("{n} instructions, {:.0} ns each", t.as_nanos() as f64 / n as f64);
    println!("{bodies} bodies, {params} Params, {floats} of them floats, {sunk} objects sunk in bodies");
}
