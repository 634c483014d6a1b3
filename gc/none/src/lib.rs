//! The collector none.
