//! What names and values of files do to a terminal: nothing.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Output};

    use tempfile::TempDir;

    /// Sets colours, the title and the clipboard; C1; turns the order of letters round; goes back in the line.
    const EVIL: &str = "\u{1b}[31m\u{1b}]0;x\u{7}\u{1b}]52;c;eA==\u{7}\u{9b}1m\u{202e}\u{2066}\u{200f}\r\u{7f}\u{8}";

    fn steers(c: char) -> bool {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    }

    /// A text in quotes of YAML.
    fn quoted(text: &str) -> String {
        let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
        format!("\"{escaped}\"")
    }

    struct Folder(TempDir);

    impl Folder {
        fn with(files: &[(&str, String)]) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            for (name, text) in files {
                std::fs::write(folder.path().join(name), text).expect("written");
            }
            Self(folder)
        }

        fn path(&self) -> &Path {
            self.0.path()
        }

        fn prepared(&self, mut command: Command) -> Command {
            command.current_dir(self.path()).env("STERNWAY_HOME", self.path().join("home"));
            command.env("DOCKER_HOST", "unix:///nonexistent/socket").env("DOCKER_CONFIG", self.path().join("docker"));
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/socket").env("TERM", "xterm");
            command
        }

        fn sternway(&self, arguments: &[&str]) -> Output {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sternway"));
            command.args(arguments);
            self.prepared(command).output().expect("it runs")
        }

        /// What a terminal gets; its own line ends are taken off.
        #[cfg(target_os = "linux")]
        fn on_terminal(&self, arguments: &str) -> String {
            let line = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_sternway"));
            let mut command = Command::new("script");
            command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(std::process::Stdio::null());
            let output = self.prepared(command).output().expect("util-linux is there");
            String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
        }
    }

    fn project() -> String {
        "project: p\nenvironments: { a: { target: { docker: local } } }\n".to_owned()
    }

    fn text(output: &Output) -> String {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    #[track_caller]
    fn calm(text: &str, what: &str) {
        let found: Vec<char> = text.chars().filter(|c| steers(*c)).collect();
        assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
    }

    #[test]
    fn names_in_errors_are_shown() {
        let evil = quoted(EVIL);
        let compose = |service: &str| format!("services:\n  web:\n    image: a\n{service}");
        let cases: Vec<(&str, Vec<(&str, String)>)> = vec![
            ("a project", vec![("sternway.yaml", project().replace("project: p", &format!("project: {evil}")))]),
            ("an environment", vec![("sternway.yaml", project().replace("{ a:", &format!("{{ {evil}:")))]),
            ("a target", vec![("sternway.yaml", project().replace("local", &evil))]),
            ("a key", vec![("sternway.yaml", format!("{}{evil}: 1\n", project()))]),
            ("a file", vec![("sternway.yaml", format!("{}application: {{ compose: [{evil}] }}\n", project()))]),
            (
                "a volume",
                vec![
                    ("sternway.yaml", project()),
                    ("docker-compose.yml", compose(&format!("    volumes: [{evil}]\n"))),
                ],
            ),
            (
                "a port",
                vec![("sternway.yaml", project()), ("docker-compose.yml", compose(&format!("    ports: [{evil}]\n")))],
            ),
            (
                "a message",
                vec![
                    ("sternway.yaml", project()),
                    ("docker-compose.yml", compose(&format!("    command: \"${{B:?{}}}\"\n", evil.trim_matches('"')))),
                ],
            ),
            (
                "an env file's name",
                vec![("sternway.yaml", format!("{}configuration: {{ variables: [{evil}] }}\n", project()))],
            ),
        ];
        for (what, files) in cases {
            let folder = Folder::with(&files);
            for arguments in [&["plan", "a"][..], &["--json", "plan", "a"], &["status"], &["config", "list", "a"]] {
                let output = folder.sternway(arguments);
                let text = text(&output);
                assert!(!text.is_empty(), "{what}: {arguments:?} says something");
                calm(&text, &format!("{what}: {arguments:?}"));
            }
        }
    }

    #[test]
    fn words_of_the_command_line_are_shown() {
        let folder = Folder::with(&[("sternway.yaml", project())]);
        for arguments in [&[EVIL][..], &["plan", EVIL], &["--json", "plan", EVIL], &["--project", EVIL, "status"]] {
            calm(&text(&folder.sternway(arguments)), &format!("{arguments:?}"));
        }
    }

    #[test]
    fn values_are_shown_to_people_and_given_to_programs() {
        let value = "x\u{1b}]0;t\u{7}\u{202e}y\u{9b}";
        let folder = Folder::with(&[("sternway.yaml", project()), (".env", format!("V='{value}'\n"))]);
        for arguments in [&["config", "list", "a"][..], &["config", "matrix"], &["--json", "config", "list", "a"]] {
            let output = folder.sternway(arguments);
            assert!(output.status.success(), "{}", text(&output));
            calm(&text(&output), &format!("{arguments:?}"));
        }
        let json: serde_json::Value =
            serde_json::from_slice(&folder.sternway(&["--json", "config", "get", "a", "V"]).stdout).expect("JSON");
        assert_eq!(json["value"], value, "it is the value all the same: {json}");
        let exact = folder.sternway(&["config", "get", "a", "V"]).stdout;
        assert_eq!(String::from_utf8_lossy(&exact), format!("{value}\n"), "a program gets the bytes");
        let exported = folder.sternway(&["config", "export", "a", "--format", "env"]).stdout;
        assert!(String::from_utf8_lossy(&exported).contains(value), "a file gets them, too");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_terminal_gets_no_byte_that_steers_it() {
        let value = "x\u{1b}]0;t\u{7}\u{202e}y\u{9b}";
        let compose = "services: { web: { image: a, environment: { V: \"${V}\" } } }\n".to_owned();
        let folder = Folder::with(&[
            ("sternway.yaml", project()),
            (".env", format!("V='{value}'\n")),
            ("docker-compose.yml", compose),
        ]);
        for arguments in [
            "config get a V",
            "config list a",
            "config matrix",
            "config export a --format env",
            "--json config list a",
            "compose config --file docker-compose.yml --env-file .env",
        ] {
            let text = folder.on_terminal(arguments);
            assert!(text.contains('V') || text.contains('x'), "{arguments}: {text}");
            calm(&text, arguments);
        }
        assert!(folder.on_terminal("config get a V").contains("x\\x1b]0;t\\x07\\u{202e}y\\x9b"));
    }
}
