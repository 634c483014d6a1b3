//! `_suggestions`: the name that was probably meant.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(MODULE, "_suggestions", doc = "", functions = [_generate_suggestions]);

const MOVE: usize = 2;
const CASE: usize = 1;
/// Longer names and longer lists are not looked at.
const MAX_CANDIDATES: i64 = 750;
const MAX_LENGTH: usize = 40;

fn substitution(a: u32, b: u32) -> usize {
    let lower = |c: u32| char::from_u32(c).map_or(c, |c| c.to_ascii_lowercase() as u32);
    match () {
        _ if a == b => 0,
        _ if lower(a) == lower(b) => CASE,
        _ => MOVE,
    }
}

/// The weighted edit distance, or `max + 1` if it is beyond `max`.
fn distance(a: &[u32], b: &[u32], max: usize) -> usize {
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE;
    }
    if a.len() > MAX_LENGTH || b.len() > MAX_LENGTH || a.len().abs_diff(b.len()) * MOVE > max {
        return max + 1;
    }
    let mut row: Vec<usize> = (1..=a.len()).map(|i| i * MOVE).collect();
    let mut result = 0;
    for (i, y) in b.iter().enumerate() {
        let mut diagonal = i * MOVE;
        result = diagonal;
        let mut least = usize::MAX;
        for (cell, x) in row.iter_mut().zip(a) {
            let through = diagonal + substitution(*y, *x);
            diagonal = *cell;
            result = through.min(result.min(diagonal) + MOVE);
            *cell = result;
            least = least.min(result);
        }
        if least > max {
            return max + 1;
        }
    }
    result
}

/// Returns the candidate in candidates that's closest to item
#[interp_fn(name = "_generate_suggestions", sig = "(candidates, item, /)")]
fn _generate_suggestions(sp: Space, w_candidates: W, w_item: W) -> Res<W> {
    if !sp.isinstance(w_candidates, sp.known(known::LIST))? {
        return Err(sp.type_error("candidates must be a list"));
    }
    let n = sp.list_len(w_candidates)?;
    for i in 0..n {
        if sp.text_opt(sp.list_item(w_candidates, i)?).is_none() {
            return Err(sp.type_error("all elements in 'candidates' must be strings"));
        }
    }
    let item: Vec<u32> = sp.text_w(w_item)?.chars().collect();
    if n >= MAX_CANDIDATES {
        return Ok(W::NONE);
    }
    let (mut w_best, mut best) = (W::NONE, usize::MAX);
    for i in 0..n {
        let w = sp.list_item(w_candidates, i)?;
        let name: Vec<u32> = sp.text_w(w)?.chars().collect();
        if name == item {
            continue;
        }
        // No more than a third of the characters may have to change.
        let max = ((name.len() + item.len() + 3) * MOVE / 6).min(best.saturating_sub(1));
        let d = distance(&item, &name, max);
        if d <= max && d < best {
            (w_best, best) = (w, d);
        }
    }
    Ok(w_best)
}
