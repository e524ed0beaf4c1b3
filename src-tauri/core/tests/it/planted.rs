//! Secrets in configuration files of every kind: none of them reaches what is kept.

use std::path::Path;

use sternway_model::Sensitive;

use crate::fixture::Shop;

/// Files with a secret in the place of `SECRET`, each in the way of its kind.
const FILES: &[(&str, &str)] = &[
    ("list.yaml", "env:\n  - name: DB_PASSWORD\n    value: SECRET\n  - name: HARMLESS\n    value: 80\n"),
    ("list.json", "[{ \"key\": \"dbPassword\", \"value\": \"SECRET\" }]"),
    ("list.toml", "[[env]]\nname = \"DB_PASSWORD\"\nvalue = \"SECRET\"\n"),
    ("main.tf", "variable \"db_password\" {\n  default = \"SECRET\"\n}\n"),
    ("k8s.yaml", "kind: Secret\nstringData:\n  url: SECRET\n"),
    ("map.yaml", "data:\n  app.conf: |\n    user app\n    password SECRET\n"),
    ("args.yaml", "command: [run, --password, SECRET]\n"),
    ("app.xml", "<app>\n  <password>\n    SECRET\n  </password>\n</app>\n"),
    ("web.config", "<add key=\"DbPassword\" value=\"SECRET\" />\n"),
    ("hadoop.xml", "<property><name>fs.secret.key</name><value>SECRET</value></property>\n"),
    ("app.plist", "<dict><key>Password</key><string>SECRET</string></dict>\n"),
    ("run.sh", "A=1\ncat > x <<EOF\npassword: SECRET\nEOF\n"),
    ("prefix.sh", "A=1\nPGPASSWORD=SECRET psql\n"),
    ("init.sql", "CREATE USER app PASSWORD 'SECRET';\n"),
    ("Dockerfile", "FROM x\nENV DB_PASSWORD=SECRET\n"),
    (".netrc", "machine db\nlogin app\npassword SECRET\n"),
    (".pgpass", "db:5432:shop:app:SECRET\n"),
    ("other-pass", "db:5432:shop:app:SECRET\n"),
    (".npmrc", "//registry.npmjs.org/:_authToken=SECRET\n"),
    (".pypirc", "[pypi]\nusername = app\npassword = SECRET\n"),
    (".git-credentials", "https://app:SECRET@git.example.com\n"),
    ("remotes", "origin https://app:SECRET@git.example.com/x (fetch)\n"),
    (".my.cnf", "[client]\nuser=app\npassword=SECRET\n"),
    ("app.ini", "[db]\nhost = db\npassword = SECRET\n"),
    ("app.properties", "db.user=app\ndb.password : SECRET\n"),
    ("redis.conf", "port 6379\nrequirepass SECRET\n"),
    ("nginx.conf", "proxy_set_header Authorization \"Bearer SECRET\";\n"),
    ("settings.py", "DATABASES = {'default': {'PASSWORD': 'SECRET'}}\n"),
    ("db_password.txt", "SECRET\n"),
    ("broken.json", "{ \"password\": \"SECRET\"\n"),
    ("service.env", "JAVA_OPTS=-Xmx1g -Ddb.password=SECRET\n"),
];

fn planted(place: usize) -> String {
    format!("hunter2x{place:04}")
}

#[tokio::test]
async fn a_secret_in_a_document_is_in_no_version() {
    let shop = Shop::with(&[("plain.conf", "worker_processes four_of_them;\n")]);
    let names: Vec<String> = FILES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let list = names.join(", ");
    let project = format!(
        "project: shop\nenvironments: {{ staging: {{ target: {{ docker: local }} }} }}\nconfiguration:\n  variables: \
         [\".env\"]\n  files: [{list}, plain.conf]\n"
    );
    shop.write("sternway.yaml", &project);
    shop.write(".env", &format!("JAVA_OPTS=-Xmx1g -Ddb.password={}\nPORT=80\n", planted(9999)));
    for (place, (name, text)) in FILES.iter().enumerate() {
        shop.write(name, &text.replace("SECRET", &planted(place)));
    }
    shop.core.notice(&shop.project()).await.expect("a version");
    assert!(!shop.holding("four_of_them").is_empty(), "what is no secret is kept, and would be found");
    assert!(!shop.holding("HARMLESS").is_empty(), "and so is what stands beside one");
    for (place, (name, _)) in FILES.iter().enumerate() {
        assert_eq!(shop.holding(&planted(place)), Vec::<String>::new(), "{name}");
        let view = shop.core.open_document(&shop.project(), Path::new(name), false).await.expect("opened");
        assert!(!view.withheld.is_empty(), "{name}: it is said that something is withheld");
        assert!(!view.text.unwrap_or_default().contains(&planted(place)), "{name}");
        let values = view.nodes.iter().filter_map(|node| node.value.as_deref());
        assert!(values.into_iter().all(|value| !value.contains(&planted(place))), "{name}");
    }
    assert_eq!(shop.holding(&planted(9999)), Vec::<String>::new(), "a variable that holds one among others");
}

#[tokio::test]
async fn a_secret_of_the_keychain_is_in_no_version_of_a_text_without_structure() {
    let files = [("plain.conf", "upstream app:correct-horse@db and more\n"), ("run.sh", "A=1\nlogin correct-horse\n")];
    let shop = Shop::with(&[]);
    let project = "project: shop\nenvironments: { staging: { target: { docker: local } } }\nconfiguration: { files: \
                   [plain.conf, run.sh] }\n";
    shop.write("sternway.yaml", project);
    let staging = "staging".parse().expect("a name");
    let value = Sensitive::new("correct-horse".to_owned());
    let set = shop.core.set_secret(&shop.project(), &staging, &"ANY".parse().expect("a name"), &value, None).await;
    set.expect("set");
    for (name, text) in files {
        shop.write(name, text);
    }
    shop.core.notice(&shop.project()).await.expect("a version");
    assert_eq!(shop.holding("correct-horse"), Vec::<String>::new());
    for (name, _) in files {
        let view = shop.core.open_document(&shop.project(), Path::new(name), false).await.expect("opened");
        assert!(!view.text.unwrap_or_default().contains("correct-horse"), "{name}");
    }
}
