//! Bytes to nodes.

use super::schema::{self, Kind, POSITIONS, Quant, Schema, tag};
use super::{NODES, SINGLETONS, check_depth};
use num_bigint::{BigInt, Sign};
use taipan_plugin_api::prelude::*;

struct Reader<'a> {
    sp: Space,
    schema: &'static Schema,
    rest: &'a [u8],
    /// Interned names of the position attributes and, per node, of the fields: immortal.
    positions: [W; 4],
}

/// A tree of node objects from its serialized form.
#[interp_fn(name = "_from_bytes", sig = "(tree, /)")]
pub fn _from_bytes(sp: Space, tree: Buffer) -> Res<W> {
    if NODES.get().is_null() {
        return Err(sp.runtime_error("_ast is not initialized"));
    }
    let positions = POSITIONS.map(|n| sp.intern(n));
    let mut r = Reader { sp, schema: schema::get(), rest: tree.bytes(), positions };
    let w = r.node()?;
    if !r.rest.is_empty() {
        return Err(r.bad());
    }
    Ok(w)
}

impl<'a> Reader<'a> {
    #[cold]
    fn bad(&self) -> Raised {
        self.sp.value_error("malformed syntax tree")
    }
    fn array<const N: usize>(&mut self) -> Res<[u8; N]> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else { return Err(self.bad()) };
        self.rest = rest;
        Ok(*head)
    }
    fn len(&mut self) -> Res<usize> {
        let n = u32::from_le_bytes(self.array()?) as usize;
        if n > self.rest.len() { Err(self.bad()) } else { Ok(n) }
    }
    fn bytes(&mut self) -> Res<&'a [u8]> {
        let n = self.len()?;
        let (head, rest) = self.rest.split_at(n);
        self.rest = rest;
        Ok(head)
    }
    fn node(&mut self) -> Res<W> {
        let sp = self.sp;
        check_depth(sp, "during ast construction")?;
        let number = u16::from_le_bytes(self.array()?) as usize;
        let Some(node) = self.schema.nodes.get(number) else { return Err(self.bad()) };
        let w_single = sp.tuple_items(SINGLETONS.get())[number];
        if !w_single.is_none() {
            return Ok(w_single);
        }
        let w = sp.allocate(sp.tuple_items(NODES.get())[number], 0)?;
        for f in &node.fields {
            let w_value = match f.quant {
                Quant::One => self.value(f.kind)?,
                Quant::Opt => self.optional(f.kind)?,
                Quant::Many | Quant::ManyOpt => {
                    let n = self.len()?;
                    let w_list = sp.newlist(&[])?;
                    for _ in 0..n {
                        let w_item = if f.quant == Quant::Many { self.value(f.kind)? } else { self.optional(f.kind)? };
                        sp.list_append(w_list, w_item)?;
                    }
                    w_list
                }
            };
            sp.setattr(w, sp.intern(f.name), w_value)?;
        }
        if node.located {
            for name in self.positions {
                let i = i32::from_le_bytes(self.array()?);
                sp.setattr(w, name, W::int(i as i64))?;
            }
        }
        Ok(w)
    }
    fn optional(&mut self, kind: Kind) -> Res<W> {
        match self.array::<1>()?[0] {
            0 => Ok(W::NONE),
            _ => self.value(kind),
        }
    }
    fn value(&mut self, kind: Kind) -> Res<W> {
        match kind {
            Kind::Node(_) => self.node(),
            Kind::Identifier => {
                let w = self.sp.newstr_wtf8(self.bytes()?)?;
                self.sp.intern_str(w)
            }
            Kind::Str => self.sp.newstr_wtf8(self.bytes()?),
            Kind::Int => Ok(W::int(i32::from_le_bytes(self.array()?) as i64)),
            Kind::Constant => self.constant(),
        }
    }
    fn float(&mut self) -> Res<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }
    fn constant(&mut self) -> Res<W> {
        let sp = self.sp;
        Ok(match self.array::<1>()?[0] {
            tag::NONE => W::NONE,
            tag::TRUE => W::TRUE,
            tag::FALSE => W::FALSE,
            tag::ELLIPSIS => W::ELLIPSIS,
            tag::INT => sp.newint(i64::from_le_bytes(self.array()?)),
            tag::BIG_INT => {
                let sign = if self.array::<1>()?[0] == 1 { Sign::Minus } else { Sign::Plus };
                sp.newbigint(&BigInt::from_bytes_le(sign, self.bytes()?))?
            }
            tag::FLOAT => sp.newfloat(self.float()?),
            tag::COMPLEX => {
                let re = self.float()?;
                sp.newcomplex(re, self.float()?)
            }
            tag::STR => sp.newstr_wtf8(self.bytes()?)?,
            tag::BYTES => sp.newbytes(self.bytes()?)?,
            t @ (tag::TUPLE | tag::FROZEN_SET) => {
                check_depth(sp, "during ast construction")?;
                let n = self.len()?;
                let mut items = RootedVec::with_capacity(sp, n);
                for _ in 0..n {
                    items.push(self.constant()?);
                }
                if t == tag::TUPLE { sp.newtuple(&items)? } else { sp.newfrozenset(&items)? }
            }
            _ => return Err(self.bad()),
        })
    }
}
