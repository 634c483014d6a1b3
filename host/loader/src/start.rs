//! The start: fixed memory, collector, spaces stacked from the innermost outwards, then the program.

use crate::host::{self, Host};
use crate::library::{Part, describe};
use crate::memory;
use crate::problem;
use crate::problem::{Outcome, Problem};
use std::sync::Mutex;
use taipan_abi::gc::{GcConfig, KeyValue};
use taipan_abi::ops::OpTable;
use taipan_abi::plugin::Kind;
use taipan_abi::thread::Thread;

/// What a part complained about while it started.
static COMPLAINT: Mutex<String> = Mutex::new(String::new());

unsafe extern "C" fn complain(text: *const u8, len: usize) {
    if len == 0 {
        return;
    }
    // SAFETY: the part's sentence, valid during the call.
    let bytes = unsafe { std::slice::from_raw_parts(text, len) };
    *COMPLAINT.lock().unwrap_or_else(|e| e.into_inner()) = String::from_utf8_lossy(bytes).into_owned();
}

fn refused(part: &Part) -> Problem {
    let said = std::mem::take(&mut *COMPLAINT.lock().unwrap_or_else(|e| e.into_inner()));
    let kind = crate::library::kind_word(part.kind);
    if said.is_empty() {
        Problem::new(format!(
            "{kind} '{}' could not start and did not say why: try another one with --set {kind}=NAME",
            part.name
        ))
    } else {
        Problem::new(format!("{kind} '{}' could not start: {said}", part.name))
    }
}

/// A part's options as its `init` takes them.
fn options(host: &'static Host, part: &Part) -> Vec<KeyValue> {
    let prefix = format!("option.{}.", part.name);
    let pair = |(key, value): (&'static str, &'static [u8])| {
        let key = key.strip_prefix(&prefix)?;
        Some(KeyValue { key: key.as_ptr(), key_len: key.len(), value: value.as_ptr(), value_len: value.len() })
    };
    host.settings.iter().filter_map(pair).collect()
}

/// Starts the parts and runs the program; answers its exit status. Once a process, on the main thread.
pub fn run(host: Host) -> Outcome<i32> {
    let host = host::publish(host);
    let part = |kind: Kind| host.parts.iter().find(move |p| p.kind == kind);
    let spaces: Vec<&Part> = host.parts.iter().filter(|p| p.kind == Kind::Space).collect();
    let (Some(gc_part), Some(inner)) = (part(Kind::Gc), spaces.last()) else {
        return problem!("the profile '{}' names no collector or no space: add them", host.plan.profile);
    };

    memory::map_singletons()?;
    let types = memory::type_table()?;
    let here = 0usize;
    let th = memory::main_thread((&raw const here).addr())?;

    let gc = gc_part.gc();
    let gc_options = options(host, gc_part);
    let config = GcConfig { options: gc_options.as_ptr(), n: gc_options.len(), types, complain };
    // SAFETY: the table was checked; config and its strings outlive the call.
    if unsafe { (gc.init)(&config) } != 0 {
        return Err(refused(gc_part));
    }
    // SAFETY: the thread is ours and zero but for what `memory::thread` filled in.
    let t: &mut Thread = unsafe { &mut *th };
    t.gcvt = gc;
    t.types = types;
    t.host = &host::TABLE;
    t.gc.caps = gc.caps as u32;
    if let Some(jit_part) = part(Kind::Jit) {
        let jit = jit_part.jit();
        let jit_options = options(host, jit_part);
        // SAFETY: as for the collector.
        if unsafe { (jit.init)(jit_options.as_ptr(), jit_options.len(), complain) } != 0 {
            return Err(refused(jit_part));
        }
        t.jit = jit;
        // SAFETY: after init.
        t.jit_threshold = unsafe { (jit.threshold)() };
    }

    let mut ops: *const OpTable = std::ptr::null();
    for space in spaces.iter().rev() {
        // SAFETY: `ops` is the next inner layer's table, or null for the innermost.
        ops = unsafe { (space.space().stack)(ops, &host::TABLE) };
        if ops.is_null() {
            return Err(refused(space));
        }
    }
    t.ops = ops;

    // SAFETY: the thread has memory, operations and host now, which is what attaching, init and the program need.
    unsafe {
        if (gc.attach)(&raw mut (*th).gc) != 0 {
            return Err(refused(gc_part));
        }
        crate::gil::first(th);
        let Some(init) = inner.space().init else {
            return problem!("{} has no init function: rebuild it", describe(inner));
        };
        if init(th) != 0 {
            return Err(refused(inner));
        }
        let Some(run_main) = spaces.iter().find_map(|s| s.space().run_main) else {
            return problem!(
                "no space of profile '{}' can run a program: use one that can, such as 'std'",
                host.plan.profile
            );
        };
        Ok(run_main(th))
    }
}
