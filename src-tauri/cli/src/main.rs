//! `sternway`: the use cases of the core on a terminal. Every command answers in JSON with `--json`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod out;

mod arguments;
mod commands;
mod crash;
mod exit;
mod show;
mod signals;
mod stream;
mod terminal;

use std::mem::ManuallyDrop;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use sternway_core::{Parts, Sternway};
use sternway_model::{Code, Error, Result};

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let json = arguments.json;
    match run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error, json);
            ExitCode::from(error.code.exit_code())
        }
    }
}

/// Help is no mistake; everything else that clap says is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|argument| argument == "--json");
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        say!("{}", error.to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    if json {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        complain(&Error::new(Code::Usage, line).hint("See `sternway --help`."), true);
    } else {
        mention!("{}", error.to_string().trim_end());
    }
    ExitCode::from(Code::Usage.exit_code())
}

/// Says what went wrong on standard error.
fn complain(error: &Error, json: bool) {
    if json {
        out::json_aside(&serde_json::json!({ "error": error }).to_string());
    } else {
        mention!("sternway: {error}");
        if !error.hint.is_empty() {
            mention!("  {}", error.hint.replace('\n', "\n  "));
        }
    }
}

fn run(arguments: Arguments) -> Result<u8> {
    sternway_core::keep_memory_private()?;
    // One thread waits for the engine, the disk and the keychain, and what computes has others: handing each answer to another thread
    // would cost more than it gains.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("the asynchronous runtime does not start: {error}")))?;
    let mut parts = Parts::system(terminal::patience(arguments.json))?;
    parts.boundary = crash::boundary();
    // Everything that counts was written when it was said: the program ends without tidying up, which is the system's to do.
    let (runtime, core) = (ManuallyDrop::new(runtime), ManuallyDrop::new(Arc::new(Sternway::new(parts))));
    runtime.block_on(async { Box::pin(commands::run(&core, arguments)).await })
}
