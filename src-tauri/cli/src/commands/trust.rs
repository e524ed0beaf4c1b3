//! `sternway trust`, and the same question before a deployment.

use sternway_core::Project;
use sternway_model::{Plan, Result};

use super::Front;
use crate::{show, stream, terminal};

/// Shows the commands, asks, and remembers the answer.
pub async fn run(front: &Front<'_>, yes: bool, revoke: bool) -> Result<u8> {
    let project = front.project().await?;
    if revoke {
        return front.answer(&front.core.revoke_trust(&project).await?, show::trust);
    }
    let view = front.core.trust_of(&project).await?;
    if view.at.is_some() {
        return front.answer(&view, show::trust);
    }
    if !front.json {
        say!("{}", show::trust(&view));
    }
    stream::agree(&question(&project), yes)?;
    let trusted = front.core.trust(&project).await?;
    front.answer(&trusted, |trusted| format!("{} is trusted", trusted.project))
}

/// Asks a person about a plan whose commands may not run yet.
///
/// # Errors
/// Why the plan is refused, where nobody can be asked.
pub async fn ask(front: &Front<'_>, project: &Project, plan: &Plan) -> Result<()> {
    let Some(refusal) = plan.refusal() else { return Ok(()) };
    if front.json || !terminal::is_there() {
        return Err(refusal);
    }
    // The plan that was just shown lists them.
    stream::agree(&question(project), false)?;
    front.core.trust(project).await.map(drop)
}

fn question(project: &Project) -> String {
    let (name, folder) = (&project.file.project, project.folder.display());
    format!("Let {name} in {folder} run its commands on this machine, now and later?")
}
