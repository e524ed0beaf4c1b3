//! Keys for engines that are reached over TLS: whom to trust, and who we are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use sternway_model::{Code, Error, MOST_OF_TEXT, Result, read_file};

/// The files that Docker's client calls `ca.pem`, `cert.pem` and `key.pem`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    folder: PathBuf,
    /// The authority that signed the engine's certificate; no other one is trusted.
    authority: Vec<u8>,
    /// Our certificate and its key, where the engine wants to know who we are.
    own: Option<(Vec<u8>, Vec<u8>)>,
}

impl Keys {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// [`Code::NotFound`] if `ca.pem` is not there, or only one of the other two; file errors.
    pub fn read(folder: &Path) -> Result<Self> {
        let file = |name: &str| match read_file("read", &folder.join(name), MOST_OF_TEXT) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let missing = |name: &str| {
            Error::new(Code::NotFound, format!("{} is not there", folder.join(name).display())).hint(
                "An engine with TLS is reached with ca.pem, and with cert.pem and key.pem if it asks who is calling.",
            )
        };
        let own = match (file("cert.pem")?, file("key.pem")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(missing("key.pem")),
            (None, Some(_)) => return Err(missing("cert.pem")),
        };
        let authority = file("ca.pem")?.ok_or_else(|| missing("ca.pem"))?;
        Ok(Self { folder: folder.to_owned(), authority, own })
    }

    /// What a TLS connection is made with.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if a file is not what its name says.
    pub fn config(&self) -> Result<Arc<ClientConfig>> {
        let broken = |name: &str, error: &dyn fmt::Display| {
            Error::invalid(format!("{} cannot be used: {error}", self.folder.join(name).display()))
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&self.authority) {
            let certificate = certificate.map_err(|error| broken("ca.pem", &error))?;
            roots.add(certificate).map_err(|error| broken("ca.pem", &error))?;
        }
        if roots.is_empty() {
            return Err(broken("ca.pem", &"there is no certificate in it"));
        }
        // Named, because more than one provider may be linked in and then there is no usual one.
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots);
        let config = match &self.own {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates)
                    .collect::<Result<_, _>>()
                    .map_err(|error| broken("cert.pem", &error))?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| broken("key.pem", &error))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| broken("cert.pem", &error))?
            }
        };
        Ok(Arc::new(config))
    }
}

/// A key is a secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<keys of {}>", self.folder.display())
    }
}

/// Why a TLS connection was not made, in words; `None` if it is not about TLS.
pub(super) fn refusal(error: &std::io::Error) -> Option<(String, &'static str)> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let (why, hint) = match error {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                "its certificate is not from the authority in ca.pem".to_owned(),
                "Use the ca.pem that belongs to this engine. If it should be the right one, somebody may be in between.",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                "its certificate is for another name".to_owned(),
                "Use the name or address that the engine's certificate was made for.",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "its certificate has expired".to_owned(),
                "Renew the engine's certificate, and look at this machine's clock.",
            ),
            other => (format!("its certificate is not valid: {other}"), "Look at the engine's certificate."),
        },
        rustls::Error::AlertReceived(alert) => (
            format!("it refused our certificate ({alert:?})"),
            "The engine wants cert.pem and key.pem from an authority that it trusts.",
        ),
        rustls::Error::InvalidMessage(_) => {
            ("it does not speak TLS".to_owned(), "Engines speak TLS on port 2376 as a rule, and plain text on 2375.")
        }
        other => (other.to_string(), "Look at the engine's log."),
    };
    Some((why, hint))
}
