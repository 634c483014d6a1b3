//! Family `types`: classes, attributes, descriptors, calls, the dispatch of operations.
//!
//! `rows`, `create`, `heaptype`, `subclasses` make classes, `classfree` ends them; `shapes` lays out instances; `slotdefs`, `slotgeneric`, `slotcall` tie slots to special
//! methods; `lookup` and `attrs` find attributes; `signature` and `calls` call; `dispatch`, `iterops`, `isinstance` are the operations; the
//! other files are one type each.

pub mod attrs;
pub mod builtins;
pub mod calls;
pub mod classfree;
pub mod create;
pub mod descr;
pub mod dispatch;
pub mod function;
pub mod genericalias;
pub mod heaptype;
pub mod isinstance;
pub mod iterops;
pub mod lookup;
pub mod module;
pub mod mro;
pub mod namespace;
pub mod object;
pub mod ops;
pub mod property;
pub mod proxy;
pub mod rows;
pub mod shapes;
pub mod signature;
pub mod singletons;
pub mod slotcall;
pub mod slotdefs;
pub mod slotgeneric;
pub mod structseq;
pub mod subclasses;
pub mod superobj;
pub mod typeattrs;
pub mod union;
pub mod util;
pub mod weakref;
pub mod wrappers;

pub use builtins::BUILTINS;
pub use create::{newtype, start};
pub use lookup::lookup_in_type;

use crate::layouts::tid::TYPES as BASE;
use crate::{Builtin, NOT_KNOWN};
use taipan_abi::types::TypeSpec;
use taipan_abi::word::*;
use taipan_plugin_api::known;

/// classmethod_descriptor
pub const CLASSMETHOD_DESCR: u32 = BASE;
/// iterator over `__getitem__`
pub const SEQ_ITER: u32 = BASE + 1;
/// callable_iterator
pub const CALLABLE_ITER: u32 = BASE + 2;
/// types.GenericAlias
pub const GENERIC_ALIAS: u32 = BASE + 3;
/// typing.Union
pub const UNION: u32 = BASE + 4;
/// types.SimpleNamespace
pub const NAMESPACE: u32 = BASE + 5;
/// weakref.ReferenceType
pub const WEAKREF: u32 = BASE + 6;
/// weakref.ProxyType
pub const WEAK_PROXY: u32 = BASE + 7;
/// weakref.CallableProxyType
pub const WEAK_CALLABLE_PROXY: u32 = BASE + 8;
/// The weak table's nodes.
pub const WEAK_NODE: u32 = BASE + 9;

const fn ty(tid: u32, spec: &'static TypeSpec, known: u32, public: bool) -> Builtin {
    Builtin { tid, spec, base: 0, known, public }
}

/// The family's types, bases first.
pub static TYPES: &[Builtin] = &[
    ty(TID_OBJECT, &object::OBJECT, known::OBJECT, true),
    ty(TID_TYPE, &typeattrs::TYPE, known::TYPE, true),
    ty(TID_NONE, &singletons::NONE_TYPE, known::NONE_TYPE, false),
    ty(TID_NOT_IMPLEMENTED, &singletons::NOT_IMPLEMENTED_TYPE, NOT_KNOWN, false),
    ty(TID_ELLIPSIS, &singletons::ELLIPSIS_TYPE, NOT_KNOWN, false),
    ty(TID_CELL, &singletons::CELL, known::CELL, false),
    ty(TID_METHOD_DESCR, &descr::METHOD_DESCR, NOT_KNOWN, false),
    ty(CLASSMETHOD_DESCR, &descr::CLASSMETHOD_DESCR, NOT_KNOWN, false),
    ty(TID_SLOT_WRAPPER, &descr::SLOT_WRAPPER, NOT_KNOWN, false),
    ty(TID_METHOD_WRAPPER, &descr::METHOD_WRAPPER, NOT_KNOWN, false),
    ty(TID_GETSET, &descr::GETSET, NOT_KNOWN, false),
    ty(TID_MEMBER, &descr::MEMBER, NOT_KNOWN, false),
    ty(TID_BUILTIN, &function::BUILTIN, known::BUILTIN_FUNCTION, false),
    ty(TID_STATICMETHOD, &wrappers::STATICMETHOD, known::STATICMETHOD, true),
    ty(TID_CLASSMETHOD, &wrappers::CLASSMETHOD, known::CLASSMETHOD, true),
    ty(TID_PROPERTY, &property::PROPERTY, known::PROPERTY, true),
    ty(TID_SUPER, &superobj::SUPER, known::SUPER, true),
    ty(TID_MAPPINGPROXY, &proxy::MAPPINGPROXY, known::MAPPINGPROXY, false),
    ty(TID_MODULE, &module::MODULE, known::MODULE, false),
    ty(SEQ_ITER, &iterops::SEQ_ITER, NOT_KNOWN, false),
    ty(CALLABLE_ITER, &iterops::CALLABLE_ITER, NOT_KNOWN, false),
    ty(GENERIC_ALIAS, &genericalias::GENERIC_ALIAS, known::GENERIC_ALIAS, false),
    ty(UNION, &union::UNION, NOT_KNOWN, false),
    ty(NAMESPACE, &namespace::SPEC, known::SIMPLE_NAMESPACE, false),
    ty(WEAKREF, &weakref::REFERENCE, known::WEAKREF, false),
    ty(WEAK_PROXY, &weakref::PROXY, NOT_KNOWN, false),
    ty(WEAK_CALLABLE_PROXY, &weakref::CALLABLE_PROXY, NOT_KNOWN, false),
    ty(WEAK_NODE, &weakref::NODE, NOT_KNOWN, false),
];
