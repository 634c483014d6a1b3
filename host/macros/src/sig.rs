//! Reading a Python signature.

/// One parameter.
pub struct Param {
    pub name: String,
    /// The default's source text.
    pub default: Option<String>,
}

/// The parameters of `"(self, sep=None, /, *args, key, **kw)"` in order, markers left out.
pub fn parse(sig: &str) -> Result<Vec<Param>, String> {
    let inner = sig
        .trim()
        .strip_prefix('(')
        .and_then(|s| s.strip_suffix(')'))
        .ok_or_else(|| format!("a signature is written in parentheses: {sig:?}"))?;
    let mut params = Vec::new();
    for part in split(inner) {
        let part = part.trim();
        if part.is_empty() || part == "/" || part == "*" {
            continue;
        }
        let (name, default) = match part.split_once('=') {
            Some((n, d)) => (n.trim(), Some(d.trim().to_string())),
            None => (part, None),
        };
        params.push(Param { name: name.trim_start_matches(['*', '$']).to_string(), default });
    }
    Ok(params)
}

/// Splits at commas outside brackets and quotes.
fn split(s: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start, mut parts) = (0, None, 0, Vec::new());
    for (i, c) in s.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&s[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&s[start..]);
    parts
}
