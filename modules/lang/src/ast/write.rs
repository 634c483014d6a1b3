//! Nodes to bytes, checking that they are what the table says.

use super::schema::{self, Field, Kind, Node, POSITIONS, Quant, Schema, tag};
use super::validate;
use super::{BASES, NODES, check_depth};
use num_bigint::Sign;
use taipan_plugin_api::prelude::*;

struct Writer {
    sp: Space,
    schema: &'static Schema,
    out: Vec<u8>,
    /// The context that the next expression must have (`validate::LOAD` ...).
    context: usize,
}

/// A tree's serialized form; mode 0 exec, 1 eval, 2 single, 3 func_type says which root is expected.
#[interp_fn(name = "_to_bytes", sig = "(node, mode, /)")]
pub fn _to_bytes(sp: Space, w_node: W, mode: i64) -> Res<W> {
    if NODES.get().is_null() {
        return Err(sp.runtime_error("_ast is not initialized"));
    }
    // Module, Interactive, Expression, FunctionType are the first four nodes.
    let number = match mode {
        1 => 2,
        2 => 1,
        3 => 3,
        _ => 0,
    };
    let mut w = Writer { sp, schema: schema::get(), out: Vec::new(), context: validate::LOAD };
    if !sp.isinstance(w_node, sp.tuple_items(NODES.get())[number])? {
        let name = w.schema.nodes[number].name;
        return Err(raise!(sp, TYPE_ERROR, "expected {name} node, got {}", sp.type_name(w_node)));
    }
    w.node(w_node, 0)?;
    sp.newbytes(&w.out)
}

impl Writer {
    fn len(&mut self, n: usize) {
        self.out.extend_from_slice(&(n as u32).to_le_bytes());
    }
    fn bytes(&mut self, b: &[u8]) {
        self.len(b.len());
        self.out.extend_from_slice(b);
    }
    fn text(&mut self, w: W) -> Res<()> {
        let t = self.sp.text_w(w)?;
        match t.to_utf8() {
            Ok(s) => self.bytes(s.as_bytes()),
            Err(i) => {
                let m = format!(
                    "'utf-8' codec can't encode character '\\u{:04x}' in position {i}: surrogates not allowed",
                    t.char_at(i)
                );
                return Err(self.sp.value_error(&m));
            }
        }
        Ok(())
    }

    /// The number of the node that the object is, among those of a type.
    fn number(&self, w: W, ty: usize) -> Res<usize> {
        let sp = self.sp;
        let t = &self.schema.types[ty];
        let classes = &sp.tuple_items(NODES.get())[t.first..t.first + t.n];
        let w_class = sp.type_(w)?;
        if let Some(i) = classes.iter().position(|c| *c == w_class) {
            return Ok(t.first + i);
        }
        if sp.isinstance(w, sp.tuple_items(BASES.get())[ty])? {
            for (i, c) in classes.iter().enumerate() {
                if sp.isinstance(w, *c)? {
                    return Ok(t.first + i);
                }
            }
        }
        Err(raise!(sp, TYPE_ERROR, "expected some sort of {}, but got {}", t.name, sp.repr_string(w)?))
    }

    fn node(&mut self, w: W, ty: usize) -> Res<()> {
        let sp = self.sp;
        check_depth(sp, &format!("while traversing '{}' node", self.schema.types[ty].name))?;
        let number = self.number(w, ty)?;
        self.out.extend_from_slice(&(number as u16).to_le_bytes());
        let node = &self.schema.nodes[number];
        let context = std::mem::take(&mut self.context);
        if self.schema.types[ty].name == "expr" {
            self.check_context(w, node, context)?;
        }
        validate::check(sp, w, node.name)?;
        // CPython looks at positions first.
        let mut pos = [0; 4];
        if node.located {
            let mut given = [None; 4];
            for (i, name) in POSITIONS.iter().enumerate() {
                let value = sp.getattr_opt(w, sp.intern(name))?;
                given[i] = match value {
                    None if i < 2 => {
                        let what = self.schema.types[ty].name;
                        return Err(raise!(sp, TYPE_ERROR, "required field \"{name}\" missing from {what}"));
                    }
                    Some(v) if i < 2 || !v.is_none() => Some(self.int(v)?),
                    _ => None,
                };
            }
            let (line, col) = (given[0].unwrap_or(0), given[1].unwrap_or(0));
            pos = [line, col, given[2].unwrap_or(line), given[3].unwrap_or(col)];
            validate::check_positions(sp, pos)?;
        }
        for f in &node.fields {
            self.field(w, node, f, context)?;
        }
        if node.located {
            for p in pos {
                self.out.extend_from_slice(&p.to_le_bytes());
            }
        }
        Ok(())
    }

