//! Disks, processors and devices of the host, in the engine's words.

use bollard::models::{DeviceRequest, HostConfig, ResourcesBlkioWeightDevice, ThrottleDevice};
use sternway_model::{Error, Result};

use crate::model::{Blkio, DiskRate, Service};

/// Puts a service's shares of the host's hardware into a container's description.
///
/// # Errors
/// If a number is out of the engine's range, or a word is not one of its.
pub(super) fn describe(service: &Service, host: &mut HostConfig) -> Result<()> {
    host.cpu_count = service.cpu_count.map(|n| n.0);
    #[allow(clippy::cast_possible_truncation, reason = "the engine takes whole per cent")]
    let percent = service.cpu_percent.map(|percent| percent.0.round() as i64);
    host.cpu_percent = percent;
    host.cpu_realtime_period = service.cpu_rt_period.map(|n| n.0);
    host.cpu_realtime_runtime = service.cpu_rt_runtime.map(|n| n.0);
    if let Some(isolation) = &service.isolation {
        let known = isolation.parse().map_err(|_| {
            Error::invalid(format!("`isolation: {isolation}` is unknown"))
                .hint("Engines know `default`, `process` and `hyperv`.")
        });
        host.isolation = Some(known?);
    }
    let requests: Vec<DeviceRequest> = service.device_requests().map(request).collect();
    host.device_requests = (!requests.is_empty()).then_some(requests);
    service.blkio_config.as_ref().map_or(Ok(()), |disks| blkio(disks, host))
}

fn request(wanted: crate::model::DeviceRequest) -> DeviceRequest {
    DeviceRequest {
        driver: wanted.driver,
        count: wanted.count.map(|n| n.0),
        device_ids: (!wanted.device_ids.is_empty()).then_some(wanted.device_ids),
        capabilities: Some(vec![wanted.capabilities]),
        options: (!wanted.options.is_empty()).then(|| wanted.options.into_iter().collect()),
    }
}

fn blkio(disks: &Blkio, host: &mut HostConfig) -> Result<()> {
    let out_of_range = |_| Error::invalid("a `weight` of `blkio_config` is out of range");
    host.blkio_weight = disks.weight.map(|n| u16::try_from(n.0)).transpose().map_err(out_of_range)?;
    let mut weights = Vec::with_capacity(disks.weight_device.len());
    for disk in &disks.weight_device {
        let weight = usize::try_from(disk.weight.0).map_err(out_of_range)?;
        weights.push(ResourcesBlkioWeightDevice { path: Some(disk.path.clone()), weight: Some(weight) });
    }
    host.blkio_weight_device = (!weights.is_empty()).then_some(weights);
    host.blkio_device_read_bps = rates(&disks.device_read_bps);
    host.blkio_device_read_iops = rates(&disks.device_read_iops);
    host.blkio_device_write_bps = rates(&disks.device_write_bps);
    host.blkio_device_write_iops = rates(&disks.device_write_iops);
    Ok(())
}

fn rates(rates: &[DiskRate]) -> Option<Vec<ThrottleDevice>> {
    let rate = |rate: &DiskRate| ThrottleDevice { path: Some(rate.path.clone()), rate: Some(rate.rate.0) };
    (!rates.is_empty()).then(|| rates.iter().map(rate).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;

    #[test]
    fn what_this_engine_cannot_show_is_described_all_the_same() {
        let service = json!({"image": "i", "cpu_count": 2, "cpu_percent": 12.6, "cpu_rt_period": 1_000_000, "isolation": "hyperv",
            "cpu_rt_runtime": "950000", "gpus": [{"count": -1}],
            "blkio_config": {"weight": 300, "weight_device": [{"Path": "/dev/sda", "Weight": 400}],
                "device_write_bps": [{"Path": "/dev/sda", "Rate": "1048576"}]}});
        let model = Model::decode(&json!({"name": "p", "services": {"a": service}})).expect("valid");
        let mut host = HostConfig::default();
        describe(&model.services["a"], &mut host).expect("described");
        assert_eq!((host.cpu_count, host.cpu_percent), (Some(2), Some(13)));
        assert_eq!((host.cpu_realtime_period, host.cpu_realtime_runtime), (Some(1_000_000), Some(950_000)));
        assert_eq!(host.isolation.map(|isolation| isolation.to_string()).as_deref(), Some("hyperv"));
        let request = &host.device_requests.expect("a request")[0];
        assert_eq!((request.count, &request.capabilities), (Some(-1), &Some(vec![vec!["gpu".to_owned()]])));
        assert_eq!(host.blkio_weight, Some(300));
        assert_eq!(host.blkio_weight_device.expect("a disk")[0].weight, Some(400));
        assert_eq!(host.blkio_device_write_bps.expect("a disk")[0].rate, Some(1_048_576));
        assert_eq!(host.blkio_device_read_bps, None);
    }
}
