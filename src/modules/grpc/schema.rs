//! Services and their methods, from `.proto` files, from sets of descriptors, and from servers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::js::Sources;

/// What a client knows of its servers.
#[derive(Default)]
pub struct Schema {
    /// By `/package.Service/Method`.
    methods: HashMap<String, MethodDescriptor>,
    pools: Vec<DescriptorPool>,
}

impl Schema {
    /// Adds services; a method that is known already is taken from here on.
    pub fn add(&mut self, pool: DescriptorPool) -> Vec<MethodDescriptor> {
        let mut added: Vec<_> =
            pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        added.sort_by_key(path);
        for method in &added {
            self.methods.insert(path(method), method.clone());
        }
        self.pools.push(pool);
        added
    }

    /// The method of a path.
    pub fn method(&self, path: &str) -> Option<MethodDescriptor> {
        self.methods.get(path).cloned()
    }

    /// The message type of that full name.
    pub fn message(&self, name: &str) -> Option<MessageDescriptor> {
        let known = self.pools.iter().find_map(|pool| pool.get_message_by_name(name));
        known.or_else(|| DescriptorPool::global().get_message_by_name(name))
    }
}

/// `/package.Service/Method`
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// Compiles `.proto` files, which are opened as `open()` does, in the first of the folders that has them.
///
/// # Errors
///
/// Says which file is missing or wrong, and where.
pub fn compile(
    sources: Arc<Sources>,
    folders: &[String],
    files: &[String],
) -> Result<DescriptorPool, String> {
    let missing = Arc::<Mutex<Option<String>>>::default();
    let mut resolver = ChainFileResolver::new();
    resolver.add(Scripts { sources, folders: folders.to_vec(), missing: missing.clone() });
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    for file in files {
        compiler.open_file(file).map_err(|error| {
            let missing = missing.lock().unwrap_or_else(PoisonError::into_inner).take();
            match missing.filter(|_| error.is_file_not_found()) {
                Some(missing) => format!("{error}: {missing}"),
                None => described(&error),
            }
        })?;
    }
    Ok(compiler.descriptor_pool())
}

/// The error with its place, which only its long form has.
fn described(error: &protox::Error) -> String {
    let (short, long) = (error.to_string(), format!("{error:?}"));
    match error.file() {
        _ if long.contains(&short) && !long.contains('\n') => long,
        Some(file) => format!("{file}: {short}"),
        None => short,
    }
}

/// Finds files as scripts do.
struct Scripts {
    sources: Arc<Sources>,
    folders: Vec<String>,
    /// Why the last file that was not found was not there.
    missing: Arc<Mutex<Option<String>>>,
}

impl FileResolver for Scripts {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        // A name with `./` or `..` is as good as another.
        path.to_str().map(|name| name.trim_start_matches("./").to_owned())
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let mut why = None;
        for folder in &self.folders {
            let path = Path::new(folder).join(name);
            match self.sources.open(&path.to_string_lossy()) {
                Ok(bytes) => {
                    let text = std::str::from_utf8(&bytes)
                        .map_err(|_| protox::Error::new(format!("{}: not UTF-8", path.display())))?;
                    return File::from_source(name, text);
                }
                Err(text) => why = why.or(Some(text)),
            }
        }
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = why;
        Err(protox::Error::file_not_found(name))
    }
}

/// Reads an encoded `FileDescriptorSet`, as `protoc --descriptor_set_out --include_imports` writes it.
///
/// # Errors
///
/// It is none, or it is not whole.
pub fn decode_set(bytes: &[u8]) -> Result<DescriptorPool, String> {
    let mut pool = DescriptorPool::new();
    pool.decode_file_descriptor_set(bytes).map_err(|error| error.to_string())?;
    Ok(pool)
}

/// Makes descriptors of encoded `FileDescriptorProto`s, by name.
///
/// # Errors
///
/// Something is missing, or contradicts something else.
pub fn decode_files(files: &BTreeMap<String, Bytes>) -> Result<DescriptorPool, String> {
    let mut pool = DescriptorPool::new();
    let mut seen = BTreeSet::new();
    for name in files.keys() {
        add(name, files, &mut seen, &mut pool)?;
    }
    Ok(pool)
}

/// Adds a file after those that it imports.
fn add<'a>(
    name: &'a str,
    files: &'a BTreeMap<String, Bytes>,
    seen: &mut BTreeSet<String>,
    pool: &mut DescriptorPool,
) -> Result<(), String> {
    let Some(bytes) = files.get(name).filter(|_| seen.insert(name.to_owned())) else { return Ok(()) };
    let file = FileDescriptorProto::decode(bytes.clone()).map_err(|error| error.to_string())?;
    for import in &file.dependency {
        if let Some((import, _)) = files.get_key_value(import) {
            add(import, files, seen, pool)?;
        }
    }
    pool.decode_file_descriptor_proto(bytes.clone()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<Sources>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let sources = Arc::new(Sources::new("s.js", folder.path(), None));
        (folder, sources)
    }

    const A: &str = "syntax = \"proto3\"; package a; import \"b/b.proto\";
        import \"google/protobuf/timestamp.proto\";
        message M { google.protobuf.Timestamp at = 1; b.N n = 2; }
        service S { rpc One(M) returns (b.N); rpc Two(stream M) returns (stream b.N); }";
    const B: &str = "syntax = \"proto3\"; package b; message N { int64 n = 1; }";

    #[test]
    fn files_with_imports() {
        let (_folder, sources) = sources(&[("p/a.proto", A), ("q/b/b.proto", B)]);
        let load = |folders: &[&str], file: &str| {
            let folders: Vec<_> = folders.iter().map(|&folder| folder.to_owned()).collect();
            compile(sources.clone(), &folders, &[file.to_owned()])
        };
        let pool = load(&["p", "q"], "./a.proto").unwrap();
        let mut schema = Schema::default();
        let added: Vec<_> = schema.add(pool.clone()).iter().map(path).collect();
        assert_eq!(added, ["/a.S/One", "/a.S/Two"]);
        assert!(schema.method("/a.S/Two").unwrap().is_client_streaming());
        assert!(schema.message("b.N").is_some() && schema.message("c.N").is_none());

        // The same from a set, and from single files in no order.
        let set = decode_set(&pool.encode_to_vec()).unwrap();
        assert_eq!(set.services().len(), 1);
        let files = pool.files().map(|file| (file.name().to_owned(), file.encode_to_vec().into())).collect();
        assert_eq!(decode_files(&files).unwrap().services().len(), 1);

        let error = load(&["p"], "a.proto").unwrap_err();
        assert!(error.contains("import 'b/b.proto' not found") && error.contains("no such file"), "{error}");
        let error = load(&[""], "nowhere.proto").unwrap_err();
        assert!(error.contains("nowhere.proto") && error.contains("no such file"), "{error}");
        assert!(decode_set(b"\xff").is_err());
    }

    #[test]
    fn errors_have_a_place() {
        let (_folder, sources) = sources(&[
            ("a.proto", "syntax = \"proto3\";\nmessage {"),
            ("b.proto", "syntax = \"proto3\";\nmessage M {\n  Nobody n = 1;\n}"),
        ]);
        for (file, places) in [("a.proto", "a.proto:2:9"), ("b.proto", "b.proto:3:3")] {
            let error = compile(sources.clone(), &[String::new()], &[file.to_owned()]).unwrap_err();
            assert!(error.contains(places), "{error}");
        }
    }
}
