//! What this backend wants to know of a unit before it compiles it.

use crate::run::MAX_VALUES;
use taipan_jit_ir::{End, ExitId, Inst, Kind, Unit};

/// Can another function enter the unit's body?
pub fn enterable(u: &Unit) -> bool {
    u.body > 0 && entry_params(u).is_empty()
}

/// Parameters before the body: those of a bridge.
pub(super) fn entry_params(u: &Unit) -> Vec<(u32, Kind)> {
    let end = if u.body > 0 { u.body as usize } else { u.insts.len() };
    let params = u.insts[..end.min(u.insts.len())].iter();
    params.filter_map(|i| if let Inst::Param { index, kind } = i { Some((*index, *kind)) } else { None }).collect()
}

/// Kinds of the body's parameters by index, 255 for those not used.
pub fn body_kinds(u: &Unit) -> Vec<u8> {
    let mut kinds = vec![255; u.enter.len()];
    for i in &u.insts[(u.body as usize).min(u.insts.len())..] {
        if let Inst::Param { index, kind } = i
            && let Some(k) = kinds.get_mut(*index as usize)
        {
            *k = *kind as u8;
        }
    }
    kinds
}

/// Limits of this backend, and what would otherwise be out of bounds.
pub(super) fn check(u: &Unit) -> Result<(), String> {
    let n = u.exits.len() as u32;
    let exit = |e: ExitId| if e < n { Ok(()) } else { Err(format!("exit {e} of {n}")) };
    for i in &u.insts {
        match i {
            Inst::Guard { exit: e, .. }
            | Inst::GuardValue { exit: e, .. }
            | Inst::Sync { exit: e }
            | Inst::Poll { exit: e } => exit(*e)?,
            Inst::Call { call } if *call as usize >= u.calls.len() => return Err(format!("call {call}")),
            Inst::Param { index, .. } if *index as usize >= MAX_VALUES => return Err("too many parameters".into()),
            _ => {}
        }
    }
    match &u.end {
        End::Back { exit: e } | End::Jump { exit: e, .. } | End::Leave { exit: e } => exit(*e)?,
        End::Loop { args } if u.body == 0 => return Err(format!("a loop of {} values without a body", args.len())),
        End::Loop { args } if args.len() != u.enter.len() => {
            return Err("body entered with another number of values".into());
        }
        End::Enter { args, .. } if args.len() > MAX_VALUES => return Err("too many arguments".into()),
        _ => {}
    }
    if u.body as usize > u.insts.len() || u.enter.len() > MAX_VALUES {
        return Err("body out of range".into());
    }
    Ok(())
}
