use super::*;

fn found(text: &str, manner: Manner) -> Vec<&str> {
    secrets_in(text, manner).into_iter().map(|found| &text[found.span]).collect()
}

#[test]
fn settings_of_every_kind_of_program_are_read() {
    for (text, secrets) in [
        ("db.password=hunter2", vec!["hunter2"]),
        ("db.password : hunter2 and more", vec!["hunter2 and more"]),
        ("spring.datasource.password hunter2", vec!["hunter2"]),
        ("requirepass hunter2", vec!["hunter2"]),
        ("[client]\nuser=app\npassword = \"hunter2\"\n", vec!["hunter2"]),
        ("machine db.example.com login app password hunter2", vec!["hunter2"]),
        ("machine db\n  login app\n  password\n    hunter2\n", vec!["hunter2"]),
        ("db.example.com:5432:shop:app:hunter2", vec!["hunter2"]),
        ("*:*:*:app:hun\\:ter2", vec!["hun\\:ter2"]),
        ("https://app:hunter2@git.example.com", vec!["https://app:hunter2@git.example.com"]),
        ("https://0123456789abcdef0123@git.example.com/x", vec!["https://0123456789abcdef0123@git.example.com/x"]),
        ("//registry.npmjs.org/:_authToken=hunter2", vec!["hunter2"]),
        ("//registry.npmjs.org/:_password=aHVudGVyMg==", vec!["aHVudGVyMg=="]),
        ("app:$apr1$abcdefgh$0123456789abcdef", vec!["app:$apr1$abcdefgh$0123456789abcdef"]),
        ("'password' => 'hunter2',", vec!["hunter2"]),
        ("os.environ[\"DB_PASSWORD\"] = \"hunter2\"", vec!["hunter2"]),
        ("set $db_password \"hunter2\";", vec!["\"hunter2\";"]),
        ("curl -u app:hunter2 https://example.com", vec!["app:hunter2"]),
        ("mysqldump -uapp -phunter2 shop", vec!["hunter2"]),
        ("sshpass -p hunter2 ssh db", vec!["hunter2"]),
        ("run --password hunter2 --port 80", vec!["hunter2"]),
        ("run --db-password=hunter2 --port 80", vec!["hunter2"]),
        ("Authorization: Bearer abcdef012345", vec!["abcdef012345"]),
        ("proxy_set_header Authorization \"Basic dXNlcjpodW50ZXIy\";", vec!["dXNlcjpodW50ZXIy\";"]),
        ("url?user=app&password=hunter2&x=1", vec!["hunter2"]),
        ("{ \"user\": \"a\", \"password\": \"hun\\\"ter2\" }", vec!["hun\\\"ter2"]),
        ("PGPASSWORD=hunter2 psql", vec!["hunter2"]),
        ("echo ${DB_PASSWORD:-hunter2}", vec!["hunter2"]),
    ] {
        assert_eq!(found(text, Manner::Settings), secrets, "{text}");
    }
}

#[test]
fn elements_and_attributes_are_read() {
    for text in [
        "<a><password>hunter2</password></a>",
        "<a><db:password>\n  hunter2\n</db:password></a>",
        "<a><password><![CDATA[hunter2]]></password></a>",
        "<user name=\"app\" password=\"hunter2\"/>",
        "<add key='DbPassword'\n value='hunter2' />",
        "<property name=\"hibernate.connection.password\">hunter2</property>",
        "<property><name>fs.s3a.secret.key</name><value>hunter2</value></property>",
        "<dict><key>Password</key><string>hunter2</string></dict>",
        "<password><value>hunter2</value></password>",
        "<password value=\"hunter2\"/>",
    ] {
        assert_eq!(found(text, Manner::Settings), ["hunter2"], "{text}");
        assert_eq!(found(text, Manner::Prose), ["hunter2"], "{text}");
    }
}

#[test]
fn ways_to_a_secret_and_sentences_are_none() {
    for text in [
        "password = ${DB_PASSWORD}",
        "password = $DB_PASSWORD",
        "if [ -z \"${DB_PASSWORD:-}\" ]; then: ${DB_PASSWORD:?set it}",
        "password: {{ db_password }}",
        "password=keychain:DB_PASSWORD",
        "ssl_certificate_key /etc/ssl/key.pem;",
        "auth_basic_user_file /etc/nginx/.htpasswd;",
        "PasswordAuthentication no",
        "proxy_pass http://app:8080;",
        "read -s -p \"Password: \" PASSWORD",
        "docker run -p 80:80 nginx",
        "worker_processes 1;",
        "server_name a.example.com;",
        "image: nginx:1.27",
        "01:02:03:04:05:06",
        "<a><host>db</host><port>5432</port></a>",
    ] {
        assert_eq!(found(text, Manner::Settings), Vec::<&str>::new(), "{text}");
    }
    for text in ["Token: used for everything", "the password is in the keychain", "# password of the database"] {
        assert_eq!(found(text, Manner::Prose), Vec::<&str>::new(), "{text}");
    }
    assert_eq!(found("the old password: hunter2", Manner::Prose), ["hunter2"]);
}

#[test]
fn files_that_are_secrets_are_known_by_their_names() {
    for (name, text, secret) in [
        (".pgpass", "", true),
        ("secrets/db_password.txt", "hunter2\n", true),
        ("tls/server.key", "", true),
        ("nginx.conf", "a\n", false),
        ("password-policy.txt", "strict", false),
    ] {
        assert_eq!(is_secret_file(Path::new(name), text), secret, "{name}");
    }
}

#[test]
fn a_long_text_is_read_in_one_go() {
    for text in [
        "<a b=\"c\">".repeat(100_000),
        "a=b ".repeat(100_000),
        "password x\n".repeat(100_000),
        "a=\"".repeat(20_000),
        "<".repeat(500_000),
    ] {
        drop(secrets_in(&text, Manner::Settings));
    }
}