    fn field(&mut self, w: W, node: &Node, f: &Field, context: usize) -> Res<()> {
        let sp = self.sp;
        let inner = validate::context(node.name, f.name, context);
        let value = sp.getattr_opt(w, sp.intern(f.name))?;
        match f.quant {
            Quant::Opt => match value {
                Some(v) if !v.is_none() => {
                    self.out.push(1);
                    self.context = inner;
                    self.value(v, f.kind)
                }
                _ => {
                    self.out.push(0);
                    Ok(())
                }
            },
            Quant::One => {
                let Some(v) = value else {
                    return Err(raise!(sp, TYPE_ERROR, "required field \"{}\" missing from {}", f.name, node.name));
                };
                let enumeration = matches!(f.kind, Kind::Node(t) if self.is_enum(t));
                if v.is_none() && !enumeration && f.kind != Kind::Constant && f.kind != Kind::Int {
                    return Err(raise!(sp, VALUE_ERROR, "field '{}' is required for {}", f.name, node.name));
                }
                self.context = if enumeration { validate::LOAD } else { inner };
                self.value(v, f.kind)
            }
            Quant::Many | Quant::ManyOpt => {
                let Some(v) = value else {
                    self.len(0);
                    return Ok(());
                };
                if !sp.isinstance(v, sp.known(known::LIST))? {
                    let what = sp.type_name(v);
                    return Err(raise!(
                        sp,
                        TYPE_ERROR,
                        "{} field \"{}\" must be a list, not a {what}",
                        node.name,
                        f.name
                    ));
                }
                let n = sp.list_len(v)?;
                if n == 0 && validate::not_empty(node.name, f.name) {
                    return Err(raise!(sp, VALUE_ERROR, "empty {} on {}", f.name, node.name));
                }
                self.len(n as usize);
                for i in 0..n {
                    if sp.list_len(v)? != n {
                        return Err(raise!(
                            sp,
                            RUNTIME_ERROR,
                            "{} field \"{}\" changed size during iteration",
                            node.name,
                            f.name
                        ));
                    }
                    let w_item = sp.list_item(v, i)?;
                    if f.quant == Quant::ManyOpt {
                        self.out.push(!w_item.is_none() as u8);
                        if w_item.is_none() {
                            continue;
                        }
                    } else if w_item.is_none()
                        && let Kind::Node(t) = f.kind
                        && !self.is_enum(t)
                    {
                        let what = match self.schema.types[t].name {
                            "stmt" => "statement",
                            "expr" => "expression",
                            other => other,
                        };
                        return Err(raise!(sp, VALUE_ERROR, "None disallowed in {what} list"));
                    }
                    self.context = inner;
                    self.value(w_item, f.kind)?;
                }
                self.context = validate::LOAD;
                Ok(())
            }
        }
    }

    /// An expression stands where its context says it does.
    fn check_context(&self, w: W, node: &Node, expected: usize) -> Res<()> {
        let sp = self.sp;
        let Some(f) = node.fields.iter().find(|f| f.name == "ctx") else {
            if expected == validate::LOAD {
                return Ok(());
            }
            let name = validate::NAMES[expected];
            return Err(raise!(sp, VALUE_ERROR, "expression which can't be assigned to in {name} context"));
        };
        // A missing or wrong value is reported when the field is written.
        let (Some(w_ctx), Kind::Node(ty)) = (sp.getattr_opt(w, name!(sp, "ctx"))?, f.kind) else { return Ok(()) };
        let actual = self.number(w_ctx, ty)? - self.schema.types[ty].first;
        if actual == expected {
            return Ok(());
        }
        let (want, got) = (validate::NAMES[expected], validate::NAMES[actual.min(2)]);
        Err(raise!(sp, VALUE_ERROR, "expression must have {want} context but has {got} instead"))
    }

