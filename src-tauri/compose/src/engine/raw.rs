//! Requests that the client library has no words for, over connections of their own.

use std::future::Future;

use bollard::models::{ContainerCreateBody, ContainerCreateResponse};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sternway_model::{Code, Error, Result};

use super::{Observer, REQUEST, cut, innermost, timed_out};

/// What the engine says of itself in the headers of an answer to `GET /_ping`; empty where it says nothing.
pub(super) struct Greeting {
    /// The newest API that it speaks, such as `1.41`.
    pub api: String,
    /// The system of its containers.
    pub os: String,
    /// Its name and version.
    pub server: String,
}

impl Observer {
    /// Creates a container with a hardware address for all its networks, as engines before API 1.44 know it.
    pub(crate) async fn create_with_address(
        &self,
        doing: &str,
        (name, platform): (&str, Option<&str>),
        body: &ContainerCreateBody,
        address: &str,
    ) -> Result<ContainerCreateResponse> {
        let unreadable = |error: serde_json::Error| Error::internal(format!("cannot {doing}: {error}"));
        let mut body = serde_json::to_value(body).map_err(unreadable)?;
        body["MacAddress"] = json!(address);
        let platform = platform.map(|platform| format!("&platform={platform}")).unwrap_or_default();
        let request = Request::post(format!("/containers/create?name={name}{platform}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()));
        let request = request.map_err(|error| Error::invalid(format!("cannot {doing}: {error}")))?;
        within(doing, async {
            let response = self.send(doing, request).await?;
            let status = response.status();
            let answer = response.into_body().collect().await.map_err(|error| cut(doing, &innermost(&error)))?;
            let answer: Value = serde_json::from_slice(&answer.to_bytes()).map_err(unreadable)?;
            if status.is_success() {
                return serde_json::from_value(answer).map_err(unreadable);
            }
            let code = if status == 404 { Code::NotFound } else { Code::Failed };
            Err(Error::new(code, format!("cannot {doing}: {}", answer["message"].as_str().unwrap_or_default())))
        })
        .await
    }

    /// How the engine greets.
    ///
    /// # Errors
    /// As [`Observer::info`].
    pub(super) async fn greeting(&self) -> Result<Greeting> {
        let doing = "ask the engine what it is";
        let request = Request::get("/_ping").body(Full::default());
        let request = request.map_err(|error| Error::internal(format!("cannot {doing}: {error}")))?;
        within(doing, async {
            let response = self.send(doing, request).await?;
            let said = |name: &str| {
                let value = response.headers().get(name).and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            Ok(Greeting { api: said("api-version"), os: said("ostype"), server: said("server") })
        })
        .await
    }

    /// Sends a request on a connection of its own; a response that changes the protocol can be taken over.
    pub(crate) async fn send(&self, doing: &str, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        // The engine does not care about its name, and HTTP wants one.
        request.headers_mut().entry(header::HOST).or_insert(header::HeaderValue::from_static("docker"));
        let line = TokioIo::new(self.route.line().await?);
        let broken = |error: hyper::Error| cut(doing, &innermost(&error));
        let (mut sender, connection) = http1::handshake(line).await.map_err(broken)?;
        // What goes wrong with the connection is seen by whoever reads the answer.
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.map_err(broken)
    }
}

/// Work with the time limit of an ordinary request.
pub(crate) async fn within<T>(doing: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(REQUEST, work).await.unwrap_or_else(|_| Err(timed_out(doing, REQUEST)))
}
