//! The contract between the parts of Taipan: layouts, tables and instructions. No logic lives here.
pub mod gc;
pub mod opcode;
pub mod types;
pub mod word;
