//! The one walk over a tree, in both directions: a [`Sink`] is told a tree, a [`Source`] tells one.

use super::schema::{Quant, TypeDef};
use super::value::{Constant, Ident, Pos, Text};

/// A type with an entry in the schema.
pub trait Described {
    /// The entry.
    const DEF: TypeDef;
}

/// Receives a tree in order: `begin`, then for each field `field` and its value, then `end`.
pub trait Sink {
    /// A node begins.
    fn begin(&mut self, number: u16, name: &'static str);
    /// The next value belongs to this field.
    fn field(&mut self, name: &'static str, quant: Quant);
    /// The node's fields are complete; located nodes have a position.
    fn end(&mut self, pos: Option<Pos>);
    /// A list of this many values follows.
    fn list(&mut self, len: usize);
    /// The list is complete.
    fn end_list(&mut self);
    /// A missing optional value.
    fn none(&mut self);
    /// A value follows where one is optional.
    fn some(&mut self) {}
    /// An `identifier`.
    fn ident(&mut self, v: &Ident);
    /// A `string`.
    fn text(&mut self, v: &Text);
    /// An `int`.
    fn int(&mut self, v: i32);
    /// A `constant`.
    fn constant(&mut self, v: &Constant);
}

/// Why a told tree is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl Malformed {
    /// A node where one of type `wanted` is needed.
    pub fn wrong_node(wanted: &str, number: u16) -> Self {
        match super::schema::node(number) {
            Some((_, node)) => Malformed(format!("expected some sort of {wanted}, but got {}", node.name)),
            None => Malformed(format!("expected some sort of {wanted}, but got node number {number}")),
        }
    }
}

/// Tells a tree in the order in which a [`Sink`] receives it.
pub trait Source {
    /// The number of the next node.
    fn begin(&mut self) -> Result<u16, Malformed>;
    /// The position of the current node.
    fn pos(&mut self) -> Result<Pos, Malformed>;
    /// The current node is complete.
    fn end(&mut self) -> Result<(), Malformed>;
    /// The length of the list that comes next.
    fn list(&mut self) -> Result<usize, Malformed>;
    /// Whether an optional value is present.
    fn is_some(&mut self) -> Result<bool, Malformed>;
    /// An `identifier`.
    fn ident(&mut self) -> Result<Ident, Malformed>;
    /// A `string`.
    fn text(&mut self) -> Result<Text, Malformed>;
    /// An `int`.
    fn int(&mut self) -> Result<i32, Malformed>;
    /// A `constant`.
    fn constant(&mut self) -> Result<Constant, Malformed>;
}

/// What can be the type of a field.
pub trait Field: Sized {
    /// The ASDL type.
    const TYPE: &'static str;
    /// How often it occurs.
    const QUANT: Quant;
    /// Tells the value to a sink.
    fn emit<S: Sink>(&self, sink: &mut S);
    /// Reads the value from a source.
    fn take<S: Source>(source: &mut S) -> Result<Self, Malformed>;
}

/// Runs `f` with enough native stack for one more level of nesting.
pub fn deep<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(96 * 1024, 1024 * 1024, f)
}

macro_rules! leaf {
    ($($T:ty = $name:literal $method:ident $by:tt;)*) => {
        $(impl Field for $T {
            const TYPE: &'static str = $name;
            const QUANT: Quant = Quant::One;
            fn emit<S: Sink>(&self, sink: &mut S) {
                leaf!(@emit $by self sink $method);
            }
            fn take<S: Source>(source: &mut S) -> Result<Self, Malformed> {
                source.$method()
            }
        })*
    };
    (@emit value $this:ident $sink:ident $method:ident) => { $sink.$method(*$this) };
    (@emit reference $this:ident $sink:ident $method:ident) => { $sink.$method($this) };
}
leaf! {
    Ident = "identifier" ident reference;
    Text = "string" text reference;
    i32 = "int" int value;
    Constant = "constant" constant reference;
}

impl<T: Field> Field for Box<T> {
    const TYPE: &'static str = T::TYPE;
    const QUANT: Quant = T::QUANT;
    fn emit<S: Sink>(&self, sink: &mut S) {
        (**self).emit(sink);
    }
    fn take<S: Source>(source: &mut S) -> Result<Self, Malformed> {
        Ok(Box::new(T::take(source)?))
    }
}

impl<T: Field> Field for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const QUANT: Quant = Quant::Opt;
    fn emit<S: Sink>(&self, sink: &mut S) {
        match self {
            None => sink.none(),
            Some(v) => {
                sink.some();
                v.emit(sink);
            }
        }
    }
    fn take<S: Source>(source: &mut S) -> Result<Self, Malformed> {
        Ok(if source.is_some()? { Some(T::take(source)?) } else { None })
    }
}

impl<T: Field> Field for Vec<T> {
    const TYPE: &'static str = T::TYPE;
    const QUANT: Quant = match T::QUANT {
        Quant::Opt => Quant::ManyOpt,
        _ => Quant::Many,
    };
    fn emit<S: Sink>(&self, sink: &mut S) {
        sink.list(self.len());
        for v in self {
            v.emit(sink);
        }
        sink.end_list();
    }
    fn take<S: Source>(source: &mut S) -> Result<Self, Malformed> {
        let n = source.list()?;
        let mut out = Vec::with_capacity(n.min(1024));
        for _ in 0..n {
            out.push(T::take(source)?);
        }
        Ok(out)
    }
}
