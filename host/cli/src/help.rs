//! What `-h` and its relatives print.

/// The line after a wrong command line.
pub fn usage(program: &str) -> String {
    format!("usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n")
}

/// `-h`
pub const OPTIONS: &str = "\
What to run:
file           a script, a directory or a zip archive with __main__.py
-              standard input (the default; with a terminal, a prompt)
-c cmd         the given text; everything after it belongs to the program
-m mod         a module by name; likewise
arg ...        what the program sees as sys.argv[1:]

Options as in CPython:
-b             warn where bytes meet str in a comparison or in str(); -bb: raise
-B             write no .pyc files (PYTHONDONTWRITEBYTECODE)
-d             parser debugging; accepted, without effect (PYTHONDEBUG)
-E             look at no PYTHON* variables
-h, -?, --help print this text
-i             prompt when the program has ended (PYTHONINSPECT)
-I             isolated: -E, -P and -s together
-O             leave out assert statements and `if __debug__` (PYTHONOPTIMIZE)
-OO            as -O, and docstrings too
-P             put no directory of the program in sys.path (PYTHONSAFEPATH)
-q             no greeting before the prompt
-s             without the user's site-packages (PYTHONNOUSERSITE)
-S             do not import site
-u             no buffering of standard output and error (PYTHONUNBUFFERED)
-v             tell about imports; more of it when repeated (PYTHONVERBOSE)
-V, --version  print the version; -VV prints more
-W arg         a warnings filter, action:message:category:module:line
               (PYTHONWARNINGS)
-x             skip the first line of the program
-X opt         see --help-xoptions
--check-hash-based-pycs always|default|never
               when a hash-based .pyc file is compared with its source
--help-env, --help-xoptions, --help-all
               more help

Taipan's own:
--profile NAME choose a profile of parts (TAIPAN_PROFILE)
--plugins FILE read profiles from this file too (TAIPAN_PLUGINS)
--set KEY=VAL  change the profile for this run: gc=none, gc.nursery=16MB,
               'spaces=[\"trace\", \"std\"]', trace.out=FILE, lib=DIRECTORY
--withmod-X    with the mixed module X
--withoutmod-X without it
--info         print which parts would run, and end
--verbose-abi  explain in full why a library does not fit
";

/// `--help-xoptions`
pub const XOPTIONS: &str = "\
Options for -X:
context_aware_warnings=0|1  keep warnings filters in a context variable
                            (PYTHON_CONTEXT_AWARE_WARNINGS)
cpu_count=N|default         what os.cpu_count() answers (PYTHON_CPU_COUNT)
dev                         development mode: more checks (PYTHONDEVMODE)
disable-remote-debug        accepted; there is no remote debugging
faulthandler                print a traceback on fatal signals
                            (PYTHONFAULTHANDLER)
frozen_modules=on|off       accepted; there are no frozen modules
importtime[=2]              print how long imports take
                            (PYTHONPROFILEIMPORTTIME)
int_max_str_digits=N        most digits of an int turned to or from text
                            (PYTHONINTMAXSTRDIGITS)
no_debug_ranges             code without columns (PYTHONNODEBUGRANGES)
perf, perf_jit              accepted, without effect
pycache_prefix=PATH         a folder for .pyc files (PYTHONPYCACHEPREFIX)
showrefcount                accepted; there are no reference counts
thread_inherit_context=0|1  new threads start with a copy of the context
                            (PYTHON_THREAD_INHERIT_CONTEXT)
tracemalloc[=N]             trace allocations, N frames each
                            (PYTHONTRACEMALLOC)
utf8[=0|1]                  UTF-8 whatever the locale says (PYTHONUTF8)
warn_default_encoding       warn where a text file has no encoding
                            (PYTHONWARNDEFAULTENCODING)
";

/// `--help-env`
pub const ENVIRONMENT: &str = "\
Environment variables:
PYTHONPATH            directories before the library in sys.path, ':' between
PYTHONHOME            the prefix, instead of where the program lies
PYTHONSTARTUP         a file run before the first prompt
PYTHONIOENCODING      encoding[:errors] of the standard streams
PYTHONHASHSEED        random, or a number that makes hashes repeatable
PYTHONBREAKPOINT      what breakpoint() calls; 0 = nothing
PYTHONUSERBASE        the user's own prefix for site-packages
PYTHONPLATLIBDIR      the value of sys.platlibdir
PYTHONCOERCECLOCALE   0 = leave the C locale as it is
PYTHONASYNCIODEBUG    asyncio's debug mode
PYTHON_BASIC_REPL     the plain prompt
PYTHON_COLORS         1 or 0: colours in tracebacks and elsewhere
PYTHON_HISTORY        the file of the prompt's history
Variables named in --help and --help-xoptions stand for those options.

TAIPAN_PROFILE        as --profile
TAIPAN_PLUGINS        as --plugins
TAIPAN_LIB            a CPython 3.14 Lib to use instead of the own one
TAIPAN_CACHE          the folder of caches
-E and -I turn all of them off.
";

/// `-h` in full.
pub fn help(program: &str) -> String {
    format!("{}{OPTIONS}", usage(program))
}

/// `--help-all`
pub fn all(program: &str) -> String {
    format!("{}\n{XOPTIONS}\n{ENVIRONMENT}", help(program))
}

/// `-V`, and `-VV` with the build.
pub fn version(times: u32) -> String {
    let (python, taipan) = (crate::PYTHON_VERSION, crate::VERSION);
    if times < 2 {
        return format!("Python {python} (Taipan {taipan})\n");
    }
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "Python {python} (Taipan {taipan}, {build} build, ABI {})\n[{}] on {}-{}\n",
        taipan_abi::plugin::ABI,
        taipan_abi::plugin::COMPILER,
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
