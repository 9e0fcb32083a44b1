//! The binary: parse, dispatch, exit with the code.

/// A fifth faster than the system's where garbage of many small objects is made and swept, and with the
/// few threads that VUs share it takes no more memory: docs/adr/0007.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    ssek::cmd::main()
}
