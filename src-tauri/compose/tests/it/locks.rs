//! The lock on the engine.

use std::time::Duration;

use serde_json::json;
use sternway_compose::{Lease, Owner, lease};
use sternway_model::{Code, DeploymentNumber};
use tokio_util::sync::CancellationToken;

use crate::stage::{idle, on_stage};

#[tokio::test]
async fn only_one_has_the_lock() {
    on_stage("lock", |stage| async move {
        let owner = Owner::this_process("ann", "laptop", Some(DeploymentNumber(7)));
        let cancel = CancellationToken::new();
        let lease = Lease::acquire(&stage.engine, &stage.project, &owner, &cancel).await.expect("free");
        let error = Lease::acquire(&stage.engine, &stage.project, &owner, &cancel).await.expect_err("taken");
        assert_eq!(error.code, Code::Locked);
        for part in ["ann", "laptop", "#7"] {
            assert!(error.message.contains(part), "`{part}` is missing in: {}", error.message);
        }
        let holder = lease::holder(stage.engine.observer(), &stage.project).await.expect("asked").expect("held");
        assert_eq!((&holder.owner, holder.expired, holder.token), (&owner, false, lease.token()));
        let refused = lease::take_over(&stage.engine, &holder).await.expect_err("its holder is this very process");
        assert_eq!(refused.code, Code::Locked);
        lease.check(&stage.engine).await.expect("still ours");
        assert!(stage.containers().await.is_empty(), "Compose's tools do not see the lock");

        lease.release(&stage.engine).await.expect("released");
        assert_eq!(lease::holder(stage.engine.observer(), &stage.project).await.expect("asked"), None);
    })
    .await;
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_lock() {
    on_stage("race", |stage| async move {
        let owner = Owner::this_process("ann", "laptop", None);
        let cancel = CancellationToken::new();
        let attempts = (0..8).map(|_| Lease::acquire(&stage.engine, &stage.project, &owner, &cancel));
        let won: Vec<Lease> =
            futures_util::future::join_all(attempts).await.into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_dead_holder_is_taken_over_and_can_change_nothing_afterwards() {
    on_stage("takeover", |stage| async move {
        let cancel = CancellationToken::new();
        let mut dead = Owner::this_process("ann", "laptop", None);
        dead.started = Some(1); // no process of this machine with this number began then
        let old = Lease::acquire(&stage.engine, &stage.project, &dead, &cancel).await.expect("free");
        let stale = lease::holder(stage.engine.observer(), &stage.project).await.expect("asked").expect("held");
        lease::take_over(&stage.engine, &stale).await.expect("its process is gone");
        let ben = Owner::this_process("ben", "laptop", None);
        let new = Lease::acquire(&stage.engine, &stage.project, &ben, &cancel).await.expect("free again");
        assert!(new.token() > old.token(), "the fencing token grows");

        lease::take_over(&stage.engine, &stale).await.expect("a second takeover of the same stale lock does nothing");
        new.check(&stage.engine).await.expect("it did not hit the new one");

        let model = stage.model(json!({"services": {"app": idle("1")}}));
        let job = &stage.plan(&model).await.work[0].job;
        let fenced = stage.execute(&model, job, Some(&old)).await.expect_err("the old holder woke up too late");
        assert_eq!(fenced.code, Code::Locked);
        assert!(stage.observe(&model).await.networks.is_empty(), "it changed nothing");
        stage.execute(&model, job, Some(&new)).await.expect("the new one may");
    })
    .await;
}

#[tokio::test]
async fn without_a_sign_of_life_the_lock_expires() {
    on_stage("expiry", |stage| async move {
        let cancel = CancellationToken::new();
        let far = Owner { boot: Some("another machine".into()), ..Owner::this_process("ann", "far", None) };
        let lease = Lease::acquire(&stage.engine, &stage.project, &far, &cancel).await.expect("free");
        let seen = lease::holder(stage.engine.observer(), &stage.project).await.expect("asked").expect("held");
        assert!(seen.heartbeat_age.to_duration() < Duration::from_secs(10), "{seen:?}");
        assert!(lease::take_over(&stage.engine, &seen).await.is_err(), "it was heard of just now");

        // What is there a minute after the last heartbeat.
        let mut archive = tar::Builder::new(Vec::new());
        let beat = json!({"at": seen.since.as_millis() - 61_000}).to_string();
        let mut header = tar::Header::new_gnu();
        header.set_size(beat.len() as u64);
        archive.append_data(&mut header, "lease.json", beat.as_bytes()).expect("packed");
        let archive = bollard::body_full(archive.into_inner().expect("packed").into());
        let options = bollard::query_parameters::UploadToContainerOptionsBuilder::new().path("/").build();
        stage.docker.upload_to_container(&seen.id, Some(options), archive).await.expect("written");
        let seen = lease::holder(stage.engine.observer(), &stage.project).await.expect("asked").expect("held");
        assert!(seen.expired, "{seen:?}");
        lease::take_over(&stage.engine, &seen).await.expect("long enough");
        assert_eq!(lease.check(&stage.engine).await.expect_err("lost").code, Code::Locked);
    })
    .await;
}
