//! AES in the modes CBC and CTR; [`super::gcm`] has GCM.

use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};

use super::refusal::Refusal;

/// The bytes of a block.
pub const BLOCK: usize = 16;

/// A key, ready for use.
pub enum Aes {
    Bits128(Aes128),
    Bits192(Aes192),
    Bits256(Aes256),
}

impl Aes {
    /// # Errors
    ///
    /// `OperationError` for a key that has none of 16, 24 and 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, Refusal> {
        let made = match key.len() {
            16 => Aes128::new_from_slice(key).map(Self::Bits128),
            24 => Aes192::new_from_slice(key).map(Self::Bits192),
            _ => Aes256::new_from_slice(key).map(Self::Bits256),
        };
        made.map_err(|_| Refusal::operation("an AES key has 128, 192 or 256 bits"))
    }

    pub fn encrypt_blocks(&self, blocks: &mut [Block]) {
        match self {
            Self::Bits128(aes) => aes.encrypt_blocks(blocks),
            Self::Bits192(aes) => aes.encrypt_blocks(blocks),
            Self::Bits256(aes) => aes.encrypt_blocks(blocks),
        }
    }

    fn decrypt_blocks(&self, blocks: &mut [Block]) {
        match self {
            Self::Bits128(aes) => aes.decrypt_blocks(blocks),
            Self::Bits192(aes) => aes.decrypt_blocks(blocks),
            Self::Bits256(aes) => aes.decrypt_blocks(blocks),
        }
    }

    /// CBC with the padding of PKCS #7 (RFC 5652, 6.3).
    pub fn encrypt_cbc(&self, iv: &[u8; BLOCK], data: &[u8]) -> Vec<u8> {
        let padding = BLOCK - data.len() % BLOCK;
        let mut padded = data.to_vec();
        // A padding has at most a block's length.
        padded.resize(data.len() + padding, padding as u8);
        let mut before = *iv;
        let (blocks, _) = padded.as_chunks_mut::<BLOCK>();
        for block in blocks {
            xor(block, &before);
            let mut one = [Block::from(*block)];
            self.encrypt_blocks(&mut one);
            before = one[0].into();
            *block = before;
        }
        padded
    }

    /// # Errors
    ///
    /// `OperationError` where the data has no whole number of blocks, or the padding is wrong.
    pub fn decrypt_cbc(&self, iv: &[u8; BLOCK], data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let wrong = || Refusal::operation("AES-CBC: the data cannot be decrypted with this key and iv");
        let (chunks, rest) = data.as_chunks::<BLOCK>();
        if chunks.is_empty() || !rest.is_empty() {
            return Err(wrong());
        }
        let mut blocks: Vec<Block> = chunks.iter().map(|chunk| Block::from(*chunk)).collect();
        self.decrypt_blocks(&mut blocks);
        let before = std::iter::once(iv).chain(chunks);
        let mut plain: Vec<u8> = Vec::with_capacity(data.len());
        for (block, before) in blocks.into_iter().zip(before) {
            let mut block: [u8; BLOCK] = block.into();
            xor(&mut block, before);
            plain.extend_from_slice(&block);
        }
        let padding = usize::from(*plain.last().ok_or_else(wrong)?);
        if !(1..=BLOCK).contains(&padding) || !plain.ends_with(&vec![padding as u8; padding]) {
            return Err(wrong());
        }
        plain.truncate(plain.len() - padding);
        Ok(plain)
    }

    /// CTR (NIST SP 800-38A, 6.5), for both directions; the last `counter_bits` of the counter count.
    ///
    /// # Errors
    ///
    /// `OperationError` where the data is so long that the counter would come round.
    pub fn apply_ctr(
        &self,
        counter: &[u8; BLOCK],
        counter_bits: u32,
        data: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        /// Blocks that are encrypted at once.
        const BATCH: usize = 32;
        let mask = if counter_bits >= 128 { u128::MAX } else { (1 << counter_bits) - 1 };
        let needed = data.len().div_ceil(BLOCK) as u128;
        if needed.saturating_sub(1) > mask {
            return Err(Refusal::operation("AES-CTR: the counter is too short for this much data"));
        }
        let start = u128::from_be_bytes(*counter);
        let mut count = start;
        let mut out = data.to_vec();
        for part in out.chunks_mut(BATCH * BLOCK) {
            let mut keys: Vec<Block> = Vec::with_capacity(BATCH);
            for _ in 0..part.len().div_ceil(BLOCK) {
                keys.push(Block::from(count.to_be_bytes()));
                count = start & !mask | count.wrapping_add(1) & mask;
            }
            self.encrypt_blocks(&mut keys);
            for (chunk, key) in part.chunks_mut(BLOCK).zip(&keys) {
                xor(chunk, key);
            }
        }
        Ok(out)
    }
}

