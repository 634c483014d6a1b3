"""Runs a test module as `-m unittest -q test.NAME` does, without the tests named after it; one that is not there is an error."""
import sys
import unittest


class Loader(unittest.TestLoader):
    def loadTestsFromNames(self, names, module=None):
        suite = super().loadTestsFromNames(names, module)
        left = set(excused)
        remove(suite, left)
        if left:
            sys.exit("excused, but not there: " + ", ".join(sorted(left)))
        return suite


def remove(suite, left):
    """Takes the excused tests out of a suite, and their names out of `left`."""
    kept = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            remove(test, left)
        elif test.id() in excused:
            left.discard(test.id())
            continue
        kept.append(test)
    suite._tests = kept


name, *excused = ["test." + argument for argument in sys.argv[1:]]
unittest.main(module=None, argv=["unittest", "-q", name], testLoader=Loader())
