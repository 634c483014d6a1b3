//! What an abstract class remembers: weak sets of classes.

use taipan_plugin_api::prelude::*;

/// The value of `_abc_impl`. A set that was never needed is NULL.
#[repr(C)]
#[derive(GcObject)]
pub struct WAbcData {
    pub header: Header,
    /// Weak references to the registered classes.
    pub w_registry: W,
    /// Weak references to classes known to be subclasses.
    pub w_cache: W,
    /// Weak references to classes known not to be subclasses as of `negative_version`.
    pub w_negative: W,
    pub negative_version: u64,
}

typespec!(DATA: WAbcData, "_abc._abc_data", {
    doc: Str::new("Internal state held by ABC machinery."),
    flags: ty::DISALLOW_INSTANTIATION,
});

static TYPE: Global = Global::new();

pub fn init(sp: Space, w_module: W) -> Res<()> {
    TYPE.set(sp, sp.newtype(&DATA, W::NULL, w_module)?);
    Ok(())
}

pub fn new(sp: Space) -> Res<W> {
    let w = sp.allocate(TYPE.get(), 0)?;
    // SAFETY: an instance of our type, laid out so.
    let mut data = unsafe { This::<WAbcData>::new(w) };
    data.negative_version = super::token();
    Ok(w)
}

/// The data of a class made by `ABCMeta`.
pub fn data_of(sp: Space, w_class: W) -> Res<This<WAbcData>> {
    let w = sp.getattr(w_class, name!(sp, "_abc_impl"))?;
    if sp.type_(w)? != TYPE.get() {
        return Err(sp.type_error("_abc_impl is set to a wrong type"));
    }
    // SAFETY: the type was just checked, and it cannot be subclassed.
    Ok(unsafe { This::new(w) })
}

/// Which of the sets.
#[derive(Copy, Clone)]
pub enum Which {
    Registry,
    Cache,
    Negative,
}

fn set_of(data: This<WAbcData>, which: Which) -> W {
    match which {
        Which::Registry => data.w_registry,
        Which::Cache => data.w_cache,
        Which::Negative => data.w_negative,
    }
}

fn store(sp: Space, data: This<WAbcData>, which: Which, w_set: W) {
    match which {
        Which::Registry => setfield!(sp, data.w, WAbcData, w_registry, w_set),
        Which::Cache => setfield!(sp, data.w, WAbcData, w_cache, w_set),
        Which::Negative => setfield!(sp, data.w, WAbcData, w_negative, w_set),
    }
}

/// Is the class in the set? Something that cannot be referenced weakly is in none.
pub fn contains(sp: Space, data: This<WAbcData>, which: Which, w_class: W) -> Res<bool> {
    let w_set = set_of(data, which);
    if w_set.is_null() {
        return Ok(false);
    }
    match sp.weakref_new(sp.known(known::WEAKREF), w_class, W::NULL) {
        Ok(w_ref) => sp.set_contains(w_set, w_ref),
        Err(_) if sp.catch(known::TYPE_ERROR) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Adds a class. Now and then throws out what has died, so that a set does not grow with classes that come and go.
pub fn add(sp: Space, data: This<WAbcData>, which: Which, w_class: W) -> Res<()> {
    let mut w_set = set_of(data, which);
    if w_set.is_null() {
        w_set = sp.newset(&[])?;
        store(sp, data, which, w_set);
    }
    let n = sp.len(w_set)?;
    if n >= 32 && n & (n - 1) == 0 {
        let w_new = sp.newset(&[])?;
        let (_keep, refs) = sp.unpack(w_set)?;
        for w_ref in refs {
            if sp.weakref_get(*w_ref)?.is_some() {
                sp.set_add(w_new, *w_ref)?;
            }
        }
        w_set = w_new;
        store(sp, data, which, w_set);
    }
    let w_ref = sp.weakref_new(sp.known(known::WEAKREF), w_class, W::NULL)?;
    sp.set_add(w_set, w_ref)
}

/// The registered classes that are alive.
pub fn live(sp: Space, data: This<WAbcData>) -> Res<RootedVec> {
    let mut out = RootedVec::new(sp);
    if !data.w_registry.is_null() {
        let (_keep, refs) = sp.unpack(data.w_registry)?;
        for w_ref in refs {
            if let Some(w) = sp.weakref_get(*w_ref)? {
                out.push(w);
            }
        }
    }
    Ok(out)
}
