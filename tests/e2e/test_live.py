"""The comparison that all cases here and in tests/clients stand on: what comes back is a difference, what the engine
does by itself now and then is none."""

import contextlib
import io
import unittest

from live import TRIES, compare


class Tries:
    """What each way gives, try by try; the last goes on."""

    def __init__(self, **results):
        self.results = results
        self.asked = []

    def __call__(self, ways):
        number = len(self.asked)
        self.asked.append(ways)
        return {way: self.results[way][min(number, len(self.results[way]) - 1)] for way in ways}


class CompareTest(unittest.TestCase):
    def compare(self, tries):
        self.printed = io.StringIO()
        with contextlib.redirect_stderr(self.printed):
            return compare("a case", tries, list(tries.results))

    def test_alike(self):
        tries = Tries(straight=["it"], open=["it"], restricted=["it"])
        self.assertEqual(self.compare(tries), ("it", {}))
        self.assertEqual(tries.asked, [["straight", "open", "restricted"]])
        self.assertEqual(self.printed.getvalue(), "")

    def test_a_difference_that_stays(self):
        tries = Tries(straight=["it"], open=["it"], restricted=["other"])
        self.assertEqual(self.compare(tries), ("it", {"restricted": "other"}))
        self.assertEqual(tries.asked[1:], [["straight", "restricted"]] * (TRIES - 1))

    def test_differences_of_many_kinds_stay_as_well(self):
        tries = Tries(straight=["it"], open=["one", "two", "three", "four"])
        self.assertEqual(self.compare(tries), ("it", {"open": "four"}))

    def test_a_difference_that_does_not_come_back(self):
        for tries in (Tries(straight=["it"], open=["", "it"]), Tries(straight=["", "it"], open=["it"]),
                      Tries(straight=["it", ""], open=["", "it"])):
            with self.subTest(tries.results):
                self.assertEqual(self.compare(tries), ("it", {}))
                self.assertEqual(len(tries.asked), 2)
                self.assertIn("a case: try 1: through open", self.printed.getvalue())


if __name__ == "__main__":
    unittest.main()
