//! The one way by which secrets' values leave the keychain. It leads to the project's own entries alone, to versions that its history
//! made, and past the audit.

use std::collections::BTreeSet;

use sternway_history::StoredSecret;
use sternway_model::{Code, EnvironmentName, Error, Result, SecretPin, Sensitive};
use sternway_vault::{Holder, Revealed, Scope};

use crate::machine::Core;
use crate::project::Project;

/// What values leave the keychain for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use<'a> {
    /// A person reads one.
    Reveal(Option<&'a str>),
    /// A person pastes one somewhere.
    Copy(Option<&'a str>),
    /// A person takes them along in a text.
    Export(Option<&'a str>),
    /// A command that a person runs on this machine gets them.
    Command,
    /// The containers of a deployment get them, and those of the way back.
    Deployment,
    /// A container beside a deployment gets them, such as a one-off command's.
    Container,
    /// Another environment gets one.
    Environment(&'a EnvironmentName),
    /// An earlier value becomes the newest again.
    Restore,
    /// The project's files are searched for them.
    Search,
    /// They are masked in what is printed.
    Mask,
}

impl Use<'_> {
    /// What the audit says was done.
    fn action(self) -> String {
        match self {
            Self::Reveal(_) => "revealed".to_owned(),
            Self::Copy(_) => "copied to the clipboard".to_owned(),
            Self::Export(_) => "exported".to_owned(),
            Self::Command => "given to a command of this machine".to_owned(),
            Self::Deployment => "read for a deployment".to_owned(),
            Self::Container => "read for a container".to_owned(),
            Self::Environment(name) => format!("copied to {name}"),
            Self::Restore => "restored".to_owned(),
            Self::Search => "searched for in the project's files".to_owned(),
            Self::Mask => "read to be masked".to_owned(),
        }
    }

    /// Why, in a person's words.
    fn why(&self) -> Option<&str> {
        match self {
            Self::Reveal(why) | Self::Copy(why) | Self::Export(why) => *why,
            _ => None,
        }
    }
}

/// Masked values that the audit has already, since the program started: by project, environment and version.
pub(crate) type Masked = BTreeSet<(Scope, SecretPin)>;

/// Versions whose values could not be had.
#[derive(Debug, Default)]
pub(crate) struct Lacking {
    /// The keychain does not have them, or this history never made them.
    pub gone: Vec<SecretPin>,
    /// They are kept under the project's name until they are taken over.
    pub by_name: Vec<SecretPin>,
}

impl Lacking {
    /// What to say of each, with the words for one that is gone.
    pub(crate) fn told(&self, gone: impl Fn(&SecretPin) -> String) -> Vec<String> {
        let by_name = self.by_name.iter().map(|SecretPin { name, version }| {
            format!(
                "version {version} of the secret {name} is kept under the project's name, as earlier versions of Sternway did; take \
                 it over with `sternway secret take-over`"
            )
        });
        self.gone.iter().map(gone).chain(by_name).collect()
    }
}

/// Which of an environment's versions the history knows.
struct Sorted {
    known: Vec<SecretPin>,
    /// Made by this history, and kept under the project's name until they are taken over.
    by_name: Vec<SecretPin>,
    /// This history never made them, or gave them up.
    unknown: Vec<SecretPin>,
}

impl Core {
    /// Whose the secrets of an environment are.
    pub(crate) async fn scope(&self, project: &Project, environment: &EnvironmentName) -> Result<Scope> {
        let id = self.project_id(project).await?;
        let holder = Holder::Project(self.history().await?.identity(id).await?);
        Ok(Scope { holder, project: project.file.project.clone(), environment: environment.clone() })
    }

    /// The values of all these versions.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] for the first that this project's history did not make, or that the keychain does not have. If the
    /// audit cannot be written, nothing is read.
    pub(crate) async fn values(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pins: &[SecretPin],
        used: Use<'_>,
    ) -> Result<Revealed> {
        if pins.is_empty() {
            return Ok(Revealed::default());
        }
        let sorted = self.sorted(project, environment, pins).await?;
        if let Some(pin) = sorted.by_name.first() {
            return Err(not_taken_over(pin, environment));
        }
        if let Some(SecretPin { name, version }) = sorted.unknown.first() {
            return Err(Error::new(
                Code::SecretMissing,
                format!("this project has no version {version} of {name} for {environment}"),
            )
            .hint(format!(
                "It was removed, or it was never set here. Set a new one with `sternway secret set {environment} {name}`, and deploy."
            )));
        }
        let scope = self.scope(project, environment).await?;
        self.audit_values(project, &scope, &sorted.known, used).await?;
        self.vault().fetch(&scope, &sorted.known).await
    }

    /// The value of one version.
    ///
    /// # Errors
    /// As [`Core::values`].
    pub(crate) async fn value(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pin: &SecretPin,
        used: Use<'_>,
    ) -> Result<Sensitive> {
        use sternway_model::Reveal;
        self.values(project, environment, std::slice::from_ref(pin), used).await?.reveal(pin)
    }

    /// The values of those of these versions that there are, and the versions that there are not: for a redactor, which masks what
    /// can be known.
    ///
    /// # Errors
    /// If the keychain cannot be read, or the audit cannot be written.
    pub(crate) async fn kept_values(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pins: &[SecretPin],
        used: Use<'_>,
    ) -> Result<(Revealed, Vec<SecretPin>)> {
        if pins.is_empty() {
            return Ok((Revealed::default(), Vec::new()));
        }
        let Sorted { known, by_name, unknown } = self.sorted(project, environment, pins).await?;
        let scope = self.scope(project, environment).await?;
        self.audit_values(project, &scope, &known, used).await?;
        let (kept, mut gone) = self.vault().fetch_kept(&scope, &known).await?;
        gone.extend(by_name);
        gone.extend(unknown);
        Ok((kept, gone))
    }

    /// Those of these versions whose values could not be had. No value leaves the keychain.
    ///
    /// # Errors
    /// If the keychain cannot be read.
    pub(crate) async fn lacking_values(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pins: &[SecretPin],
    ) -> Result<Lacking> {
        if pins.is_empty() {
            return Ok(Lacking::default());
        }
        let Sorted { known, by_name, unknown } = self.sorted(project, environment, pins).await?;
        let mut gone = self.vault().gone(&self.scope(project, environment).await?, &known).await?;
        gone.extend(unknown);
        Ok(Lacking { gone, by_name })
    }

    async fn sorted(&self, project: &Project, environment: &EnvironmentName, pins: &[SecretPin]) -> Result<Sorted> {
        let id = self.project_id(project).await?;
        let made = self.history().await?.secrets(id).await?;
        let wanted: BTreeSet<&SecretPin> = pins.iter().collect();
        let mut sorted = Sorted { known: Vec::new(), by_name: Vec::new(), unknown: Vec::new() };
        for pin in wanted {
            let is_it = |stored: &&StoredSecret| {
                stored.environment == *environment && stored.name == pin.name && stored.version == pin.version
            };
            let place = match made.iter().find(is_it) {
                Some(stored) if stored.by_name => &mut sorted.by_name,
                Some(_) => &mut sorted.known,
                None => &mut sorted.unknown,
            };
            place.push(pin.clone());
        }
        Ok(sorted)
    }

    /// Writes down who gets which values, before they get them. What is only masked is written down once.
    async fn audit_values(&self, project: &Project, scope: &Scope, pins: &[SecretPin], used: Use<'_>) -> Result<()> {
        let told = |pin: &&SecretPin| used != Use::Mask || self.masked().insert((scope.clone(), (*pin).clone()));
        let names: Vec<String> =
            pins.iter().filter(told).map(|SecretPin { name, version }| format!("{name} v{version}")).collect();
        if names.is_empty() {
            return Ok(());
        }
        self.audited(project, &scope.environment, &used.action(), &names.join(", "), used.why()).await
    }
}

/// Why a version cannot be read that an earlier version of Sternway put into the keychain.
fn not_taken_over(SecretPin { name, version }: &SecretPin, environment: &EnvironmentName) -> Error {
    Error::new(
        Code::SecretMissing,
        format!("version {version} of {name} for {environment} is still kept under the project's name, where another project of the same name would reach it"),
    )
    .hint("Take over what earlier versions of Sternway kept there: `sternway secret take-over`, or on the screen Secrets.")
}
