"""Speed of the X12 reader on generated 837P and 835 files, beside oxedi (Rust, 835 only) in the same run.

Run by hand: ``python tests/benchmarks/bench_x12.py [megabytes of 837P]``; it is not in the default test run.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cpticd.loaders.x12.batches import Batches
from cpticd.loaders.x12.spool import Spool

_ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250301*1200*^*00501*000000001*0*P*:~"
_CODES = ["99213", "99214", "99203", "36415", "80053", "85025", "93000", "J1100", "71046", "97110"]
_DIAGNOSES = ["E119", "I10", "M545", "J069", "R079", "Z0000", "E785", "N390", "M25561", "F329"]
CLAIMS_PER_SET = 2_000


def professional(count: int, seed: int) -> Iterator[str]:
    """Segments of an 837P with ``count`` claims of one to four lines, as billing systems write them."""
    rng = random.Random(seed)
    yield _ISA
    yield "GS*HC*SENDER*RECEIVER*20250301*1200*1*X*005010X222A1~"
    for first in range(0, count, CLAIMS_PER_SET):
        yield f"ST*837*{first:04d}*005010X222A1~BHT*0019*00*{first}*20250301*1200*CH~"
        yield "NM1*41*2*BILLING SERVICE*****46*12345~PER*IC*SERVICE DESK*TE*5555550100~"
        yield "NM1*40*2*CLEARING HOUSE*****46*54321~HL*1**20*1~PRV*BI*PXC*207Q00000X~"
        yield "NM1*85*2*FAMILY PRACTICE ASSOCIATES*****XX*1234567893~N3*100 MAIN STREET~N4*SPRINGFIELD*IL*627010000~"
        yield "REF*EI*123456789~"
        level = 1
        for number in range(first, min(first + CLAIMS_PER_SET, count)):
            level += 1
            lines = rng.randint(1, 4)
            charges = [rng.randint(2_000, 40_000) / 100 for _ in range(lines)]
            day = f"2025{rng.randint(1, 2):02d}{rng.randint(1, 28):02d}"
            diagnoses = rng.sample(_DIAGNOSES, rng.randint(1, 4))
            yield f"HL*{level}*1*22*0~SBR*P*18*GRP{number % 50:04d}******CI~NM1*IL*1*DOE*PAT*A***MI*MB{number:09d}~"
            yield f"N3*{number % 999} ELM STREET~N4*SPRINGFIELD*IL*62704~DMG*D8*19{rng.randint(40, 99)}0115*F~"
            yield f"NM1*PR*2*PAYER {number % 5}*****PI*{60054 + number % 5}~CLM*PCN{number:08d}*{sum(charges):.2f}***11:B:1*Y*A*Y*Y~"
            yield (
                f"REF*D9*{number:012d}~HI*ABK:{diagnoses[0]}"
                + "".join(f"*ABF:{d}" for d in diagnoses[1:])
                + "~"
            )
            yield "NM1*82*1*SMITH*ALEX****XX*1987654320~PRV*PE*PXC*207Q00000X~"
            for line, charge in enumerate(charges, 1):
                pointers = ":".join(str(k + 1) for k in range(rng.randint(1, len(diagnoses))))
                yield f"LX*{line}~SV1*HC:{rng.choice(_CODES)}:25*{charge:.2f}*UN*1***{pointers}~DTP*472*D8*{day}~"
                yield f"REF*6R*{number}L{line}~"
        yield f"SE*0*{first:04d}~"
    yield "GE*1*1~IEA*1*000000001~"


def remittance(count: int, seed: int) -> Iterator[str]:
    """Segments of an 835 with ``count`` claims of one to four lines."""
    rng = random.Random(seed)
    yield _ISA
    yield "GS*HP*SENDER*RECEIVER*20250401*1200*1*X*005010X221A1~"
    for first in range(0, count, CLAIMS_PER_SET):
        yield f"ST*835*{first:04d}~BPR*I*100000*C*ACH*CCP*01*071000013*DA*1234*1234567890**01*071000013*DA*5678*20250401~"
        yield "TRN*1*8000012345*1234567890~DTM*405*20250401~N1*PR*PAYER 1~N3*PO BOX 100~N4*CHICAGO*IL*60601~"
        yield "REF*2U*60054~PER*BL*SUPPORT*TE*5555550101~N1*PE*FAMILY PRACTICE ASSOCIATES*XX*1234567893~LX*1~"
        for number in range(first, min(first + CLAIMS_PER_SET, count)):
            charges = [rng.randint(2_000, 40_000) / 100 for _ in range(rng.randint(1, 4))]
            day = f"2025{rng.randint(1, 2):02d}{rng.randint(1, 28):02d}"
            paid = [round(charge * 0.6, 2) for charge in charges]
            yield f"CLP*PCN{number:08d}*1*{sum(charges):.2f}*{sum(paid):.2f}**12*ICN{number:010d}*11*1~"
            yield f"NM1*QC*1*DOE*PAT*A***MI*MB{number:09d}~NM1*82*1*SMITH*ALEX****XX*1987654320~"
            yield f"REF*EA*{number}~DTM*232*{day}~DTM*233*{day}~DTM*050*20250305~"
            for line, (charge, amount) in enumerate(zip(charges, paid, strict=True), 1):
                yield f"SVC*HC:{rng.choice(_CODES)}:25*{charge:.2f}*{amount:.2f}**1~DTM*472*{day}~"
                yield f"CAS*CO*45*{charge - amount:.2f}~REF*6R*{number}L{line}~AMT*B6*{amount:.2f}~LQ*HE*N130~"
        yield f"SE*0*{first:04d}~"
    yield "GE*1*1~IEA*1*000000001~"


def write(path: Path, segments: Iterator[str]) -> float:
    """Write a file and return its size in megabytes (10**6 bytes)."""
    with path.open("w", encoding="ascii", newline="") as file:
        file.writelines(segments)
    return path.stat().st_size / 1e6


def parse(paths: list[Path], folder: Path) -> None:
    """One process: files into staged tables, which is what a worker does."""
    batches = Batches(Spool(folder))
    for number, path in enumerate(paths):
        with path.open("rb") as file:
            batches.read(number, iter(lambda: file.read(1 << 20), b""))
    batches.close()


def seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 40.0
    claims = int(megabytes * 1e6 / 830)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        p837, p835 = folder / "p.837", folder / "r.835"
        sizes = {p837: write(p837, professional(claims, 1)), p835: write(p835, remittance(claims, 1))}
        print(f"{claims:,} claims: 837P {sizes[p837]:.1f} MB, 835 {sizes[p835]:.1f} MB")
        for label, paths in (("837P", [p837]), ("835", [p835]), ("837P + 835", [p837, p835])):
            size = sum(sizes[path] for path in paths)
            run = iter(range(100))
            took = seconds(lambda paths=paths, run=run: parse(paths, folder / f"out{len(paths)}-{next(run)}"))
            print(f"files into staged tables, one process, {label}: {size / took:.1f} MB/s")
        code = (
            "import sys, time, resource; import cpticd as cx; from cpticd.loaders.x12 import read_x12; b = time.perf_counter(); "
            "c = read_x12(sys.argv[1:], progress=False, workers=1); t = time.perf_counter() - b; "
            "print(t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code, str(p837), str(p835)], capture_output=True, text=True, check=True
        )
        took, peak = (float(word) for word in result.stdout.split())
        total = sum(sizes.values())
        print(f"read_x12 end to end, joined, one process: {total / took:.1f} MB/s, peak {peak / 1024:.0f} MB")
        try:
            import oxedi
        except ImportError:
            print("oxedi is not installed: no comparison")
            return
        took = seconds(lambda: oxedi.parse_file(str(p835)).tables)
        print(f"oxedi (Rust) on the 835: {sizes[p835] / took:.1f} MB/s")


if __name__ == "__main__":
    main()
