//! Indexes of `Thread::known`: objects every part may need without a lookup.

macro_rules! known {
    ($($name:ident $text:literal)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u32)]
        enum Known { $($name,)* END }
        $(#[doc = concat!("`", $text, "`")] pub const $name: u32 = Known::$name as u32;)*
        /// Rows of the table.
        pub const COUNT: usize = Known::END as usize;
        /// Python's names, by index.
        pub static NAMES: &[&str] = &[$($text),*];
    };
}
known! {
    BASE_EXCEPTION "BaseException" EXCEPTION "Exception" TYPE_ERROR "TypeError" VALUE_ERROR "ValueError" INDEX_ERROR "IndexError"
    KEY_ERROR "KeyError" ATTRIBUTE_ERROR "AttributeError" NAME_ERROR "NameError" UNBOUND_LOCAL_ERROR "UnboundLocalError"
    OVERFLOW_ERROR "OverflowError" ZERO_DIVISION_ERROR "ZeroDivisionError" ARITHMETIC_ERROR "ArithmeticError"
    FLOATING_POINT_ERROR "FloatingPointError" STOP_ITERATION "StopIteration" STOP_ASYNC_ITERATION "StopAsyncIteration"
    GENERATOR_EXIT "GeneratorExit" RUNTIME_ERROR "RuntimeError" RECURSION_ERROR "RecursionError"
    NOT_IMPLEMENTED_ERROR "NotImplementedError" PYTHON_FINALIZATION_ERROR "PythonFinalizationError" MEMORY_ERROR "MemoryError"
    BUFFER_ERROR "BufferError" EOF_ERROR "EOFError" LOOKUP_ERROR "LookupError" ASSERTION_ERROR "AssertionError"
    IMPORT_ERROR "ImportError" MODULE_NOT_FOUND_ERROR "ModuleNotFoundError" REFERENCE_ERROR "ReferenceError" SYSTEM_ERROR "SystemError"
    SYSTEM_EXIT "SystemExit" KEYBOARD_INTERRUPT "KeyboardInterrupt" SYNTAX_ERROR "SyntaxError" INDENTATION_ERROR "IndentationError"
    TAB_ERROR "TabError" INCOMPLETE_INPUT_ERROR "_IncompleteInputError" UNICODE_ERROR "UnicodeError"
    UNICODE_DECODE_ERROR "UnicodeDecodeError" UNICODE_ENCODE_ERROR "UnicodeEncodeError" UNICODE_TRANSLATE_ERROR "UnicodeTranslateError"
    OS_ERROR "OSError" BLOCKING_IO_ERROR "BlockingIOError" BROKEN_PIPE_ERROR "BrokenPipeError" CHILD_PROCESS_ERROR "ChildProcessError"
    CONNECTION_ERROR "ConnectionError" CONNECTION_ABORTED_ERROR "ConnectionAbortedError" CONNECTION_REFUSED_ERROR "ConnectionRefusedError"
    CONNECTION_RESET_ERROR "ConnectionResetError" FILE_EXISTS_ERROR "FileExistsError" FILE_NOT_FOUND_ERROR "FileNotFoundError"
    INTERRUPTED_ERROR "InterruptedError" IS_A_DIRECTORY_ERROR "IsADirectoryError" NOT_A_DIRECTORY_ERROR "NotADirectoryError"
    PERMISSION_ERROR "PermissionError" PROCESS_LOOKUP_ERROR "ProcessLookupError" TIMEOUT_ERROR "TimeoutError"
    BASE_EXCEPTION_GROUP "BaseExceptionGroup" EXCEPTION_GROUP "ExceptionGroup"
    WARNING "Warning" USER_WARNING "UserWarning" DEPRECATION_WARNING "DeprecationWarning"
    PENDING_DEPRECATION_WARNING "PendingDeprecationWarning" SYNTAX_WARNING "SyntaxWarning" RUNTIME_WARNING "RuntimeWarning"
    FUTURE_WARNING "FutureWarning" IMPORT_WARNING "ImportWarning" UNICODE_WARNING "UnicodeWarning" BYTES_WARNING "BytesWarning"
    RESOURCE_WARNING "ResourceWarning" ENCODING_WARNING "EncodingWarning"
    OBJECT "object" TYPE "type" INT "int" BOOL "bool" FLOAT "float" COMPLEX "complex" STR "str" BYTES "bytes" BYTEARRAY "bytearray"
    TUPLE "tuple" LIST "list" DICT "dict" SET "set" FROZENSET "frozenset" SLICE "slice" RANGE "range" MODULE "module"
    FUNCTION "function" METHOD "method" BUILTIN_FUNCTION "builtin_function_or_method" CODE "code" FRAME "frame" TRACEBACK "traceback"
    CELL "cell" GENERATOR "generator" COROUTINE "coroutine" ASYNC_GENERATOR "async_generator" NONE_TYPE "NoneType"
    MEMORYVIEW "memoryview" MAPPINGPROXY "mappingproxy" PROPERTY "property" STATICMETHOD "staticmethod" CLASSMETHOD "classmethod"
    SUPER "super" SIMPLE_NAMESPACE "types.SimpleNamespace" GENERIC_ALIAS "types.GenericAlias" WEAKREF "weakref.ReferenceType"
    BUILTINS_MODULE "builtins module" SYS_MODULE "sys module" SYS_MODULES "sys.modules" BUILTINS_DICT "builtins dict"
    EMPTY_TUPLE "()" EMPTY_STR "''" EMPTY_BYTES "b''" ALL "all function" ANY "any function"
}
