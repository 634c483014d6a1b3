//! What can be assigned to or deleted.

use super::recognizer::{Class, E, P, Recognizer};

/// What a target is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Store,
    For,
    Del,
}

/// The part of a target that cannot be one.
pub(super) fn invalid_part(e: &E, what: Use) -> Option<&E> {
    match e.class {
        Class::Name | Class::Attribute | Class::Subscript => None,
        Class::Tuple | Class::List => e.items.iter().find_map(|i| invalid_part(i, what)),
        Class::Starred if what == Use::Del => Some(e),
        Class::Starred => e.items.first().and_then(|i| invalid_part(i, what)),
        Class::Other(_) => Some(e),
    }
}

impl Recognizer<'_> {
    /// Raises the message about the part of `e` that cannot be a target.
    pub fn check_target(&mut self, e: &E, what: Use) -> P {
        match invalid_part(e, what) {
            None => Ok(()),
            Some(bad) => {
                let verb = if what == Use::Del { "delete" } else { "assign to" };
                let msg = format!("cannot {verb} {}", bad.class.name());
                self.raise(bad.t0, bad.t1, msg)
            }
        }
    }
}
