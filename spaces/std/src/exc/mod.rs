//! Exceptions: the hierarchy, its classes with fields of their own, groups, and raising.

pub mod base;
pub mod group;
pub mod ops;
pub mod os;
pub mod plain;
pub mod raise;
pub mod special;
pub mod syntax;
pub mod unicode;

pub use plain::TYPES;
