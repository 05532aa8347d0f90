"""What is done to small files in fuzz tests: bytes, cells and lines dropped, doubled, swapped, replaced, encodings changed."""

from __future__ import annotations

from hypothesis import strategies as st

#: Cells that no column expects: words, numbers of other kinds, formulas, marks of nothing, quotes, long ones.
CELLS = (
    "", " ", "0", "-1", "1e9", "1.5E+20", "99999999999999999999", "9999-12-31", "31/12/2024", "2024-02-30", "NULL",
    "'", '"', '""', "=1+1", "'=A1", "(12.50)", "$ -", "12,34", "ÄÖ€", "\N{NULL}", "\N{ZERO WIDTH SPACE}", "x" * 300,
    "CO-45", "4", "Denied", "true", "A,B", "Total", "nan", "inf", "-inf", "2024-01-01T00:00:00Z",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-32")


@st.composite
def texts(draw: st.DrawFn, sample: str, delimiter: str = ",") -> bytes:
    """A delimited file after one to four changes of its cells and lines, in some encoding."""
    rows = [line.split(delimiter) for line in sample.splitlines()]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(rows) - 1))
        other = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(0, len(rows[at]) - 1)) if rows[at] else 0
        match draw(st.sampled_from(["cell", "cell", "drop", "double", "swap", "cut", "column", "blank"])):
            case "cell":
                rows[at][column : column + 1] = [draw(st.sampled_from(CELLS))]
            case "drop" if len(rows) > 1:
                del rows[at]
            case "double":
                rows.insert(other, list(rows[at]))
            case "swap":
                rows[at], rows[other] = rows[other], rows[at]
            case "cut":
                rows[at] = rows[at][: column + 1]
            case "column":
                for row in rows:
                    del row[column : column + 1]
            case "blank":
                rows.insert(at, [""])
        if not rows:
            break
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(delimiter.join(row) for row in rows)
    return draw(mutated(text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace"), most=1))


@st.composite
def mutated(draw: st.DrawFn, content: bytes, most: int = 4) -> bytes:
    """Bytes after up to ``most`` cuts, losses, repetitions and replacements."""
    for _ in range(draw(st.integers(0, most))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        size = draw(st.integers(1, 12))
        match draw(st.sampled_from(["drop", "double", "replace", "cut"])):
            case "drop":
                content = content[:at] + content[at + size :]
            case "double":
                content = content[:at] + content[at : at + size] + content[at:]
            case "replace":
                content = content[:at] + draw(st.binary(min_size=size, max_size=size)) + content[at + size :]
            case "cut":
                content = content[:at]
    return content
