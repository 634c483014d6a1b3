"""A test file with every way a test can end."""
import unittest


class Arithmetic(unittest.TestCase):
    def test_sum(self):
        """The first line of a docstring names the test."""
        self.assertEqual(1 + 1, 2)

    def test_lists_differ(self):
        self.assertEqual([1, 2, 3, [4]], [1, 2, 5, [4]])

    def test_texts_differ(self):
        self.assertMultiLineEqual("one\ntwo\nthree\n", "one\n2\nthree\n")

    def test_dicts_differ(self):
        self.assertDictEqual({"a": 1, "b": [2]}, {"a": 1, "b": [3]}, "the dicts")

    def test_error(self):
        {}["missing"]

    def test_raises(self):
        with self.assertRaisesRegex(ZeroDivisionError, "by zero"):
            1 // 0

    def test_does_not_raise(self):
        with self.assertRaises(ValueError):
            pass

    @unittest.skip("not today")
    def test_skipped(self):
        raise AssertionError

    @unittest.expectedFailure
    def test_known(self):
        self.assertTrue(0)

    @unittest.expectedFailure
    def test_unexpected(self):
        self.assertTrue(1)

    def test_parts(self):
        for n in range(4):
            with self.subTest("part", n=n):
                self.assertEqual(n % 2, 0)

    def test_part_skips(self):
        with self.subTest(kind="skips"):
            self.skipTest("a part")

    def test_logs(self):
        import logging
        with self.assertLogs("here", "INFO") as seen:
            logging.getLogger("here").warning("%s!", "seen")
        self.assertEqual(seen.output, ["WARNING:here:seen!"])

    def test_cleanups(self):
        self.addCleanup(lambda: 1 / 0)

    def test_chained(self):
        try:
            int("x")
        except ValueError as e:
            raise RuntimeError("chained") from e


class Fixtures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = ["class"]

    def setUp(self):
        self.made.append(self._testMethodName)

    def test_a(self):
        self.assertEqual(self.made, ["class", "test_a"])

    def test_b(self):
        self.assertIn("test_b", self.made)
        self.assertAlmostEqual(0.1 + 0.2, 0.3)
        self.assertCountEqual([1, 2, 2], [2, 1, 2])
        self.assertIsInstance(self, str)


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError(2, "nothing there", "file")

    def test_never(self):
        pass


class Awaits(unittest.IsolatedAsyncioTestCase):
    async def test_sleep(self):
        import asyncio
        await asyncio.sleep(0)
        self.assertEqual(await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2)), [1, 2])


if __name__ == "__main__":
    unittest.main()
