//! Images that come from another engine, such as those of an environment whose release is promoted.

use std::time::{Duration, Instant};

use bollard::query_parameters::ImportImageOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};
use sternway_model::{Error, ImageId, Result, ServiceName};
use tokio::sync::mpsc;

use super::{PULL, keep};
use crate::engine::{failure, timed_out};
use crate::execute::Run;

/// Pieces that may be on their way between the engines; an image is not held in memory.
const ON_THE_WAY: usize = 16;
/// Between two lines about how far it is.
const PAUSE: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1_000_000.0;

/// Brings an image from the engine that has it, and keeps it.
///
/// # Errors
/// [`sternway_model::Code::NotFound`] if the other engine does not have it any more; [`sternway_model::Code::Failed`] with what either engine said, or if
/// their image stores have different ids for the same image; [`sternway_model::Code::TimedOut`]; [`sternway_model::Code::Cancelled`].
pub(crate) async fn bring(run: &Run<'_>, name: &ServiceName, id: &ImageId) -> Result<()> {
    let Some(source) = run.source else {
        return Err(Error::internal(format!("nobody said from where the image of service {name} comes")));
    };
    let doing = format!("bring the image {} of service {name}", id.short());
    let inspected = source.observer().ask(&doing, || source.docker().inspect_image(id.as_str())).await?;
    let size = inspected.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    let moved = async {
        let both = async { tokio::time::timeout(PULL, transfer(run, source, id, size)).await };
        tokio::select! {
            done = both => done.unwrap_or_else(|_| Err(timed_out(&doing, PULL))),
            () = run.cancel.cancelled() => Err(run.cancelled()),
        }
    };
    run.write(&doing, moved).await?;
    if run.engine.observer().image_id(id.as_str()).await?.as_ref() != Some(id) {
        return Err(Error::failed(format!(
            "the image {} of service {name} was brought, and the engine knows it by another id",
            id.short()
        ))
        .hint("The two engines store images differently. Use one kind of image store on both, or a registry."));
    }
    keep(run, name, id).await
}

/// Reads the image from one engine while the other takes it in.
async fn transfer(run: &Run<'_>, source: &crate::engine::Engine, id: &ImageId, size: u64) -> Result<()> {
    let (sender, receiver) = mpsc::channel(ON_THE_WAY);
    let read = async {
        let mut image = std::pin::pin!(source.docker().export_image(id.as_str()));
        let (mut moved, mut told) = (0, Instant::now());
        while let Some(piece) = image.try_next().await.map_err(|error| failure("read the image", error))? {
            moved += piece.len() as u64;
            if told.elapsed() >= PAUSE {
                told = Instant::now();
                run.output.line(&how_far(moved, size));
            }
            // Whoever takes no more has an error of its own, which says more.
            if sender.send(Ok::<_, std::io::Error>(piece)).await.is_err() {
                break;
            }
        }
        drop(sender);
        Ok(moved)
    };
    let taken_in = async {
        let pieces = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let options = ImportImageOptionsBuilder::new().quiet(true).build();
        let mut answer = run.engine.docker().import_image_stream(options, pieces, None).boxed();
        while answer.try_next().await.map_err(|error| failure("take the image in", error))?.is_some() {}
        Ok(())
    };
    // The reader's error counts first: the other one follows from it.
    let (read, taken_in) = futures_util::join!(read, taken_in);
    let moved = read.and_then(|moved| taken_in.map(|()| moved))?;
    run.output.line(&how_far(moved, moved));
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a number for people")]
fn how_far(moved: u64, size: u64) -> String {
    // An archive is somewhat larger than what it is of.
    format!("{:.1} of {:.1} MB", moved as f64 / MEGABYTE, size.max(moved) as f64 / MEGABYTE)
}
