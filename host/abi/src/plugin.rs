//! What a plugin library exports: one abi_stable root module that names the part and points to its hand-written tables.

use crate::gc::GcVTable;
use crate::host::{HostVTable, ModuleSpec};
use crate::jit::JitVTable;
use crate::ops::OpTable;
use crate::thread::Thread;
use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::package_version_strings;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RSlice, RStr};

/// The major version of every table in this crate. Tables only grow at their end within a major.
pub const ABI: u32 = 1;

/// The compiler this crate was built with.
pub const COMPILER: &str = env!("TAIPAN_RUSTC");

/// Kinds of parts.
#[repr(u8)]
#[derive(StableAbi, Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An object space (a [`SpaceTable`]).
    Space,
    /// Mixed modules (a [`ModulesTable`]).
    Modules,
    /// A collector (a [`GcVTable`]).
    Gc,
    /// A JIT (a [`JitVTable`]).
    Jit,
}

/// The address of a table; which table follows from the kind.
#[repr(transparent)]
#[derive(StableAbi, Copy, Clone)]
pub struct TablePtr(pub *const ());
// SAFETY: tables are immutable statics.
unsafe impl Sync for TablePtr {}
// SAFETY: as above.
unsafe impl Send for TablePtr {}

/// One option a part understands, for `taipan --info` and messages.
#[repr(C)]
#[derive(StableAbi, Copy, Clone)]
#[allow(missing_docs)]
pub struct OptionInfo {
    pub name: RStr<'static>,
    pub help: RStr<'static>,
    pub default: RStr<'static>,
}

/// The root module of every plugin library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRootRef)))]
#[sabi(missing_field(panic))]
pub struct PluginRoot {
    /// Space, modules, gc, jit.
    pub kind: Kind,
    /// The name profiles use.
    pub name: RStr<'static>,
    /// The part's own version.
    pub version: RStr<'static>,
    /// One sentence.
    pub description: RStr<'static>,
    /// [`ABI`] of the build.
    pub abi: u32,
    /// The compiler of the build.
    pub compiler: RStr<'static>,
    /// Options in the profile.
    pub options: RSlice<'static, OptionInfo>,
    /// The table of the kind.
    #[sabi(last_prefix_field)]
    pub table: TablePtr,
}

impl RootModule for PluginRootRef {
    abi_stable::declare_root_module_statics! {PluginRootRef}
    const BASE_NAME: &'static str = "taipan_plugin";
    const NAME: &'static str = "taipan_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// What a space library exports.
#[repr(C)]
pub struct SpaceTable {
    #[allow(missing_docs)]
    pub abi: u32,
    #[allow(missing_docs)]
    pub size: u32,
    /// 1: needs an inner space (a proxy); 0: a complete space.
    pub proxy: u32,
    #[allow(missing_docs)]
    pub pad: u32,
    /// Makes the layer's operation table over `inner` (null for a complete space). Options by "option.NAME.KEY" settings.
    pub stack: unsafe extern "C" fn(inner: *const OpTable, host: *const HostVTable) -> *const OpTable,
    /// Of a complete space: sets up the first thread (types, singletons, known objects). 0 = ready.
    pub init: Option<unsafe extern "C-unwind" fn(*mut Thread) -> i32>,
    /// The evaluator instantiated for this space; runs the thread's top frame until its entry frame returns.
    pub eval: Option<unsafe extern "C-unwind" fn(*mut Thread) -> crate::word::W>,
    /// The recording evaluator.
    pub record: Option<unsafe extern "C-unwind" fn(*mut Thread, *mut crate::mode::Rec) -> u32>,
    /// Runs the command line's program on the first thread; answers the exit status.
    pub run_main: Option<unsafe extern "C-unwind" fn(*mut Thread) -> i32>,
}

/// What a library of mixed modules exports.
#[repr(C)]
pub struct ModulesTable {
    #[allow(missing_docs)]
    pub abi: u32,
    #[allow(missing_docs)]
    pub size: u32,
    /// The modules.
    pub modules: *const &'static ModuleSpec,
    #[allow(missing_docs)]
    pub n: usize,
}
// SAFETY: immutable data.
unsafe impl Sync for ModulesTable {}
// SAFETY: immutable data.
unsafe impl Sync for SpaceTable {}

/// Which table a kind has, for documentation: `Gc` [`GcVTable`], `Jit` [`JitVTable`], `Space` [`SpaceTable`], `Modules` [`ModulesTable`].
pub type Tables = (GcVTable, JitVTable, SpaceTable, ModulesTable);
