//! Which address answers which call; every other one is turned down in the same envelope.

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig};

use super::answer::{Answer, Refusal};
use super::calls::{feedback, grading, indexing, matching, storing, team, upskilling};

/// All of `/v1`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/v1/auth").route(web::get().to(team::check_key)))
        .service(at("/v1/{entity:sources|boards}").route(web::get().to(team::list)))
        .service(at("/v1/{entity:source|board}").route(web::get().to(team::get)))
        .service(
            at("/v1/{entity:profile|job}/indexing")
                .route(web::post().to(indexing::create))
                .route(web::put().to(indexing::edit))
                .route(web::get().to(indexing::get)),
        )
        .service(at("/v1/{entity:profile|job}/indexing/archive").route(web::patch().to(indexing::archive)))
        .service(at("/v1/{entity:profile}/indexing/attachments").route(web::get().to(indexing::attachments)))
        .service(at("/v1/storing/{entity:profiles|jobs}").route(web::get().to(storing::list)))
        .service(
            at("/v1/{entity:profiles|jobs}/searching")
                .route(web::get().to(matching::search))
                .route(web::post().to(matching::search)),
        )
        .service(at("/v1/{entity:profile|job}/grading").route(web::get().to(grading::grade)))
        .service(at("/v1/{entity:profile|job}/upskilling").route(web::get().to(upskilling::explain)))
        .service(
            at("/v1/{entity:profiles|jobs}/scoring")
                .route(web::get().to(matching::score))
                .route(web::post().to(matching::score)),
        )
        .service(at("/v1/rating").route(web::post().to(feedback::rate)))
        .service(at("/v1/ratings").route(web::get().to(feedback::list_ratings)))
        .service(at("/v1/tracking").route(web::post().to(feedback::track)))
        .service(at("/v1/trackings").route(web::get().to(feedback::list_trackings)));
}

/// An address; with another method than its own it answers 405.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

async fn wrong_method() -> Answer {
    Err(Refusal::wrong_method())
}

/// What every unknown address answers.
pub(super) async fn no_such_address() -> Answer {
    Err(Refusal::no_such_address())
}
