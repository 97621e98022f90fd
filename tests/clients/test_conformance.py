"""The harness of these tests finds what differs, and what is refused otherwise than it has to be; without an engine."""

import contextlib
import io
import unittest

from conformance import CasesTest

DENIED = {"status": 403, "text": 'denied by policy "test"\n  - privileged: it is true'}


class Program(CasesTest):
    """Gives what it is told to, run by run; the last goes on."""

    ways = {"straight": None, "open": None, "restricted": None}
    REFUSED = {"privileged": "privileged: it is true"}

    def __init__(self, **given):
        super().__init__()
        self.given = {way: iter(runs[:-1]) for way, runs in given.items()}
        self.last = {way: runs[-1] for way, runs in given.items()}

    def results(self, way):
        return next(self.given[way], self.last[way])

    def alike(self):
        """Whether the harness finds nothing."""
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                self.assert_cases_alike()
            except AssertionError:
                return False
        return True


def run(output, privileged=None):
    return {"output": output, "privileged": privileged or "made"}


class HarnessTest(unittest.TestCase):
    def test_alike(self):
        self.assertTrue(Program(straight=[run("it")], open=[run("it")], restricted=[run("it", DENIED)]).alike())

    def test_a_difference(self):
        self.assertFalse(Program(straight=[run("it")], open=[run("it")], restricted=[run("", DENIED)]).alike())
        self.assertFalse(Program(straight=[run("it")], open=[run("it", "otherwise")], restricted=[run("it", DENIED)]).alike())

    def test_a_difference_that_does_not_come_back(self):
        self.assertTrue(Program(straight=[run(""), run("it")], open=[run("it")], restricted=[run("it", DENIED)]).alike())
        self.assertTrue(Program(straight=[run("it")], open=[run(""), run("it")], restricted=[run("it", DENIED)]).alike())

    def test_what_is_not_refused(self):
        self.assertFalse(Program(straight=[run("it")], open=[run("it")], restricted=[run("it")]).alike())
        self.assertFalse(Program(straight=[run("it")], open=[run("it")], restricted=[run("it", {**DENIED, "status": 500})]).alike())

    def test_what_one_case_gives(self):
        program = Program(straight=[run("it")], open=[run("it")], restricted=[run("it", DENIED)])
        with contextlib.redirect_stderr(io.StringIO()):
            for given, same in (({"open": "it", "restricted": DENIED}, True), ({"open": "other", "restricted": DENIED}, False),
                                ({"open": "it", "restricted": "it"}, False)):
                with self.subTest(given), contextlib.nullcontext() if same else self.assertRaises(AssertionError):
                    program.assert_alike(lambda way, given=given: {"straight": "it", **given}[way], {"restricted": "privileged"})


if __name__ == "__main__":
    unittest.main()
