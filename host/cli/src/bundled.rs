//! Feature `bundled`: the parts that are linked into the program. Without the feature there are none.

/// Makes the linked parts known to the loader.
pub fn register() {
    #[cfg(feature = "bundled")]
    for root in ROOTS {
        // SAFETY: static tables of the crates below, each of the kind that stands beside it.
        unsafe { taipan_loader::bundled::register(root) };
    }
}

#[cfg(feature = "bundled")]
static ROOTS: &[taipan_loader::bundled::Root] = &[taipan_loader::bundled::Root {
    kind: taipan_abi::plugin::Kind::Gc,
    name: "seg",
    version: crate::VERSION,
    description: "generational, size-class segregated, incremental marking",
    options: &[
        ("nursery", "bytes allocated between minor collections", ""),
        ("growth", "heap growth between major collections", ""),
        ("min", "bytes before the first major collection", ""),
        ("step", "bytes between steps of incremental marking", ""),
        ("max", "the most bytes of heap", ""),
        ("stress", "collect at every Nth allocation", ""),
        ("verify", "check the heap at each collection", ""),
    ],
    table: (&raw const taipan_gc_seg::TABLE).cast(),
}];
