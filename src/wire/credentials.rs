//! Certificates from the cluster's secret.
//!
//! The secret, stretched, is the key of an authority that exists nowhere but in the memory of those who know the secret; each
//! node issues its own certificate with it and renews it in time. Who does not know the secret can neither connect nor be
//! connected to. Whoever knows it can take any name: the names guard against addresses that are used again and against nodes
//! of another cluster, not against a holder of the secret.

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Datelike, Duration, Utc};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber};
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring as provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SignatureScheme};

use crate::base::clock::Timestamp;
use crate::base::ids::random_bytes;
use crate::base::secrets::Secret;

use super::names::{Name, NodeName};

/// The shortest secret that is accepted, in characters.
pub const SHORTEST_SECRET: usize = 16;

/// How much guessing a secret costs: rounds of PBKDF2, about a third of a second.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};
/// Sets the key apart from any other use of the secret.
const PURPOSE: &[u8] = b"hearth cluster authority 1";
/// What stands before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A certificate counts from so many days before it is made, so that clocks may differ,
const DAYS_BEFORE: i64 = 30;
/// to so many days after;
const DAYS_AFTER: i64 = 90;
/// it is made anew after so many.
const DAYS_RENEWED: i64 = 15;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The secret is too easy to guess.
    #[error("the cluster secret must have at least {SHORTEST_SECRET} characters")]
    Short,
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
}

fn failed(error: impl std::fmt::Display) -> CredentialsError {
    CredentialsError::Certificate(error.to_string())
}

/// What a node shows, and what it asks of others.
pub struct Credentials {
    authority: Issuer<'static, KeyPair>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    name: ArcSwapOption<NodeName>,
    current: ArcSwap<Issued>,
}

/// A certificate with its key.
#[derive(Debug)]
struct Issued {
    key: Arc<CertifiedKey>,
    at: Timestamp,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name.load()).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Makes the authority, and a first certificate without the name of a node. Takes a third of a second of one core.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub fn derive(secret: &Secret) -> Result<Arc<Self>, CredentialsError> {
        if secret.expose().chars().count() < SHORTEST_SECRET {
            return Err(CredentialsError::Short);
        }
        let key = authority_key(secret)?;
        let params = authority_params();
        let certificate = params.self_signed(&key).map_err(failed)?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).map_err(failed)?;
        let authority = Issuer::new(params, key);
        let current = ArcSwap::from_pointee(issue(&authority, None)?);
        let provider = Arc::new(provider::default_provider());
        Ok(Arc::new(Self { authority, roots: Arc::new(roots), provider, name: ArcSwapOption::empty(), current }))
    }

    /// From now on this node shows that it is this one.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn become_node(&self, name: NodeName) -> Result<(), CredentialsError> {
        self.name.store(Some(Arc::new(name)));
        self.renew()
    }

    fn renew(&self) -> Result<(), CredentialsError> {
        self.current.store(Arc::new(issue(&self.authority, self.name.load().as_deref())?));
        Ok(())
    }

    /// The certificate to show now. One that cannot be renewed is shown as long as it lasts.
    fn shown(&self) -> Arc<CertifiedKey> {
        if is_due(self.current.load().at, Timestamp::now())
            && let Err(error) = self.renew()
        {
            tracing::warn!(%error, "the certificate of this node is not renewed");
        }
        Arc::clone(&self.current.load().key)
    }

    /// For connections to others.
    ///
    /// # Errors
    /// The TLS library does not take the configuration.
    pub fn client(self: &Arc<Self>) -> io::Result<Arc<ClientConfig>> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider)).with_protocol_versions(&[&rustls::version::TLS13]);
        let builder = builder.map_err(io::Error::other)?.with_root_certificates(Arc::clone(&self.roots));
        let mut config = builder.with_client_cert_resolver(Arc::new(Shown(Arc::clone(self))));
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }

    /// For connections from others.
    ///
    /// # Errors
    /// The TLS library does not take the configuration.
    pub fn server(self: &Arc<Self>) -> io::Result<Arc<ServerConfig>> {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), Arc::clone(&self.provider));
        let verifier = verifier.build().map_err(io::Error::other)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider)).with_protocol_versions(&[&rustls::version::TLS13]);
        let builder = builder.map_err(io::Error::other)?.with_client_cert_verifier(verifier);
        let mut config = builder.with_cert_resolver(Arc::new(Shown(Arc::clone(self))));
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Shows the current certificate in every handshake.
#[derive(Debug)]
struct Shown(Arc<Credentials>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.shown())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.shown())
    }
}

