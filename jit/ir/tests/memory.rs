//! The interpreter as a backend, on a thread whose only parts are those that units touch.

use std::alloc::{Layout, alloc_zeroed};
use taipan_abi::thread::{Code, Frame, Thread};
use taipan_abi::word::{TID_FLOAT, W};
use taipan_jit_ir::backend::{Backend, Left};
use taipan_jit_ir::memory::IrBackend;
use taipan_jit_ir::text::{Names, parse};

/// Leaked: a thread, its frames, its value stack.
struct World {
    th: *mut Thread,
    frames: *mut Frame,
    code: *mut Code,
    base: *mut W,
}

fn zeroed<T>(n: usize) -> *mut T {
    let layout = Layout::array::<T>(n).unwrap().align_to(16).unwrap();
    // SAFETY: the size is not zero.
    unsafe { alloc_zeroed(layout) as *mut T }
}

fn world() -> World {
    let w = World { th: zeroed(1), frames: zeroed(8), code: zeroed(1), base: zeroed::<W>(64).wrapping_add(1) };
    // SAFETY: zero is a value of all the parts that are touched; the others stay unread.
    unsafe {
        (*w.code).framesize = 10;
        for class in [2, 3] {
            let b = &mut (*w.th).gc.bump[class];
            b.cur = zeroed::<u8>(1 << 16) as usize;
            b.end = b.cur + (1 << 16);
        }
        (*w.frames).code = w.code;
        (*w.frames).base = w.base;
        (*w.th).gc.frame_top = w.frames as *mut u8;
    }
    w
}

/// Looks at the running frame.
unsafe extern "C-unwind" fn look(th: *mut Thread, a: W) -> W {
    W::int((*((*th).gc.frame_top as *const Frame)).cont as i64 * 100 + a.untag())
}

#[test]
fn loop_bridge_and_frames() {
    let w = world();
    // SAFETY: the world's stack has 64 words.
    unsafe {
        *w.base = W::int(0);
        *w.base.add(1) = W::int(5);
    }
    // The loop counts to 5 and carries a float; then a bridge calls a function with two frames on the stack.
    let root = "
field float.value@3 F off=8 immutable
i = slot 0
n = slot 1
half = const F 0.5
one = const W 1
body i, n, half
p = param 0 W
q = param 1 W
f = param 2 F
c = tlt p, q
guard c true exit 0
s = tadd p, one
g = fadd f, f
loop s, q, g
exit 0 bytecode
  slot 0 = p
  slot 2 = f
";
    let bridge = format!(
        "
fn f0 = look at={:#x} any
p = param 0 W
f = param 1 F
sync exit 0
r = call f0(p) W
leave exit 1
exit 0 bytecode
  frame code={c:#x} ip=0x100 base=0 sp=4 cont=0 flags=0 globals=0x0
  frame code={c:#x} ip=0x200 base=8 sp=9 cont=2 flags=0 globals=0x40
  slot 0 = p
  slot 2 = f
exit 1 2
  slot 3 = r
",
        look as *const () as usize,
        c = w.code as usize
    );
    let mut names = Names::new();
    let mut b = IrBackend::new();
    b.compile(1, &parse(root, &mut names).unwrap()).unwrap();
    let mut values = Vec::new();
    // SAFETY: the world is what the units were written for.
    unsafe {
        assert_eq!(IrBackend::run(&raw mut b, 1, w.th, w.base, &mut values), Left { unit: 1, exit: 0 });
        assert_eq!(values, [W::int(5).0, 16f64.to_bits()]);
        b.compile(2, &parse(&bridge, &mut names).unwrap()).unwrap();
        b.attach(1, 0, 2);
        assert_eq!(IrBackend::run(&raw mut b, 1, w.th, w.base, &mut values), Left { unit: 2, exit: 1 });
        assert_eq!(values, [W::int(205).0]);
        let boxed = *w.base.add(2);
        assert!(boxed.is_tid(TID_FLOAT));
        assert_eq!(*((boxed.0 + 8) as *const f64), 16.0);
        let top = (*w.th).gc.frame_top as *mut Frame;
        assert_eq!(top, w.frames.add(1));
        assert_eq!(((*top).ip as usize, (*top).cont, (*top).base), (0x200, 2, w.base.add(8)));
        assert_eq!((*w.th).gc.vs_top, w.base.add(18));
        assert_eq!(*w.base, W::int(5));
    }
}

/// Objects, fields of all widths, `Jump`, and a loop through memory.
#[test]
fn heap() {
    let w = world();
    // SAFETY: as above.
    unsafe {
        *w.base = W::int(0);
        *w.base.add(1) = W::int(3);
    }
    let text = "
field tid@1 U32 off=0
field x@300 W off=8 gcref
field small@301 U8 off=16
i = slot 0
n = slot 1
c = tlt i, n
guard c true exit 0
one = const W 1
s = tadd i, one
o = new 77 24
set o x@300 = s
k = const I 200
set o small@301 = k
t = get o tid@1
guard_value t = const I 77 exit 0
u = get o small@301
guard_value u = const I 200 exit 0
back exit 1
exit 0 bytecode
exit 1 bytecode
  slot 0 = s
  slot 2 = o
  slot 3 = u
";
    let mut names = Names::new();
    let mut b = IrBackend::new();
    b.compile(1, &parse(text, &mut names).unwrap()).unwrap();
    b.compile(2, &parse("a = const W 1\njump 1 exit 0\nexit 0 bytecode\n slot 0 = a\n", &mut names).unwrap()).unwrap();
    let mut values = Vec::new();
    // SAFETY: as above.
    unsafe {
        assert_eq!(IrBackend::run(&raw mut b, 2, w.th, w.base, &mut values), Left { unit: 1, exit: 0 });
        assert_eq!((*w.base, *w.base.add(3)), (W::int(3), W::int(200)));
        let o = *w.base.add(2);
        assert!(o.is_tid(77));
        assert_eq!(*((o.0 + 8) as *const W), W::int(3));
    }
}
