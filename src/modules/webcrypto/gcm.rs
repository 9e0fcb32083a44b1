//! AES-GCM (NIST SP 800-38D), with initialisation vectors of any length.

use aes::Block;
use ghash::GHash;
use ghash::universal_hash::{KeyInit, UniversalHash};

use super::aes::{Aes, BLOCK, xor};
use super::refusal::Refusal;

/// What a call of AES-GCM is given beside key and data.
pub struct Gcm {
    pub iv: Vec<u8>,
    /// What the tag covers, too.
    pub additional: Vec<u8>,
    pub tag_bytes: usize,
}

impl Gcm {
    /// The encrypted data, then the tag.
    ///
    /// # Errors
    ///
    /// `OperationError` for data of more than 64 GiB.
    pub fn encrypt(&self, aes: &Aes, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let hash_key = hash_key(aes);
        let start = self.start(&hash_key);
        let mut closed = aes.apply_ctr(&next(start), 32, data)?;
        let tag = self.tag(aes, &hash_key, start, &closed);
        closed.extend_from_slice(&tag[..self.tag_bytes]);
        Ok(closed)
    }

    /// # Errors
    ///
    /// `OperationError` where the tag does not fit the data.
    pub fn decrypt(&self, aes: &Aes, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let wrong = || Refusal::operation("AES-GCM: key, iv, additionalData and data do not belong together");
        let length = data.len().checked_sub(self.tag_bytes).ok_or_else(wrong)?;
        let (closed, given) = data.split_at(length);
        let hash_key = hash_key(aes);
        let start = self.start(&hash_key);
        let tag = self.tag(aes, &hash_key, start, closed);
        // Every byte is looked at, so that the time tells nothing.
        let difference = tag.iter().zip(given).fold(0, |all, (one, other)| all | (one ^ other));
        if difference != 0 {
            return Err(wrong());
        }
        aes.apply_ctr(&next(start), 32, closed)
    }

    /// The counter block before the first, J0.
    fn start(&self, hash_key: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut start = [0; BLOCK];
        if self.iv.len() == 12 {
            start[..12].copy_from_slice(&self.iv);
            start[15] = 1;
            return start;
        }
        let mut hash = GHash::new(&(*hash_key).into());
        hash.update_padded(&self.iv);
        hash.update(&[lengths(0, self.iv.len())]);
        hash.finalize().into()
    }

    fn tag(&self, aes: &Aes, hash_key: &[u8; BLOCK], start: [u8; BLOCK], closed: &[u8]) -> [u8; BLOCK] {
        let mut hash = GHash::new(&(*hash_key).into());
        hash.update_padded(&self.additional);
        hash.update_padded(closed);
        hash.update(&[lengths(self.additional.len(), closed.len())]);
        let mut tag: [u8; BLOCK] = hash.finalize().into();
        xor(&mut tag, &encrypted(aes, start));
        tag
    }
}

/// Two lengths in bytes, as a block with the numbers of bits.
fn lengths(first: usize, second: usize) -> Block {
    let both = ((first as u128 * 8) << 64) | (second as u128 * 8);
    Block::from(both.to_be_bytes())
}

fn hash_key(aes: &Aes) -> [u8; BLOCK] {
    encrypted(aes, [0; BLOCK])
}

fn encrypted(aes: &Aes, block: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut one = [Block::from(block)];
    aes.encrypt_blocks(&mut one);
    one[0].into()
}

/// The counter block after this one: its last 32 bits count.
fn next(block: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut next = block;
    let count = u32::from_be_bytes([block[12], block[13], block[14], block[15]]);
    next[12..].copy_from_slice(&count.wrapping_add(1).to_be_bytes());
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 2, 4, 5, 6 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega).
    #[test]
    fn known_answers() {
        let key = "feffe9928665731c6d6a8f9467308308";
        let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                     1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
        let additional = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
        let long_iv = "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728\
                       c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b";
        for (key, iv, plain, additional, want) in [
            (
                "00000000000000000000000000000000",
                "000000000000000000000000",
                "00000000000000000000000000000000",
                "",
                "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
            ),
            (
                key,
                "cafebabefacedbaddecaf888",
                plain,
                additional,
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                 21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091\
                 5bc94fbc3221a5db94fae95ae7121a47",
            ),
            (
                key,
                "cafebabefacedbad",
                plain,
                additional,
                "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423\
                 73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598\
                 3612d2e79e3b0785561be14aaca2fccb",
            ),
            (
                key,
                long_iv,
                plain,
                additional,
                "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7\
                 01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5\
                 619cc5aefffe0bfa462af43c1699d050",
            ),
            (
                "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                "cafebabefacedbaddecaf888",
                plain,
                additional,
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                 76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ] {
            let aes = Aes::new(&hex::decode(key).unwrap()).unwrap();
            let plain = hex::decode(plain).unwrap();
            for tag_bytes in [16, 12, 4] {
                let additional = hex::decode(additional).unwrap();
                let gcm = Gcm { iv: hex::decode(iv).unwrap(), additional, tag_bytes };
                let mut closed = gcm.encrypt(&aes, &plain).unwrap();
                assert_eq!(hex::encode(&closed), want[..want.len() - 32 + tag_bytes * 2]);
                assert_eq!(gcm.decrypt(&aes, &closed).unwrap(), plain);
                closed[0] ^= 1;
                assert!(gcm.decrypt(&aes, &closed).is_err());
                assert!(gcm.decrypt(&aes, &closed[..tag_bytes - 1]).is_err());
            }
        }
    }
}
