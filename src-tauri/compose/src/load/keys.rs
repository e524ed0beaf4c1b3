//! The keys of a Compose file and what they hold, by the Compose specification's schema.

use super::shape::{Field, Shape, may, must, printed, printed_as};
use Shape::*;

/// The keys of a file.
pub(super) static FILE: Shape = Object(&[
    may("version", Text),
    may("name", Text),
    may("include", Nullable(&List(&Short(&Text, &INCLUDE)))),
    may("services", Map(&SERVICE)),
    may("networks", Map(&Nullable(&NETWORK))),
    may("volumes", Map(&Nullable(&VOLUME))),
    may("secrets", Map(&SECRET)),
    may("configs", Map(&CONFIG)),
]);

const INCLUDE: Shape = Object(&[may("path", Words), may("env_file", Words), may("project_directory", Text)]);

/// The keys of a service.
pub(super) static SERVICE: Shape = Object(SERVICE_KEYS);

const SERVICE_KEYS: &[Field] = &[
    may("profiles", Set),
    may("annotations", Pairs),
    may("attach", Switch),
    may("build", Short(&Text, &BUILD)),
    may("develop", Nullable(&DEVELOP)),
    may("blkio_config", BLKIO),
    may("cap_add", Set),
    may("cap_drop", Set),
    may("cgroup_parent", Text),
    may("cgroup", OneOf(&["host", "private"])),
    may("cpu_count", Whole(0, i64::MAX)),
    may("cpu_percent", Whole(0, 100)),
    may("cpu_period", Integer),
    may("cpu_quota", Integer),
    may("cpu_rt_period", Integer),
    may("cpu_rt_runtime", Integer),
    may("cpus", Real),
    may("cpuset", Text),
    may("cpu_shares", Integer),
    printed("command", Command),
    may("configs", List(&MOUNTED)),
    may("container_name", Text),
    may("credential_spec", Object(&[may("config", Text), may("file", Text), may("registry", Text)])),
    may("depends_on", Short(&Set, &Map(&DEPENDENCY))),
    may("deploy", Nullable(&DEPLOY)),
    may("device_cgroup_rules", Set),
    may("devices", List(&Short(&Text, &DEVICE))),
    may("dns", Words),
    may("dns_opt", Set),
    may("dns_search", Words),
    may("domainname", Text),
    printed("entrypoint", Command),
    may("environment", Variables),
    may("env_file", Short(&Text, &List(&Short(&Text, &ENV_FILE)))),
    may("expose", Tokens),
    may("extends", Short(&Text, &EXTENDS)),
    may("external_links", Set),
    may("extra_hosts", Hosts),
    may("group_add", Tokens),
    may("gpus", Short(&OneOf(&["all"]), &List(&GPU))),
    may("hostname", Text),
    may("healthcheck", HEALTHCHECK),
    may("image", Text),
    may("init", Switch),
    may("ipc", Text),
    may("isolation", Text),
    may("labels", Pairs),
    may("label_file", Short(&Text, &Texts)),
    may("links", Set),
    may("logging", Object(&[may("driver", Text), may("options", Options)])),
    may("mem_limit", Bytes),
    may("mem_reservation", Bytes),
    may("memswap_limit", Bytes),
    may("mem_swappiness", Bytes),
    may("mac_address", Text),
    may("network_mode", Text),
    may("networks", Short(&Set, &Map(&Nullable(&ATTACHMENT)))),
    may("oom_kill_disable", Flag),
    may("oom_score_adj", Whole(-1000, 1000)),
    may("pid", TextOrNothing),
    may("pids_limit", Integer),
    may("platform", Text),
    may("ports", List(&Short(&Number, &Short(&Text, &PORT)))),
    may("post_start", List(&HOOK)),
    may("pre_stop", List(&HOOK)),
    may("privileged", Flag),
    may("pull_policy", OneOf(&["always", "never", "build", "if_not_present", "missing"])),
    may("read_only", Flag),
    may("restart", Text),
    may("runtime", Text),
    may("scale", Count),
    may("secrets", List(&MOUNTED)),
    may("security_opt", Set),
    may("shm_size", Bytes),
    may("stdin_open", Flag),
    may("stop_grace_period", OptionalDuration),
    may("stop_signal", Text),
    may("storage_opt", Options),
    may("sysctls", Pairs),
    may("tmpfs", Words),
    may("tty", Flag),
    may("ulimits", Map(&ULIMIT)),
    may("user", Text),
    may("userns_mode", Text),
    may("uts", Text),
    may("volumes", List(&Short(&Text, &MOUNT))),
    may("volumes_from", Set),
    may("working_dir", Text),
];

