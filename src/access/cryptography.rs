//! The cryptography of tokens, by the crates of RustCrypto: only what [`super::Keys`] has keys for,
//! since each further algorithm is code that every visitor's request would load.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use rsa::BoxedUint;
use sha2::Sha256;
use signature::{Error, Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// The smallest modulus of a key for RS256, in bits (RFC 7518, section 3.3), and the largest: a
/// larger one only takes time.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2_048..=4_096;

/// Have tokens checked by what is here. Once is enough, and more does no harm.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

/// Whether a key is one for `algorithm`.
pub(super) fn is_usable(algorithm: Algorithm, key: &DecodingKey) -> bool {
    verifier(&algorithm, key).is_ok()
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let of =
        |family| if key.family() == family { Ok(()) } else { Err(ErrorKind::InvalidKeyFormat) };
    use jsonwebtoken::AlgorithmFamily as Family;
    Ok(match algorithm {
        Algorithm::HS256 => {
            of(Family::Hmac)?;
            Box::new(Hs256(hmac_of(key.try_get_as_bytes()?)?))
        }
        Algorithm::ES256 => {
            of(Family::Ec)?;
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.try_get_as_bytes()?);
            Box::new(Es256(key.map_err(|_| ErrorKind::InvalidEcdsaKey)?))
        }
        Algorithm::EdDSA => {
            of(Family::Ed)?;
            let bytes: &[u8; 32] =
                key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(bytes);
            Box::new(EdDsa(key.map_err(|_| ErrorKind::InvalidEddsaKey)?))
        }
        Algorithm::RS256 => {
            of(Family::Rsa)?;
            Box::new(Rs256(rsa_of(key)?))
        }
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

/// Tokens are made here only by a local server, for people who try it.
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256(hmac_of(key.as_bytes())?))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn hmac_of(secret: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat.into())
}

fn rsa_of(key: &DecodingKey) -> Result<rsa::pkcs1v15::VerifyingKey<Sha256>> {
    use rsa::pkcs1::DecodeRsaPublicKey;
    let wrong = |_| ErrorKind::InvalidRsaKey("not a key".into());
    let key = match key.kind() {
        DecodingKeyKind::SecretOrDer(der) => {
            rsa::PublicKey::from_pkcs1_der(der).map_err(|_| wrong(()))?
        }
        DecodingKeyKind::RsaModulusExponent { n, e } => rsa::PublicKey::new(
            BoxedUint::from_be_slice_vartime(n),
            BoxedUint::from_be_slice_vartime(e),
        )
        .map_err(|_| wrong(()))?,
    };
    use rsa::traits::PublicKeyParts;
    if RSA_BITS.contains(&key.n().bit_width()) {
        Ok(rsa::pkcs1v15::VerifyingKey::new(key))
    } else {
        Err(wrong(()).into())
    }
}

struct Hs256(Hmac<Sha256>);
struct Es256(p256::ecdsa::VerifyingKey);
struct EdDsa(ed25519_dalek::VerifyingKey);
struct Rs256(rsa::pkcs1v15::VerifyingKey<Sha256>);

impl Verifier<Vec<u8>> for Hs256 {
    /// In a time that does not tell how much of the signature is right.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl Verifier<Vec<u8>> for Es256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| Error::new())?;
        self.0.verify(message, &signature).map_err(|_| Error::new())
    }
}

impl Verifier<Vec<u8>> for EdDsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let signature =
            ed25519_dalek::Signature::from_slice(signature).map_err(|_| Error::new())?;
        // Strictly: a signature has one form, and a weak key none.
        self.0.verify_strict(message, &signature).map_err(|_| Error::new())
    }
}

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let signature =
            rsa::pkcs1v15::Signature::try_from(&signature[..]).map_err(|_| Error::new())?;
        self.0.verify(message, &signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

impl JwtVerifier for EdDsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
