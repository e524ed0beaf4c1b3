//! Use cases: the record of what happened.

use std::path::Path;

use sternway_history::{Filter, ProjectId};
use sternway_model::{
    Code, Deployment, DeploymentNumber, Error, MASK, Release, Result, Sensitive, Value, looks_like_secret,
};
use sternway_vault::Redactor;

use crate::kept;
use crate::layers::configuration_difference;
use crate::machine::Core;
use crate::plan::reach;
use crate::project::Project;
use crate::view::{
    Comparison, DeploymentView, HistoryFilter, HistoryPage, LogLine, LogPage, Reachable, ReleaseImage, ReleaseView,
    UsualTime,
};
use crate::want::Want;

/// How many deployments a page has unless it is said.
const PAGE: u32 = 100;

impl Core {
    /// A page of the history, newest first.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn deployments(&self, project: &Project, filter: HistoryFilter) -> Result<HistoryPage> {
        self.recover(project).await?;
        let id = self.project_id(project).await?;
        let filter = Filter {
            environment: filter.environment,
            result: filter.result,
            text: filter.text,
            offset: filter.offset,
            limit: filter.limit.unwrap_or(PAGE),
        };
        let (deployments, total) = self.history().await?.history(id, &filter).await?;
        // One that is not in the file any more has its history all the same.
        if let Some(name) = filter.environment.filter(|_| total == 0) {
            project.file.environment(&name)?;
        }
        Ok(HistoryPage { deployments, total })
    }

    /// A deployment with its steps, its plan and its release.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is none of that number.
    pub async fn deployment(&self, project: &Project, number: DeploymentNumber) -> Result<DeploymentView> {
        self.recover(project).await?;
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        let deployment = self.find(id, number).await?;
        let release = self.release(project, number).await?;
        let reachable = match &release {
            Some(release) => Some(self.reachable(project, id, release).await?),
            None => None,
        };
        let usual = history.usual_step_seconds(id, &deployment.environment).await?;
        let (_, log_lines) = history.log(id, number, None, 0, 0).await?;
        let kept = self.parts.home.kept();
        Ok(DeploymentView {
            steps: history.steps(id, number).await?,
            changes: history.plan_of(id, number).await?.changes,
            usual: usual
                .into_iter()
                .filter(|(_, seconds)| *seconds >= 1.0)
                .map(|(step, seconds)| UsualTime { step, seconds })
                .collect(),
            release: release.map(masked).transpose()?.map(|release| release_view(release, &kept)).transpose()?,
            reachable,
            log_lines,
            deployment,
        })
    }

    async fn find(&self, id: ProjectId, number: DeploymentNumber) -> Result<Deployment> {
        self.history().await?.deployment(id, number).await?.ok_or_else(|| {
            Error::new(Code::NotFound, format!("there is no deployment {number}"))
                .hint("The history lists those that there are.")
        })
    }

    /// Whether a release can be gone back to, by the same checks as in a plan.
    async fn reachable(&self, project: &Project, id: ProjectId, release: &Release) -> Result<Reachable> {
        let current = self.history().await?.current_release(id, &release.environment).await?;
        let current = current.is_some_and(|current| current.number == release.number);
        let ready = match self.observer(project, &release.environment) {
            Ok(observer) => reach(project, &release.environment, release, &observer, self).await,
            Err(error) => sternway_model::Readiness { proven: false, reasons: vec![error.to_string()] },
        };
        Ok(Reachable { possible: ready.proven, current, reasons: ready.reasons })
    }

    /// Lines of a deployment's log behind line `after`.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such deployment.
    pub async fn log(
        &self,
        project: &Project,
        number: DeploymentNumber,
        step: Option<u32>,
        after: u32,
        limit: u32,
    ) -> Result<LogPage> {
        let id = self.project_id(project).await?;
        self.find(id, number).await?;
        let history = self.history().await?;
        let (lines, total) = history.log(id, number, step, after, limit).await?;
        if let Some(step) = step.filter(|_| total == 0)
            && history.steps(id, number).await?.iter().all(|known| known.number != step)
        {
            return Err(Error::new(Code::NotFound, format!("deployment {number} has no step {step}"))
                .hint(format!("`sternway show {}` numbers its steps.", number.0)));
        }
        let lines = lines.into_iter().map(|line| LogLine {
            line: line.line,
            step: line.step.unwrap_or_default(),
            at: line.at,
            text: line.text,
        });
        Ok(LogPage { lines: lines.collect(), total })
    }

    /// What a move from one release to the other changes.
    ///
    /// # Errors
    /// [`Code::NotFound`] if one of the deployments made no release.
    pub async fn compare(&self, project: &Project, a: DeploymentNumber, b: DeploymentNumber) -> Result<Comparison> {
        let (before, after) = (self.release_of(project, a).await?, self.release_of(project, b).await?);
        let mut changes = configuration_difference(&before.configuration, &after.configuration);
        let (old, new) = (Want::from_release(&before).model()?, Want::from_release(&after).model()?);
        changes.extend(sternway_compose::difference((&old, &before.images), (&new, &after.images)));
        Ok(Comparison { a, b, changes })
    }

    async fn release_of(&self, project: &Project, number: DeploymentNumber) -> Result<Release> {
        let id = self.project_id(project).await?;
        let deployment = self.find(id, number).await?;
        self.release(project, number).await?.ok_or_else(|| {
            let result = deployment.result.map_or("running", |result| result.as_str());
            Error::new(Code::NotFound, format!("deployment {number} made no release: it is {result}"))
                .hint("Compare deployments that succeeded.")
        })
    }
}

