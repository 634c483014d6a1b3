//! The macros behind the tables in `ast.rs`, and the metadata they leave behind.

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quant {
    /// Exactly one.
    One,
    /// `?`: may be `None`.
    Opt,
    /// `*`: a list.
    Many,
    /// `?*`: a list whose items may be `None`.
    ManyOpt,
}

/// One field of a node.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// Its name in Python.
    pub name: &'static str,
    /// Its ASDL type: a type of the schema, or `identifier`, `int`, `string`, `constant`.
    pub ty: &'static str,
    /// How often it occurs.
    pub quant: Quant,
}

/// One node (a constructor of a sum type, or a product type).
#[derive(Clone, Copy, Debug)]
pub struct NodeDef {
    /// The name of its Python class.
    pub name: &'static str,
    /// Its fields in order.
    pub fields: &'static [FieldDef],
}

/// One ASDL type. The base class of a sum's nodes is the class called `name`; a product is its own only node.
#[derive(Clone, Copy, Debug)]
pub struct TypeDef {
    /// The ASDL name, which is also the Python class.
    pub name: &'static str,
    /// False for a product.
    pub is_sum: bool,
    /// Whether its nodes have the position attributes.
    pub located: bool,
    /// Whether it is an enumeration (nodes without fields and positions, one instance each).
    pub is_enum: bool,
    /// The constructors.
    pub nodes: &'static [NodeDef],
}

/// The Python name of a Rust field: a trailing underscore only avoids a Rust keyword.
pub(super) const fn python_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [_, .., b'_'] => match name.split_at_checked(name.len() - 1) {
            Some((head, _)) => head,
            None => name,
        },
        _ => name,
    }
}

macro_rules! fields {
    ($($f:ident : $T:ty),*) => {
        &[$($crate::ast::schema::FieldDef {
            name: $crate::ast::table::python_name(stringify!($f)),
            ty: <$T as $crate::ast::walk::Field>::TYPE,
            quant: <$T as $crate::ast::walk::Field>::QUANT,
        }),*]
    };
}

macro_rules! sum {
    (@nodes $($V:ident { $($f:ident : $T:ty),* })*) => {
        &[$($crate::ast::schema::NodeDef {
            name: stringify!($V), fields: $crate::ast::table::fields!($($f : $T),*),
        }),*]
    };
    (@walk $Kind:ident $name:literal $($V:ident { $($f:ident : $T:ty),* })*) => {
        impl $Kind {
            const NAMES: &'static [&'static str] = &[$(stringify!($V)),*];
            const FIRST: u16 = $crate::ast::schema::first($name);
            fn emit_fields<S: $crate::ast::walk::Sink>(&self, sink: &mut S) {
                match self {
                    $($Kind::$V { $($f),* } => {
                        sink.begin(Self::FIRST + $crate::ast::table::index_of(Self::NAMES, stringify!($V)),
                            stringify!($V));
                        $(sink.field($crate::ast::table::python_name(stringify!($f)),
                            <$T as $crate::ast::walk::Field>::QUANT);
                        $crate::ast::walk::Field::emit($f, sink);)*
                    })*
                }
            }
            fn take_fields<S: $crate::ast::walk::Source>(number: u16, source: &mut S)
                -> Result<Self, $crate::ast::walk::Malformed>
            {
                let which = number.wrapping_sub(Self::FIRST) as usize;
                let Some(which) = Self::NAMES.get(which) else {
                    return Err($crate::ast::walk::Malformed::wrong_node($name, number));
                };
                $(if *which == stringify!($V) {
                    return Ok($Kind::$V { $($f: $crate::ast::walk::Field::take(source)?),* });
                })*
                Err($crate::ast::walk::Malformed::wrong_node($name, number))
            }
        }
    };
    ($(#[$m:meta])* located $Ty:ident($Kind:ident) = $name:literal {
        $($V:ident { $($f:ident : $T:ty),* $(,)? }),* $(,)?
    }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Ty {
            /// Which node it is, with its fields.
            pub kind: $Kind,
            /// Where it stands.
            pub pos: $crate::ast::Pos,
        }
        #[doc = concat!("The nodes of [`", stringify!($Ty), "`].")]
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum $Kind { $($V { $($f: $T),* }),* }
        $crate::ast::table::sum! { @walk $Kind $name $($V { $($f : $T),* })* }
        impl $crate::ast::walk::Described for $Ty {
            const DEF: $crate::ast::schema::TypeDef = $crate::ast::schema::TypeDef {
                name: $name, is_sum: true, located: true, is_enum: false,
                nodes: $crate::ast::table::sum!(@nodes $($V { $($f : $T),* })*),
            };
        }
        impl $crate::ast::walk::Field for $Ty {
            const TYPE: &'static str = $name;
            const QUANT: $crate::ast::schema::Quant = $crate::ast::schema::Quant::One;
            fn emit<S: $crate::ast::walk::Sink>(&self, sink: &mut S) {
                $crate::ast::walk::deep(|| self.kind.emit_fields(sink));
                sink.end(Some(self.pos));
            }
            fn take<S: $crate::ast::walk::Source>(source: &mut S) -> Result<Self, $crate::ast::walk::Malformed> {
                let number = source.begin()?;
                let kind = $crate::ast::walk::deep(|| $Kind::take_fields(number, source))?;
                let pos = source.pos()?;
                source.end()?;
                Ok($Ty { kind, pos })
            }
        }
    };
    ($(#[$m:meta])* plain $Ty:ident = $name:literal {
        $($V:ident { $($f:ident : $T:ty),* $(,)? }),* $(,)?
    }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum $Ty { $($V { $($f: $T),* }),* }
        $crate::ast::table::sum! { @walk $Ty $name $($V { $($f : $T),* })* }
        impl $crate::ast::walk::Described for $Ty {
            const DEF: $crate::ast::schema::TypeDef = $crate::ast::schema::TypeDef {
                name: $name, is_sum: true, located: false, is_enum: false,
                nodes: $crate::ast::table::sum!(@nodes $($V { $($f : $T),* })*),
            };
        }
        impl $crate::ast::walk::Field for $Ty {
            const TYPE: &'static str = $name;
            const QUANT: $crate::ast::schema::Quant = $crate::ast::schema::Quant::One;
            fn emit<S: $crate::ast::walk::Sink>(&self, sink: &mut S) {
                self.emit_fields(sink);
                sink.end(None);
            }
            fn take<S: $crate::ast::walk::Source>(source: &mut S) -> Result<Self, $crate::ast::walk::Malformed> {
                let number = source.begin()?;
                let node = $Ty::take_fields(number, source)?;
                source.end()?;
                Ok(node)
            }
        }
    };
}

