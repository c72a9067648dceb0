"""Uses the official HrFlow SDK against a sandbox: sdk_check.py <api url>.

Every method of storing, searching, scoring, rating, tracking, sources, boards and auth is called, and each answer is held against what
HrFlow promises. The first broken promise ends the run with a non-zero status.
"""

import math
import sys

from hrflow import Hrflow
from hrflow.schemas import HrFlowJob, HrFlowProfile
from hrflow.utils.scoring import is_valid_for_scoring
from hrflow.utils.searching import is_valid_for_searching
from hrflow.utils.storing import get_all_jobs, get_all_profiles

SOURCE = "a" * 40
BOARD = "b" * 40
ALGORITHM = "c" * 40
SECRET = "0123456789abcdef0123456789abcdef"


def connect(prefix):
    return Hrflow(api_url=sys.argv[1], api_secret=f"{prefix}_{SECRET}", api_user="dev@example.org")


def job(reference, **more):
    return {
        "reference": reference,
        "name": "R&D engineer",
        "location": {"text": "7 rue de l'Exemple, Paris", "lat": 48.869179, "lng": 2.33814},
        "sections": [{"name": "about", "title": "About", "description": "Builds models of language."}],
        "url": "https://jobs.example.org/1",
        "summary": "Deep learning for matching people and work.",
        "created_at": "2026-03-01T08:00:00+0000",
        "skills": [{"name": "Deep Learning", "type": "hard", "value": "95/100"}],
        "languages": [{"name": "French", "value": "Fluent"}],
        "certifications": [{"name": "ISO 27001", "value": None}],
        "courses": [{"name": "Statistics", "value": None}],
        "tasks": [{"name": "Training models", "value": None}],
        "tags": [{"name": "contract", "value": "permanent"}],
        "metadatas": [{"name": "note", "value": "kept as it is, é"}],
        "ranges_float": [{"name": "salary", "value_min": 1234.56, "value_max": 6543.21, "unit": "euros"}],
        "ranges_date": [
            {"name": "start", "value_min": "2026-06-01T23:00:00.000Z", "value_max": "2026-09-01T23:00:00.000Z"}
        ],
        "culture": "Calm.",
        "responsibilities": "Designing and training models.",
        "requirements": "Python and statistics.",
        "benefits": "Time.",
        "interviews": "Two.",
        **more,
    }


def profile(reference, **more):
    stay = {
        "title": "Research engineer",
        "description": "Trained models of language.",
        "location": {"text": "Lyon", "lat": 45.764, "lng": 4.8357},
        "logo": None,
        "date_start": "2002-04-01T00:00:00",
        "date_end": "2002-07-01T00:00:00",
        "skills": [{"name": "Python", "type": "hard", "value": "90/100"}],
        "certifications": [],
        "courses": [],
        "tasks": [{"name": "Training models", "value": None}],
        "languages": [],
        "interests": [],
    }
    return {
        "reference": reference,
        "text_language": "en",
        "text": "Ada Moreau, research engineer. Deep learning and Python.",
        "created_at": "2026-03-02T09:30:00+0000",
        "info": {
            "full_name": "Ada Moreau",
            "first_name": "Ada",
            "last_name": "Moreau",
            "email": f"{reference}@example.org",
            "phone": "+33100000000",
            "driving_license": "B",
            "date_birth": "1991-05-04T00:00:00+0000",
            "location": {"text": "Paris", "lat": 48.8566, "lng": 2.3522},
            "urls": [{"type": "github", "url": "https://github.com/ada-example"}],
            "picture": "https://pictures.example.org/ada",
            "gender": "female",
            "summary": "Research engineer",
        },
        "experiences_duration": 0.2493150684931507,
        "educations_duration": 1.0,
        "experiences": [{"company": "Exampletech", **stay}],
        "educations": [{"school": "Examplary school", **stay, "date_start": "2001-12-01T00:00:00+0000"}],
        "skills": [{"name": "Deep Learning", "type": "hard", "value": "93/100"}],
        "languages": [{"name": "French", "value": "Native"}],
        "certifications": [],
        "courses": [],
        "tasks": [],
        "interests": [{"name": "Chess", "value": None}],
        "tags": [{"name": "status", "value": "active"}],
        "metadatas": [{"name": "owner", "value": "u-17"}],
        **more,
    }


def holds(promise, answer):
    if not promise:
        raise AssertionError(f"a promise is broken by {answer}")


def answered(answer, code):
    """The data of an answer with a code: a body the SDK could not read would have no data."""
    holds(answer["code"] == code and isinstance(answer["message"], str), answer)
    holds(("data" in answer) == (code < 300), answer)
    return answer.get("data")


def echoes(sent, got):
    """Every field that was sent and is answered has the same type and value."""
    for name, value in sent.items():
        if name not in got:
            continue
        if isinstance(value, dict):
            echoes(value, got[name])
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            holds(len(value) == len(got[name]), got)
            for one, other in zip(value, got[name]):
                echoes(one, other)
        else:
            holds(type(value) is type(got[name]) and value == got[name], {name: got[name]})