    fn is_enum(&self, ty: usize) -> bool {
        let t = &self.schema.types[ty];
        self.schema.nodes[t.first].fields.is_empty()
    }

    fn int(&self, w: W) -> Res<i32> {
        let sp = self.sp;
        if !sp.isinstance(w, sp.known(known::INT))? {
            return Err(raise!(sp, VALUE_ERROR, "invalid integer value: {}", sp.repr_string(w)?));
        }
        i32::try_from(sp.int_w(w)?).map_err(|_| sp.overflow_error("Python int too large to convert to C int"))
    }

    fn value(&mut self, w: W, kind: Kind) -> Res<()> {
        let sp = self.sp;
        match kind {
            Kind::Node(ty) => self.node(w, ty),
            Kind::Int => {
                let i = self.int(w)?;
                self.out.extend_from_slice(&i.to_le_bytes());
                Ok(())
            }
            Kind::Identifier => {
                if sp.text_opt(w).is_none() {
                    return Err(sp.type_error("AST identifier must be of type str"));
                }
                let t = sp.text_of(w);
                if let Some(name) = ["None", "True", "False"].into_iter().find(|n| t.eq_str(n)) {
                    return Err(raise!(sp, VALUE_ERROR, "identifier field can't represent '{name}' constant"));
                }
                self.text(w)
            }
            Kind::Str => {
                if sp.text_opt(w).is_none() {
                    return Err(sp.type_error("AST string must be of type str"));
                }
                self.text(w)
            }
            Kind::Constant => self.constant(w),
        }
    }

    fn constants(&mut self, kind: u8, w: W) -> Res<()> {
        check_depth(self.sp, "during compilation")?;
        let (_keep, items) = self.sp.unpack(w)?;
        self.out.push(kind);
        self.len(items.len());
        for item in items {
            self.constant(*item)?;
        }
        Ok(())
    }

    fn constant(&mut self, w: W) -> Res<()> {
        let sp = self.sp;
        let simple = match w {
            W::NONE => Some(tag::NONE),
            W::TRUE => Some(tag::TRUE),
            W::FALSE => Some(tag::FALSE),
            W::ELLIPSIS => Some(tag::ELLIPSIS),
            _ => None,
        };
        if let Some(t) = simple {
            self.out.push(t);
            return Ok(());
        }
        let w_type = sp.type_(w)?;
        let is = |k: u32| w_type == sp.known(k);
        if is(known::INT) {
            let big = sp.bigint_w(w)?;
            if let Ok(i) = i64::try_from(&big) {
                self.out.push(tag::INT);
                self.out.extend_from_slice(&i.to_le_bytes());
            } else {
                let (sign, magnitude) = big.to_bytes_le();
                self.out.extend([tag::BIG_INT, (sign == Sign::Minus) as u8]);
                self.bytes(&magnitude);
            }
        } else if is(known::FLOAT) {
            self.out.push(tag::FLOAT);
            self.out.extend_from_slice(&sp.float_w(w)?.to_le_bytes());
        } else if is(known::COMPLEX) {
            let (re, im) = sp.complex_w(w)?;
            self.out.push(tag::COMPLEX);
            self.out.extend_from_slice(&re.to_le_bytes());
            self.out.extend_from_slice(&im.to_le_bytes());
        } else if is(known::STR) {
            self.out.push(tag::STR);
            self.bytes(&sp.text_w(w)?.to_wtf8());
        } else if let (true, Some(b)) = (is(known::BYTES), sp.bytes_opt(w)) {
            self.out.push(tag::BYTES);
            self.bytes(b);
        } else if is(known::TUPLE) {
            self.constants(tag::TUPLE, w)?;
        } else if is(known::FROZENSET) {
            self.constants(tag::FROZEN_SET, w)?;
        } else {
            return Err(raise!(sp, TYPE_ERROR, "got an invalid type in Constant: {}", sp.type_name(w)));
        }
        Ok(())
    }
}
