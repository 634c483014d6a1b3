//! The second walk: what each name means.

use super::{Block, Comp, NameScope, Scope, ScopeId, SymTable, flag};
use crate::error::{Depth, Result, SyntaxError};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::rc::Rc;
use taipan_syntax::ast::Ident;

type Names = HashSet<Ident>;

pub(super) fn analyze(table: &mut SymTable) -> Result<()> {
    let outer = Outer { bound: None, global: Names::default(), type_params: Names::default(), class_entry: None };
    Analyzer { table, depth: Rc::new(Depth::default()), dunders: CLASS_CELLS.map(Ident::new) }.block(0, outer)?;
    Ok(())
}

/// Names that a class body provides to the blocks in it through cells.
const CLASS_CELLS: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

/// What a block sees of its surroundings.
#[derive(Clone)]
struct Outer {
    /// Names bound in enclosing functions; None at module level.
    bound: Option<Names>,
    global: Names,
    type_params: Names,
    /// The class whose namespace an annotation scope can see.
    class_entry: Option<ScopeId>,
}

struct Analyzer<'a> {
    table: &'a mut SymTable,
    depth: Rc<Depth>,
    dunders: [Ident; 3],
}

impl Analyzer<'_> {
    /// Analyzes a block and those in it; returns the names that are free in it.
    fn block(&mut self, id: ScopeId, mut outer: Outer) -> Result<Names> {
        let scope = &self.table.scopes[id];
        let is_class = scope.block == Block::Class;
        let mut new_global = Names::default();
        let mut new_bound = Names::default();
        if is_class {
            // A class's names are invisible to the functions in it.
            new_global.extend(outer.global.iter().cloned());
            new_bound.extend(outer.bound.iter().flatten().cloned());
        }
        let mut scopes: HashMap<Ident, NameScope> = HashMap::default();
        let mut local = Names::default();
        let mut free = Names::default();
        for (name, flags) in scope.symbols.iter() {
            let s = self.name(scope, name, flags, &mut outer, &mut local, &mut free)?;
            scopes.insert(name.clone(), s);
        }
        if is_class {
            new_bound.extend(self.dunders.iter().cloned());
        } else {
            if scope.is_function_like() {
                new_bound.extend(local.iter().cloned());
            }
            new_bound.extend(outer.bound.iter().flatten().cloned());
            new_global.extend(outer.global.iter().cloned());
        }

        let mut new_free = Names::default();
        let mut inlined_cells = Names::default();
        let children = scope.children.clone();
        let can_see_class = scope.can_see_class_scope;
        let function_like = scope.is_function_like();
        for &child in &children {
            let entry = &self.table.scopes[child];
            let class_entry = match entry.can_see_class_scope {
                true if is_class => Some(id),
                true => outer.class_entry,
                false => None,
            };
            // Comprehensions are inlined, but not into annotation scopes of classes, whose names are looked up in
            // other ways.
            let inline = matches!(entry.comprehension, Some(c) if c != Comp::Generator) && !can_see_class;
            let inner = Outer {
                bound: Some(new_bound.clone()),
                global: new_global.clone(),
                type_params: outer.type_params.clone(),
                class_entry,
            };
            let depth = self.depth.clone();
            let mut child_free = depth.enter(|| self.block(child, inner))?;
            if inline {
                self.inline(id, child, &mut scopes, &mut child_free, &mut inlined_cells);
                self.table.scopes[child].comp_inlined = true;
            }
            new_free.extend(child_free);
        }
        let spliced = children.iter().flat_map(|&c| match self.table.scopes[c].comp_inlined {
            true => self.table.scopes[c].children.clone(),
            false => vec![c],
        });
        let spliced = spliced.collect();

        let scope = &mut self.table.scopes[id];
        scope.children = spliced;
        if function_like {
            for (name, s) in &mut scopes {
                if *s == NameScope::Local && (new_free.contains(name) || inlined_cells.contains(name)) {
                    *s = NameScope::Cell;
                    new_free.remove(name);
                }
            }
        } else if is_class {
            scope.needs_class_closure |= new_free.remove(&self.dunders[0]);
            scope.needs_classdict |= new_free.remove(&self.dunders[1]);
            scope.has_conditional_annotations |= new_free.remove(&self.dunders[2]);
        }
        update(scope, &scopes, outer.bound.as_ref(), &new_free, &inlined_cells, is_class || can_see_class);
        free.extend(new_free);
        Ok(free)
    }

    fn name(
        &self,
        scope: &Scope,
        name: &Ident,
        flags: u32,
        outer: &mut Outer,
        local: &mut Names,
        free: &mut Names,
    ) -> Result<NameScope> {
        if flags & flag::GLOBAL != 0 {
            if flags & flag::NONLOCAL != 0 {
                return Err(directive(scope, name, format!("name '{}' is nonlocal and global", name.as_str())));
            }
            outer.global.insert(name.clone());
            if let Some(bound) = &mut outer.bound {
                bound.remove(name);
            }
            return Ok(NameScope::GlobalExplicit);
        }
        if flags & flag::NONLOCAL != 0 {
            let Some(bound) = &outer.bound else {
                return Err(directive(scope, name, "nonlocal declaration not allowed at module level".into()));
            };
            if !bound.contains(name) {
                return Err(directive(scope, name, format!("no binding for nonlocal '{}' found", name.as_str())));
            }
            if outer.type_params.contains(name) {
                let msg = format!("nonlocal binding not allowed for type parameter '{}'", name.as_str());
                return Err(directive(scope, name, msg));
            }
            free.insert(name.clone());
            return Ok(NameScope::Free);
        }
        if flags & flag::BOUND_OR_TYPE_PARAM != 0 {
            local.insert(name.clone());
            outer.global.remove(name);
            match flags & flag::TYPE_PARAM {
                0 => outer.type_params.remove(name),
                _ => outer.type_params.insert(name.clone()),
            };
            return Ok(NameScope::Local);
        }
        if let Some(class) = outer.class_entry {
            let class_flags = self.table.scopes[class].symbols.lookup(name);
            if class_flags & flag::GLOBAL != 0 {
                return Ok(NameScope::GlobalExplicit);
            }
            if class_flags & flag::BOUND_OR_TYPE_PARAM != 0 && class_flags & flag::NONLOCAL == 0 {
                return Ok(NameScope::GlobalImplicit);
            }
        }
        if outer.bound.as_ref().is_some_and(|b| b.contains(name)) {
            free.insert(name.clone());
            return Ok(NameScope::Free);
        }
        Ok(NameScope::GlobalImplicit)
    }

    /// Moves the names of an inlined comprehension into the block around it.
    fn inline(
        &mut self,
        id: ScopeId,
        comp: ScopeId,
        scopes: &mut HashMap<Ident, NameScope>,
        comp_free: &mut Names,
        inlined_cells: &mut Names,
    ) {
        let symbols: Vec<(Ident, u32)> = self.table.scopes[comp].symbols.iter().map(|(n, f)| (n.clone(), f)).collect();
        let is_class = self.table.scopes[id].block == Block::Class;
        for (name, number) in symbols {
            if number & flag::PARAM != 0 {
                continue;
            }
            let mut s = NameScope::of(number);
            let flags = number & ((1 << flag::SCOPE_OFFSET) - 1);
            if s == NameScope::Cell || flags & flag::COMP_CELL != 0 {
                inlined_cells.insert(name.clone());
            }
            if s == NameScope::Free && is_class && self.dunders.contains(&name) {
                // The cell is for the functions in the class: its own code looks the name up like any other's.
                s = NameScope::GlobalImplicit;
                if !self.free_in_a_child(comp, &name) {
                    comp_free.remove(&name);
                }
                self.table.scopes[comp].symbols.set(&name, flags | (s as u32) << flag::SCOPE_OFFSET);
            }
            let here = &mut self.table.scopes[id].symbols;
            if !here.contains(&name) {
                self.table.scopes[id].symbols.set(&name, flags);
                scopes.insert(name, s);
            } else if here.lookup(&name) & flag::BOUND_OR_TYPE_PARAM != 0
                && !is_class
                && !self.free_in_a_child(comp, &name)
            {
                // What was free in the comprehension is a plain local after inlining.
                comp_free.remove(&name);
            }
        }
    }

    fn free_in_a_child(&self, comp: ScopeId, name: &Ident) -> bool {
        let scopes = &self.table.scopes;
        scopes[comp].children.iter().any(|&c| scopes[c].scope_of(name) == NameScope::Free)
    }
}

