//! The binary: parse, dispatch, exit with the code.

fn main() -> std::process::ExitCode {
    ssek::cmd::main()
}
