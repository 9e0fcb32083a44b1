//! RSA-OAEP (RFC 8017, 7.1), with labels of any bytes.

use rand::RngCore;
use rsa::hazmat::{rsa_decrypt_and_check, rsa_encrypt};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey};

use super::aes::xor;
use super::hash::Hash;
use super::refusal::Refusal;

/// # Errors
///
/// `OperationError` where the data is too long for the key.
pub fn encrypt(key: &RsaPublicKey, hash: Hash, label: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut seed = vec![0; hash.digest_bytes()];
    rand::rng().fill_bytes(&mut seed);
    let padded = pad(hash, label, data, seed, key.size())?;
    let closed = rsa_encrypt(key, &BigUint::from_bytes_be(&padded));
    let closed = closed.map_err(|_| Refusal::operation("RSA-OAEP: the data cannot be encrypted"))?;
    Ok(of_length(&closed, key.size()))
}

/// # Errors
///
/// `OperationError` where the data was not encrypted for this key and label.
pub fn decrypt(key: &RsaPrivateKey, hash: Hash, label: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let wrong = || Refusal::operation("RSA-OAEP: the data cannot be decrypted with this key and label");
    if data.len() != key.size() {
        return Err(wrong());
    }
    let padded = rsa_decrypt_and_check(key, Some(&mut OsRng), &BigUint::from_bytes_be(data));
    let padded = of_length(&padded.map_err(|_| wrong())?, key.size());
    unpad(hash, label, &padded).ok_or_else(wrong)
}

/// A number in so many bytes, the greatest first.
fn of_length(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length.saturating_sub(bytes.len())], bytes].concat()
}

/// The message encoded: 0, the masked seed, then the masked block of data.
fn pad(hash: Hash, label: &[u8], data: &[u8], mut seed: Vec<u8>, length: usize) -> Result<Vec<u8>, Refusal> {
    let room = length.checked_sub(2 * hash.digest_bytes() + 2);
    let zeros = room.and_then(|room| room.checked_sub(data.len()));
    let zeros = zeros.ok_or_else(|| {
        let most = room.unwrap_or_default();
        Refusal::operation(format!("RSA-OAEP: with this key and hash the data has at most {most} bytes"))
    })?;
    let mut block = hash.digest(label);
    block.resize(block.len() + zeros, 0);
    block.push(1);
    block.extend_from_slice(data);
    mask(hash, &seed, &mut block);
    mask(hash, &block, &mut seed);
    Ok([vec![0], seed, block].concat())
}

fn unpad(hash: Hash, label: &[u8], padded: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = padded.split_first()?;
    let (seed, block) = rest.split_at_checked(hash.digest_bytes())?;
    let (mut seed, mut block) = (seed.to_vec(), block.to_vec());
    mask(hash, &block, &mut seed);
    mask(hash, &seed, &mut block);
    let (found, rest) = block.split_at_checked(hash.digest_bytes())?;
    let zeros = rest.iter().position(|byte| *byte != 0)?;
    (*first == 0 && found == hash.digest(label) && rest[zeros] == 1).then(|| rest[zeros + 1..].to_vec())
}

/// Masks the target with MGF1 (RFC 8017, B.2.1) of the seed.
fn mask(hash: Hash, seed: &[u8], target: &mut [u8]) {
    for (count, part) in (0_u32..).zip(target.chunks_mut(hash.digest_bytes())) {
        xor(part, &hash.digest(&[seed, &count.to_be_bytes()].concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_padded_comes_out_again() {
        let seed = || vec![7; 20];
        for length in [0, 1, 20, 86] {
            let data = vec![0; length];
            let padded = pad(Hash::Sha1, b"label", &data, seed(), 128).unwrap();
            assert_eq!(padded.len(), 128);
            assert_eq!(unpad(Hash::Sha1, b"label", &padded).as_ref(), Some(&data));
            assert_eq!(unpad(Hash::Sha1, b"lab\xff", &padded), None);
            assert_eq!(unpad(Hash::Sha1, b"label", &[&[1], &padded[1..]].concat()), None);
            assert_eq!(unpad(Hash::Sha1, b"label", &padded[..30]), None);
        }
        assert!(pad(Hash::Sha1, b"", &[0; 87], seed(), 128).is_err());
        assert!(pad(Hash::Sha512, b"", b"", vec![7; 64], 128).is_err());
    }
}