/// A release as it may be shown: a plain value that looks like a secret is not, wherever it was filled in.
///
/// # Errors
/// If there are too many such values to look for.
fn masked(mut release: Release) -> Result<Release> {
    let mut secrets = Vec::new();
    for variable in &mut release.configuration {
        if let Value::Plain(text) = &variable.value
            && looks_like_secret(&variable.key, text).is_some()
        {
            secrets.push(Sensitive::new(text.clone()));
            variable.value = Value::Plain(MASK.to_owned());
        }
    }
    let services = release.application.get_mut("services").and_then(serde_json::Value::as_object_mut);
    for service in services.into_iter().flat_map(serde_json::Map::values_mut) {
        let environment = service.get_mut("environment").and_then(serde_json::Value::as_object_mut);
        for (key, value) in environment.into_iter().flatten() {
            // Dollar signs are doubled in the model.
            if let Some(text) = value.as_str().map(|text| text.replace("$$", "$"))
                && looks_like_secret(key, &text).is_some()
            {
                *value = MASK.into();
                secrets.push(Sensitive::new(text));
            }
        }
    }
    // A value of a few letters, such as a user's name, would take letters out of other words.
    secrets.retain(|secret| secret.reveal().chars().count() >= SHORTEST_FILLED_IN);
    if !secrets.is_empty() {
        let redactor = Redactor::default();
        redactor.add_all(&secrets)?;
        redact(&mut release.application, &redactor);
    }
    Ok(release)
}

/// Shorter values are masked where they stand alone, and not inside of other texts.
const SHORTEST_FILLED_IN: usize = 6;

/// Masks secrets in all texts of a model. Names of images and of the project have none.
fn redact(model: &mut serde_json::Value, redactor: &Redactor) {
    match model {
        serde_json::Value::String(text) => {
            let plain = text.replace("$$", "$");
            let redacted = redactor.redact(&plain);
            if redacted != plain {
                *text = redacted.replace('$', "$$");
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| redact(item, redactor)),
        serde_json::Value::Object(entries) => {
            let texts = entries.iter_mut().filter(|(key, _)| !matches!(key.as_str(), "image" | "name"));
            texts.for_each(|(_, value)| redact(value, redactor));
        }
        _ => {}
    }
}

fn release_view(release: Release, kept: &Path) -> Result<ReleaseView> {
    let model = Want::from_release(&release).model()?;
    let images = release.images.iter().map(|(service, id)| ReleaseImage {
        service: service.to_string(),
        image: model.services.get(service).and_then(|service| service.image.clone()).unwrap_or_default(),
        id: id.to_string(),
    });
    Ok(ReleaseView {
        number: release.number,
        created: release.created,
        images: images.collect(),
        compose: sternway_compose::to_yaml(&kept::with_paths(kept, release.application)),
        variables: release.configuration,
        revision: release.revision,
        evidence: release.evidence,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sternway_model::{At, EnvironmentName, Origin, Variable};

    use super::*;

    #[test]
    fn a_value_is_masked_wherever_it_was_filled_in() {
        let variable = |key: &str, value: &str| Variable {
            key: key.to_owned(),
            value: Value::Plain(value.to_owned()),
            source: Origin { file: ".env".into(), line: 1 },
            overridden: vec![],
        };
        let environment: EnvironmentName = "dev".parse().expect("a name");
        let release = Release {
            number: DeploymentNumber(1),
            environment,
            created: At::from_millis(0).expect("a time"),
            configuration: vec![
                variable("REDIS_PASSWORD", "hunter2$hunter2"),
                variable("DB_PASSWORD", "web"),
                variable("LEVEL", "debug"),
            ],
            application: json!({"name": "shop", "services": {"web": {
                "image": "shop/hunter2:1",
                "command": ["redis", "--requirepass", "hunter2$$hunter2"],
                "healthcheck": {"test": ["CMD-SHELL", "redis-cli -a hunter2$$hunter2 ping"]},
                "labels": {"auth": "admin:hunter2$$hunter2", "level": "debug"},
                "environment": {"REDIS_URL": "redis://:hunter2$$hunter2@redis:6379", "ROLE": "web", "LEVEL": "debug"},
            }}}),
            images: [].into(),
            revision: None,
            verify: vec![],
            evidence: vec![],
            mounted: [].into(),
        };
        let shown = masked(release).expect("masked");
        let text = serde_json::to_string(&shown).expect("JSON");
        assert!(!text.contains("hunter2$"), "{text}");
        let web = &shown.application["services"]["web"];
        assert_eq!(web["image"], "shop/hunter2:1");
        assert_eq!(web["labels"]["level"], "debug");
        assert_eq!(web["environment"]["ROLE"], "web", "a short value stands in other words");
        assert_eq!(web["command"][2], sternway_vault::MASK);
    }
}
