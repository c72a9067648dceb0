//! The mailbox against a world that changes, forgets and crashes: whatever the order of things, in the end HrFlow shows
//! what the partner has.

use proptest::prelude::*;

use super::*;

/// One thing that happens in the world. Each takes a second.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The partner changes, creates or deletes the object and sends its event, which arrives whenever. There are few
    /// contents, so that it often goes back to an earlier one.
    Change(u8),
    Delete,
    /// One of the events on their way arrives; it stays on its way, so it may arrive again.
    Deliver(usize),
    /// A change's event is lost on its way.
    Lose(usize),
    /// The pull takes its number and reads the partner; later it commits what it read.
    AskForPage,
    CommitPage(usize),
    /// A worker claims, reads, writes and settles, with anything in between.
    Claim,
    Read,
    Write,
    Settle,
    /// The worker dies; its lease ends.
    Crash,
    /// HrFlow carries the write out and the answer is lost.
    LoseAnswer,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..3u8).prop_map(Step::Change),
        1 => Just(Step::Delete),
        4 => (0..8usize).prop_map(Step::Deliver),
        1 => (0..8usize).prop_map(Step::Lose),
        2 => Just(Step::AskForPage),
        2 => (0..4usize).prop_map(Step::CommitPage),
        4 => Just(Step::Claim),
        4 => Just(Step::Read),
        4 => Just(Step::Write),
        4 => Just(Step::Settle),
        1 => Just(Step::Crash),
        1 => Just(Step::LoseAnswer),
    ];
    prop::collection::vec(step, 1..80)
}

/// What a fetch found: the content and when it changed, or that the object is gone.
#[derive(Clone)]
enum Read {
    Found(String, i64),
    Gone,
}

/// What a worker holds between its steps.
struct Work {
    token: String,
    version: i64,
    wanted: Wanted,
    body: Option<String>,
    fingerprint: Option<String>,
    presence: Presence,
    read: Option<Read>,
    done: Option<Settlement>,
}

struct World {
    now: i64,
    stamps: i64,
    partner: Option<(String, i64)>,
    sent: Vec<Event>,
    heard: Vec<String>,
    pages: Vec<(i64, Option<(String, i64)>)>,
    record: Record,
    hrflow: Option<String>,
    work: Option<Work>,
}

impl World {
    fn new() -> Self {
        Self {
            now: 10,
            stamps: 0,
            partner: None,
            sent: Vec::new(),
            heard: Vec::new(),
            pages: Vec::new(),
            record: unknown(),
            hrflow: None,
            work: None,
        }
    }

    fn stamp(&mut self) -> i64 {
        self.stamps += 1;
        self.stamps
    }

    fn step(&mut self, step: Step) {
        self.now += 1;
        match step {
            Step::Change(content) => {
                let action = if self.partner.is_some() { Action::Update } else { Action::Create };
                self.partner = Some((format!("content {content}"), self.now));
                self.sent.push(event(action, self.now));
            }
            Step::Delete => {
                if self.partner.take().is_some() {
                    self.sent.push(event(Action::Archive, self.now));
                }
            }
            Step::Deliver(which) => {
                if !self.sent.is_empty() {
                    let event = self.sent[which % self.sent.len()].clone();
                    self.deliver(&event);
                }
            }
            Step::Lose(which) => {
                if !self.sent.is_empty() {
                    let which = which % self.sent.len();
                    if self.sent[which].kind.action != Action::Archive {
                        self.sent.remove(which);
                    }
                }
            }
            Step::AskForPage => {
                let stamp = self.stamp();
                self.pages.push((stamp, self.partner.clone()));
            }
            Step::CommitPage(which) => {
                if !self.pages.is_empty() {
                    let (stamp, object) = self.pages.remove(which % self.pages.len());
                    if let Some((content, updated)) = object {
                        list(&mut self.record, listing(stamp, &content, Some(updated)), at(self.now));
                    }
                }
            }
            Step::Claim => self.claim(),
            Step::Read => {
                let (partner, work) = (self.partner.clone(), self.work.as_mut());
                if let Some(work) = work.filter(|work| work.wanted == Wanted::Present && work.body.is_none())
                {
                    work.read.get_or_insert(match partner {
                        Some((content, updated)) => Read::Found(content, updated),
                        None => Read::Gone,
                    });
                }
            }
            Step::Write => self.write(),
            Step::Settle => {
                if let Some(mut work) = self.work.take() {
                    match work.done.take() {
                        Some(settlement) => self.settle(&work, settlement),
                        None => self.work = Some(work),
                    }
                }
            }
            Step::Crash => {
                self.work = None;
                self.now += LEASE;
            }
            Step::LoseAnswer => {
                self.write();
                if let Some(work) = self.work.take_if(|work| work.done.is_some()) {
                    self.settle(&work, timed_out());
                }
            }
        }
    }

