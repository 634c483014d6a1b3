//! Operation slots.
/// Slots.
#[repr(C)]
pub struct Slots {
    /// Bytes.
    pub size: u32,
}
