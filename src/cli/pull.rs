//! `pull`: pulls a partner's objects and indexes them in a process of its own, beside a running `serve` or alone.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;

use super::progress::{self, Ended};
use super::{asked_to_stop, log, read_config};
use crate::error::{Error, Kind, Result};
use crate::flows::pull::{self, By};
use crate::flows::{Context, Partner};
use crate::model::{Clock, Entity};
use crate::server;
use crate::store::Mode;
use crate::worker::Worker;

/// The exit code of a command that was interrupted, as shells expect it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The partner's name in the configuration
    partner: String,
    /// Only these objects; without it all that the partner has
    entity: Option<Objects>,
    /// Read everything the partner has (the default)
    #[arg(long, conflicts_with = "delta")]
    full: bool,
    /// Read what changed since the last pull
    #[arg(long)]
    delta: bool,
    /// The configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Objects {
    Profiles,
    Jobs,
}

impl Objects {
    fn entity(self) -> Entity {
        match self {
            Self::Profiles => Entity::Profile,
            Self::Jobs => Entity::Job,
        }
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("error");
    let config = read_config(&arguments.config)?;
    let context = server::context(&config, Clock::System).await?;
    let partner = context
        .partner(&arguments.partner)
        .map_err(|problem| {
            let known: Vec<&str> = config.partners.iter().map(|partner| partner.name.as_str()).collect();
            Error::new(Kind::Invalid, problem.message())
                .field("partner", format!("there are {}", known.join(", ")))
        })?
        .clone();
    let mode = if arguments.delta && !arguments.full { Mode::Delta } else { Mode::Full };
    let service = &partner.settings.service;
    let wanted = arguments.entity.map(Objects::entity);
    let entities: Vec<Entity> = Entity::ALL
        .into_iter()
        .filter(|entity| wanted.map_or(service.resource(*entity).is_some(), |wanted| wanted == *entity))
        .collect();
    let worker = Worker::start(&context, std::slice::from_ref(&partner));
    let pulling = async {
        let mut ids = Vec::with_capacity(entities.len());
        for entity in entities {
            ids.push(start(&context, &partner, entity, mode).await?);
        }
        progress::follow(&context, ids).await
    };
    let ended = tokio::select! {
        ended = pulling => ended,
        () = asked_to_stop() => {
            worker.stop().await;
            eprintln!("stopped; a running `serve` or the next `pull` goes on from here");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    worker.stop().await;
    let ended = ended?;
    report(&ended, arguments.json);
    Ok(if ended.iter().any(Ended::failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Starts a pull of this mode; when one of the other mode is active, after that.
async fn start(context: &Arc<Context>, partner: &Partner, entity: Entity, mode: Mode) -> Result<String> {
    loop {
        let (pull, _) = pull::start(context, partner, entity, mode, By::Operator).await?;
        if pull.mode == mode {
            return Ok(pull.id);
        }
        eprintln!("a {} pull of {} is running; waiting for its end", pull.mode.as_str(), entity.plural());
        progress::follow(context, vec![pull.id]).await?;
    }
}

fn report(ended: &[Ended], as_json: bool) {
    for Ended { pull, set_aside } in ended {
        if as_json {
            println!(
                "{}",
                serde_json::json!({
                    "id": pull.id, "entity": format!("{}s", pull.entity), "mode": pull.mode.as_str(),
                    "state": pull.state.as_str(), "pages": pull.pages, "seen": pull.seen, "changed": pull.changed,
                    "unchanged": pull.unchanged, "failed": pull.failed, "set_aside": set_aside,
                    "problem": pull.told_problem(),
                })
            );
        }
    }
    if !as_json {
        for one in ended {
            println!("{}", one.sentence());
        }
    }
}