    fn deliver(&mut self, event: &Event) {
        let stamp = self.stamp();
        if self.heard.contains(&event.id) {
            repeat(&mut self.record, event, stamp, at(self.now));
        } else {
            self.heard.push(event.id.clone());
            receive(&mut self.record, event, stamp, at(self.now));
        }
    }

    fn claim(&mut self) {
        if self.work.is_some() || self.record.due_at.is_none_or(|due_at| due_at > micros(self.now)) {
            return;
        }
        let stamp = self.stamp();
        let token = format!("token {stamp}");
        let until = micros(self.now + LEASE);
        if claim(&mut self.record, &token, TARGET, stamp, until, at(self.now)) {
            let record = &self.record;
            self.work = Some(Work {
                token,
                version: record.version,
                wanted: record.wanted,
                body: record.body.clone(),
                fingerprint: record.fingerprint.clone(),
                presence: record.presence,
                read: None,
                done: None,
            });
        }
    }

    /// The worker's call to HrFlow, which never begins after the lease.
    fn write(&mut self) {
        let leased = self.record.due_at.is_some_and(|until| until > micros(self.now));
        let Some(work) = self.work.as_mut().filter(|work| work.done.is_none() && leased) else { return };
        if work.wanted == Wanted::Archived {
            self.hrflow = None;
            work.done = Some(Settlement::Archived);
            return;
        }
        let (content, updated, fetched) = match (&work.body, &work.read) {
            (Some(body), _) => (body.clone(), self.record.updated_at.map(|m| m / 1_000_000), false),
            (None, Some(Read::Found(content, updated))) => (content.clone(), Some(*updated), true),
            (None, Some(Read::Gone)) => {
                work.done = Some(Settlement::Gone);
                return;
            }
            (None, None) => return,
        };
        let known = Indexed {
            key: Some("k".to_owned()),
            fingerprint: content.clone(),
            updated_at: updated.filter(|_| fetched).map(at),
            notes: Vec::new(),
            fetched,
        };
        if work.presence == Presence::Present && work.fingerprint.as_ref() == Some(&content) {
            work.done = Some(Settlement::Unchanged(known));
        } else {
            self.hrflow = Some(content);
            work.done = Some(Settlement::Indexed(known));
        }
    }

    fn settle(&mut self, work: &Work, settlement: Settlement) {
        let stamp = self.stamp();
        settle(&mut self.record, &work.token, work.version, settlement, stamp, at(self.now));
    }

    /// Everything that is on its way arrives, a pull makes good what was lost, every event is told once more, and the
    /// worker works until nothing is due.
    fn come_to_rest(&mut self) {
        self.work = None;
        let (heard, unheard): (Vec<Event>, Vec<Event>) =
            self.sent.clone().into_iter().partition(|event| self.heard.contains(&event.id));
        self.tell(&unheard);
        self.step(Step::AskForPage);
        let last = self.pages.len() - 1;
        self.step(Step::CommitPage(last));
        self.work_off();
        self.tell(&unheard);
        self.tell(&heard);
    }

    fn tell(&mut self, events: &[Event]) {
        for event in events {
            self.now += 1;
            self.deliver(event);
        }
        self.work_off();
    }

    fn work_off(&mut self) {
        for _ in 0..60 {
            let Some(due_at) = self.record.due_at else { return };
            self.now = self.now.max((due_at - micros(0)) / 1_000_000) + 1;
            for step in [Step::Claim, Step::Read, Step::Write, Step::Settle] {
                self.step(step);
            }
        }
        panic!("the record never comes to rest: {:?}", self.record);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn at_rest_hrflow_shows_what_the_partner_has(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.come_to_rest();
        prop_assert_eq!(world.hrflow, world.partner.map(|(content, _)| content));
    }
}
