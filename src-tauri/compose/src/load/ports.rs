//! The short form of ports: `[[address:]host:]container[/protocol]`, each port possibly a range.
//!
//! Source of the rules: the Compose specification, "ports", short syntax.

use std::net::IpAddr;

use serde_json::{Map, Value, json};
use sternway_model::{Error, Result};

/// The long forms of a port or a range of ports.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if a port, an address or the protocol is none, or ranges differ in length.
pub(super) fn long(short: &str) -> Result<Vec<Value>> {
    let wrong = |why: String| {
        Error::invalid(format!("`{short}` is no port: {why}"))
            .hint("Write `8080:80`, `127.0.0.1:8080:80`, `8000-8005:80-85` or `53:53/udp`.")
    };
    let (address, host, container) = split(short);
    // Compose passes over what stands after a second slash.
    let mut parts = container.split('/');
    let container = parts.next().unwrap_or_default();
    let protocol = parts.next().filter(|protocol| !protocol.is_empty()).unwrap_or("tcp").to_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(wrong(format!("`{protocol}` is no protocol")));
    }
    let inner = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    if inner.is_none() && address.contains(':') {
        return Err(wrong(format!("`{address}` has colons, and stands in no brackets")));
    }
    let address = inner.unwrap_or(address);
    if !address.is_empty() && address.parse::<IpAddr>().is_err() {
        return Err(wrong(format!("`{address}` is no address")));
    }
    let (first, last) = range(container)
        .filter(|(first, _)| *first > 0)
        .ok_or_else(|| wrong(format!("`{container}` is no port of the container")))?;
    let published = match host {
        "" => None,
        host => Some(range(host).ok_or_else(|| wrong(format!("`{host}` is no port of the host")))?),
    };
    if let Some((from, to)) = published
        && to - from != last - first
        && last != first
    {
        return Err(wrong("the ranges have different lengths".to_owned()));
    }
    let mut ports: Vec<_> = (first..=last).collect();
    // Compose sorts a range as texts.
    ports.sort_by_key(u16::to_string);
    Ok(ports
        .into_iter()
        .map(|target| {
            let published = published.map(|(from, to)| match (first == last, from == to) {
                // One port of the container and a range of the host: the engine takes a free one.
                (true, false) => format!("{from}-{to}"),
                _ => (from + (target - first)).to_string(),
            });
            let mut port = Map::new();
            port.insert("mode".to_owned(), json!("ingress"));
            if !address.is_empty() {
                port.insert("host_ip".to_owned(), json!(address));
            }
            port.insert("target".to_owned(), json!(target));
            if let Some(published) = published {
                port.insert("published".to_owned(), json!(published));
            }
            port.insert("protocol".to_owned(), json!(protocol));
            Value::Object(port)
        })
        .collect())
}

/// Address, port of the host and port of the container, each possibly empty.
fn split(short: &str) -> (&str, &str, &str) {
    let Some((before, container)) = short.rsplit_once(':') else { return ("", "", short) };
    match before.rsplit_once(':') {
        Some((address, host)) => (address, host, container),
        None => ("", before, container),
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
    match text.split_once('-') {
        None => port(text).map(|port| (port, port)),
        Some((from, to)) => {
            let (from, to) = (port(from)?, port(to)?);
            (from <= to).then_some((from, to))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(short: &str) -> Vec<(String, u64)> {
        let text = |port: &Value, key: &str| port[key].as_str().unwrap_or("-").to_owned();
        long(short)
            .expect("a port")
            .iter()
            .map(|port| {
                let place = format!("{} {}/{}", text(port, "host_ip"), text(port, "published"), text(port, "protocol"));
                (place, port["target"].as_u64().expect("a number"))
            })
            .collect()
    }

    #[test]
    fn each_form_is_understood() {
        assert_eq!(published("80"), [("- -/tcp".to_owned(), 80)]);
        assert_eq!(published("127.0.0.1:53:53/UDP"), [("127.0.0.1 53/udp".to_owned(), 53)]);
        assert_eq!(published("[::1]:1:2"), [("::1 1/tcp".to_owned(), 2)]);
        assert_eq!(published("127.0.0.1::80"), [("127.0.0.1 -/tcp".to_owned(), 80)]);
        assert_eq!(published("9-10:9-10"), [("- 10/tcp".to_owned(), 10), ("- 9/tcp".to_owned(), 9)]);
        assert_eq!(published("8000-8009:80"), [("- 8000-8009/tcp".to_owned(), 80)]);
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for bad in [
            "",
            "0",
            "80:0",
            "::1:80:80",
            "x",
            "80:",
            "1-2:1-3",
            "70000",
            "300.0.0.1:80:80",
            "80/quic",
            "9-8",
            "a:b:80",
        ] {
            assert!(long(bad).is_err(), "{bad}");
        }
    }
}
