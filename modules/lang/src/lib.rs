//! Mixed modules.
