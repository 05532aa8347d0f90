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
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cpticd.loaders.x12.batches import Batches
from cpticd.loaders.x12.spool import Spool

_ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250301*1200*^*00501*000000001*0*P*:~"
_CODES = ["99213", "99214", "99203", "36415", "80053", "85025", "93000", "J1100", "71046", "97110"]
_DIAGNOSES = ["E119", "I10", "M545", "J069", "R079", "Z0000", "E785", "N390", "M25561", "F329"]
CLAIMS_PER_SET = 2_000


@dataclass
class Visit:
    """One claim to write, in an 837P and in an 835."""

    number: int
    day: str
    diagnoses: list[str]
    lines: list[tuple[str, float, str]]  # code, charge, pointers

    @property
    def charge(self) -> float:
        return sum(charge for _, charge, _ in self.lines)


def visits(count: int, seed: int) -> Iterator[list[Visit]]:
    """Claims of one to four lines, by transaction set."""
    rng = random.Random(seed)
    for first in range(0, count, CLAIMS_PER_SET):
        made = []
        for number in range(first, min(first + CLAIMS_PER_SET, count)):
            diagnoses = rng.sample(_DIAGNOSES, rng.randint(1, 4))
            lines = []
            for _ in range(rng.randint(1, 4)):
                pointers = ":".join(str(k + 1) for k in range(rng.randint(1, len(diagnoses))))
                lines.append((rng.choice(_CODES), rng.randint(2_000, 40_000) / 100, pointers))
            made.append(
                Visit(number, f"2025{rng.randint(1, 2):02d}{rng.randint(1, 28):02d}", diagnoses, lines)
            )
        yield made


def professional(count: int, seed: int) -> Iterator[str]:
    """Text of an 837P, as billing systems write it."""
    yield f"{_ISA}GS*HC*SENDER*RECEIVER*20250301*1200*1*X*005010X222A1~"
    for place, made in enumerate(visits(count, seed), 1):
        yield (
            f"ST*837*{place:04d}*005010X222A1~BHT*0019*00*{place}*20250301*1200*CH~"
            "NM1*41*2*BILLING SERVICE*****46*12345~PER*IC*SERVICE DESK*TE*5555550100~"
            "NM1*40*2*CLEARING HOUSE*****46*54321~HL*1**20*1~PRV*BI*PXC*207Q00000X~"
            "NM1*85*2*FAMILY PRACTICE*****XX*1234567893~N3*100 MAIN STREET~N4*SPRINGFIELD*IL*62701~REF*EI*12345678~"
        )
        size = 12
        for level, visit in enumerate(made, 2):
            payer = visit.number % 5
            others = "".join(f"*ABF:{code}" for code in visit.diagnoses[1:])
            yield (
                f"HL*{level}*1*22*0~SBR*P*18*GRP{visit.number % 50:04d}******CI~"
                f"NM1*IL*1*DOE*PAT*A***MI*MB{visit.number:09d}~N3*{visit.number % 999} ELM STREET~"
                f"N4*SPRINGFIELD*IL*62704~DMG*D8*19{visit.number % 60 + 40}0115*F~NM1*PR*2*PAYER {payer}*****PI*6005{payer}~"
                f"CLM*PCN{visit.number:08d}*{visit.charge:.2f}***11:B:1*Y*A*Y*Y~REF*D9*{visit.number:012d}~"
                f"HI*ABK:{visit.diagnoses[0]}{others}~NM1*82*1*SMITH*ALEX****XX*1987654320~PRV*PE*PXC*207Q00000X~"
            )
            for line, (code, charge, pointers) in enumerate(visit.lines, 1):
                yield (
                    f"LX*{line}~SV1*HC:{code}:25*{charge:.2f}*UN*1***{pointers}~DTP*472*D8*{visit.day}~"
                    f"REF*6R*{visit.number}L{line}~"
                )
            size += 12 + 4 * len(visit.lines)
        yield f"SE*{size}*{place:04d}~"
    yield f"GE*{place}*1~IEA*1*000000001~"


