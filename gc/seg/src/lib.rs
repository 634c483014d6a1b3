//! The collector seg.
