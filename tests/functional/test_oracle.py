"""The C fold, retarget and leaves against their Python oracles, beyond the
files that are committed: S4-10 with fresh seeds, and those files made again.
"""

import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (Path(os.environ.get("GAVEL_BUILD", ROOT / "build/release")) /
           "tests/unit/rules/test_combinations")
sys.path.insert(0, str(ROOT / "tests/oracle"))

import combinations  # noqa: E402
import identity  # noqa: E402
import retarget  # noqa: E402


def build_program():
    """The functional tests build only the programs; this is a unit test's."""
    flavour = PROGRAM.parents[3]
    subprocess.run(
        ["make", f"O={flavour}", f"BUILD={flavour.name}", str(PROGRAM)],
        cwd=ROOT, check=True, capture_output=True)


def test_S4_10_combinations_with_a_fresh_seed(tmp_path):
    if not PROGRAM.exists():
        build_program()
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    cases = tmp_path / "cases.txt"
    with cases.open("w") as out:
        combinations.write_cases(out, seed, full=True)
    done = subprocess.run([PROGRAM, cases], cwd=ROOT, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, f"seed {seed}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("path, write", [
    ("tests/unit/rules/combinations.txt",
     lambda out: combinations.write_cases(out, combinations.SEED)),
    ("tests/vectors/retarget.csv", retarget.write_vectors),
    ("tests/vectors/rented.csv", retarget.write_rented),
    ("tests/vectors/identity.json", identity.write_vectors),
])
def test_committed_files_can_be_made_again(path, write):
    out = io.StringIO()
    write(out)
    assert out.getvalue() == (ROOT / path).read_text()