/// Writes the scopes into the symbols, and adds names that only pass through to inner blocks.
fn update(
    scope: &mut Scope,
    scopes: &HashMap<Ident, NameScope>,
    bound: Option<&Names>,
    free: &Names,
    inlined_cells: &Names,
    classlike: bool,
) {
    let names: Vec<(Ident, u32)> = scope.symbols.iter().map(|(n, f)| (n.clone(), f)).collect();
    for (name, mut flags) in names {
        if inlined_cells.contains(&name) {
            flags |= flag::COMP_CELL;
        }
        let s = scopes.get(&name).copied().unwrap_or(NameScope::Unknown) as u32;
        scope.symbols.set(&name, flags | s << flag::SCOPE_OFFSET);
    }
    // Sorted, so that the table does not depend on the order of a hash set.
    let mut free: Vec<&Ident> = free.iter().collect();
    free.sort();
    for name in free {
        if scope.symbols.contains(name) {
            if classlike {
                let v = scope.symbols.lookup(name);
                scope.symbols.set(name, v | flag::FREE_CLASS);
            }
        } else if bound.is_none_or(|b| b.contains(name)) {
            scope.symbols.set(name, (NameScope::Free as u32) << flag::SCOPE_OFFSET);
        }
    }
}

fn directive(scope: &Scope, name: &Ident, msg: String) -> SyntaxError {
    let pos = scope.directives.iter().find(|(n, _)| n == name).map_or(scope.pos, |d| d.1);
    SyntaxError::new(msg, pos)
}
