"""Uses the generated client against a live connector: client.py <address> <partner key> <operator key>."""

import datetime
import sys
import time

from generated.api.matching import score_jobs, score_profiles, search_jobs, search_profiles
from generated.api.operation import list_partners
from generated.api.pulls import get_pull, start_pull
from generated.api.records import get_record
from generated.api.webhooks import describe_webhook, receive_webhook, try_webhook
from generated.client import AuthenticatedClient
from generated.models.entity import Entity
from generated.models.problem import Problem
from generated.models.problem_code import ProblemCode
from generated.models.pull_mode import PullMode
from generated.models.pull_request import PullRequest
from generated.models.pull_state import PullState
from generated.models.record_state import RecordState
from generated.models.webhook import Webhook
from generated.models.webhook_status import WebhookStatus

ADDRESS, PARTNER_KEY, OPERATOR_KEY = sys.argv[1:]


def connect(key):
    return AuthenticatedClient(ADDRESS, key, prefix="", auth_header_name="X-API-KEY")


partner, operator = connect(PARTNER_KEY), connect(OPERATOR_KEY)


def holds(promise, shown):
    if not promise:
        raise AssertionError(f"a promise is broken by {shown}")


def until(read, wanted):
    """What is read, once it is as wanted; a minute is more than enough."""
    end = time.monotonic() + 60
    while not wanted(found := read()):
        holds(time.monotonic() < end, found)
        time.sleep(0.05)
    return found


def import_everything():
    for entity in [Entity.JOBS, Entity.PROFILES]:
        begun = start_pull.sync(client=operator, partner="acme", body=PullRequest(entity, PullMode.FULL))
        pull = until(
            lambda: get_pull.sync(begun.id, client=operator, partner="acme"),
            lambda pull: pull.state in [PullState.DONE, PullState.FAILED],
        )
        holds(pull.state is PullState.DONE and pull.seen > 0 and pull.complete, pull)
    until(lambda: list_partners.sync(client=partner), lambda listed: listed.items[0].pending == 0)


def ping():
    pong = describe_webhook.sync("acme", "profile_update", client=partner)
    holds(pong.partner == "acme" and pong.status is WebhookStatus.PING and not pong.understood, pong)
    tried = try_webhook.sync("acme", "profile_update", client=partner, body=pong.sample)
    holds(tried.understood.reference == pong.sample.reference, tried)


def tell_of_a_change():
    now = datetime.datetime.now(datetime.UTC).isoformat()
    news = Webhook(reference="CRM-9", event_date=now)
    told = receive_webhook.sync("acme", "profile_archive", client=partner, body=news)
    holds(told.status is WebhookStatus.ACCEPTED, told)
    record = until(
        lambda: get_record.sync(Entity.PROFILES, "CRM-9", client=partner),
        lambda record: record.state is RecordState.ARCHIVED,
    )
    holds(record.last_event.id == told.id, record)


def score():
    best = score_profiles.sync(client=partner, job_reference="REQ-88", limit=5)
    holds(best.items[0].reference == "CRM-4711" and 0 < best.items[0].score <= 1, best)
    scores = [item.score for item in best.items]
    holds(len(scores) == 5 and scores == sorted(scores, reverse=True), best)
    best = score_jobs.sync(client=partner, profile_reference="CRM-4711")
    holds(best.items[0].reference == "REQ-88", best)


def search():
    people = search_profiles.sync(client=partner, text_keywords='["kubernetes"]')
    holds([item.reference for item in people.items] == ["CRM-4711"], people)
    jobs = search_jobs.sync(client=partner, page=2, limit=2)
    holds(len(jobs.items) == 2 and jobs.page == 2 and jobs.total == 5, jobs)


def be_refused():
    missing = get_record.sync(Entity.JOBS, "nobody", client=partner)
    holds(isinstance(missing, Problem) and missing.code is ProblemCode.NOT_FOUND and missing.status == 404, missing)
    refused = score_profiles.sync(client=partner, job_reference="REQ-88", limit=101)
    holds(refused.code is ProblemCode.INVALID and refused.errors[0].field == "limit", refused)
    unknown = get_record.sync(Entity.JOBS, "nobody", client=connect("nobody's"))
    holds(unknown.code is ProblemCode.UNAUTHORIZED, unknown)


for step in [import_everything, ping, tell_of_a_change, score, search, be_refused]:
    step()
