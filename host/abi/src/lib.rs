//! The contract between the parts of Taipan: layouts, tables and instructions. No logic lives here.
pub mod location;
pub mod opcode;
