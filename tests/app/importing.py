"""Tracebacks of imports: the importer's own frames are not shown."""
import os
import sys
import traceback


def show(source):
    try:
        exec(compile(source, "<source>", "exec"), {})
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        print()


show("import absent_module")
show("__import__('absent_module')")
show("from os import absent_name")
show("import os.absent_module")
show("from data.five import absent_name")
show("import data.broken")
show("import data.broken_syntax")
show("import data.imports_broken")
show("import os; os.makedirs('/proc/x/y')")
print(os.__spec__.origin, os.path.join.__code__.co_filename, __file__.startswith("/"))
import data.absent