def paged(answer, items):
    """The rules of `meta` that HrFlow's own tests apply."""
    meta = answer["meta"]
    per_page = meta["total"] / meta["maxPage"]
    holds(meta["count"] == len(items), answer)
    if meta["page"] == meta["maxPage"]:
        holds(meta["count"] <= per_page, meta)
    elif meta["page"] < meta["maxPage"]:
        holds(math.ceil(meta["total"] / meta["count"]) == meta["maxPage"] and meta["count"] >= per_page, meta)
    else:
        holds(items == [], meta)


def check_keys():
    for prefix, permission in [("ask", "all"), ("askr", "read")]:
        data = answered(connect(prefix).auth.get(), 200)
        holds(data["api_key_permission"] == permission, data)
    answered(connect("askw").auth.get(), 401)
    answered(connect("askr").job.storing.add_json(BOARD, job("refused")), 401)
    answered(connect("askw").job.storing.get(BOARD, reference="refused"), 401)


def check_storing(client, entity, holder_key, make, schema, get_all):
    storing = getattr(client, entity).storing
    holder = "source" if entity == "profile" else "board"
    keys = {f"{holder}_keys": [holder_key]}

    for number in range(7):
        sent = make(f"{entity}-{number}")
        data = answered(storing.add_json(holder_key, dict(sent)), 201)
        echoes(sent, data)
        schema.model_validate(data)
        holds(data["id"] >= 0 and data[holder]["key"] == data[f"{holder}_key"] == holder_key, data)
    again = storing.add_json(holder_key, make(f"{entity}-0"))
    answered(again, 400)
    holds(f"Cannot create {entity} with this reference: {entity}-0. Already used!" == again["message"], again)

    by_reference = answered(storing.get(holder_key, reference=f"{entity}-0"), 200)
    holds(answered(storing.get(holder_key, key=by_reference["key"]), 200) == by_reference, by_reference)
    missing = storing.get(holder_key, reference="nobody")
    answered(missing, 400)
    holds(f"Unable to find object: {entity}" in missing["message"], missing)

    whole = {**by_reference, "tags": [{"name": "edited", "value": "1"}]}
    edited = answered(storing.edit(holder_key, whole), 200)
    holds(edited["tags"] == whole["tags"] and edited["key"] == by_reference["key"], edited)
    edited = answered(storing.edit(holder_key, make(f"{entity}-0"), key=by_reference["key"]), 200)
    holds(edited["tags"] == make("")["tags"], edited)
    answered(storing.edit(holder_key, make("nobody")), 400)

    for page in [1, 2, 3, 4]:
        answer = storing.list(**keys, page=page, limit=3)
        items = answered(answer, 200)
        paged(answer, items)
        for item in items:
            holds({"key", "reference", "created_at", "updated_at"} <= item.keys(), item)
    found = storing.list(**keys, reference=f"{entity}-3", sort_by="updated_at", order_by="asc")
    holds([item["reference"] for item in answered(found, 200)] == [f"{entity}-3"], found)
    none = storing.list(**keys, created_at_min="2030-01-01")
    holds(answered(none, 200) == [] and none["meta"]["maxPage"] == 1, none)
    stored = get_all(client, holder_key)
    holds({item["reference"] for item in stored} == {f"{entity}-{number}" for number in range(7)}, stored)
    for item in stored:
        schema.model_validate(item)
    unknown = storing.list(**{f"{holder}_keys": ["no-key"]})
    answered(unknown, 400)
    holds(f"Unable to find object: {holder}" in unknown["message"], unknown)

    archived = answered(storing.archive(holder_key, reference=f"{entity}-6"), 200)
    holds(archived["key"] == answered(storing.get(holder_key, reference=f"{entity}-6"), 200)["key"], archived)
    answered(storing.archive(holder_key, key="f" * 40), 400)


def check_team(client):
    for api, key, word in [(client.source, SOURCE, "Source"), (client.board, BOARD, "Board")]:
        answer = api.list()
        holders = answered(answer, 200)
        paged(answer, holders)
        holds(answer["message"] == f"{word} list" and [holder["key"] for holder in holders] == [key], answer)
        holder = answered(api.get(key=key), 200)
        holds({"id", "key", "name", "type", "subtype", "environment", "stats"} <= holder.keys(), holder)
        answered(api.get(key="nobody"), 400)


def check_searching(client):
    for api, keys, plural in [
        (client.profile.searching, {"source_keys": [SOURCE]}, "profiles"),
        (client.job.searching, {"board_keys": [BOARD]}, "jobs"),
    ]:
        for page in [1, 2, 3, 4]:
            answer = api.list(**keys, page=page, limit=2)
            items = answered(answer, 200)[plural]
            paged(answer, items)
        holds(answer["meta"]["total"] == 6, answer)
        tag = {"profiles": {"name": "status", "value": "active"}, "jobs": {"name": "contract", "value": "permanent"}}
        found = api.list(**keys, tags_included=[[tag[plural]]], sort_by="updated_at", order_by="asc")
        holds(found["meta"]["total"] == 6, found)
        found = api.list(**keys, tags_excluded=[[tag[plural]]])
        holds(found["meta"]["total"] == 0, found)
        near = '{"lat": 48.86, "lng": 2.34}'
        found = api.list(**keys, location_geopoint=near, location_distance=10, sort_by="location", stage="new")
        holds(found["meta"]["total"] == 6, found)


