//! The services of the host: its state for the process, and the table through which spaces and modules reach it.

use crate::library::{self, OptionText, Part, kind_word};
use crate::resolve::Plan;
use crate::settings::Settings;
use std::path::PathBuf;
use std::sync::{OnceLock, RwLock};
use taipan_abi::host::{Blob, HostVTable, ModuleSpec};
use taipan_abi::plugin::{ABI, Kind};
use taipan_abi::types::Str;

/// A library of mixed modules, opened when one of its modules is first asked for.
#[derive(Debug)]
pub struct ModuleLibrary {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub version: String,
    #[allow(missing_docs)]
    pub description: String,
    #[allow(missing_docs)]
    pub compiler: String,
    #[allow(missing_docs)]
    pub file: PathBuf,
    /// All modules in it, chosen or not.
    pub modules: Vec<&'static str>,
    /// The open library; `None` inside = it could not be opened (said once).
    pub part: OnceLock<Option<Part>>,
}

impl ModuleLibrary {
    /// The library, opened now if it was not.
    pub fn open(&self) -> Option<&Part> {
        let open = || library::open(&self.file, Kind::Modules).map_err(|e| crate::complain(&e.to_string())).ok();
        self.part.get_or_init(open).as_ref()
    }
    /// What it declares, if it is open.
    fn options(&self) -> &[OptionText] {
        self.part.get().and_then(|p| p.as_ref()).map_or(&[], |p| &p.options)
    }
}

/// Everything the process decided at its start.
pub struct Host {
    /// From the command line, the environment, the profile.
    pub settings: Settings,
    #[allow(missing_docs)]
    pub plan: Plan,
    /// Spaces from the outermost on, collector, JIT.
    pub parts: Vec<Part>,
    #[allow(missing_docs)]
    pub libraries: Vec<ModuleLibrary>,
    /// Names of the profile's modules, sorted, with the index of their library.
    pub modules: Vec<(&'static str, usize)>,
}

static HOST: OnceLock<Host> = OnceLock::new();
/// Values that `setting` computed, kept for ever; few and small.
static COMPUTED: RwLock<Vec<(String, &'static [u8])>> = RwLock::new(Vec::new());

/// Makes the state known to the table's functions. Only the first call counts.
pub fn publish(host: Host) -> &'static Host {
    HOST.get_or_init(|| host)
}

impl Host {
    /// The library and description of a module of the profile.
    pub fn module(&self, name: &str) -> Option<(&ModuleLibrary, &'static ModuleSpec)> {
        let at = self.modules.binary_search_by(|(n, _)| (*n).cmp(name)).ok()?;
        let library = &self.libraries[self.modules[at].1];
        let spec = crate::index::specs(library.open()?).iter().find(|s| s.name.get() == name)?;
        Some((library, spec))
    }

    /// The settings that are not stored: parts and defaults of options.
    fn computed(&self, key: &str) -> Option<Vec<u8>> {
        let text = |s: &str| Some(s.as_bytes().to_vec());
        if let Some(rest) = key.strip_prefix("part.") {
            let (n, field) = rest.split_once('.')?;
            let n: usize = n.parse().ok()?;
            if let Some(p) = self.parts.get(n) {
                return match field {
                    "kind" => text(kind_word(p.kind)),
                    "name" => text(p.name),
                    "version" => text(p.version),
                    "description" => text(p.description),
                    "compiler" => text(p.compiler),
                    "file" => Some(crate::settings::escape(p.file.as_os_str())),
                    "loaded" => text("1"),
                    "options" => Some(self.option_text(p.name, &p.options)),
                    _ => None,
                };
            }
            let l = self.libraries.get(n - self.parts.len())?;
            return match field {
                "kind" => text(kind_word(Kind::Modules)),
                "name" => text(&l.name),
                "version" => text(&l.version),
                "description" => text(&l.description),
                "compiler" => text(&l.compiler),
                "file" => Some(crate::settings::escape(l.file.as_os_str())),
                "loaded" => text(if l.part.get().is_some_and(Option::is_some) { "1" } else { "0" }),
                "options" => Some(self.option_text(&l.name, l.options())),
                "modules" => text(&l.modules.join(" ")),
                _ => None,
            };
        }
        let (part, option) = key.strip_prefix("option.")?.split_once('.')?;
        let declared = self
            .parts
            .iter()
            .find(|p| p.name == part)
            .map(|p| p.options.as_slice())
            .or_else(|| self.libraries.iter().find(|l| l.name == part).map(|l| l.options()))?;
        let default = declared.iter().find(|o| o.name == option)?.default;
        if default.is_empty() { None } else { text(default) }
    }

