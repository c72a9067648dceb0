//! The OpenAPI document in use, against a connector at work: generated clients, a fuzzer, and its own examples.

mod examples;
mod fuzz;
mod live;
mod operation;
mod python;
mod rust;
mod tools;
mod typescript;
