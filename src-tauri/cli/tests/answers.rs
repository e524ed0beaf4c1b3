//! What the program says and ends with where no engine and no keychain is needed.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Output};

    use tempfile::TempDir;

    /// A session without a keychain.
    const NOWHERE: &str = "unix:path=/nonexistent/socket";

    fn project() -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let file =
            "project: p\nenvironments:\n  a: { target: { docker: local } }\n  b: { target: { docker: local } }\n";
        std::fs::write(folder.path().join("sternway.yaml"), file).expect("written");
        folder
    }

    fn sternway(folder: &Path, arguments: &[&str]) -> Output {
        let mut sternway = Command::new(env!("CARGO_BIN_EXE_sternway"));
        sternway.args(arguments).current_dir(folder).env("STERNWAY_HOME", folder.join("home"));
        sternway.env("DOCKER_HOST", "unix:///nonexistent/socket").env("DBUS_SESSION_BUS_ADDRESS", NOWHERE);
        sternway.env("DOCKER_CONFIG", folder.join("docker"));
        sternway.output().expect("it runs")
    }

    #[test]
    fn what_is_known_is_printed_and_the_rest_is_told_by_the_exit_code() {
        let folder = project();
        let answers = [("status", 4, "engine_unreachable"), ("doctor", 1, "\"history\":{\"ok\":true")];
        for (command, exit, printed) in answers {
            let output = sternway(folder.path(), &["--json", command]);
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(exit), "{command}: {text}");
            assert!(text.contains(printed), "{command} answers in full: {text}");
        }
    }

    #[test]
    fn a_secret_that_is_put_into_a_file_is_spoken_of() {
        let folder = project();
        std::fs::write(folder.path().join(".env"), "").expect("written");
        for (value, spoken_of) in [("correct-horse-battery", true), ("keychain:DB_PASSWORD", false)] {
            let output = sternway(folder.path(), &["config", "set", "a", "DB_PASSWORD", value]);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "it is written all the same: {errors}");
            assert_eq!(errors.contains("secret import a --keys DB_PASSWORD"), spoken_of, "{errors}");
            assert!(!errors.contains(value), "{errors}");
        }
    }

    #[test]
    fn a_target_that_is_not_known_is_shown_with_its_line() {
        let folder = project();
        let file = "project: p\nenvironments:\n  a: { target: { docker: lokal } }\n";
        std::fs::write(folder.path().join("sternway.yaml"), file).expect("written");
        let output = sternway(folder.path(), &["stats", "a"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("sternway.yaml:3:26 (environments.a.target.docker)"), "{errors}");
        assert!(errors.contains("Did you mean `local`?"), "{errors}");
    }

    #[test]
    fn whoever_names_the_secret_first_is_told_the_order() {
        let folder = project();
        for (secret, exit) in [("TOKEN", 2), ("token", 1)] {
            let output = sternway(folder.path(), &["secret", "copy", secret, "a", "b"]);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(exit), "{errors}");
            assert!(errors.contains("secret copy FROM TO NAME"), "{errors}");
        }
    }
}
