#!/usr/bin/env python3
"""Makes candidates.jsonl.gz, vacancies.jsonl.gz and labels.tsv.gz: python3 samples/make.py DATA

DATA is a folder with taxonomy/onet-29.2 (the O*NET 29.2 text files, gzipped) and matching/jd-cv-graded/corpus.jsonl (the
synthetic CVs). The seed is fixed, so the same data gives the same bytes.
"""

import csv
import datetime
import gzip
import io
import json
import pathlib
import random
import re
import sys
import unicodedata

from people import CITIES, NAMES, STEMS
from trades import EMPLOYERS, FIELDS, OCCUPATIONS, SECTORS

SEED = 29_2
PEOPLE, VACANCIES, WRITTEN_CVS = 1_995, 300, 45
NOW = datetime.datetime(2026, 11, 1)
# Programs that O*NET lists for everybody and nobody is looked for.
COMMON = re.compile(r"Facebook|YouTube|LinkedIn|Face[Tt]ime|IBM Notes|Apache|browser|[Ee]mail software|Twitter|Instagram|Skype|Zoom|Webex")
# Sentences of O*NET about an occupation's borders, not about what one does.
ABOUT = re.compile(r"^(Include|Exclude|Require|Licens|Regist|Illustrat|Be |Work |Workers |Must |Using |In schools|Team assemblers|Excludes)"
                   r"|may include|occupation|typically|^Specializ?e in")
VAGUE = {"Engineer", "Manager", "Supervisor", "Technician", "Worker", "Consultant", "Analyst", "Specialist", "Coordinator", "Designer",
         "Director", "Operator", "Assistant", "Associate", "Clerk", "Instructor", "Developer", "Administrator", "Agent"}
OFFICE = re.compile(r"^(Microsoft (Excel|Word|Outlook|PowerPoint|Office|Windows|Access)|Google)")


class Occupation:
    """One O*NET occupation with what the samples take from it."""

    def __init__(self, code, title, description):
        self.code, self.name = code, title
        self.sentences = sentences(description)
        self.reported, self.alternate, self.technology, self.related = [], [], [], []
        self.sector = self.level = self.pay = None
        self.skills = []

    def titles(self):
        """Reported titles, then those alternates that end like one of them: the rest is too odd for a CV."""
        ends = {title.split()[-1] for title in self.reported} or {self.name.split()[-1].removesuffix("s")}
        titles = self.reported * 4 + [title for title in self.alternate if title.split()[-1] in ends and len(title) < 42]
        return [title for title in titles if title not in VAGUE] or titles


def sentences(description):
    """The sentences that tell what one does, each as an order: `May order supplies.` becomes `Order supplies`."""
    found = []
    for sentence in re.split(r"(?<=[a-z)])\.\s+", description.strip().rstrip(".")):
        sentence = re.sub(r"^(May also|May)\s+", "", sentence)
        sentence = sentence[0].upper() + sentence[1:]
        if 25 < len(sentence) < 330 and not ABOUT.search(sentence):
            found.append(sentence)
    return found


def spelled_out(title):
    """`RN (Registered Nurse)` and `Chief Diversity Officer (CDO)` without their short forms."""
    match = re.fullmatch(r"(.*?) \((.*)\)", title)
    return max(match.groups(), key=len) if match else title