/// The node that a verified certificate names.
pub(super) fn node_of(certificate: &CertificateDer<'_>) -> Option<NodeName> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    certificate.valid_dns_names().find_map(NodeName::parse)
}

/// One of the future is due at once: it was issued before the clock was set right, and others may not accept it yet.
fn is_due(issued: Timestamp, now: Timestamp) -> bool {
    issued > now || now.millis().saturating_sub(issued.millis()) > DAYS_RENEWED * 24 * 3600 * 1000
}

fn authority_key(secret: &Secret) -> Result<KeyPair, CredentialsError> {
    let mut der = PKCS8.to_vec();
    let mut key = [0; 32];
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, PURPOSE, secret.expose().as_bytes(), &mut key);
    der.extend(key);
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(der), &rcgen::PKCS_ED25519).map_err(failed)
}

/// The same on every node, so that the authority is one.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Hearth cluster");
    params.serial_number = Some(SerialNumber::from(1));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2200, 1, 1);
    params
}

fn issue(authority: &Issuer<'static, KeyPair>, name: Option<&NodeName>) -> Result<Issued, CredentialsError> {
    let at = Timestamp::now();
    let names = [Some(Name::Member), name.copied().map(Name::Node)].into_iter().flatten().map(|name| name.to_string());
    let mut params = CertificateParams::new(names.collect::<Vec<_>>()).map_err(failed)?;
    let today = DateTime::<Utc>::from_timestamp_millis(at.millis()).ok_or_else(|| failed("the clock is out of range"))?;
    params.not_before = day(today - Duration::days(DAYS_BEFORE));
    params.not_after = day(today + Duration::days(DAYS_AFTER));
    params.serial_number = Some(SerialNumber::from(random_bytes::<16>().map_err(failed)?.to_vec()));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(failed)?;
    let certificate = params.signed_by(&key, authority).map_err(failed)?;
    let signer = provider::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(key.serialize_der())).map_err(failed)?;
    Ok(Issued { key: Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signer)), at })
}

fn day(at: DateTime<Utc>) -> time::OffsetDateTime {
    rcgen::date_time_ymd(at.year(), u8::try_from(at.month()).unwrap_or(1), u8::try_from(at.day()).unwrap_or(1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_short_secret_is_refused() {
        assert!(matches!(Credentials::derive(&Secret::new("fifteen letters".to_owned())), Err(CredentialsError::Short)));
    }

    #[test]
    fn a_certificate_names_its_node_once_it_is_one() {
        let credentials = Credentials::derive(&Secret::new("a secret of a cluster".to_owned())).unwrap();
        assert_eq!(node_of(&credentials.shown().cert[0]), None);
        let name = NodeName { cluster: Uuid::from_u128(5), node: 3 };
        credentials.become_node(name).unwrap();
        assert_eq!(node_of(&credentials.shown().cert[0]), Some(name));
    }

    #[test]
    fn it_is_renewed_long_before_it_ends() {
        let days = |days: i64| Timestamp(days * 24 * 3600 * 1000);
        assert!(!is_due(days(100), days(100 + DAYS_RENEWED)));
        assert!(is_due(days(100), days(101 + DAYS_RENEWED)));
        assert!(is_due(days(100), days(99)));
        const { assert!(DAYS_RENEWED + DAYS_BEFORE < DAYS_AFTER) };
    }
}
