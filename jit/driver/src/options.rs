//! Options and counters.

use taipan_abi::gc::KeyValue;

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident = $default:literal;)*) => {
        /// What can be set in a profile and by `set_param`; names are PyPy's where it has one.
        #[derive(Copy, Clone, Debug)]
        pub struct Options { $($(#[$doc])* pub $name: u32,)* }
        impl Default for Options {
            fn default() -> Options {
                Options { $($name: $default,)* }
            }
        }
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        impl Options {
            /// False = no such option, or not a value for it.
            pub fn set(&mut self, name: &[u8], value: i64) -> bool {
                let Ok(value) = u32::try_from(value) else { return false };
                $(if name == stringify!($name).as_bytes() {
                    self.$name = value;
                    return true;
                })*
                false
            }
        }
    };
}
options! {
    /// Rounds of a loop before it is recorded.
    threshold = 1039;
    /// Failures of a guard before a bridge is recorded for it.
    trace_eagerness = 200;
    /// Instructions of a recording.
    trace_limit = 6000;
    /// Loops and bridges to compile at most: to find the one that makes a difference.
    max_units = 1_000_000;
    /// 1: traces are verified.
    verify = 0;
    /// 1: what was compiled or given up; 2: the traces, too.
    log = 0;
}

impl Options {
    /// The options of a profile. Err: what is wrong, in one sentence.
    ///
    /// # Safety
    /// `n` pairs of valid strings.
    pub unsafe fn read(options: *const KeyValue, n: usize) -> Result<Options, String> {
        let mut o = Options::default();
        for i in 0..n {
            let kv = &*options.add(i);
            let text = |p, len| String::from_utf8_lossy(std::slice::from_raw_parts(p, len)).into_owned();
            let (key, value) = (text(kv.key, kv.key_len), text(kv.value, kv.value_len));
            let Ok(number) = value.parse::<i64>() else {
                return Err(format!("option '{key}' of the JIT must be a whole number, not '{value}'"));
            };
            if !o.set(key.as_bytes(), number) {
                return Err(match NAMES.contains(&key.as_str()) {
                    true => format!("option '{key}' of the JIT cannot be {number}"),
                    false => format!("the JIT has no option '{key}': it has {}", NAMES.join(", ")),
                });
            }
        }
        Ok(o)
    }
}

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Counters.
        #[derive(Copy, Clone, Debug, Default)]
        pub struct Stats { $($(#[$doc])* pub $name: u64,)* }
        impl Stats {
            /// Counter `index` and its NUL-terminated name; -1 past the end.
            pub fn get(&self, index: u32, name: &mut *const u8) -> i64 {
                let all = [$((concat!(stringify!($name), "\0"), self.$name)),*];
                let Some((text, value)) = all.get(index as usize) else { return -1 };
                *name = text.as_ptr();
                *value as i64
            }
        }
    };
}
stats! {
    /// Loops compiled.
    loops;
    /// Bridges compiled.
    bridges;
    /// Recordings given up.
    aborts;
    /// Times compiled code was left for the interpreter.
    exits;
    /// Units the backend would not compile.
    refused;
}