    /// `key=value` lines: what was set, then the defaults of the rest.
    pub fn option_text(&self, part: &str, declared: &[OptionText]) -> Vec<u8> {
        let prefix = format!("option.{part}.");
        let mut out = Vec::new();
        let mut line = |key: &str, value: &[u8]| {
            out.extend_from_slice(key.as_bytes());
            out.push(b'=');
            out.extend_from_slice(value);
            out.push(b'\n');
        };
        for (key, value) in self.settings.iter() {
            if let Some(option) = key.strip_prefix(&prefix) {
                line(option, value);
            }
        }
        for o in declared.iter().filter(|o| !o.default.is_empty()) {
            if self.settings.get(&format!("{prefix}{}", o.name)).is_none() {
                line(o.name, o.default.as_bytes());
            }
        }
        out
    }

    /// A setting. Stored and computed values live as long as the process.
    pub fn setting(&'static self, key: &str) -> Option<&'static [u8]> {
        if let Some(v) = self.settings.get(key) {
            return Some(v);
        }
        let value = self.computed(key)?;
        let known =
            |all: &[(String, &'static [u8])]| all.iter().find(|(k, v)| k == key && **v == *value).map(|(_, v)| *v);
        let mut all = COMPUTED.write().unwrap_or_else(|e| e.into_inner());
        if let Some(v) = known(&all) {
            return Some(v);
        }
        let value: &'static [u8] = Vec::leak(value);
        all.push((key.to_string(), value));
        Some(value)
    }
}

/// The table. One for the process.
pub static TABLE: HostVTable = HostVTable {
    abi: ABI,
    size: size_of::<HostVTable>() as u32,
    compile: crate::frontend::host_compile,
    free_blob,
    find_module,
    module_name,
    setting,
    frozen,
    thread_new: crate::gil::thread_new,
    thread_begin: crate::gil::thread_begin,
    thread_end: crate::gil::thread_end,
    blocking: crate::gil::blocking,
    switch_threads: crate::gil::switch_threads,
    switch_interval: crate::gil::switch_interval,
    thread_event: crate::gil::thread_event,
};

/// Bytes handed out; `free_blob` takes them back.
pub fn blob(bytes: Vec<u8>) -> Blob {
    if bytes.capacity() == 0 {
        return Blob { ptr: std::ptr::null(), len: 0, cap: 0 };
    }
    let bytes = std::mem::ManuallyDrop::new(bytes);
    Blob { ptr: bytes.as_ptr(), len: bytes.len(), cap: bytes.capacity() }
}

/// Bytes that live for ever; `free_blob` leaves them alone.
fn lent(bytes: &'static [u8]) -> Blob {
    Blob { ptr: bytes.as_ptr(), len: bytes.len(), cap: 0 }
}

unsafe extern "C" fn free_blob(b: Blob) {
    if b.cap != 0 {
        // SAFETY: a blob with a capacity was made by `blob` from a Vec<u8>.
        drop(unsafe { Vec::from_raw_parts(b.ptr.cast_mut(), b.len, b.cap) });
    }
}

unsafe fn key<'a>(p: *const u8, len: usize) -> Option<&'a str> {
    if len == 0 {
        return Some("");
    }
    // SAFETY: the caller's string, valid during the call.
    std::str::from_utf8(unsafe { std::slice::from_raw_parts(p, len) }).ok()
}

unsafe extern "C" fn find_module(name: *const u8, len: usize, origin: *mut Blob) -> *const ModuleSpec {
    let found = HOST.get().zip(unsafe { key(name, len) }).and_then(|(host, name)| host.module(name));
    let Some((library, spec)) = found else { return std::ptr::null() };
    if !origin.is_null() {
        // SAFETY: the caller's variable.
        unsafe { origin.write(blob(crate::settings::escape(library.file.as_os_str()))) };
    }
    spec
}

unsafe extern "C" fn module_name(n: u32) -> Str {
    Str::new(HOST.get().and_then(|h| h.modules.get(n as usize)).map_or("", |m| m.0))
}

unsafe extern "C" fn setting(name: *const u8, len: usize, out: *mut Blob) -> i32 {
    let found = HOST.get().zip(unsafe { key(name, len) }).and_then(|(host, key)| host.setting(key));
    let Some(value) = found else { return 0 };
    // SAFETY: the caller's variable.
    unsafe { out.write(lent(value)) };
    1
}

unsafe extern "C" fn frozen(name: *const u8, len: usize, out: *mut Blob) -> i32 {
    let code =
        unsafe { key(name, len) }.and_then(|n| std::panic::catch_unwind(|| crate::frontend::frozen(n)).unwrap_or(None));
    let Some(code) = code else { return 0 };
    // SAFETY: the caller's variable.
    unsafe { out.write(blob(code)) };
    1
}

/// A setting as text, for the host's own use.
pub fn setting_text(key: &str) -> Option<String> {
    let host = HOST.get()?;
    host.setting(key).map(|v| String::from_utf8_lossy(v).into_owned())
}
