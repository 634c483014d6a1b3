//! Rows of the operation table.
