#!/usr/bin/env python3
"""Makes occupations.txt.gz, the sandbox's thesaurus of occupations, from ESCO 1.2 and the O*NET 29.2 Database.

    python3 src/sandbox/thesaurus/make.py DATA

DATA holds taxonomy/esco-1.2/occupations_{en,de,es}.csv.gz and taxonomy/onet-29.2/*.txt.gz. Python 3.11 or later and nothing else.
The same data gives the same text, and with the same zlib the same bytes.

A line is an occupation or a group of titles, its fields are separated by tabs:

    e  ISCO-08 code  name in English  titles, separated by |
    o  the occupations these titles belong to, as number:percent, separated by commas  titles, separated by |

Occupations are numbered from 0 in the order of their lines. O*NET's occupations have no place of their own: their titles are said
to belong to the ESCO occupations that share most titles with them, whose lines come first.
"""

import csv
import gzip
import io
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

LANGUAGES = ("en", "de", "es")
# An O*NET occupation is spread over this many ESCO occupations at most.
MOST_SHARES = 4
# The share of the ESCO occupation that fits an O*NET occupation best: less than a title of its own would give.
BEST_SHARE = 90
# What is shorter on one side of a slash is an ending or an article.
SHORTEST_PART = 4


def folded(text):
    """Lowered, without accents; what is in brackets is left out."""
    text = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)", " ", text).lower().replace("ß", "ss"))
    return " ".join(re.findall(r"[a-z0-9+#]+", "".join(c for c in text if not unicodedata.combining(c))))


def key(title):
    """The same for titles that differ in the order of their words alone."""
    return " ".join(sorted(title.split()))


def distinct(titles):
    """The folded titles, without those that differ from an earlier one in the order of words alone."""
    found = {}
    for title in titles:
        # `Ärztin/Arzt` is two titles, `Facharzt/-ärztin` one.
        parts = [part for part in title.split("/") if len(part.strip()) >= SHORTEST_PART]
        for spelling in [title, *parts] if len(parts) > 1 else [title]:
            text = folded(spelling)
            if len(text) > 1:
                found.setdefault(key(text), text)
    return list(found.values())


def esco(folder):
    """`(ISCO code, name, titles)` of each occupation, by code and name."""
    occupations = {}
    for language in LANGUAGES:
        text = gzip.open(folder / f"occupations_{language}.csv.gz", "rt", encoding="utf-8").read()
        for row in csv.DictReader(io.StringIO(text)):
            code, name, titles = occupations.setdefault(
                row["conceptUri"], (row["iscoGroup"], row["preferredLabel"], [])
            )
            for column in ("preferredLabel", "altLabels", "hiddenLabels"):
                titles += (row[column] or "").split("\n")
    return sorted((code, name, distinct(titles)) for code, name, titles in occupations.values())


def onet(folder):
    """The titles of each O*NET occupation, by its code."""
    def rows(name):
        text = gzip.open(folder / f"{name}.txt.gz", "rt", encoding="utf-8").read()
        return csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)

    titles = defaultdict(list)
    for name, column in (
        ("Occupation_Data", "Title"),
        ("Alternate_Titles", "Alternate Title"),
        ("Sample_of_Reported_Titles", "Reported Job Title"),
    ):
        for row in rows(name):
            titles[row["O*NET-SOC Code"]].append(row[column])
    return [distinct(titles[code]) for code in sorted(titles)]


def shares(titles, numbers_by_key):
    """The ESCO occupations that share most titles, a title of many occupations counting for less."""
    votes = Counter()
    for title in titles:
        for spelling in {key(title), key(title.removesuffix("s"))}:
            numbers = numbers_by_key.get(spelling, ())
            for number in numbers:
                votes[number] += 1 / len(numbers)
    best = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:MOST_SHARES]
    return [(number, round(BEST_SHARE * vote / best[0][1])) for number, vote in best]


def main(data):
    csv.field_size_limit(1 << 24)
    occupations = esco(data / "taxonomy/esco-1.2")
    numbers_by_key = defaultdict(list)
    lines = []
    for number, (code, name, titles) in enumerate(occupations):
        lines.append(f"e\t{code}\t{name}\t{'|'.join(titles)}")
        for title in titles:
            numbers_by_key[key(title)].append(number)
    for titles in onet(data / "taxonomy/onet-29.2"):
        if found := shares(titles, numbers_by_key):
            lines.append(f"o\t{','.join(f'{number}:{share}' for number, share in found)}\t{'|'.join(titles)}")
    packed = gzip.compress("".join(line + "\n" for line in lines).encode(), 9, mtime=0)
    (Path(__file__).parent / "occupations.txt.gz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
