//! Reading an archive: where its entries are, not what they hold. Nothing is unpacked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _};
use std::sync::Arc;

use bytes::Bytes;
use tar::EntryType;

use super::Metadata;
use super::path::entry_of;
use crate::js::data_file::DataFile;
use crate::js::read_at::read_exact_at;

/// The bytes of a tar file.
#[derive(Debug)]
enum Store {
    File(Arc<File>),
    /// From standard input.
    Memory(Bytes),
}

/// An opened archive.
#[derive(Debug)]
pub struct Archive {
    pub metadata: Metadata,
    store: Store,
    /// Offset and length of each file by its entry's name.
    entries: HashMap<String, (u64, u64)>,
}

/// Whether a file begins like a tar file; `head` is its first 512 bytes.
pub fn is_archive(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

impl Archive {
    /// Opens an archive in a file, which is read where and when its parts are needed.
    pub fn open(mut file: File) -> Result<Self, String> {
        let found = (|| {
            file.rewind()?;
            let mut archive = tar::Archive::new(&file);
            index(archive.entries_with_seek()?)
        })();
        Self::new(Store::File(Arc::new(file)), found)
    }

    /// Opens an archive in memory.
    pub fn of_bytes(bytes: Bytes) -> Result<Self, String> {
        let found = tar::Archive::new(Cursor::new(&bytes)).entries().and_then(index);
        Self::new(Store::Memory(bytes), found)
    }

    fn new(store: Store, found: io::Result<HashMap<String, (u64, u64)>>) -> Result<Self, String> {
        let entries = found.map_err(|error| format!("it is no whole tar file: {error}"))?;
        let mut archive = Self { metadata: Metadata::default(), store, entries };
        for name in ["metadata.json", "data"] {
            if !archive.entries.contains_key(name) {
                return Err(format!("it has no entry '{name}'; archives are made by `ssek archive`"));
            }
        }
        let read =
            |name: &str| archive.read(name).map_err(|error| format!("could not read its {name}: {error}"));
        archive.metadata = Metadata::parse(&read("metadata.json")?)?;
        Ok(archive)
    }

    fn read(&self, name: &str) -> io::Result<Bytes> {
        let Some((offset, length)) = self.entries.get(name).copied() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        match &self.store {
            Store::File(file) => {
                let mut bytes = vec![0; size(length)?];
                read_exact_at(file, &mut bytes, offset)?;
                Ok(bytes.into())
            }
            Store::Memory(bytes) => {
                let (start, end) = (size(offset)?, size(offset + length)?);
                if end > bytes.len() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(bytes.slice(start..end))
            }
        }
    }

    /// The text of a module, by URL. The main script's is that of `data`.
    pub fn module(&self, url: &str, is_main: bool) -> io::Result<Bytes> {
        match self.find(url) {
            _ if is_main => self.read("data"),
            Some(name) => self.read(&name),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Whether a file is in the archive; by URL or path.
    pub fn has(&self, url: &str) -> bool {
        self.find(url).is_some()
    }

    /// A data file, by path. A large one is not read.
    pub fn data_file(&self, path: &str) -> io::Result<DataFile> {
        let name = self.find(path).ok_or(io::ErrorKind::NotFound)?;
        if let (Store::File(file), Some((offset, length))) = (&self.store, self.entries.get(&name))
            && let Some(large) = DataFile::within(file, *offset, size(*length)?)
        {
            return Ok(large);
        }
        self.read(&name).map(DataFile::Kept)
    }

    /// The entry of a file. Before version 0.26 k6 kept modules and data files apart.
    fn find(&self, url: &str) -> Option<String> {
        let entry = entry_of(url);
        if self.entries.contains_key(&entry) {
            return Some(entry);
        }
        let (_, rest) = entry.split_once('/')?;
        ["scripts", "files"]
            .into_iter()
            .map(|folder| format!("{folder}/{rest}"))
            .find(|name| self.entries.contains_key(name))
    }
}

fn size(length: u64) -> io::Result<usize> {
    usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

fn index<R: Read>(entries: tar::Entries<'_, R>) -> io::Result<HashMap<String, (u64, u64)>> {
    let mut found = HashMap::new();
    for entry in entries {
        let entry = entry?;
        let name = name_of(&entry.path_bytes());
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                found.insert(name, (entry.raw_file_position(), entry.size()));
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().map(|target| name_of(&target)).unwrap_or_default();
                let place = found.get(&target).copied().ok_or_else(|| {
                    io::Error::other(format!("'{name}' is a link to '{target}', which is not in front of it"))
                })?;
                found.insert(name, place);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn name_of(bytes: &[u8]) -> String {
    let name = String::from_utf8_lossy(bytes);
    name.strip_prefix("./").unwrap_or(&name).to_owned()
}
