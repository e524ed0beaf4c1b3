//! What a container may do, in the engine's words: its security options and its Windows account.

use std::path::Path;

use bollard::models::HostConfig;
use serde_json::Value;
use sternway_model::{Code, Error, Result, mentions};

use super::Run;
use crate::model::{CredentialSpec, FileSource, Model, Service, at};
use crate::observe::{in_background, read};

/// Puts a service's security options into a container's description. As with Docker's own client, a profile for `seccomp` is
/// a file of this machine whose content is sent, and `systempaths=unconfined` opens what is hidden of `/proc`.
///
/// # Errors
/// If a profile or a credential specification cannot be read or is none.
pub(super) async fn describe(run: &Run<'_>, service: &Service, host: &mut HostConfig) -> Result<()> {
    let mut options = Vec::new();
    for option in &service.security_opt {
        let (name, value) = option.split_once(['=', ':']).unwrap_or((option, ""));
        match (name, value) {
            ("systempaths", "unconfined") => {
                host.masked_paths = Some(Vec::new());
                host.readonly_paths = Some(Vec::new());
            }
            ("seccomp", file) if file != "unconfined" && file != "builtin" => {
                let path = run.want.project_dir.join(file);
                options.push(format!("seccomp={}", in_background(path, |path| profile(&path)).await?));
            }
            _ => options.push(option.clone()),
        }
    }
    if let Some(spec) = &service.credential_spec {
        let model = run.want.model.clone();
        let spec = spec.clone();
        options.push(format!("credentialspec={}", in_background(model, move |model| account(&spec, &model)).await?));
    }
    host.security_opt = (!options.is_empty()).then_some(options);
    Ok(())
}

fn profile(path: &Path) -> Result<Value> {
    serde_json::from_slice(&read(path)?).map_err(|error| {
        Error::invalid(format!("the seccomp profile {} is not JSON (line {})", path.display(), error.line()))
    })
}

/// Where the engine finds the description of a Windows account; one from a config is sent along.
fn account(spec: &CredentialSpec, model: &Model) -> Result<String> {
    match spec {
        CredentialSpec { file: Some(file), .. } => Ok(format!("file://{file}")),
        CredentialSpec { registry: Some(key), .. } => Ok(format!("registry://{key}")),
        CredentialSpec { config: Some(config), .. } => {
            let content = match model.configs.get(config) {
                Some(FileSource { content: Some(content), .. }) => content.clone(),
                Some(FileSource { file: Some(file), .. }) => String::from_utf8_lossy(&read(file)?).into_owned(),
                _ => {
                    return Err(Error::invalid(format!(
                        "`credential_spec` names the config {config}, which has no content"
                    ))
                    .at(at(&format!("configs.{config}"))));
                }
            };
            if !mentions(&content)?.is_empty() {
                return Err(Error::new(
                    Code::Unsupported,
                    format!(
                        "the config {config} holds a secret, and everybody who may look at the container could read it"
                    ),
                )
                .hint("A credential specification names an account and needs no secret."));
            }
            Ok(format!("raw://{content}"))
        }
        CredentialSpec { .. } => {
            Err(Error::invalid("`credential_spec` says neither `config` nor `file` nor `registry`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_is_found_where_the_file_says() {
        let model = |content: &str| {
            Model::decode(&json!({"name": "p", "services": {}, "configs": {"c": {"content": content}}})).expect("valid")
        };
        let spec = |key: &str| serde_json::from_value(json!({key: "c"})).expect("a specification");
        assert_eq!(account(&spec("file"), &model("")).as_deref(), Ok("file://c"));
        assert_eq!(account(&spec("registry"), &model("")).as_deref(), Ok("registry://c"));
        assert_eq!(account(&spec("config"), &model("{}")).as_deref(), Ok("raw://{}"));
        let error = account(&spec("config"), &model("⟦keychain:PW@1⟧")).expect_err("everybody could read it");
        assert_eq!(error.code, Code::Unsupported);
    }
}