const BUILD: Shape = Object(&[
    may("context", Text),
    may("dockerfile", Text),
    may("dockerfile_inline", Text),
    may("entitlements", Texts),
    may("args", Variables),
    may("ssh", Agents),
    may("labels", Pairs),
    may("cache_from", Texts),
    may("cache_to", Texts),
    may("no_cache", Flag),
    may("additional_contexts", Pairs),
    may("pull", Flag),
    may("extra_hosts", Hosts),
    may("isolation", Text),
    may("network", Text),
    may("target", Text),
    may("secrets", List(&MOUNTED)),
    may("shm_size", Bytes),
    may("tags", Texts),
    may("ulimits", Map(&ULIMIT)),
    may("platforms", Texts),
    may("privileged", Flag),
]);

const DEVELOP: Shape = Object(&[may("watch", List(&WATCH))]);

const WATCH: Shape = Object(&[
    must("path", Text),
    must("action", OneOf(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
    may("target", Text),
    printed("exec", HOOK),
    may("ignore", Texts),
]);

const HOOK: Shape = Object(&[
    printed("command", Command),
    may("user", Text),
    may("privileged", Flag),
    may("working_dir", Text),
    may("environment", Variables),
]);

const BLKIO: Shape = Object(&[
    may("weight", Weight),
    may("weight_device", List(&WEIGHT)),
    may("device_read_bps", List(&THROTTLE)),
    may("device_read_iops", List(&THROTTLE)),
    may("device_write_bps", List(&THROTTLE)),
    may("device_write_iops", List(&THROTTLE)),
]);

const WEIGHT: Shape = Object(&[printed_as("path", Text, "Path"), printed_as("weight", Weight, "Weight")]);

const THROTTLE: Shape = Object(&[printed_as("path", Text, "Path"), printed_as("rate", Rate, "Rate")]);

const MOUNTED: Shape = Short(
    &Text,
    &Object(&[may("source", Text), may("target", Text), may("uid", Text), may("gid", Text), may("mode", Mode)]),
);

const DEPENDENCY: Shape = Object(&[
    must("condition", OneOf(&["service_started", "service_healthy", "service_completed_successfully"])),
    may("restart", Flag),
    printed("required", Boolean),
]);

const DEPLOY: Shape = Object(&[
    may("mode", Text),
    may("replicas", Count),
    may("labels", Pairs),
    may("update_config", ROLLING),
    may("rollback_config", ROLLING),
    printed("resources", RESOURCES),
    may("restart_policy", RESTART),
    printed("placement", PLACEMENT),
    may("endpoint_mode", Text),
]);

const ROLLING: Shape = Object(&[
    may("parallelism", Natural),
    may("delay", Duration),
    may("failure_action", Text),
    may("monitor", Duration),
    may("max_failure_ratio", Real),
    may("order", OneOf(&["start-first", "stop-first"])),
]);

const RESOURCES: Shape = Object(&[
    may("limits", Object(&[may("cpus", Real), may("memory", ByteText), may("pids", Whole(i64::MIN, i64::MAX))])),
    may(
        "reservations",
        Object(&[
            may("cpus", Real),
            may("memory", ByteText),
            may("generic_resources", List(&GENERIC)),
            may("devices", List(&RESERVED)),
        ]),
    ),
]);

const GENERIC: Shape = Object(&[may(
    "discrete_resource_spec",
    Object(&[printed_as("kind", Text, "kind"), printed_as("value", OptionalInteger, "value")]),
)]);

const RESERVED: Shape = Object(&[
    must("capabilities", Set),
    may("count", HowMany),
    may("device_ids", Set),
    may("driver", Text),
    may("options", Pairs),
]);

const GPU: Shape = Object(&[
    may("capabilities", Set),
    may("count", HowMany),
    may("device_ids", Set),
    may("driver", Text),
    may("options", Pairs),
]);

const RESTART: Shape = Object(&[
    may("condition", Text),
    may("delay", OptionalDuration),
    may("max_attempts", Natural),
    may("window", OptionalDuration),
]);

const PLACEMENT: Shape = Object(&[
    may("constraints", Texts),
    may("preferences", List(&Object(&[may("spread", Text)]))),
    may("max_replicas_per_node", Whole(0, i64::MAX)),
]);

const DEVICE: Shape = Object(&[must("source", Text), may("target", Text), may("permissions", Text)]);

const ENV_FILE: Shape = Object(&[must("path", Text), may("format", Text), may("required", Switch)]);

const EXTENDS: Shape = Object(&[must("service", Text), may("file", Text)]);

const HEALTHCHECK: Shape = Object(&[
    may("test", Test),
    may("timeout", OptionalDuration),
    may("interval", OptionalDuration),
    may("retries", OptionalNatural),
    may("start_period", OptionalDuration),
    may("start_interval", OptionalDuration),
    may("disable", Flag),
]);

const ATTACHMENT: Shape = Object(&[
    may("priority", Figure(i64::MIN)),
    may("aliases", Set),
    may("ipv4_address", Text),
    may("ipv6_address", Text),
    may("link_local_ips", Set),
    may("mac_address", Text),
    may("driver_opts", DriverOptions),
    may("gw_priority", Figure(i64::MIN)),
]);

const PORT: Shape = Object(&[
    may("name", Text),
    may("mode", Text),
    may("host_ip", Text),
    may("target", Whole(0, 65_535)),
    may("published", Short(&Number, &Text)),
    may("protocol", Text),
    may("app_protocol", Text),
]);

const ULIMIT: Shape = Short(&Count, &Object(&[must("hard", Count), must("soft", Count)]));

const MOUNT: Shape = Object(&[
    must("type", Text),
    may("source", Text),
    may("target", Text),
    may("read_only", Flag),
    may("consistency", Text),
    may(
        "bind",
        Object(&[
            may("selinux", OneOf(&["z", "Z"])),
            may("propagation", Text),
            may("create_host_path", Flag),
            may("recursive", OneOf(&["enabled", "disabled", "writable", "readonly"])),
        ]),
    ),
    may("volume", Object(&[may("nocopy", Flag), may("subpath", Text)])),
    may("tmpfs", Object(&[may("size", Size), may("mode", Figure(0))])),
]);

const NETWORK: Shape = Object(&[
    may("name", Text),
    may("driver", Text),
    may("driver_opts", DriverOptions),
    printed("ipam", IPAM),
    may("external", EXTERNAL),
    may("internal", Flag),
    may("attachable", Flag),
    may("labels", Pairs),
    may("enable_ipv6", Switch),
    may("enable_ipv4", Switch),
]);

const IPAM: Shape = Object(&[
    may("driver", Text),
    may(
        "config",
        List(&Object(&[
            may("subnet", Text),
            may("gateway", Text),
            may("ip_range", Text),
            may("aux_addresses", TextMap),
        ])),
    ),
    may("options", TextMap),
]);

const VOLUME: Shape = Object(&[
    may("name", Text),
    may("driver", Text),
    may("driver_opts", DriverOptions),
    may("external", EXTERNAL),
    may("labels", Pairs),
]);

const SECRET: Shape = Object(&[
    may("name", Text),
    may("file", Text),
    may("environment", Text),
    may("external", EXTERNAL),
    may("labels", Pairs),
    may("driver", Text),
    may("driver_opts", DriverOptions),
    may("template_driver", Text),
]);

const CONFIG: Shape = Object(&[
    may("name", Text),
    may("file", Text),
    may("environment", Text),
    may("content", Text),
    may("external", EXTERNAL),
    may("labels", Pairs),
    may("template_driver", Text),
]);

/// `external: { name: … }` is an old form.
const EXTERNAL: Shape = Short(&Object(&[may("name", Text)]), &Flag);
