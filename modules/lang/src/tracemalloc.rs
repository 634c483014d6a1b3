//! `_tracemalloc`: allocations are not traced, and say so.

use taipan_plugin_api::mixed_module;
use taipan_plugin_api::prelude::*;

mixed_module!(
    MODULE,
    "_tracemalloc",
    doc = "Debug module to trace memory blocks allocated by Python.",
    functions = [
        start,
        stop,
        is_tracing,
        clear_traces,
        reset_peak,
        get_traceback_limit,
        get_traced_memory,
        get_tracemalloc_memory,
        _get_traces,
        _get_object_traceback
    ],
);

/// Start tracing Python memory allocations.
#[interp_fn(sig = "(nframe=1, /)")]
fn start(sp: Space, nframe: i64) -> Res<()> {
    if !(1..=65535).contains(&nframe) {
        return Err(sp.value_error("the number of frames must be in range [1; 65535]"));
    }
    Err(sp.not_implemented("tracing of memory allocations"))
}
/// Stop tracing Python memory allocations.
#[interp_fn(sig = "()")]
fn stop(_sp: Space) -> Res<()> {
    Ok(())
}
/// Return True if the tracemalloc module is tracing Python memory allocations.
#[interp_fn(sig = "()")]
fn is_tracing(_sp: Space) -> Res<bool> {
    Ok(false)
}
/// Clear traces of memory blocks allocated by Python.
#[interp_fn(sig = "()")]
fn clear_traces(_sp: Space) -> Res<()> {
    Ok(())
}
/// Set the peak size of memory blocks traced by tracemalloc to the current size.
#[interp_fn(sig = "()")]
fn reset_peak(_sp: Space) -> Res<()> {
    Ok(())
}
/// Get the maximum number of frames stored in the traceback of a trace.
#[interp_fn(sig = "()")]
fn get_traceback_limit(_sp: Space) -> Res<i64> {
    Ok(1)
}
/// Get the current size and peak size of memory blocks traced by tracemalloc.
#[interp_fn(sig = "()")]
fn get_traced_memory(_sp: Space) -> Res<(i64, i64)> {
    Ok((0, 0))
}
/// Get the memory usage in bytes of the tracemalloc module.
#[interp_fn(sig = "()")]
fn get_tracemalloc_memory(_sp: Space) -> Res<i64> {
    Ok(0)
}
/// Get traces of all memory blocks allocated by Python.
#[interp_fn(name = "_get_traces", sig = "()")]
fn _get_traces(sp: Space) -> Res<W> {
    sp.newlist(&[])
}
/// Get the traceback where the Python object obj was allocated.
#[interp_fn(name = "_get_object_traceback", sig = "(obj, /)")]
fn _get_object_traceback(_sp: Space, _w: W) -> Res<()> {
    Ok(())
}
