//! Macros that describe types, modules and libraries.

/// Descriptions of functions: `methods![append, pop]` (each made by `#[interp_fn]`).
#[macro_export]
macro_rules! methods {
    ($($($name:ident)::+),* $(,)?) => { $crate::abi::types::Slice::new(&[$($($name)::+::SPEC),*]) };
}
/// The same for a module's functions.
#[macro_export]
macro_rules! functions {
    ($($t:tt)*) => { $crate::methods![$($t)*] };
}

/// A list of `getset!` or `member!` descriptions.
#[macro_export]
macro_rules! table {
    ($($e:expr),* $(,)?) => { $crate::abi::types::Slice::new(&[$($e),*]) };
}

/// A computed attribute: `getset!("name", getter)` or `getset!("name", getter, setter)`; the functions are `#[slot]`s
/// `fn(sp, w_self) -> Res<W>` and `fn(sp, w_self, w_value) -> Res<()>` (value NULL = delete).
#[macro_export]
macro_rules! getset {
    ($name:expr, $get:expr) => {
        $crate::abi::types::GetSetSpec {
            name: $crate::abi::types::Str::new($name),
            get: $get,
            set: None,
            doc: $crate::abi::types::Str::new(""),
        }
    };
    ($name:expr, $get:expr, $set:expr) => {
        $crate::getset!($name, $get, $set, "")
    };
    ($name:expr, $get:expr, $set:expr, $doc:expr) => {
        $crate::abi::types::GetSetSpec {
            name: $crate::abi::types::Str::new($name),
            get: $get,
            set: Some($set),
            doc: $crate::abi::types::Str::new($doc),
        }
    };
}

/// A field as attribute: `member!(WSlice, "start", start, Obj)`, read-only; `mut` before the kind makes it writable.
#[macro_export]
macro_rules! member {
    ($t:ty, $name:expr, $field:ident, $kind:ident) => { $crate::member!(@ $t, $name, $field, $kind, 1) };
    ($t:ty, $name:expr, $field:ident, mut $kind:ident) => { $crate::member!(@ $t, $name, $field, $kind, 0) };
    (@ $t:ty, $name:expr, $field:ident, $kind:ident, $ro:expr) => {
        $crate::abi::types::MemberSpec {
            name: $crate::abi::types::Str::new($name), kind: $crate::abi::types::MemberKind::$kind,
            offset: ::std::mem::offset_of!($t, $field) as u32, readonly: $ro, doc: $crate::abi::types::Str::new(""),
        }
    };
}

