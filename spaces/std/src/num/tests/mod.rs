//! Tables of expectations.
