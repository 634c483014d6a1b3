//! Checks code objects.

use crate::code::CodeObject;

/// What is wrong with a code object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a code object.
pub fn validate(_code: &CodeObject) -> Result<(), Invalid> {
    Ok(())
}
