//! The limit on digits of conversions between int and decimal str.

use std::sync::atomic::{AtomicUsize, Ordering};
use taipan_plugin_api::prelude::*;
use taipan_plugin_api::raise;

/// The limit at start.
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;
/// Fewer digits than this are never checked; the lowest limit that may be set.
pub const STR_DIGITS_CHECK_THRESHOLD: usize = 640;

static MAX_STR_DIGITS: AtomicUsize = AtomicUsize::new(DEFAULT_MAX_STR_DIGITS);

/// `sys.get_int_max_str_digits()`; 0 = no limit.
pub fn max_str_digits() -> usize {
    MAX_STR_DIGITS.load(Ordering::Relaxed)
}

/// Sets the limit; false if it is neither 0 nor at least the threshold.
pub fn set_max_str_digits(n: usize) -> bool {
    let ok = n == 0 || n >= STR_DIGITS_CHECK_THRESHOLD;
    if ok {
        MAX_STR_DIGITS.store(n, Ordering::Relaxed);
    }
    ok
}

/// Return the maximum string digits limit for non-binary int<->str conversions.
#[interp_fn(sig = "()")]
pub fn get_int_max_str_digits(_sp: Space) -> Res<i64> {
    Ok(max_str_digits() as i64)
}

/// Set the maximum string digits limit for non-binary int<->str conversions.
#[interp_fn(sig = "(maxdigits)")]
pub fn set_int_max_str_digits(sp: Space, maxdigits: i32) -> Res<()> {
    if usize::try_from(maxdigits).is_ok_and(set_max_str_digits) {
        return Ok(());
    }
    Err(raise!(sp, VALUE_ERROR, "maxdigits must be 0 or larger than {STR_DIGITS_CHECK_THRESHOLD}"))
}

/// Functions of `sys` that belong to the numbers.
pub static SYS_FUNCTIONS: &[FnSpec] = &[get_int_max_str_digits::SPEC, set_int_max_str_digits::SPEC];