macro_rules! product {
    (@body $Ty:ident $name:literal $located:literal { $($f:ident : $T:ty),* } $pos:ident $emit_pos:expr, $($p:ident)?) => {
        impl $crate::ast::walk::Described for $Ty {
            const DEF: $crate::ast::schema::TypeDef = $crate::ast::schema::TypeDef {
                name: $name, is_sum: false, located: $located, is_enum: false,
                nodes: &[$crate::ast::schema::NodeDef { name: $name, fields: $crate::ast::table::fields!($($f : $T),*) }],
            };
        }
        impl $crate::ast::walk::Field for $Ty {
            const TYPE: &'static str = $name;
            const QUANT: $crate::ast::schema::Quant = $crate::ast::schema::Quant::One;
            fn emit<S: $crate::ast::walk::Sink>(&self, sink: &mut S) {
                const NUMBER: u16 = $crate::ast::schema::first($name);
                sink.begin(NUMBER, $name);
                $(sink.field($crate::ast::table::python_name(stringify!($f)),
                    <$T as $crate::ast::walk::Field>::QUANT);
                $crate::ast::walk::Field::emit(&self.$f, sink);)*
                let $pos = self;
                sink.end($emit_pos);
            }
            fn take<S: $crate::ast::walk::Source>(source: &mut S) -> Result<Self, $crate::ast::walk::Malformed> {
                const NUMBER: u16 = $crate::ast::schema::first($name);
                let number = source.begin()?;
                if number != NUMBER {
                    return Err($crate::ast::walk::Malformed::wrong_node($name, number));
                }
                $(let $f = $crate::ast::walk::Field::take(source)?;)*
                $(let $p = source.pos()?;)?
                source.end()?;
                Ok($Ty { $($f,)* $($p)? })
            }
        }
    };
    ($(#[$m:meta])* located $Ty:ident = $name:literal { $($f:ident : $T:ty),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $Ty { $(pub $f: $T,)* pub pos: $crate::ast::Pos }
        $crate::ast::table::product! { @body $Ty $name true { $($f : $T),* } node Some(node.pos), pos }
    };
    ($(#[$m:meta])* plain $Ty:ident = $name:literal { $($f:ident : $T:ty),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $Ty { $(pub $f: $T),* }
        $crate::ast::table::product! { @body $Ty $name false { $($f : $T),* } _node None, }
    };
}

macro_rules! simple {
    ($(#[$m:meta])* $Ty:ident = $name:literal { $($V:ident),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum $Ty { $($V),* }
        impl $crate::ast::walk::Described for $Ty {
            const DEF: $crate::ast::schema::TypeDef = $crate::ast::schema::TypeDef {
                name: $name, is_sum: true, located: false, is_enum: true,
                nodes: &[$($crate::ast::schema::NodeDef { name: stringify!($V), fields: &[] }),*],
            };
        }
        impl $crate::ast::walk::Field for $Ty {
            const TYPE: &'static str = $name;
            const QUANT: $crate::ast::schema::Quant = $crate::ast::schema::Quant::One;
            fn emit<S: $crate::ast::walk::Sink>(&self, sink: &mut S) {
                const NAMES: &[&str] = &[$(stringify!($V)),*];
                const FIRST: u16 = $crate::ast::schema::first($name);
                sink.begin(FIRST + *self as u16, NAMES[*self as usize]);
                sink.end(None);
            }
            fn take<S: $crate::ast::walk::Source>(source: &mut S) -> Result<Self, $crate::ast::walk::Malformed> {
                const ALL: &[$Ty] = &[$($Ty::$V),*];
                const FIRST: u16 = $crate::ast::schema::first($name);
                let number = source.begin()?;
                source.end()?;
                match ALL.get(number.wrapping_sub(FIRST) as usize) {
                    Some(v) => Ok(*v),
                    None => Err($crate::ast::walk::Malformed::wrong_node($name, number)),
                }
            }
        }
    };
}

/// Where `name` stands in `names`; evaluated with literals, so it folds to a constant.
pub(super) fn index_of(names: &[&str], name: &str) -> u16 {
    names.iter().position(|n| *n == name).unwrap_or(0) as u16
}

pub(super) use {fields, product, simple, sum};