def table(folder, name):
    with gzip.open(folder / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def read_occupations(folder):
    """All of O*NET, and the codes that the samples are drawn from."""
    every = {row[0]: Occupation(*row[:3]) for row in table(folder, "Occupation_Data")}
    for code, title, *_ in table(folder, "Sample_of_Reported_Titles"):
        every[code].reported.append(spelled_out(title))
    for code, title, *_ in table(folder, "Alternate_Titles"):
        every[code].alternate.append(spelled_out(title))
    for code, example, _, _, hot, wanted in table(folder, "Technology_Skills"):
        if not COMMON.search(example):
            weight = 0.6 if OFFICE.search(example) else 0.1 if example.endswith(" software") and hot == "N" else 0.7 + (3 if hot == "Y" else 0) + (5 if wanted == "Y" else 0)
            every[code].technology.append((re.sub(r" software$", "", example), weight))
    for code, other, tier, _ in table(folder, "Related_Occupations"):
        if tier.startswith("Primary"):
            every[code].related.append(other)
    chosen = []
    for line in OCCUPATIONS.strip().splitlines():
        code, sector, level, pay, skills = line.split("|")
        occupation = every[code]
        occupation.sector, occupation.level, occupation.pay = sector, int(level), int(pay)
        occupation.skills = skills.split(", ")
        chosen.append(occupation)
    return every, chosen


def earlier_occupations(every, occupation):
    """Related occupations one may come from: the same kind of work, and nothing that asks for more."""
    def fits(code):
        if code[:4] in ("29-1", "23-1", "25-1", "11-1"):
            return code[:6] == occupation.code[:6]
        return code[:2] == occupation.code[:2]
    return [every[code] for code in occupation.related if fits(code) and every[code].titles()] or [occupation]


def several(rng, words, count):
    return rng.sample(words, min(count, len(words)))


def weighted(rng, pairs, count):
    """Different words, the heavier the likelier."""
    ranked = sorted(pairs, key=lambda pair: rng.random() ** (1 / pair[1]), reverse=True)
    return [word for word, _ in ranked[:count]]


def unaccented(text):
    text = text.replace("ß", "ss").replace("ø", "o")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def filled(rng, text):
    return text.format(p=rng.randint(5, 35), n=rng.randint(3, 12), b=rng.choice([18, 20, 24, 28, 30, 36, 40, 60]))


def employer(rng, occupation, city):
    patterns = EMPLOYERS.get(occupation.code) or SECTORS[occupation.sector][0]
    return rng.choice(patterns).format(s=rng.choice(STEMS), c=city[0])


def month(index):
    """Months since year 0 as `2019-03`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ranked_title(rng, title, years):
    """The title with the word that this much experience earns, unless it carries a rank already."""
    if re.search(r"Senior|Chief|Head|Manager|Director|Supervisor|Lead|Foreman|Principal|Assistant|Aide|Junior|Superintendent|Owner", title):
        return title
    if years < 2 and rng.random() < 0.3:
        return f"Junior {title}"
    if years > 8 and rng.random() < 0.4:
        return f"Senior {title}"
    return f"Lead {title}" if years > 14 and rng.random() < 0.25 else title


def address(rng, city, geo=True):
    name, country, code, latitude, longitude = city[:5]
    spot = {"latitude": round(latitude + rng.uniform(-0.06, 0.06), 4), "longitude": round(longitude + rng.uniform(-0.08, 0.08), 4)}
    return {"city": name, "country": country, "countryCode": code, "geo": spot if geo else None}


def telephone(rng, city):
    return city[8] and "".join(str(rng.randint(0, 9)) if c == "?" else c for c in city[8])


class Register:
    """Gives every person a name and an address of their own."""

    def __init__(self, rng):
        self.rng, self.taken = rng, set()

    def person(self, city):
        rng = self.rng
        while True:
            tongue = city[5] if rng.random() < 0.78 else rng.choice(sorted(NAMES))
            first, last = rng.choice(NAMES[tongue][0]), rng.choice(NAMES[tongue][1])
            if tongue == "fr" and rng.random() < 0.06:
                first = f"{first}-{rng.choice(['Marie', 'Luc', 'Anne', 'Paul'])}"
            if tongue == "es" or rng.random() < 0.03:
                last = f"{last} {rng.choice(NAMES['es'][1])}" if tongue == "es" else f"{last}-{rng.choice(NAMES['en'][1])}"
            if (first, last) not in self.taken:
                self.taken.add((first, last))
                break
        local = re.sub(r"[^a-z.]", "", unaccented(f"{first}.{last}").lower().replace(" ", ""))
        if local in self.taken:
            local += str(rng.randint(60, 99))
        self.taken.add(local)
        return first, last, f"{local}@example.{rng.choice(['org', 'org', 'com', 'net'])}"


def spoken(rng, city):
    mother = city[5]
    languages = [{"code": mother, "level": "C2"}]
    if mother != "en":
        languages.append({"code": "en", "level": rng.choice(["B1", "B2", "B2", "C1"])})
    for other in several(rng, [code for code in ("fr", "de", "es", "it", "pt", "pl", "ar") if code != mother], 3):
        if rng.random() < 0.17:
            languages.append({"code": other, "level": rng.choice(["A2", "B1", "B2", "C1"])})
    return languages


def tasks_of(rng, occupation, home, skills, told):
    """What was done in a position: O*NET's words for the occupation, the sector's for the place, the person's own skills.
    Nothing that `told` has already."""
    sector = SECTORS[home.sector]
    tasks = several(rng, [sentence for sentence in occupation.sentences if sentence not in told], rng.choice([1, 1, 2]))
    duties = several(rng, [duty for duty in sector[1] if duty not in told], rng.randint(1, 3))
    told.update(tasks, duties)
    tasks += [filled(rng, duty) for duty in duties]
    if len(skills) > 1:
        one, two = several(rng, skills, 2)
        tasks.append(rng.choice(["Responsible for {} and {}", "Daily work with {} and {}", "Main tasks: {}, {}"]).format(one, two))
    if rng.random() < 0.3:
        tasks.append(f"Improved {rng.choice(sector[6])} by {rng.randint(5, 30)} %")
    return tasks


def positions_of(rng, every, occupation, city, years, skills, today):
    """Newest first, from the day the ATS heard of the person last back to the first day at work."""
    end = today.year * 12 + today.month - 1
    start = end - int(years * 12)
    until = None
    if rng.random() < 0.18:
        end -= rng.randint(1, 9)
        until = month(end)
    found, current, told = [], occupation, set()
    while end - start > 4 and len(found) < 5:
        begin = max(start, end - rng.randint(10, 80))
        if begin - start < 8:
            begin = start
        held = (begin - start) / 12
        place = city if rng.random() < 0.75 else rng.choice([other for other in CITIES if other[1] == city[1]])
        found.append({
            "employer": employer(rng, occupation, place), "title": ranked_title(rng, rng.choice(current.titles()), held),
            "city": place[0], "from": month(begin), "to": until, "tasks": tasks_of(rng, current, occupation, skills, told),
        })
        end = begin - rng.choice([0, 0, 1, 1, 2, 5])
        until = month(end)
        current = rng.choice(earlier_occupations(every, occupation)) if rng.random() < 0.4 else occupation
    return found


def degrees_of(rng, occupation, city, first_year):
    field = FIELDS.get(occupation.code) or rng.choice(SECTORS[occupation.sector][4])
    level = max(0, occupation.level - (1 if occupation.level == 2 and rng.random() < 0.4 else 0))
    if occupation.level == 1 and rng.random() < 0.25:
        level = 2
    names = [
        (2, [f"Vocational Diploma in {field}", f"Apprenticeship in {field}", f"Certificate in {field}"]),
        (3, [f"Bachelor of Science in {field}", f"Bachelor in {field}"]),
        (5, [f"Master of Science in {field}", f"Master in {field}"]),
        (7, [f"Doctorate in {field}", f"Doctor of {field}"]),
    ]
    length, titles = names[level]
    schools = ["{s} Vocational College", "{c} Training Centre"] if level == 0 else ["University of {s}", "{s} University", "{s} Institute of Technology"]
    school = rng.choice(schools).format(s=rng.choice(STEMS), c=city[0])
    return [{"school": school, "title": rng.choice(titles), "field": field, "from": f"{first_year - length}-09", "to": f"{first_year}-06"}]


def written(rng, person, summary, positions, degrees, skills, certificates, languages):
    """The text of the CV, laid out in one of three ways."""
    def work():
        yield "Experience"
        for position in positions:
            yield f"{position['title']}, {position['employer']}, {position['city']} ({position['from']} – {position['to'] or 'today'})"
            yield from (f"- {task}" for task in position["tasks"])

    def study():
        yield "Education"
        yield from (f"{degree['title']}, {degree['school']}, {degree['to'][:4]}" for degree in degrees)
        if certificates:
            yield "Certificates: " + ", ".join(certificates)

    def knows():
        yield "Skills: " + ", ".join(skills)
        yield "Languages: " + ", ".join(f"{language['code']} {language['level']}" for language in languages)

    parts = rng.choice([[work, study, knows], [knows, work, study], [study, work, knows]])
    return "\n".join([person, summary, ""] + [line for part in parts for line in (*part(), "")]).strip()


def candidate(rng, register, every, occupation, number):
    city = rng.choice(CITIES)
    first, last, email = register.person(city)
    sector = SECTORS[occupation.sector]
    modified = NOW - datetime.timedelta(seconds=int(365 * 86400 * rng.random() ** 1.4) + 3600)
    created = modified - datetime.timedelta(seconds=rng.randint(0, 700 * 86400) if rng.random() < 0.7 else 0)
    years = max(0.5, min(32, rng.triangular(0, 30, 6)))
    skills = several(rng, occupation.skills, rng.randint(2, 4)) + several(rng, sector[2], rng.randint(2, 3))
    tools = weighted(rng, occupation.technology, rng.randint(1, 4 if occupation.level == 0 else 6))
    positions = positions_of(rng, every, occupation, city, years, skills, modified)
    started = int(positions[-1]["from"][:4]) if positions else modified.year
    degrees = degrees_of(rng, occupation, city, started)
    soft = several(rng, sector[3], 2)
    title = positions[0]["title"] if positions else rng.choice(occupation.titles())
    languages = spoken(rng, city)
    certificates = several(rng, sector[5], rng.choice([0, 0, 1, 1, 2]))
    known = f"{skills[0]} and {skills[1]}"
    summary = rng.choice([
        f"{title} with {max(1, round(years))} years of experience in {known}.", f"{title} from {city[0]}. Strong in {known}.",
        f"I work as {title.lower()} and care about {known}; colleagues value my {soft[0]}.",
        f"{title}, {max(1, round(years))} years in the job, looking for a place where {known} count.",
    ])
    return {
        "id": number, "firstName": first, "lastName": last,
        "contact": {"email": email, "phone": telephone(rng, city)},
        "birthDate": f"{started - rng.randint(19, 25)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}" if rng.random() < 0.5 else None,
        "address": address(rng, city), "headline": title, "summary": summary, "positions": positions, "degrees": degrees,
        "competencies": skills + tools, "strengths": soft, "certificates": certificates, "languages": languages,
        "links": [{"kind": "linkedin", "href": f"https://www.example.com/in/{email.split('@')[0]}"}] if rng.random() < 0.3 else [],
        "resumeText": written(rng, f"{first} {last}, {city[0]}", summary, positions, degrees, skills + tools, certificates, languages),
        "desiredContract": rng.choice(["permanent", "permanent", "permanent", "fixed-term", "freelance"]),
        "origin": rng.choice(["career site", "career site", "referral", "agency", "fair"]),
        "state": rng.choice(["active"] * 8 + ["placed", "passive"]),
        "createdAt": stamp(created), "modifiedAt": stamp(modified),
    }


KNOWN_IN_CVS = ("Python Django Flask Java Spring JavaScript TypeScript React Angular Node.js PHP Laravel WordPress MySQL PostgreSQL MongoDB Redis "
                "AWS Azure Docker Kubernetes Jenkins Git Linux Swift Kotlin Android iOS Flutter HTML CSS jQuery C++ C# SQL Oracle TensorFlow "
                "PyTorch Hadoop Spark Kafka Cisco VPN Ruby Scala Bash Elasticsearch GraphQL").split()


def known_in(text):
    return [word for word in KNOWN_IN_CVS if re.search(rf"(?<!\w){re.escape(word)}(?![\w+#])", text)]


def usable(text):
    """CVs of a person, not letters to a company; their employers and schools are placeholders already."""
    return (700 < len(text) < 2600 and len(known_in(text)) > 1 and re.search(r"\b(XYZ|ABC)\b", text) and re.search(r"(?i)experience", text)
            and not re.search(r"(?i)objective|position at|role at|applying|excited|looking for|seeking", text))


def candidate_from_cv(rng, register, text, number):
    """A candidate whose CV nobody has typed in: text, headline and the skills found in it. Name and addresses are replaced."""
    city = rng.choice(CITIES)
    first, last, email = register.person(city)
    phone = telephone(rng, city)
    text = re.sub(r"(?m)^(Name:\s*)?(John|Jane|Sarah|Alice|Bob|Mary|Michael|David|Emily|Mark|Samantha|Alex|Rachel|Tom|Lisa|Raj|Rahul)\s+[A-Z]\w+[ ]*$",
                  f"Name: {first} {last}", text)
    text = re.sub(r"(?m)^Name:.*$", f"Name: {first} {last}", text)
    text = re.sub(r"(?m)^Location:.*$", f"Location: {city[0]}", text)
    text = re.sub(r"[\w.+-]+@[\w-]+(\.\w+)+", email, text)
    text = re.sub(r"(\(\d{3}\) ?|\+?\d[\d-]{2,}[ -])\d{3}[- ]?\d{3,4}", phone or "on request", text)
    text = re.sub(r"(?m)^Phone:.*$", f"Phone: {phone or 'on request'}", text)
    text = re.sub(r"(?i)(linkedin|github)\.com/[\w/.-]+", f"example.com/{email.split('@')[0]}", text)
    text = re.sub(r"\b(John|Jane) (Doe|Smith)\b", f"{first} {last}", text)
    roles = re.findall(r"\b(?:Senior |Lead )?(?:[A-Z][\w/.+#-]*[ ]){1,3}(?:Developer|Engineer|Administrator|Scientist|Architect|Designer)\b", text)
    modified = NOW - datetime.timedelta(seconds=rng.randint(3600, 364 * 86400))
    return {
        "id": number, "firstName": first, "lastName": last, "contact": {"email": email, "phone": phone}, "birthDate": None,
        "address": address(rng, city), "headline": re.sub(r"^(Experienced|A|I) ", "", roles[0]) if roles else "Software Developer", "summary": None, "positions": [],
        "degrees": [], "competencies": known_in(text),
        "strengths": [], "certificates": [], "languages": [{"code": "en", "level": "C1"}], "links": [], "resumeText": text.strip(),
        "desiredContract": "permanent", "origin": "jd-cv-graded", "state": "active",
        "createdAt": stamp(modified), "modifiedAt": stamp(modified),
    }


def vacancy(rng, occupation, number):
    city = rng.choice(CITIES)
    sector = SECTORS[occupation.sector]
    firm = employer(rng, occupation, city)
    years = rng.choice([0, 1, 2, 3, 3, 5, 8, 10])
    title = ranked_title(rng, rng.choice(occupation.titles()), years)
    required = several(rng, occupation.skills, rng.randint(3, 4)) + several(rng, sector[2], 2)
    tools = weighted(rng, occupation.technology, rng.randint(1, 3))
    soft = several(rng, sector[3], 2)
    duties = [filled(rng, duty) for duty in (occupation.sentences[1:4] or occupation.sentences) + several(rng, sector[1], 3)]
    field = FIELDS.get(occupation.code) or rng.choice(sector[4])
    degree = ["vocational training", "a bachelor's degree", "a master's degree", "the professional doctorate or licence"][occupation.level]
    experience = f" and at least {years} year{'s' * (years > 1)} of experience" if years else "; newcomers are welcome"
    contract = rng.choice(["permanent"] * 6 + ["fixed-term", "fixed-term", "temporary", "freelance"])
    low = occupation.pay * city[7] * (0.82 + 0.03 * years) * rng.uniform(0.93, 1.07)
    step = 10 if city[6] == "SEK" else 1
    modified = NOW - datetime.timedelta(seconds=int(360 * 86400 * rng.random() ** 1.8) + 7200)
    created = modified - datetime.timedelta(seconds=rng.randint(0, 90 * 86400))
    mother = city[5]
    needs = [{"code": mother, "level": rng.choice(["B2", "C1"])}] + ([{"code": "en", "level": "B2"}] if mother != "en" and rng.random() < 0.5 else [])
    opening = rng.choice([
        f"{firm} in {city[0]} is looking for a {title.lower()}.", f"We are hiring: {title} for our team in {city[0]}.",
        f"Join {firm} as {title.lower()} in {city[0]}.", f"For our house in {city[0]} we need a {title.lower()} who knows {required[0]}.",
    ])
    return {
        "id": f"V-{created.year}-{number:03d}", "title": title, "employer": firm, "department": occupation.sector.capitalize(),
        "office": address(rng, city), "contract": contract, "workload": rng.choice([100, 100, 100, 80, 60, 50]),
        "description": {
            "intro": f"{opening} {' '.join(sentence + '.' for sentence in occupation.sentences[:1])}",
            "duties": duties,
            "profile": f"You bring {degree} in {field.lower()}{experience}. "
                       f"You know {', '.join(required)}. We value {soft[0]} and {soft[1]}.",
            "about": f"{firm} is a team of {rng.choice([12, 25, 40, 80, 150, 400, 1200])} people. {rng.choice(['We decide quickly and close to the work.', 'We train our own people and keep them.', 'Good work needs rest: we plan shifts fairly.', 'We say what we think and help each other.'])}",
            "offer": ", ".join(several(rng, ["30 days of leave", "a pension plan", "paid training", "a travel ticket", "flexible hours", "remote days", "a company bicycle", "health insurance", "meal vouchers"], 3)).capitalize() + ".",
            "process": rng.choice(["A call, a visit, a decision within two weeks.", "One interview and a trial day.", "Two interviews, then an offer."]),
        },
        "competencies": {"required": required, "tools": tools, "strengths": soft},
        "certificates": several(rng, sector[5], 1) if rng.random() < 0.3 else [],
        "languages": needs,
        "pay": {"min": round(low / step) * step * 1000, "max": round(low * rng.uniform(1.1, 1.3) / step) * step * 1000, "currency": city[6], "per": "year"},
        "startDate": (modified + datetime.timedelta(days=rng.randint(20, 120))).strftime("%Y-%m-01"),
        "link": f"https://jobs.example.com/vacancies/{created.year}-{number:03d}", "status": "open",
        "createdAt": stamp(created), "modifiedAt": stamp(modified),
    }


def roughen_candidates(rng, people):
    """What real data looks like: gaps, old numbering, and a few applications that came without a CV."""
    for person in several(rng, people, 90):
        person["contact"]["email"] = None
    for person in several(rng, people, 120):
        person["address"]["geo"] = None
    for person in several(rng, people, 25):
        person["address"] = {"city": None, "country": person["address"]["country"], "countryCode": None, "geo": None}
    for person in several(rng, people, 240):
        person["resumeText"] = None
    for index, person in enumerate(several(rng, people, 12)):
        person["id"] = f"LEG/{2011 + index}/{rng.randint(1, 9999):04d}" if index % 2 else f"import {rng.randint(100, 999)} {chr(65 + index)}"
    same = max(person["modifiedAt"] for person in people[100:108])
    for person in people[100:108]:
        person["modifiedAt"] = same
    bare = {"birthDate": None, "summary": None, "positions": [], "degrees": [], "competencies": [], "strengths": [], "certificates": [],
            "languages": [], "links": [], "resumeText": None}
    for person in people[200:206]:
        person.update(bare, headline=None)
    for person in people[204:206]:
        person.update(firstName=None, contact={"email": None, "phone": person["contact"]["phone"]}, address=None)


def roughen_vacancies(rng, jobs):
    for job in several(rng, jobs, 12):
        job["office"]["geo"] = None
    for job in several(rng, jobs, 20):
        job["pay"] = None
    for index, job in enumerate(several(rng, jobs, 8)):
        job["id"] = job["id"].replace("-", " ") if index % 3 == 0 else job["id"].replace("-", "/") if index % 3 == 1 else f"Élan-{job['id']}"
    for job in several(rng, jobs, 6):
        job["office"] = {"city": None, "country": None, "countryCode": None, "geo": None}
        job["description"]["offer"] = "Work from anywhere."


def write(path, objects):
    """JSON lines in the order of modification, compressed without a time or a name so that the bytes repeat."""
    objects = sorted(objects, key=lambda one: (one["modifiedAt"], str(one["id"])))
    pack(path, [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in objects])


def write_labels(path, chosen, people, jobs):
    """What each was made of: its kind, its id, its occupation and the sector of that."""
    made = [("candidate", people[:PEOPLE]), ("vacancy", jobs)]
    pack(path, [f"{kind}\t{one['id']}\t{chosen[index % len(chosen)].code}\t{chosen[index % len(chosen)].sector}"
                for kind, objects in made for index, one in enumerate(objects)])


def pack(path, lines):
    text = "".join(line + "\n" for line in lines).encode()
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text)
    path.write_bytes(buffer.getvalue())
    print(f"{path.name}: {len(lines)} lines, {len(text)} bytes, {len(buffer.getvalue())} compressed")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    rng = random.Random(SEED)
    every, chosen = read_occupations(data / "taxonomy" / "onet-29.2")
    register = Register(rng)
    people = [candidate(rng, register, every, chosen[index % len(chosen)], 10_001 + 3 * index) for index in range(PEOPLE)]
    roughen_candidates(rng, people)
    with open(data / "matching" / "jd-cv-graded" / "corpus.jsonl", encoding="utf-8") as file:
        texts = [text for text in (json.loads(line)["text"] for line in file) if usable(text)]
    people += [candidate_from_cv(rng, register, text, 20_001 + index) for index, text in enumerate(several(rng, texts, WRITTEN_CVS))]
    jobs = [vacancy(rng, chosen[index % len(chosen)], index + 1) for index in range(VACANCIES)]
    roughen_vacancies(rng, jobs)
    write(here / "candidates.jsonl.gz", people)
    write(here / "vacancies.jsonl.gz", jobs)
    write_labels(here / "labels.tsv.gz", chosen, people, jobs)


if __name__ == "__main__":
    main()
