"""Without this the program could be built without what an error in memory should run into, and nobody would see it."""

import subprocess
import unittest

import program


def elf(option):
    return subprocess.run(["readelf", "-W", option, program.PROGRAM], capture_output=True, text=True, check=True).stdout


@unittest.skipIf("__asan_init" in elf("--dyn-syms"), "the sanitizers replace it")
class Hardened(unittest.TestCase):
    def test_code_lies_at_no_known_place(self):
        self.assertIn("DYN (Position-Independent Executable file)", elf("-h"))

    def test_the_linker_s_tables_are_read_only_before_main(self):
        self.assertIn("GNU_RELRO", elf("-l"))
        self.assertIn("BIND_NOW", elf("-d"))

    def test_the_stack_holds_no_code(self):
        stack, = [line for line in elf("-l").splitlines() if "GNU_STACK" in line]
        self.assertEqual(stack.split()[-2], "RW")

    def test_the_stack_has_canaries_and_copies_are_checked(self):
        symbols = elf("--dyn-syms")
        for name in "__stack_chk_fail", "__memcpy_chk", "__vsnprintf_chk":
            self.assertIn(name, symbols)


program.main()