def check_scoring(client):
    answer = client.profile.scoring.list(
        source_keys=[SOURCE],
        board_key=BOARD,
        job_key=answered(client.job.storing.get(BOARD, reference="job-1"), 200)["key"],
        algorithm_key=ALGORITHM,
        sort_by="scoring",
        limit=5,
    )
    check_scores(answer, "profiles")
    for person in answer["data"]["profiles"]:
        holds(is_valid_for_searching(person) and is_valid_for_scoring(person), person)
    answer = client.job.scoring.list(
        board_keys=[BOARD],
        source_key=SOURCE,
        profile_reference="profile-1",
        algorithm_key="scorer-hrflow-jobs-titan",
        sort_by="scoring",
        limit=5,
    )
    check_scores(answer, "jobs")
    unknown = client.job.scoring.list([BOARD], SOURCE, "f" * 40, algorithm_key=ALGORITHM)
    answered(unknown, 400)
    refused = client.job.scoring.list([BOARD], SOURCE, profile_reference="profile-1", algorithm_key="X")
    answered(refused, 400)


def check_scores(answer, plural):
    data = answered(answer, 200)
    paged(answer, data[plural])
    holds(len(data["predictions"]) == len(data[plural]) == 5 and answer["meta"]["total"] == 6, answer)
    scores = [score for _, score in data["predictions"]]
    holds(scores == sorted(scores, reverse=True) and all(0 < score < 1 for score in scores), scores)
    holds(all(abs(one + other - 1) < 1e-9 for one, other in data["predictions"]), data["predictions"])


def check_feedback(client):
    on_pair = {"board_key": BOARD, "source_key": SOURCE, "job_reference": "job-1", "profile_reference": "profile-1"}
    for score in [0.2, 1.0, 1.0]:
        told = client.rating.post(score=score, role="recruiter", author_email="dev@example.org", **on_pair)
        data = answered(told, 201)
        holds(data["score"] == score and data["job_reference"] == "job-1" and len(data["profile_key"]) == 40, data)
    for number, action in enumerate(["view", "apply", "hire"]):
        created_at = f"2026-03-0{number + 1}T08:00:00.000+00:00"
        told = client.tracking.post(action=action, role="candidate", comment="é", created_at=created_at, **on_pair)
        holds(answered(told, 201)["action"] == action, told)
    for call in [
        lambda: client.rating.post(score=0.5, role="king", **on_pair),
        lambda: client.rating.post(score=1.5, role="recruiter", **on_pair),
        lambda: client.tracking.post(action="view", role=None, **on_pair),
        lambda: client.tracking.get(role=None),
        lambda: client.rating.post(score=0.5, role="recruiter", **{**on_pair, "job_reference": "nobody"}),
    ]:
        answered(call(), 400)

    answer = client.rating.get(role="recruiter", **on_pair)
    ratings = answered(answer, 200)
    paged(answer, ratings)
    holds([rating["score"] for rating in ratings] == [1.0, 1.0, 0.2], ratings)
    holds("author_email" not in ratings[0] and "profile" not in ratings[0], ratings)
    full = client.rating.get(role="recruiter", return_profile=True, return_author=True, **on_pair)["data"][0]
    holds(full["author_email"] == "dev@example.org" and full["profile"]["reference"] == "profile-1", full)
    for page in [1, 2, 3]:
        answer = client.tracking.get(
            role="candidate",
            source_keys=[SOURCE],
            board_keys=[BOARD],
            page=page,
            limit=2,
            sort_by="created_at",
            order_by="asc",
        )
        paged(answer, answered(answer, 200))
    holds(answer["meta"]["total"] == 3 and answer["data"] == [], answer)
    some = client.tracking.get(role="candidate", actions=["view", "hire"], created_at_min="2026-03-02", **on_pair)
    holds([tracking["action"] for tracking in answered(some, 200)] == ["hire"], some)
    holds(answered(client.tracking.get(role="manager", **on_pair), 200) == [], on_pair)


def main():
    client = connect("ask")
    check_keys()
    check_storing(client, "profile", SOURCE, profile, HrFlowProfile, get_all_profiles)
    check_storing(client, "job", BOARD, job, HrFlowJob, get_all_jobs)
    attachments = client.profile.attachment.list(SOURCE, reference="profile-1")
    holds(answered(attachments, 200) == [], attachments)
    check_team(client)
    check_searching(client)
    check_scoring(client)
    check_feedback(client)
    # What the sandbox does not have answers as HrFlow would: readable, with a code.
    answered(client.profile.parsing.get(SOURCE, reference="profile-1"), 404)


main()
