//! The documents that a deployment handbook has, one after the other through the real window: each opens as it stands, is
//! edited by the form or as text, and is saved with a difference of one line.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, web};

const SOON: Duration = Duration::from_secs(20);

/// What is done with a document.
enum Edit {
    /// A field of the form gets another value.
    Field(&'static str, &'static str),
    /// A switch of the form is clicked.
    Switch(&'static str),
    /// A line is typed behind the last one of the text.
    Line(&'static str),
}
use Edit::{Field, Line, Switch};

/// The document, what is done with it, and the line that is then different: as it was, and as it is.
const DOCUMENTS: &[(&str, Edit, &str, &str)] = &[
    ("env/application.env", Field("PORT", "8080"), "PORT=80", "PORT=8080"),
    ("env/infrastructure.env", Field("TF_VAR_aws_region", "eu-west-1"), "region=us-west-2", "region=eu-west-1"),
    ("env/monitoring.env", Field("LOG_LEVEL", "a b # c"), "LOG_LEVEL=info", "LOG_LEVEL='a b # c'"),
    ("config/app.json", Field("app.port", "8080"), "\"port\": 80", "\"port\": 8080"),
    ("config/service.toml", Field("server.port", "8080"), "port = 80  ", "port = 8080  "),
    ("config/compose.yaml", Field("services.app.build", "./app"), "build: .", "build: ./app"),
    ("config/migration.yaml", Field("services.db-migrate.command", "npm run up"), "npm run migrate", "npm run up"),
    ("infra/provider.tf", Field("resource.aws_security_group.app.ingress.from_port", "443"), "= 80", "= 443"),
    ("infra/variables.tf", Field("resource.aws_instance.app.instance_type", "t3.small"), "t2.micro", "t3.small"),
    ("monitoring/monitoring.yaml", Field("metrics.interval", "30s"), "15s", "30s"),
    ("monitoring/logging.yaml", Field("logging.maxFiles", "20"), "maxFiles: 10", "maxFiles: 20"),
    ("monitoring/metrics.yaml", Field("metrics.labels.app", "web"), "app: infrastructure", "app: web"),
    ("monitoring/alerts.yaml", Field("alerts.rules[1].duration", "2m"), "duration: 1m", "duration: 2m"),
    ("security/users.yaml", Field("users[1].permissions[0]", "view_logs"), "- monitor", "- view_logs"),
    ("security/roles.yaml", Field("roles.viewer.permissions[0]", "monitor"), "- view_logs", "- monitor"),
    (
        "security/permissions.yaml",
        Field("permissions.deploy.description", "Deploy: all"),
        "Deploy application",
        "\"Deploy: all\"",
    ),
    (
        "security/firewall.yaml",
        Field("firewall.inbound[0].source", "10.0.0.0/8"),
        "source: 0.0.0.0/0",
        "source: 10.0.0.0/8",
    ),
    ("security/network.yaml", Field("network.policies[0].ingress[0].ports[0].port", "8080"), "port: 80", "port: 8080"),
    ("security/groups.yaml", Field("security.groups[0].egress[0].protocol", "tcp"), "protocol: all", "protocol: tcp"),
    ("security/encryption.yaml", Field("encryption.at_rest.key_rotation", "60d"), "30d", "60d"),
    ("security/backup.yaml", Switch("backup.encryption"), "encryption: true", "encryption: false"),
    ("security/recovery.yaml", Switch("disaster_recovery.replication.enabled"), "enabled: true", "enabled: false"),
    ("scripts/build.sh", Line("# end"), "", "# end"),
    ("scripts/rollback.sh", Field("PREVIOUS", "older.tfvars"), "PREVIOUS=previous.tfvars", "PREVIOUS=older.tfvars"),
];

/// The light project with the handbook's documents.
fn handbook() -> Result<Stage> {
    let stage = Stage::light()?;
    let from = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/handbook"));
    for (document, ..) in DOCUMENTS {
        let to = stage.project().join(document);
        fs::create_dir_all(to.parent().unwrap_or(&to))?;
        fs::copy(from.join(document), &to)?;
    }
    let files: Vec<&str> = DOCUMENTS.iter().map(|(document, ..)| *document).collect();
    stage
        .edit("sternway.yaml", |line| line.starts_with("  required:").then(|| format!("  files: {files:?}\n{line}")))?;
    Ok(stage)
}

#[tokio::test]
async fn each_document_is_saved_with_a_difference_of_one_line() -> Result<()> {
    let stage = handbook()?;
    let window = Window::open(&stage).await?;
    window.click("link", "Configuration").await?;
    for (document, edit, before, after) in DOCUMENTS {
        let file = stage.project().join(document);
        let text = fs::read_to_string(&file)?;
        window.click("link", "Documents").await?;
        window.click("link", &format!("Document {document}")).await?;
        match edit {
            Field(field, value) => {
                window.fill(field, value).await?;
                window.press(Window::ENTER).await?;
            }
            Switch(name) => window.click("switch", name).await?,
            Line(line) => {
                window.click("textbox", &format!("Text of {document}")).await?;
                window.press_together(&[Window::CONTROL, Window::END]).await?;
                window.write(line).await?;
            }
        }
        window.see("not saved", SOON).await?;
        if ["config/app.json", "infra/provider.tf", "scripts/build.sh"].contains(document) {
            window.screenshot(&format!("18-{}", document.replace('/', "-"))).await?;
        }
        window.click("button", &format!("Save {document}")).await?;
        let wanted = match edit {
            Line(_) => format!("{text}{after}"),
            _ => text.replacen(before, after, 1),
        };
        assert_ne!(text, wanted, "{document} has `{before}`");
        web::until(SOON, async || match fs::read_to_string(&file)? {
            now if now == wanted => Ok(()),
            now => Err(Failure::new(format!("{document} is not saved as it should be:\n{now}"))),
        })
        .await?;
        window.see("as it is on the disk", SOON).await?;
    }
    window.close().await
}
