// Uses the generated types against a live connector: client.js <address> <partner key> <operator key>.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated.js";

type Problem = components["schemas"]["Problem"];

const [address, partnerKey, operatorKey] = process.argv.slice(2);
const connect = (key: string | undefined) =>
  createClient<paths>({ baseUrl: address!, headers: { "X-API-KEY": key! } });
const partner = connect(partnerKey);
const operator = connect(operatorKey);

/** The data of an answer that is no refusal. */
async function answered<T>(asked: Promise<{ data?: T; error?: Problem }>): Promise<T> {
  const { data, error } = await asked;
  assert.equal(error, undefined);
  return data!;
}

/** The problem of an answer that is one. */
async function refused(asked: Promise<{ data?: unknown; error?: Problem }>): Promise<Problem> {
  const { data, error } = await asked;
  assert.equal(data, undefined);
  return error!;
}

/** What is read, once it is as wanted; a minute is more than enough. */
async function until<T>(read: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  for (const end = Date.now() + 60_000; ; await new Promise((wake) => setTimeout(wake, 50))) {
    const found = await read();
    if (wanted(found)) return found;
    assert.ok(Date.now() < end, JSON.stringify(found));
  }
}

async function importEverything() {
  for (const entity of ["jobs", "profiles"] as const) {
    const query = { partner: "acme" };
    const { id } = await answered(operator.POST("/v1/pulls", { params: { query }, body: { entity, mode: "full" } }));
    const pull = await until(
      () => answered(operator.GET("/v1/pulls/{id}", { params: { path: { id }, query } })),
      ({ state }) => state === "done" || state === "failed",
    );
    assert.ok(pull.state === "done" && pull.seen > 0 && pull.complete, JSON.stringify(pull));
  }
  await until(() => answered(partner.GET("/v1/partners")), ({ items }) => items[0]!.pending === 0);
}

async function ping() {
  const params = { path: { partner: "acme", event: "profile_update" } };
  const pong = await answered(partner.GET("/v1/webhooks/{partner}/{event}/ping", { params }));
  assert.ok(pong.status === "ping" && pong.partner === "acme" && !pong.understood, JSON.stringify(pong));
  const tried = await answered(partner.POST("/v1/webhooks/{partner}/{event}/ping", { params, body: pong.sample }));
  assert.equal(tried.understood?.reference, pong.sample.reference);
}

async function tellOfAChange() {
  const told = await answered(
    partner.POST("/v1/webhooks/{partner}/{event}", {
      params: { path: { partner: "acme", event: "profile_archive" } },
      body: { reference: "CRM-9", event_date: new Date().toISOString() },
    }),
  );
  assert.equal(told.status, "accepted");
  const path = { entity: "profiles", reference: "CRM-9" } as const;
  const record = await until(
    () => answered(partner.GET("/v1/records/{entity}/{reference}", { params: { path } })),
    ({ state }) => state === "archived",
  );
  assert.equal(record.last_event?.id, told.id);
}

async function score() {
  const people = await answered(
    partner.GET("/v1/profiles/scoring", { params: { query: { job_reference: "REQ-88", limit: 5 } } }),
  );
  assert.ok("items" in people, "without `wait` there is no ticket");
  const scores = people.items.map(({ score }) => score);
  assert.equal(people.items[0]?.reference, "CRM-4711");
  assert.ok(scores.length === 5 && scores[0]! > 0 && scores[0]! <= 1, JSON.stringify(people));
  assert.deepEqual(scores, [...scores].sort((one, other) => other - one));
  const jobs = await answered(
    partner.GET("/v1/jobs/scoring", { params: { query: { profile_reference: "CRM-4711" } } }),
  );
  assert.ok("items" in jobs, "without `wait` there is no ticket");
  assert.equal(jobs.items[0]?.reference, "REQ-88");
}

async function search() {
  const query = { text_keywords: '["kubernetes"]' };
  const people = await answered(partner.GET("/v1/profiles/searching", { params: { query } }));
  assert.deepEqual(people.items.map(({ reference }) => reference), ["CRM-4711"]);
  const jobs = await answered(partner.GET("/v1/jobs/searching", { params: { query: { page: 2, limit: 2 } } }));
  assert.ok(jobs.items.length === 2 && jobs.page === 2 && jobs.total === 5, JSON.stringify(jobs));
}

async function beRefused() {
  const path = { entity: "jobs", reference: "nobody" } as const;
  const missing = await refused(partner.GET("/v1/records/{entity}/{reference}", { params: { path } }));
  const code: Problem["code"] = "not_found";
  assert.deepEqual([missing.code, missing.status], [code, 404]);
  const query = { job_reference: "REQ-88", limit: 101 };
  const wrong = await refused(partner.GET("/v1/profiles/scoring", { params: { query } }));
  assert.deepEqual([wrong.code, wrong.errors?.[0]?.field], ["invalid", "limit"]);
  const nobody = connect("nobody's");
  const unknown = await refused(nobody.GET("/v1/records/{entity}/{reference}", { params: { path } }));
  assert.equal(unknown.code, "unauthorized");
}

for (const step of [importEverything, ping, tellOfAChange, score, search, beRefused]) {
  await step();
}
