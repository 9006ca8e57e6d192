"""What the engine's YAML reader makes of each text, once on the real engine: ours must make the same of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from regulated_partners.partners.yaml_scalars import as_written
from regulated_partners.partners.yaml_text import load
from tests.support.engine import Project

pytestmark = pytest.mark.engine

#: Scalars and small values as they stand in a file, one a line.
WRITTEN = r"""
2024-01-31
2024-1-31
2024-01-31T10:20:30Z
2024-01-31T10:20:30.123456789Z
2024-01-31T10:20:30+02:00
2024-01-31T10:20:30-00:00
2024-01-31T10:20:30+0200
2024-01-31t1:2:3Z
2024-01-31 10:20:30
2024-01-31 10:20:30,5
2024-01-31 10:20:30 Z
2024-01-31 10:20:60
2024-01-31T10:20
2024-01
2024-02-30
0000-01-01
12024-01-01
2024_01-01
20240131
12:30:45
12:30
190:20:30.15
0o17
0O17
+0o17
0o18
017
0017
-017
0_7
018
08
0x1F
0X1f
-0x1F
0x1G
0x_1
0xFFFFFFFFFFFFFFFF
0xFFFFFFFFFFFFFFFFFF
07777777777777777777777777
0b101
0B11
0b12
1_000
1_000_
1_000.5
1__0
_1
-_1
1e3
1E3
1.e3
1e+3
1e-3
1e5_0
1e400
1e
.5
.5e1
+.5
..5
5.
1.10
1.0
1.2.3
100.000
3.14159265358979323846
9007199254740993
9223372036854775808
12345678901234567890
18446744073709551616
99999999999999999999.5
+41
+41 44 123
+41441234567
0041441234567
-0
00
yes
No
on
OFF
y
n
true
True
FALSE
tRue
~
null
NULL
nUll
=
<<
"2024-01-31"
'1.10'
!!str 2024-01-31
!!float 5
!!int 0o7
!!timestamp 2024-01-31
!!binary aGVsbG8=
!!set {a, b}
!own 5
!own {a: 1}
[yes, 017, 2024-01-31]
{1.10: a, 0x1F: b, 2024-01-31: c, true: d, ~: e, no: f}
{<<: {a: 1}, b: 2}
[&anchor 1, *anchor]
""".strip().splitlines()


def test_our_reader_makes_of_each_text_what_the_engine_makes(project: Project, tmp_path: Path) -> None:
    """Failing: a file of shared partners is read unlike a stack file (E33), or what is said of a value that YAML has
    changed quotes another one than stands there."""
    handed_on = tmp_path / "handed-on.json"
    program = tmp_path / "program.py"
    program.write_text(
        f"import os, pathlib\npathlib.Path({str(handed_on)!r}).write_text(os.environ['PULUMI_CONFIG'])\n", "utf-8"
    )
    project.use_program(program)
    secrets = yaml.safe_dump(project.secrets_settings())
    items = "".join(f"  own:in{index}:\n    - {text}\n" for index, text in enumerate(WRITTEN))
    values = "".join(f"  own:at{index}: {text}\n" for index, text in enumerate(WRITTEN))
    project.stack_file.write_text(f"config:\n{items}{values}{secrets}", encoding="utf-8")
    project.preview("--refresh=false").succeeded()

    engine = json.loads(handed_on.read_text(encoding="utf-8"))
    ours = load(project.stack_file.read_text(encoding="utf-8"))["config"]
    assert engine.keys() == ours.keys()
    read = as_written(engine, ours)
    different = {
        text: (engine[name], ours[name])
        for index, text in enumerate(WRITTEN)
        for name in (f"own:in{index}", f"own:at{index}")
        if read[name] is not ours[name]
    }
    assert different == {}
