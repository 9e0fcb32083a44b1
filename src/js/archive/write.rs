//! Writing an archive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use tar::{Builder, EntryType, Header};

use super::Metadata;
use super::path::entry_of;
use crate::js::data_file::DataFile;

/// A file to be put into an archive.
#[derive(Clone)]
pub enum Content {
    Module(Bytes),
    Data(DataFile),
}

/// Why an archive could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Two files would get the same name, since archives have no names of users.
    #[error(
        "the files '{0}' and '{1}' would have the same name in the archive, which leaves users' names out"
    )]
    Clash(String, String),
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A data file could not be read again.
    #[error("{0}")]
    Data(String),
}

/// Writes the archive of a test: `files` by URL or path, among which is the main script, `main`.
///
/// The same test makes the same bytes: entries are sorted and have no time. Data files are copied
/// without being held in memory.
pub fn write(
    out: impl Write,
    metadata: &Metadata,
    main: &[u8],
    files: impl IntoIterator<Item = (String, Content)>,
) -> Result<(), WriteError> {
    let mut named = BTreeMap::new();
    for (url, content) in files {
        let name = entry_of(&url);
        if let Some((other, _)) = named.insert(name, (url.clone(), content))
            && other.trim_start_matches("file://") != url.trim_start_matches("file://")
        {
            return Err(WriteError::Clash(other, url));
        }
    }
    let mut tar = Builder::new(out);
    append(&mut tar, "metadata.json", metadata.to_text().as_bytes())?;
    append(&mut tar, "data", main)?;
    let folders: BTreeSet<&Path> = named
        .keys()
        .flat_map(|name| Path::new(name).ancestors().skip(1))
        .filter(|folder| folder.components().next().is_some())
        .collect();
    for folder in folders {
        let mut header = header(EntryType::Directory, 0o755, 0);
        tar.append_data(&mut header, folder, io::empty())?;
    }
    for (name, (url, content)) in &named {
        match content {
            Content::Module(bytes) if *bytes == main => {
                let mut header = header(EntryType::Link, 0o644, 0);
                tar.append_link(&mut header, name, "data")?;
            }
            Content::Module(bytes) => append(&mut tar, name, bytes)?,
            Content::Data(file) => {
                let reader = file.reader(Path::new(url)).map_err(WriteError::Data)?;
                let mut header = header(EntryType::Regular, 0o644, reader.length);
                tar.append_data(&mut header, name, reader)?;
            }
        }
    }
    tar.into_inner()?.flush()?;
    Ok(())
}

fn append(tar: &mut Builder<impl Write>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
    tar.append_data(&mut header, name, content.take(content.len() as u64))
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;
    use std::path::PathBuf;

    use super::super::{Archive, is_archive};
    use super::*;

    fn metadata() -> Metadata {
        Metadata { script: "/home/alice/a.js".into(), pwd: "/home/alice".into(), ..Metadata::default() }
    }

    fn module(url: &str, text: &str) -> (String, Content) {
        (url.to_owned(), Content::Module(Bytes::copy_from_slice(text.as_bytes())))
    }

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let long: PathBuf = folder.path().join("long-name-".repeat(12));
        let content: Vec<u8> = (0..3 << 20).map(|at: u32| (at / 7) as u8).collect();
        std::fs::write(&long, &content).unwrap();
        let (data, _) = DataFile::open(&long).unwrap();
        let files = vec![
            module("file:///home/alice/lib/b.js", "export let b"),
            module("file:///home/alice/a.js", "main"),
            (long.display().to_string(), Content::Data(data)),
        ];
        let mut bytes = Vec::new();
        write(&mut bytes, &metadata(), b"main", files.clone()).unwrap();
        let mut again = Vec::new();
        write(&mut again, &metadata(), b"main", files.into_iter().rev()).unwrap();
        assert!(bytes == again && is_archive(&bytes));

        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file.rewind().unwrap();
        for archive in [Archive::open(file), Archive::of_bytes(bytes.into())] {
            let archive = archive.unwrap();
            assert_eq!(archive.metadata.script, Path::new("/home/nobody/a.js"));
            assert_eq!(archive.module("file:///home/alice/lib/b.js", false).unwrap(), "export let b");
            assert_eq!(archive.module("file:///home/nobody/a.js", false).unwrap(), "main");
            let (file, first) = archive.data_file(&long.display().to_string()).unwrap();
            assert!(first == content && file.bytes(&long).unwrap() == content);
            assert!(archive.data_file("/etc/hostname").is_err() && !archive.has("file:///b.js"));
        }
    }

    #[test]
    fn entries_are_in_k6s_order() {
        let mut bytes = Vec::new();
        let files = [module("file:///w/z.js", "z"), module("file:///w/a.js", "a")];
        write(&mut bytes, &metadata(), b"a", files).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let names: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.header().entry_type(), entry.path().unwrap().display().to_string())
            })
            .collect();
        let want = [
            (EntryType::Regular, "metadata.json"),
            (EntryType::Regular, "data"),
            (EntryType::Directory, "file"),
            (EntryType::Directory, "file/w"),
            (EntryType::Link, "file/w/a.js"),
            (EntryType::Regular, "file/w/z.js"),
        ];
        assert_eq!(names, want.map(|(kind, name)| (kind, name.to_owned())));
    }

    #[test]
    fn what_cannot_be_an_archive_is_refused() {
        let clash = [module("file:///home/a/x.js", "1"), module("file:///home/b/x.js", "2")];
        let error = write(Vec::new(), &metadata(), b"1", clash).unwrap_err();
        assert!(error.to_string().contains("/home/b/x.js"), "{error}");
        let mut bytes = Vec::new();
        write(&mut bytes, &metadata(), b"main", []).unwrap();
        for (bytes, word) in [
            (&b"not a tar file"[..], "no whole tar file"),
            (&bytes[..700], "no whole tar file"),
            (&bytes[1024..], "no entry"),
            (&[][..], "no entry 'metadata.json'"),
        ] {
            let error = Archive::of_bytes(Bytes::copy_from_slice(bytes)).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
