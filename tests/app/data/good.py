import unittest


class Good(unittest.TestCase):
    def test_one(self):
        self.assertLess(1, 2)

    @unittest.skipIf(True, "never")
    def test_two(self):
        pass
