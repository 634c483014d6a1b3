//! A library whose root module has another layout than the contract's, under the same name and version.

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
    const VERSION_STRINGS: VersionStrings = taipan_abi::plugin::PluginRootRef::VERSION_STRINGS;
}

#[abi_stable::export_root_module]
fn root() -> OtherRootRef {
    OtherRoot { kind: 1 }.leak_into_prefix()
}
