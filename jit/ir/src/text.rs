//! The text form of units: what logs show and file tests are written in.
//!
//! One line an instruction, a semicolon begins a comment. What the unit refers to outside itself is declared first:
//!
//! ```text
//! field float.value@3 F off=8 immutable     ; name@alias, or name@#n for a field whose description is its identity
//! field items@#0 W off=24 array gcref
//! fn f0 = call at=0x40 reads|raises writes=x@257,y@258
//! ```
//! Instructions (`:W` after a name tells its kind and is optional):
//!
//! ```text
//! v0:W = slot 0
//! v1:B = is_int v0
//! guard v1 true exit 0
//! guard_value v0 = const W 3 exit 1         ; constants: const I -5, const F 1.5, const B true, const P 0x10,
//! v4:I = const I 7                          ;   const W 3 (tagged), const W null|none|true|false, const W 0x1000 (an address)
//! v5:W = param 0 W
//! v6:F = get v0 float.value@3
//! v7:W = get v0 items@#0[v4]
//! set v0 items@#0[v4] = v7
//! v9:W = new 7 16                           ; row, bytes
//! v10:W = call f0(v0, v7) W
//! sync exit 2
//! poll exit 3
//! v13 = nop
//! body v0, v4                               ; the loop's body begins; the first values of its Params
//! loop v5, v4                               ; or: back exit 4 | jump 1 exit 4 | enter 1 v0, v1 | leave exit 4
//! ```
//! Then the exits, in order (`bytecode` or a number as `Exit::resume`, then `after_sync` if it is one):
//!
//! ```text
//! exit 0 bytecode
//!   frame code=0x10 ip=0x20 base=0 sp=3 cont=0 flags=0 globals=0x0 handled=v3
//!   slot 1 = v4
//!   sunk v13 7 16 float.value@3=v6 items@#0[2]=v7
//! ```
//! Names of values are free in a source; printed, they are `v` and the index.

mod parse;
mod print;
pub use parse::parse;
pub use print::print;

use crate::{Field, Kind};
use taipan_abi::mode::{CallDesc, FieldDesc};

/// What fields and functions are called in texts. Texts that are to share fields share one of these.
#[derive(Default)]
pub struct Names {
    fields: Vec<(String, &'static FieldDesc)>,
    functions: Vec<Function>,
    anonymous: usize,
}
#[derive(Clone)]
struct Function {
    name: String,
    desc: &'static CallDesc,
    f: *const (),
}

impl Names {
    /// No names yet.
    pub fn new() -> Names {
        Names::default()
    }

    /// The field of that name, if a text declared or printed it.
    pub fn field(&self, name: &str) -> Option<Field> {
        self.fields.iter().find(|x| x.0 == name).map(|x| Field(x.1))
    }

    fn name_of(&mut self, field: Field) -> String {
        let same = |d: &FieldDesc| {
            Field(field.0).alias() == if d.alias != 0 { d.alias as usize } else { std::ptr::from_ref(d) as usize }
        };
        if let Some((name, _)) =
            self.fields.iter().find(|(_, d)| same(d) && d.off == field.0.off && d.kind == field.0.kind)
        {
            return name.clone();
        }
        let plain: String = word(field.0.name.get());
        let mut name = if field.0.alias != 0 {
            format!("{plain}@{}", field.0.alias)
        } else {
            self.anonymous += 1;
            format!("{plain}@#{}", self.anonymous - 1)
        };
        // The same number, another place or kind.
        while self.field(&name).is_some() {
            name.insert(0, '_');
        }
        self.fields.push((name.clone(), field.0));
        name
    }

    fn function(&mut self, desc: &'static CallDesc, f: *const ()) -> String {
        if let Some(x) = self.functions.iter().find(|x| std::ptr::eq(x.desc, desc) && x.f == f) {
            return x.name.clone();
        }
        let name = format!("f{}", self.functions.len());
        self.functions.push(Function { name: name.clone(), desc, f });
        name
    }
}

/// A name as one token.
fn word(s: &str) -> String {
    s.chars().map(|c| if c.is_whitespace() || ",()[]=@;".contains(c) { '_' } else { c }).collect()
}

static KINDS: [(Kind, &str); 5] = [(Kind::W, "W"), (Kind::I, "I"), (Kind::F, "F"), (Kind::B, "B"), (Kind::P, "P")];
/// Kinds of fields, by `mode::kind`.
static FIELD_KINDS: [&str; 7] = ["W", "I", "F", "B", "P", "U32", "U8"];
static FIELD_FLAGS: [(u8, &str); 4] = [
    (taipan_abi::mode::fd::IMMUTABLE, "immutable"),
    (taipan_abi::mode::fd::QUASI, "quasi"),
    (taipan_abi::mode::fd::ARRAY, "array"),
    (taipan_abi::mode::fd::GCREF, "gcref"),
];
static EFFECTS: [(u32, &str); 7] = {
    use taipan_abi::mode::effects::*;
    [
        (READS, "reads"),
        (WRITES_LISTED, "writes_listed"),
        (WRITES, "writes"),
        (RAISES, "raises"),
        (ALLOCATES, "allocates"),
        (CALLS_BACK, "calls_back"),
        (FORCES_FRAMES, "forces_frames"),
    ]
};