/// A type: its layout from the struct (`#[derive(GcObject)]`), the rest by fields of `TypeSpec` that differ from the defaults.
///
/// ```ignore
/// typespec!(DEQUE: WDeque, "collections.deque", {
///     doc: Str::new("..."), flags: ty::BASETYPE | ty::WEAKREF,
///     slots: &Slots { len: Some(deque_len), iter: Some(deque_iter), ..Slots::EMPTY },
///     methods: methods![append, popleft],
/// });
/// ```
#[macro_export]
macro_rules! typespec {
    ($(#[$meta:meta])* $vis:vis $id:ident : $t:ty, $name:expr, { $($field:ident : $value:expr),* $(,)? }) => {
        $(#[$meta])*
        $vis static $id: $crate::abi::types::TypeSpec = {
            let base = $crate::abi::types::TypeSpec {
                name: $crate::abi::types::Str::new($name),
                doc: $crate::abi::types::Str::new(""),
                flags: 0,
                layout_flags: 0,
                fixed_bytes: (::std::mem::size_of::<$t>() as u32 + 7) & !7,
                item_bytes: 0, len_off: 0, items_off: 0,
                ptr_map: <$t as $crate::layout::GcObject>::PTR_MAP,
                trace: None, free: None, native_bytes: None,
                slots: &$crate::abi::types::Slots::EMPTY,
                methods: $crate::abi::types::Slice::new(&[]), getset: $crate::abi::types::Slice::new(&[]), members: $crate::abi::types::Slice::new(&[]),
            };
            $crate::abi::types::TypeSpec { $($field: $value,)* ..base }
        };
    };
}

/// A mixed module: `mixed_module!(MODULE, "_bisect", doc = "...", functions = [bisect_left, ..], init = init_fn, app = include_str!("app.py"))`.
/// `init` is `fn(Space, W) -> Res<()>` and adds types and constants; `app` is app-level source run in the module's namespace.
#[macro_export]
macro_rules! mixed_module {
    ($id:ident, $name:expr, doc = $doc:expr, functions = [$($($f:ident)::+),* $(,)?] $(, init = $init:expr)? $(, app = $app:expr)? $(,)?) => {
        #[allow(missing_docs)]
        pub static $id: $crate::abi::host::ModuleSpec = {
            unsafe extern "C-unwind" fn run_init(th: *mut $crate::Thread, w_module: $crate::W) -> i32 {
                $crate::gate::guarded(th, |sp| {
                    let f: fn($crate::Space, $crate::W) -> $crate::Res<()> = $crate::mixed_module!(@init $($init)?);
                    f(sp, w_module)
                })
            }
            $crate::abi::host::ModuleSpec {
                name: $crate::abi::types::Str::new($name),
                doc: $crate::abi::types::Str::new($doc),
                functions: $crate::abi::types::Slice::new(&[$($($f)::+::SPEC),*]),
                app_level: $crate::abi::types::Str::new($crate::mixed_module!(@app $($app)?)),
                init: run_init,
                flags: 0,
            }
        };
    };
    (@init) => { |_, _| Ok(()) };
    (@init $init:expr) => { $init };
    (@app) => { "" };
    (@app $app:expr) => { $app };
}

/// The root of a library of mixed modules: `export_modules!("core", "what it holds", [&a::MODULE, &b::MODULE])`. The crate depends on
/// abi_stable 0.11 for the handshake.
#[macro_export]
macro_rules! export_modules {
    ($name:expr, $description:expr, [$($m:expr),* $(,)?]) => {
        /// The modules, for a program that links them statically.
        pub static MODULES: &[&$crate::abi::host::ModuleSpec] = &[$($m),*];
        static TABLE: $crate::abi::plugin::ModulesTable = $crate::abi::plugin::ModulesTable {
            abi: $crate::abi::plugin::ABI,
            size: ::std::mem::size_of::<$crate::abi::plugin::ModulesTable>() as u32,
            modules: MODULES.as_ptr(),
            n: MODULES.len(),
        };
        $crate::export_plugin!($name, $description, Modules, TABLE, []);
    };
}

/// The root module of any plugin library: name, description, kind, static table, options.
#[macro_export]
macro_rules! export_plugin {
    ($name:expr, $description:expr, $kind:ident, $table:expr, [$($opt:expr => $help:expr, $default:expr);* $(;)?]) => {
        #[::abi_stable::export_root_module]
        fn taipan_plugin_root() -> $crate::abi::plugin::PluginRootRef {
            use ::abi_stable::prefix_type::PrefixTypeTrait;
            use ::abi_stable::std_types::{RSlice, RStr};
            static OPTIONS: &[$crate::abi::plugin::OptionInfo] = &[$($crate::abi::plugin::OptionInfo {
                name: RStr::from_str($opt), help: RStr::from_str($help), default: RStr::from_str($default),
            }),*];
            $crate::abi::plugin::PluginRoot {
                kind: $crate::abi::plugin::Kind::$kind,
                name: RStr::from_str($name),
                version: RStr::from_str(env!("CARGO_PKG_VERSION")),
                description: RStr::from_str($description),
                abi: $crate::abi::plugin::ABI,
                compiler: RStr::from_str($crate::abi::plugin::COMPILER),
                options: RSlice::from_slice(OPTIONS),
                table: $crate::abi::plugin::TablePtr((&raw const $table).cast()),
            }
            .leak_into_prefix()
        }
    };
}
