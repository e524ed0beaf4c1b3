//! What history knows of a deployment before its first step.

use sternway_history::{History, NewDeployment};
use sternway_model::{DeploymentNumber, Error, Result, Stage};

use super::{Hold, walk};
use crate::machine::Core;
use crate::plan::{self, Prepared};
use crate::planning::Goal;
use crate::releases;
use crate::want::Want;

impl Core {
    /// Writes the deployment's first row, with the steps of its walk and those that come after it.
    pub(super) async fn record_begin(
        &self,
        hold: &Hold,
        prepared: &Prepared,
        goal: &Goal,
        after: Vec<(Stage, String)>,
    ) -> Result<DeploymentNumber> {
        let mut steps = walk::listed(&hold.project, prepared);
        steps.extend(after);
        let mut summary = plan::summary(&prepared.plan);
        if *goal == Goal::Interrupted {
            summary = format!("resumed · {summary}");
        }
        let application = releases::kept(&hold.project.folder, &prepared.want.application);
        let want = serde_json::to_value(Want { application, ..prepared.want.clone() })
            .map_err(|error| Error::internal(format!("a want cannot be stored: {error}")))?;
        let new = NewDeployment {
            project: hold.id,
            plan: &prepared.plan,
            want: &want,
            by: &self.parts.person,
            owner: hold.owner.token(),
            started: self.parts.clock.now(),
            summary: &summary,
            steps: &steps,
            after_interruption: !matches!(goal, Goal::Folder | Goal::Promote(_)),
        };
        let history = self.record(prepared).await?;
        let version = self.version_behind(hold, prepared, goal).await?;
        let number = history.begin(&new).await?;
        if let Some(version) = version {
            history.link_configuration(hold.id, number, version).await?;
        }
        Ok(number)
    }

    /// The version of the configuration that a deployment is made from, as far as it is known.
    async fn version_behind(&self, hold: &Hold, prepared: &Prepared, goal: &Goal) -> Result<Option<u32>> {
        let history = self.history().await?;
        let earlier = match goal {
            Goal::Folder | Goal::Promote(_) => return self.notice(&hold.project).await,
            Goal::Release(_) | Goal::Before => prepared.want.target,
            Goal::Interrupted => self.newest(hold.id, &hold.environment).await?.map(|newest| newest.number),
            Goal::Nothing(_) => None,
        };
        match earlier {
            Some(number) => history.configuration_of(hold.id, number).await,
            None => Ok(None),
        }
    }

    /// The history as the record of a walk needs it: where nothing is touched, only its end has to survive a power cut.
    pub(super) async fn record(&self, prepared: &Prepared) -> Result<History> {
        let history = self.history().await?;
        Ok(if prepared.is_idle() { history.hasty() } else { history.clone() })
    }
}
