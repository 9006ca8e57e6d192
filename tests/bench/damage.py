"""Damaged files without end: `python -m tests.bench.damage --minutes 60 --seed 1`.

It damages what strangers send and systems export: headers, messages in every form that they are saved in, reports,
certificates. It stops, and ends with 1, at the first that raises what no user should see, takes more than 5 seconds, or
makes the process larger than 300 MB. A seed damages the same files in the same way again.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import certificate_facts, judge_chain
from regulated_partners.verify.certificate import CertificateCheck, judge_certificate, read_certificate_file
from regulated_partners.verify.message import judge_file
from regulated_partners.verify.traffic import judge_traffic
from tests.regulated_partners.verify.adversary import attack
from tests.regulated_partners.verify.messages import judged
from tests.regulated_partners.verify.partners import declared
from tests.regulated_partners.verify.test_certificate import OUT
from tests.regulated_partners.verify.test_returned_messages import KINDS as MESSAGES
from tests.regulated_partners.verify.traffic.reports import counted
from tests.regulated_partners.verify.traffic.test_command import KINDS as REPORTS
from tests.support.certificate_factory import NOW, issued, root
from tests.support.damage import damaged

_SECONDS, _MEGABYTES = 5, 300

#: What is damaged, and what reads it.
_Case = tuple[str, bytes, Callable[[bytes], object]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.damage", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args(arguments)
    ends, seed, slowest, count, megabytes = time.monotonic() + 60 * parsed.minutes, parsed.seed, 0.0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        known = [*_known(Path(folder))]
        while time.monotonic() < ends:
            for name, data, read in (*known, *_headers(seed)):
                chance = random.Random(f"{seed} {name}")  # noqa: S311 - played again by its seed
                broken, began = damaged(data, chance), time.monotonic()
                read(broken)
                seconds = time.monotonic() - began
                slowest, count = max(slowest, seconds), count + 1
                megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                if seconds > _SECONDS or megabytes > _MEGABYTES:
                    print(f"seed {seed}, {name}: {seconds:.1f} s, {megabytes:.0f} MB")
                    return 1
            seed += 1
    print(f"{count} damaged files, up to seed {seed - 1}: the slowest took {slowest:.2f} s, {megabytes:.0f} MB at most")
    return 0


def _known(folder: Path) -> Iterator[_Case]:
    for name, data in MESSAGES.items():
        yield f"message {name}", data, judged
    for name, data in REPORTS.items():
        yield f"report {name}", data, lambda broken: judge_traffic(counted(broken), named=False)
    leaf = issued("mail.fabrikam.com", root(), names=["mail.fabrikam.com"])
    certificates = {"PEM": leaf.pem, "chain": leaf.pem + root().pem, "key beside": leaf.pem + leaf.key_pem}
    for name, data in certificates.items():
        yield f"certificate {name}", data, lambda broken: _certificate(folder / "partner.cer", broken)


def _headers(seed: int) -> Iterator[_Case]:
    for number in range(4):
        case = attack(4 * seed + number)
        yield (
            f"headers {number}",
            case.text.encode(),
            lambda broken, check=case.check: judge_file(io.BytesIO(broken), "damaged.eml", check),  # type: ignore[misc]
        )


def _certificate(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        file = read_certificate_file(path)
    except CannotRunError:
        return
    chain = judge_chain(file.chain, [root().certificate], NOW)
    judge_certificate(path.name, file, certificate_facts(file.leaf), chain, CertificateCheck(declared(), OUT, NOW))


if __name__ == "__main__":
    sys.exit(main())
