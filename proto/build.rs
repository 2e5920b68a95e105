//! Compiles the protocol files into the code that `src/wire` includes. Needs no `protoc`.

use std::error::Error;

const FILES: [&str; 3] = ["proto/raft.proto", "proto/cluster.proto", "proto/relay.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["proto"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
