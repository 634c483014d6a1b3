//! The one place where the host calls its front end.

use taipan_abi::host::{CompileAnswer, CompileRequest};

/// Parses or compiles. `Err` is an exception in the form `CompileAnswer::error` has.
pub fn compile(_request: &CompileRequest, _source: &[u8], _filename: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    Err(b"type=SystemError\nmsg=this build has no front end\n".to_vec())
}

/// Fills an answer, whatever happens inside.
///
/// # Safety
/// The pointers of the request are valid for its lengths; `answer` is writable.
pub unsafe extern "C" fn host_compile(request: *const CompileRequest, answer: *mut CompileAnswer) {
    let request = &*request;
    let view = |p: *const u8, n: usize| if n == 0 { &[][..] } else { std::slice::from_raw_parts(p, n) };
    let (source, filename) = (view(request.source, request.len), view(request.filename, request.filename_len));
    // A panic may not cross into the space's library.
    let outcome = std::panic::catch_unwind(|| compile(request, source, filename))
        .unwrap_or_else(|_| Err(b"type=SystemError\nmsg=the front end panicked\n".to_vec()));
    let empty = crate::host::blob(Vec::new());
    answer.write(match outcome {
        Ok(code) => CompileAnswer { status: 0, pad: 0, result: crate::host::blob(code), error: empty, warnings: empty },
        Err(error) => {
            CompileAnswer { status: 1, pad: 0, result: empty, error: crate::host::blob(error), warnings: empty }
        }
    });
}
