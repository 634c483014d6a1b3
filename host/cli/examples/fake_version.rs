//! A library made for another version of the contract.

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_types::VersionStrings;

/// Not the contract's.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = OtherRootRef)))]
pub struct OtherRoot {
    /// Some field.
    #[sabi(last_prefix_field)]
    pub kind: u64,
}

impl RootModule for OtherRootRef {
    abi_stable::declare_root_module_statics! {OtherRootRef}
    const BASE_NAME: &'static str = "taipan_plugin";
    const NAME: &'static str = "taipan_plugin";
    const VERSION_STRINGS: VersionStrings = VersionStrings { version: abi_stable::std_types::RStr::from_str("9.1.0") };
}

#[abi_stable::export_root_module]
fn root() -> OtherRootRef {
    OtherRoot { kind: 1 }.leak_into_prefix()
}