def remittance(count: int, seed: int) -> Iterator[str]:
    """Text of an 835 that pays the same claims."""
    yield f"{_ISA}GS*HP*SENDER*RECEIVER*20250401*1200*1*X*005010X221A1~"
    for place, made in enumerate(visits(count, seed), 1):
        yield (
            f"ST*835*{place:04d}~BPR*I*100000*C*ACH*CCP*01*071000013*DA*1234*1234567890**01*071000013*DA*5678*20250401~"
            f"TRN*1*8{seed:04d}{place:05d}*1234567890~DTM*405*20250401~N1*PR*PAYER 1~N3*PO BOX 100~N4*CHICAGO*IL*60601~"
            "REF*2U*60054~PER*BL*SUPPORT*TE*5555550101~N1*PE*FAMILY PRACTICE*XX*1234567893~LX*1~"
        )
        size = 12
        for visit in made:
            yield (
                f"CLP*PCN{visit.number:08d}*1*{visit.charge:.2f}*{visit.charge * 0.6:.2f}**12*ICN{visit.number:010d}*11*1~"
                f"NM1*QC*1*DOE*PAT*A***MI*MB{visit.number:09d}~NM1*82*1*SMITH*ALEX****XX*1987654320~"
                f"REF*EA*{visit.number}~DTM*232*{visit.day}~DTM*233*{visit.day}~DTM*050*20250305~"
            )
            for line, (code, charge, _) in enumerate(visit.lines, 1):
                yield (
                    f"SVC*HC:{code}:25*{charge:.2f}*{charge * 0.6:.2f}**1~DTM*472*{visit.day}~"
                    f"CAS*CO*45*{charge * 0.4:.2f}~REF*6R*{visit.number}L{line}~AMT*B6*{charge * 0.6:.2f}~LQ*HE*N130~"
                )
            size += 7 + 6 * len(visit.lines)
        yield f"SE*{size}*{place:04d}~"
    yield f"GE*{place}*1~IEA*1*000000001~"


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


def seconds(action: Callable[[], object], repeats: int = 5) -> tuple[float, float]:
    """Wall and processor seconds, the best of a few runs: they differ where others use the machine."""
    wall = processor = float("inf")
    for _ in range(repeats):
        begin, used = time.perf_counter(), time.process_time()
        action()
        wall, processor = min(wall, time.perf_counter() - begin), min(processor, time.process_time() - used)
    return wall, processor


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
            wall, processor = seconds(lambda paths=paths: parse(paths, folder / "staged"))
            print(
                f"segments parsed and mapped, one process, {label}: {size / wall:.1f} MB/s"
                f" ({size / processor:.1f} per processor second)"
            )
        code = (
            "import sys, time, resource; import cpticd.loaders.intake, tqdm.auto; "
            "from cpticd.loaders.x12 import read_x12; b = time.perf_counter(); p = time.process_time(); "
            "c = read_x12(sys.argv[1:], progress=False, workers=1); c.summary(); t = time.perf_counter() - b; "
            "print(t, time.process_time() - p, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code, str(p837), str(p835)], capture_output=True, text=True, check=True
        )
        took, used, peak = (float(word) for word in result.stdout.split())
        total = sum(sizes.values())
        print(
            f"read_x12 end to end, with join and ledger, one process: {total / took:.1f} MB/s "
            f"({total / used:.1f} per processor second), peak {peak / 1024:.0f} MB"
        )
        try:
            import oxedi
        except ImportError:
            print("oxedi is not installed: no comparison")
            return
        wall, processor = seconds(lambda: oxedi.parse_file(str(p835)).tables)
        print(
            f"oxedi (Rust) on the 835: {sizes[p835] / wall:.1f} MB/s"
            f" ({sizes[p835] / processor:.1f} per processor second)"
        )


if __name__ == "__main__":
    main()