/// Changes as many bytes as both have.
pub fn xor(target: &mut [u8], with: &[u8]) {
    for (byte, other) in target.iter_mut().zip(with) {
        *byte ^= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// The plain text of NIST SP 800-38A's examples.
    const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    const KEYS: [&str; 3] = [
        "2b7e151628aed2a6abf7158809cf4f3c",
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    ];

    #[test]
    fn cbc_of_sp_800_38a() {
        let iv = bytes("000102030405060708090a0b0c0d0e0f");
        let plain = hex::decode(PLAIN).unwrap();
        for (key, first) in KEYS.into_iter().zip([
            "7649abac8119b246cee98e9b12e9197d",
            "4f021db243bc633d7178183a9fa071e8",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd6",
        ]) {
            let aes = Aes::new(&hex::decode(key).unwrap()).unwrap();
            for length in [0, 1, 15, 16, 17, 64] {
                let closed = aes.encrypt_cbc(&iv, &plain[..length]);
                assert_eq!(closed.len(), (length / 16 + 1) * 16);
                assert_eq!(aes.decrypt_cbc(&iv, &closed).unwrap(), &plain[..length]);
                assert!(length < 16 || hex::encode(&closed[..16]) == first);
                assert!(aes.decrypt_cbc(&iv, &closed[1..]).is_err());
            }
            assert!(aes.decrypt_cbc(&iv, &[]).is_err());
            assert!(aes.decrypt_cbc(&iv, &[0; 16]).is_err());
        }
    }

    #[test]
    fn ctr_of_sp_800_38a() {
        let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let plain = hex::decode(PLAIN).unwrap();
        for (key, last) in KEYS.into_iter().zip([
            "1e031dda2fbe03d1792170a0f3009cee",
            "4f78a7f6d29809585a97daec58c6b050",
            "dfc9c58db67aada613c2dd08457941a6",
        ]) {
            let aes = Aes::new(&hex::decode(key).unwrap()).unwrap();
            let closed = aes.apply_ctr(&counter, 64, &plain).unwrap();
            assert_eq!(hex::encode(&closed[48..]), last);
            assert_eq!(aes.apply_ctr(&counter, 64, &closed).unwrap(), plain);
        }
    }

    #[test]
    fn counters_come_round_within_their_bits() {
        let aes = Aes::new(&[7; 16]).unwrap();
        let all = bytes("000000000000000000000000000000ff");
        let first = bytes("00000000000000000000000000000000");
        let zeros = [0; 48];
        let round = aes.apply_ctr(&all, 8, &zeros).unwrap();
        assert_eq!(round[16..], aes.apply_ctr(&first, 8, &zeros[..32]).unwrap());
        let carried = aes.apply_ctr(&all, 9, &zeros).unwrap();
        assert_ne!(carried[16..32], round[16..32]);
        let long = vec![0; 1000];
        let whole = aes.apply_ctr(&all, 128, &long).unwrap();
        let rest = aes.apply_ctr(&bytes("0000000000000000000000000000011d"), 128, &long[480..]).unwrap();
        assert_eq!(whole[480..], rest);
        assert!(aes.apply_ctr(&all, 1, &zeros).is_err());
        assert!(aes.apply_ctr(&all, 1, &zeros[..32]).is_ok());
    }
}
